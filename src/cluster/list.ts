import { child, isObject, type Json, type JsonObject, text } from "../model/index.ts";
import { readJson } from "./json-exact.ts";
import { liveMetadata } from "./metadata.ts";
import { holdsSecrets, query, resourcePath } from "./paths.ts";
import type { Answer, Kind, ListOptions, LiveMetadata, MetadataList } from "./port.ts";
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
export async function listMetadata(
  send: Send,
  kind: Kind,
  options: ListOptions & { readonly pageSize: number },
  signal: AbortSignal,
): Promise<Answer<MetadataList>> {
  for (let restarts = 0; ; restarts++) {
    const answer = await allPages(send, kind, options, signal);
    const expired = !answer.ok && answer.problem.status === 410;
    if (!expired || restarts === RESTARTS) return answer;
  }
}

async function allPages(
  send: Send,
  kind: Kind,
  options: ListOptions & { readonly pageSize: number },
  signal: AbortSignal,
): Promise<Answer<MetadataList>> {
  const items: LiveMetadata[] = [];
  for (let token: string | undefined; ; ) {
    const parameters = { limit: String(options.pageSize), labelSelector: options.labelSelector, continue: token };
    const path = `${resourcePath(kind, kind.version, options.namespace ?? "")}${query(parameters)}`;
    const reply = await send(
      { method: "GET", path, accept: ACCEPT, repeatable: true, secret: holdsSecrets(kind) },
      signal,
    );
    if (!reply.ok) return reply;
    const page = readPage(kind, reply.value.text);
    if (typeof page === "string") return { ok: false, problem: decodeProblem(page, { write: false }) };
    items.push(...page.items);
    if (page.next === "") return { ok: true, value: { items, resourceVersion: page.resourceVersion } };
    if (page.next === token) return { ok: false, problem: decodeProblem("the list does not go on", { write: false }) };
    token = page.next;
  }
}

interface Page {
  readonly items: readonly LiveMetadata[];
  readonly next: string;
  readonly resourceVersion: string;
}

/** A page, or what is wrong with it. */
function readPage(kind: Kind, body: string): Page | string {
  const list = parsed(body);
  if (list === undefined) return `the list of ${kind.resource} is cut off or no JSON`;
  const metadata = child(list, "metadata");
  const resourceVersion = text(metadata, "resourceVersion");
  if (text(list, "kind")?.endsWith("List") !== true || resourceVersion === undefined) {
    return `the list of ${kind.resource} is no list`;
  }
  const raw: Json = list["items"] ?? []; // Go writes an empty list of some servers as null
  if (!Array.isArray(raw)) return `the list of ${kind.resource} has no items`;
  const items: LiveMetadata[] = [];
  for (const entry of raw) {
    const item = liveMetadata(kind, entry);
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
