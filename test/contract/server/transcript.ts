import { isObject, type Json } from "../../../src/model/index.ts";

/** One request of a case. `$ns` stands for the case's own namespace, and its name where one is needed. */
export interface Step {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: Json;
  readonly type?: string;
  readonly accept?: string;
}

export interface Case {
  readonly name: string;
  /** Made from the answers so far, so that a step can use a uid or a version that it was told. */
  readonly steps: readonly (Step | ((answers: readonly Json[]) => Step))[];
}

/** An API server, asked over raw requests. */
export type Ask = (step: Step) => Promise<{ readonly status: number; readonly body: Json }>;

/**
 * What a case's requests were answered, without what differs from run to run: uids, versions, times and addresses are
 * numbered in the order of their appearance, so that what is equal stays equal.
 */
export async function transcript(ask: Ask, { steps }: Case, ns: string): Promise<Json> {
  const tidy = normaliser(ns);
  const answers: Json[] = [];
  const lines: Json[] = [];
  for (const made of steps) {
    const step = placed(typeof made === "function" ? made(answers) : made, ns);
    const { status, body } = await ask(step);
    answers.push(body);
    const path = step.path.replaceAll(ns, "$ns").replace(/continue=[^&]+/, "continue=token");
    lines.push({ request: `${step.method} ${path}`, status, body: tidy(body) });
  }
  return lines;
}

function placed(step: Step, ns: string): Step {
  return JSON.parse(JSON.stringify(step).replaceAll("$ns", ns)) as Step;
}

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const ADDRESS = /\b10\.96\.\d+\.\d+\b/g;

function normaliser(ns: string): (value: Json) => Json {
  const names = new Map<string, string>();
  const numbered = (kind: string, text: string): string => {
    const known = names.get(`${kind} ${text}`);
    if (known !== undefined) return known;
    const count = [...names.values()].filter((name) => name.startsWith(`${kind}-`)).length + 1;
    names.set(`${kind} ${text}`, `${kind}-${count}`);
    return `${kind}-${count}`;
  };
  const inText = (text: string): string =>
    text
      .replaceAll(ns, "$ns")
      .replace(UID, (uid) => numbered("uid", uid))
      .replace(TIME, "time")
      .replace(ADDRESS, (address) => numbered("address", address))
      .replace(/\n@@.*$/s, "") // a diff of internal types
      .replace(/(ResourceVersion in (?:record \(|object meta: ))\d+/g, "$1version")
      // Go's names of its structs and what it was sent are no part of the answer's meaning.
      .replace(/Go struct field \S+ of type/g, "Go struct field of type")
      .replace(/Invalid value: "\{.*\}": (json|strict)/gs, "Invalid value: the patched object: $1")
      // Go chooses between two spaces at random, so that nobody parses these texts.
      .replaceAll("\u00a0", " ");
  const walk = (value: Json, key: string): Json => {
    if (typeof value === "string")
      return key === "continue"
        ? "token"
        : key === "resourceVersion" && value !== ""
          ? numbered("version", value)
          : inText(value);
    if (Array.isArray(value))
      return key === "managedFields" || key === "causes" ? entries(value) : value.map((item: Json) => walk(item, key));
    if (!isObject(value)) return key === "nodePort" && typeof value === "number" ? "port" : value;
    const sorted = Object.keys(value).sort();
    return Object.fromEntries(sorted.map((name) => [inText(name), walk(value[name] ?? null, name)]));
  };
  /** Managers are ordered by times, which two runs do not share, and the causes of a conflict by chance. */
  const entries = (list: readonly Json[]): Json =>
    list.map((entry) => walk(entry, "entry")).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return (value) => walk(value, "");
}

const APPLY = "application/apply-patch+yaml";
export const MERGE = "application/merge-patch+json";
export const JSON_PATCH = "application/json-patch+json";
export const STRATEGIC = "application/strategic-merge-patch+json";

/** A kind's URL, as cases use it. */
export interface At {
  readonly all: string;
  one(name: string): string;
}

export function at(groupVersion: string, resource: string, namespaced = true): At {
  const base = groupVersion === "v1" ? "/api/v1" : `/apis/${groupVersion}`;
  const all = `${base}${namespaced ? "/namespaces/$ns" : ""}/${resource}`;
  return { all, one: (name) => `${all}/${name}` };
}

export const apply = (where: At, name: string, body: Json, manager = "one", more = ""): Step => ({
  method: "PATCH",
  path: `${where.one(name)}?fieldManager=${manager}${more}`,
  type: APPLY,
  body,
});

export const create = (where: At, body: Json, more = ""): Step => ({
  method: "POST",
  path: `${where.all}?fieldManager=maker${more}`,
  body,
});

export const get = (where: At, name: string): Step => ({ method: "GET", path: where.one(name) });

export const put = (where: At, name: string, body: Json, manager = "editor"): Step => ({
  method: "PUT",
  path: `${where.one(name)}?fieldManager=${manager}`,
  body,
});

export const patch = (where: At, name: string, type: string, body: Json, more = ""): Step => ({
  method: "PATCH",
  path: `${where.one(name)}?fieldManager=editor${more}`,
  type,
  body,
});

export const remove = (where: At, name: string, body?: Json): Step => ({
  method: "DELETE",
  path: where.one(name),
  ...(body === undefined ? {} : { body }),
});
