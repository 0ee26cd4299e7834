import type { Json, JsonObject } from "../../model/index.ts";
import { scalarText } from "../kinds/draft.ts";

/** One requirement of a label selector. */
interface Requirement {
  readonly key: string;
  readonly operator: "in" | "notin" | "exists" | "absent" | "gt" | "lt";
  readonly values: readonly string[];
}

export type Selector =
  | { readonly ok: true; matches(labels: JsonObject): boolean; readonly empty: boolean }
  | { readonly ok: false; readonly why: string };

/** A label selector in Kubernetes' text form: `a=b,c!=d,e in (f,g),!h,i`. */
export function parseSelector(text: string): Selector {
  const requirements: Requirement[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const one = requirement(rest);
    if (typeof one === "string") return { ok: false, why: one };
    requirements.push(one.requirement);
    rest = one.rest.trim();
    if (rest === "") break;
    if (!rest.startsWith(",")) return { ok: false, why: problem(rest, "',' or 'end of string'") };
    rest = rest.slice(1).trim();
    if (rest === "") return { ok: false, why: "unable to parse requirement: found '', expected: identifier after ','" };
  }
  return {
    ok: true,
    empty: requirements.length === 0,
    matches: (labels) => requirements.every((one) => holds(one, labels[one.key])),
  };
}

const KEY = "[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?";
const VALUE = "[-A-Za-z0-9_.]*";

function requirement(text: string): { readonly requirement: Requirement; readonly rest: string } | string {
  const shapes: readonly (readonly [RegExp, Requirement["operator"]])[] = [
    [new RegExp(`^!\\s*(${KEY})(?=\\s*(?:,|$))()`), "absent"],
    [new RegExp(`^(${KEY})\\s+in\\s*\\(([^)]*)\\)`), "in"],
    [new RegExp(`^(${KEY})\\s+notin\\s*\\(([^)]*)\\)`), "notin"],
    [new RegExp(`^(${KEY})\\s*!=\\s*(${VALUE})(?=\\s*(?:,|$))`), "notin"],
    [new RegExp(`^(${KEY})\\s*(?:==|=)\\s*(${VALUE})(?=\\s*(?:,|$))`), "in"],
    [new RegExp(`^(${KEY})\\s*>\\s*(\\d+)(?=\\s*(?:,|$))`), "gt"],
    [new RegExp(`^(${KEY})\\s*<\\s*(\\d+)(?=\\s*(?:,|$))`), "lt"],
    [new RegExp(`^(${KEY})(?=\\s*(?:,|$))()`), "exists"],
  ];
  for (const [pattern, operator] of shapes) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const values = (match[2] ?? "").split(",").map((value) => value.trim());
    return { requirement: { key: match[1] ?? "", operator, values }, rest: text.slice(match[0].length) };
  }
  const noList = /^[A-Za-z0-9][-A-Za-z0-9_./]*\s+(?:in|notin)\s+([^\s(]+)/.exec(text);
  if (noList !== null) return `unable to parse requirement: found '${noList[1] ?? ""}' expected: '('`;
  const after = /^[A-Za-z0-9][-A-Za-z0-9_./]*\s*(?:==|=|!=)\s*/.exec(text);
  const left = after === null ? text : text.slice(after[0].length);
  return problem(left, "identifier");
}

function problem(rest: string, expected: string): string {
  const found = /^(?:==|=|[(),!<>]|[-A-Za-z0-9_./]+)/.exec(rest)?.[0] ?? rest.slice(0, 1);
  return `unable to parse requirement: found '${found}', expected: ${expected}`;
}

function holds({ operator, values }: Requirement, value: Json | undefined): boolean {
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
    case "in":
      return value !== undefined && values.includes(scalarText(value));
    case "notin":
      return value === undefined || !values.includes(scalarText(value));
    case "gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "lt":
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

/** A field selector: `metadata.name=a,metadata.namespace!=b`. `known` are the fields that the kind can be selected by. */
export function parseFieldSelector(
  text: string,
  known: ReadonlyMap<string, (object: JsonObject) => string>,
):
  | { readonly ok: true; matches(object: JsonObject): boolean; readonly empty: boolean }
  | { readonly ok: false; readonly why: string } {
  const terms: { readonly of: (object: JsonObject) => string; readonly not: boolean; readonly value: string }[] = [];
  for (const part of text.split(",").filter((one) => one !== "")) {
    const match = /^([^=!]+)(!=|==|=)(.*)$/.exec(part);
    if (match === null) return { ok: false, why: `invalid selector: '${text}'; can't understand '${part}'` };
    const [, field = "", operator, value = ""] = match;
    const of = known.get(field);
    if (of === undefined) {
      const names = ["metadata.name", "metadata.namespace"].map((name) => JSON.stringify(name)).join(", ");
      const why =
        known.size > 2
          ? `field label not supported: ${field}`
          : `${JSON.stringify(field)} is not a known field selector: only ${names}`;
      return { ok: false, why };
    }
    terms.push({ of, not: operator === "!=", value });
  }
  return {
    ok: true,
    empty: terms.length === 0,
    matches: (object) => terms.every(({ of, not, value }) => (of(object) === value) !== not),
  };
}
