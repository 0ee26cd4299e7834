import * as v from "valibot";
import type { PlacedDocument } from "../kustomize/index.ts";
import { type Failure, type FailureCode, isObject, type Json, jsonText, type Place } from "../model/index.ts";

export type Path = readonly (string | number)[];

/** One thing that is wrong with a settings file. */
export interface Problem {
  /** Which field; of one that is missing, the field itself. */
  readonly path: Path;
  readonly failure: Failure;
}

/** Longer values are cut in messages. */
const SHOWN_MAX = 40;

/** What is wrong with a document, after a schema of `schema.ts`, each with its place; none when it is as it should be. */
export function problemsOf<S extends v.GenericSchema>(
  schema: S,
  document: PlacedDocument,
  code: FailureCode,
): { readonly problems: readonly Problem[]; readonly value: v.InferOutput<S> | undefined } {
  const result = v.safeParse(schema, document.value, { abortPipeEarly: true });
  if (result.success) return { problems: [], value: result.output };
  return { problems: result.issues.map((issue) => problemOf(issue, document, code)), value: undefined };
}

function problemOf(found: v.BaseIssue<unknown>, document: PlacedDocument, code: FailureCode): Problem {
  const { message: wanted, path: keys, last } = innermost(found);
  const path = keys.map(({ key }) => (typeof key === "number" ? key : String(key)));
  const around = path.slice(0, -1);
  const problem = (message: string, remedy: string, at: Place): Problem => ({
    path,
    failure: { code, message, remedy, at },
  });
  const misfit = (of: Path, noun: string): Problem =>
    problem(
      `${nameOf(of) || "the file"} is ${shown(valueAt(document.value, of))}, not ${noun}`,
      `write ${noun}`,
      document.placeOf(of, "value"),
    );
  // A list is an object to the language, with fields 0, 1, 2.
  if (last !== "value" && Array.isArray(valueAt(document.value, around))) return misfit(around, "a map");
  if (last === "unknown") return problem(`there is no field ${nameOf(path)}`, wanted, document.placeOf(path, "key"));
  if (last === "missing")
    return problem(`${nameOf(path)} is missing`, `add ${nameOf(path)}`, document.placeOf(around, "value"));
  return misfit(path, wanted);
}

interface Innermost {
  readonly message: string;
  readonly path: readonly { readonly key: unknown }[];
  readonly last: "unknown" | "missing" | "value";
}

/** Of what may be one of several things, the trouble inside the one that it is most like. */
function innermost(issue: v.BaseIssue<unknown>): Innermost {
  const path = issue.path ?? [];
  const isKey = issue.type === "strict_object" && path.at(-1)?.origin === "key";
  const last = !isKey ? "value" : issue.expected === "never" ? "unknown" : "missing";
  const deeper = issue.type === "union" ? issue.issues?.find((inner) => inner.path !== undefined) : undefined;
  if (deeper === undefined) return { message: issue.message, path, last };
  const inside = innermost(deeper);
  return { ...inside, path: [...path, ...inside.path] };
}

/** `services[2].match`; names that are no words are quoted. */
function nameOf(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      const word = /^[\w-]{1,64}$/.test(step) ? step : JSON.stringify(step.slice(0, SHOWN_MAX));
      return index === 0 ? word : `.${word}`;
    })
    .join("");
}

function valueAt(value: Json, path: Path): Json | undefined {
  let found: Json | undefined = value;
  for (const step of path) {
    if (Array.isArray(found)) found = found[Number(step)];
    else found = isObject(found) ? found[String(step)] : undefined;
  }
  return found;
}

function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "a map";
  const text = jsonText(value);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
