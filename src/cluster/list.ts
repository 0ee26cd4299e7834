import { child, isObject, type Json, type JsonObject, text } from "../model/index.ts";
import { readJson } from "./json-exact.ts";
import { isLiveObject, liveMetadata } from "./metadata.ts";
import { holdsSecrets, query, resourcePath } from "./paths.ts";
import type { Answer, Kind, ListOptions, LiveObject, MetadataList, ObjectList } from "./port.ts";
import { decodeProblem } from "./problem.ts";
import type { Send } from "./send.ts";

/** The second type is for aggregated servers that cannot cut down their objects. */
const ACCEPT = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/** How often a list that expired between two pages is begun anew. */
const RESTARTS = 3;

/**
 * All pages or a Problem, never a part (law L3): each page must be a list whose items all have their identity. Reads what
 * is stored now; no resourceVersion is sent, so no cache may answer.
 */
export function listMetadata(
  send: Send,
  kind: Kind,
  options: Asked,
  signal: AbortSignal,
): Promise<Answer<MetadataList>> {
  return wholeList(send, kind, options, { accept: ACCEPT, read: (entry) => liveMetadata(kind, entry) }, signal);
}

/** The same, of whole objects. */
export function listObjects(send: Send, kind: Kind, options: Asked, signal: AbortSignal): Promise<Answer<ObjectList>> {
  const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
  // Items of a list of built-in objects do not repeat what they are.
  const read = (entry: Json): LiveObject | undefined => {
    const whole = isObject(entry) ? { apiVersion, kind: kind.kind, ...entry } : undefined;
    return isLiveObject(whole) ? whole : undefined;
  };
  return wholeList(send, kind, options, { accept: "application/json", read }, signal);
}

type Asked = ListOptions & { readonly pageSize: number };

/** In which form items are asked for, and how one is read; undefined when it lacks what every stored object has. */
interface Form<T> {
  readonly accept: string;
  read(entry: Json): T | undefined;
}

interface Whole<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

async function wholeList<T>(
  send: Send,
  kind: Kind,
  options: Asked,
  form: Form<T>,
  signal: AbortSignal,
): Promise<Answer<Whole<T>>> {
  for (let restarts = 0; ; restarts++) {
    const answer = await allPages(send, kind, options, form, signal);
    const expired = !answer.ok && answer.problem.status === 410;
    if (!expired || restarts === RESTARTS) return answer;
  }
}

async function allPages<T>(
  send: Send,
  kind: Kind,
  options: Asked,
  form: Form<T>,
  signal: AbortSignal,
): Promise<Answer<Whole<T>>> {
  const items: T[] = [];
  for (let token: string | undefined; ; ) {
    const { pageSize, labelSelector, fieldSelector } = options;
    const parameters = { limit: String(pageSize), labelSelector, fieldSelector, continue: token };
    const path = `${resourcePath(kind, kind.version, options.namespace ?? "")}${query(parameters)}`;
    const reply = await send(
      { method: "GET", path, accept: form.accept, repeatable: true, secret: holdsSecrets(kind) },
      signal,
    );
    if (!reply.ok) return reply;
    const page = readPage(kind, reply.value.text, form);
    if (typeof page === "string") return { ok: false, problem: decodeProblem(page, { write: false }) };
    items.push(...page.items);
    if (page.next === "") return { ok: true, value: { items, resourceVersion: page.resourceVersion } };
    if (page.next === token) return { ok: false, problem: decodeProblem("the list does not go on", { write: false }) };
    token = page.next;
  }
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string;
  readonly resourceVersion: string;
}

/** A page, or what is wrong with it. */
function readPage<T>(kind: Kind, body: string, form: Form<T>): Page<T> | string {
  const list = parsed(body);
  if (list === undefined) return `the list of ${kind.resource} is cut off or no JSON`;
  const metadata = child(list, "metadata");
  const resourceVersion = text(metadata, "resourceVersion");
  if (text(list, "kind")?.endsWith("List") !== true || resourceVersion === undefined) {
    return `the list of ${kind.resource} is no list`;
  }
  const raw: Json = list["items"] ?? []; // Go writes an empty list of some servers as null
  if (!Array.isArray(raw)) return `the list of ${kind.resource} has no items`;
  const items: T[] = [];
  for (const entry of raw) {
    const item = form.read(entry);
    if (item === undefined) return `the list of ${kind.resource} has an item without name, uid or resourceVersion`;
    items.push(item);
  }
  return { items, next: text(metadata, "continue") ?? "", resourceVersion };
}

function parsed(body: string): JsonObject | undefined {
  try {
    const value = readJson(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
