import { isObject, type Json, type JsonObject, jsonText } from "../../model/index.ts";
import { scalarText } from "../kinds/draft.ts";
import { compare } from "./compare.ts";
import { difference, emptySet, type FieldSet, fromFieldsV1, isEmpty, setOf, toFieldsV1, union } from "./field-set.ts";
import { fieldsOf } from "./leaves.ts";
import { applyManaged, type Conflict, type Managers, type Merging, type Owned, updateManagers } from "./update.ts";

/** Field management of one object, as kube-apiserver's managers chain it (apimachinery managedfields). */
export interface Request {
  readonly merging: Merging;
  readonly manager: string;
  readonly subresource: string;
  /** An object of the kind with nothing in it. */
  readonly empty: JsonObject;
  /** RFC 3339, to the second. */
  readonly now: string;
}

interface Managed {
  readonly managers: Managers;
  readonly times: ReadonlyMap<string, string>;
}

/** The most entries that updates leave; older ones are merged into one. */
const UPDATE_MANAGERS_MAX = 10;
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Never owned by anyone: what identifies the object, and what the server sets. */
const UNOWNED = setOf(
  ["apiVersion"],
  ["kind"],
  ["metadata"],
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((field) => ["metadata", field]),
);

/** The managedFields of `next`, which replaces `live` (empty on create). Undefined: none at all. */
export function managedAfterUpdate(
  request: Request,
  live: JsonObject,
  next: JsonObject,
): readonly JsonObject[] | undefined {
  const managed = managedOf(live, next, request.subresource !== "");
  // An object nobody tracked yet is tracked from its creation or its first apply on.
  if (managed.managers.size === 0 && metadata(live)["uid"] !== undefined) return undefined;
  return encode(update(request, live, next, managed));
}

export type Apply =
  | { readonly ok: true; readonly object: JsonObject; readonly managedFields: readonly JsonObject[] | undefined }
  | { readonly ok: false; readonly conflicts: readonly Conflict[] };

/** `settle` brings a merged object into the form the server keeps (defaults, canonical values). */
export function applyRequest(
  request: Request,
  live: JsonObject,
  config: JsonObject,
  force: boolean,
  /** The configuration as it was sent. */
  sent: JsonObject,
): Apply {
  let managed = decode(metadata(live)["managedFields"]) ?? nothing();
  const bare = withoutManaged(live);
  if (managed.managers.size === 0 && metadata(live)["uid"] !== undefined) {
    managed = update({ ...request, manager: "before-first-apply" }, request.empty, bare, managed);
  }
  const id = identifier({ manager: request.manager, operation: "Apply", subresource: request.subresource });
  let outcome = applyManaged(request.merging, bare, config, managed.managers, id, force);
  if (!outcome.ok && request.manager === "kubectl") {
    const allowed = ownedByLastApplied(request.merging, bare);
    const left = outcome.conflicts
      .map((conflict) => ({ ...conflict, set: difference(conflict.set, allowed) }))
      .filter(({ set }) => !isEmpty(set));
    if (left.length > 0) return { ok: false, conflicts: left };
    outcome = applyManaged(request.merging, bare, config, managed.managers, id, true);
  }
  if (!outcome.ok) return outcome;
  const managers = strip(outcome.managers, id);
  const times = new Map(managed.times);
  if (outcome.object !== undefined) times.set(id, request.now);
  const object = isObject(outcome.object) ? outcome.object : bare;
  return {
    ok: true,
    object: syncLastApplied(request.manager, object, sent),
    managedFields: encode({ managers, times }),
  };
}

function update(request: Request, live: JsonObject, next: JsonObject, managed: Managed): Managed {
  // The change is first credited to nobody known, so that a manager's time moves only when it changed something.
  const self = "current-operation";
  const { merging } = request;
  const after = new Map(
    strip(updateManagers(merging, withoutManaged(live), withoutManaged(next), managed.managers, self), self),
  );
  const times = new Map(managed.times);
  const mine = after.get(self);
  if (mine !== undefined) {
    const id = identifier({
      manager: request.manager,
      operation: "Update",
      apiVersion: merging.apiVersion,
      subresource: request.subresource,
    });
    after.delete(self);
    const before = after.get(id);
    after.set(id, before === undefined ? mine : { ...mine, set: union(mine.set, before.set) });
    times.set(id, request.now);
  }
  return capped({ managers: after, times });
}

function strip(managers: Managers, id: string): Managers {
  const owned = managers.get(id);
  if (owned === undefined) return managers;
  const after = new Map(managers);
  const set = difference(owned.set, UNOWNED);
  if (isEmpty(set)) after.delete(id);
  else after.set(id, { ...owned, set });
  return after;
}

/** Merges the oldest update entries of a version into `ancient-changes` until there are few enough. */
function capped(managed: Managed): Managed {
  const updaters = [...managed.managers].filter(([, owned]) => !owned.applied).map(([id]) => id);
  if (updaters.length <= UPDATE_MANAGERS_MAX) return managed;
  const [managers, times] = [new Map(managed.managers), new Map(managed.times)];
  const timeOf = (id: string): string => times.get(id) ?? "";
  updaters.sort((a, b) => (timeOf(a) === timeOf(b) ? (a < b ? -1 : 1) : timeOf(a) < timeOf(b) ? -1 : 1));
  const firstOf = new Map<string, string>();
  let count = updaters.length;
  for (const id of updaters) {
    const owned = managers.get(id);
    if (count <= UPDATE_MANAGERS_MAX || owned === undefined) break;
    const first = firstOf.get(owned.apiVersion);
    if (first === undefined) {
      firstOf.set(owned.apiVersion, id);
      continue;
    }
    const bucket = identifier({ manager: "ancient-changes", operation: "Update", apiVersion: owned.apiVersion });
    const older = managers.get(bucket) ?? managers.get(first);
    if (!managers.has(bucket)) managers.delete(first);
    managers.set(bucket, older === undefined ? owned : { ...owned, set: union(owned.set, older.set) });
    managers.delete(id);
    count--;
    const time = times.get(id);
    if (time !== undefined) times.set(bucket, time);
  }
  return { managers, times };
}

/** What the client-side apply annotation says is kubectl's, as far as it still stands. */
function ownedByLastApplied(merging: Merging, live: JsonObject): FieldSet {
  const annotation = annotations(live)[LAST_APPLIED];
  const type = merging.typeIn(merging.apiVersion);
  if (typeof annotation !== "string" || annotation === "" || type === undefined) return emptySet();
  const applied = parsed(annotation);
  if (!isObject(applied) || applied["apiVersion"] !== merging.apiVersion) return emptySet();
  const { added, modified, removed } = compare(type, applied, live);
  return difference(difference(difference(fieldsOf(type, applied), modified), added), removed);
}

function syncLastApplied(manager: string, object: JsonObject, config: JsonObject): JsonObject {
  const current = annotations(object)[LAST_APPLIED];
  if (manager !== "kubectl" || typeof current !== "string" || current === "") return object;
  const { [LAST_APPLIED]: _, ...rest } = annotations(config);
  const meta = { ...metadata(config), ...(metadata(config)["annotations"] === undefined ? {} : { annotations: rest }) };
  const text = `${jsonText({ ...config, metadata: meta }, { sortKeys: true })}\n`;
  const updated = { ...annotations(object), [LAST_APPLIED]: text };
  return { ...object, metadata: { ...metadata(object), annotations: updated } };
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function annotations(object: JsonObject): JsonObject {
  const value = metadata(object)["annotations"];
  return isObject(value) ? value : {};
}

function metadata(object: JsonObject): JsonObject {
  const value = object["metadata"];
  return isObject(value) ? value : {};
}

export function withoutManaged(object: JsonObject): JsonObject {
  const meta = object["metadata"];
  if (!isObject(meta) || meta["managedFields"] === undefined) return object;
  const { managedFields: _, ...rest } = meta;
  return { ...object, metadata: rest };
}

/** A request may bring managedFields; an empty list, or one empty entry, resets them. */
function managedOf(live: JsonObject, next: JsonObject, ignoreRequest: boolean): Managed {
  const known = decode(metadata(live)["managedFields"]) ?? nothing();
  if (ignoreRequest) return known;
  const given = metadata(next)["managedFields"];
  if (Array.isArray(given)) {
    const first: Json | undefined = given[0];
    if (given.length === 0) return nothing();
    if (given.length === 1 && isObject(first) && Object.keys(first).length === 0) return nothing();
  }
  const decoded = decode(given);
  return decoded === undefined || decoded.managers.size === 0 ? known : decoded;
}

function nothing(): Managed {
  return { managers: new Map(), times: new Map() };
}

function identifier(parts: Readonly<Record<string, string>>): string {
  const kept = ["manager", "operation", "apiVersion", "subresource"].filter((part) => (parts[part] ?? "") !== "");
  return JSON.stringify(Object.fromEntries(kept.map((part) => [part, parts[part] ?? ""])));
}

/** Undefined when an entry is not well formed. */
function decode(entries: Json | undefined): Managed | undefined {
  const managers = new Map<string, Owned>();
  const times = new Map<string, string>();
  for (const entry of Array.isArray(entries) ? (entries as readonly Json[]) : []) {
    if (!isObject(entry) || entry["fieldsType"] !== "FieldsV1" || typeof entry["apiVersion"] !== "string")
      return undefined;
    const operation = entry["operation"];
    if (operation !== "Apply" && operation !== "Update") return undefined;
    const { apiVersion } = entry as { readonly apiVersion: string };
    const id = identifier({
      manager: scalarText(entry["manager"] ?? ""),
      operation,
      apiVersion: operation === "Apply" ? "" : apiVersion,
      subresource: scalarText(entry["subresource"] ?? ""),
    });
    const fields = entry["fieldsV1"];
    managers.set(id, { set: fromFieldsV1(isObject(fields) ? fields : {}), apiVersion, applied: operation === "Apply" });
    if (typeof entry["time"] === "string") times.set(id, entry["time"]);
  }
  return { managers, times };
}

function encode({ managers, times }: Managed): readonly JsonObject[] | undefined {
  if (managers.size === 0) return undefined;
  const entries = [...managers].map(([id, owned]) => {
    const { manager = "", operation = "", subresource } = JSON.parse(id) as Readonly<Record<string, string>>;
    const time = times.get(id);
    return {
      manager,
      operation,
      apiVersion: owned.apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: "FieldsV1",
      fieldsV1: toFieldsV1(owned.set),
      ...(subresource === undefined ? {} : { subresource }),
    };
  });
  const key = (e: (typeof entries)[number]): readonly string[] => [
    e.operation,
    e.time ?? "",
    e.manager,
    e.apiVersion,
    e.subresource ?? "",
  ];
  return entries.sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    const at = left.findIndex((part, index) => part !== right[index]);
    return at < 0 ? 0 : (left[at] ?? "") < (right[at] ?? "") ? -1 : 1;
  });
}
