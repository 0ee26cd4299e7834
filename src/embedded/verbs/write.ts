import { isObject, type Json, type JsonObject, text } from "../../model/index.ts";
import {
  alreadyExists,
  conflict,
  done,
  type FieldError,
  forbidden,
  forbiddenField,
  invalid,
  invalidValue,
  MODIFIED,
  type Named,
  notFound,
  notImplemented,
  type Outcome,
  refuse,
} from "../api/status.ts";
import { at, copy, type Draft, scalarText } from "../kinds/draft.ts";
import { apiVersionOf, convertTo, hubVersion, type Served } from "../kinds/registry.ts";
import { type Making, newGeneration, resetFields } from "../kinds/strategy.ts";
import { checkMetadata, checkObject, checkUpdate } from "../kinds/validate.ts";
import { equal } from "../merge/equal.ts";
import { type Request, withoutManaged } from "../merge/managed-fields.ts";
import { keyOf, type Target, timestamp } from "../world.ts";
import { allocator } from "./addresses.ts";
import { emptyOf, readAs } from "./prepare.ts";

/** What was written, and whether it is new. */
export interface Written {
  readonly object: JsonObject;
  readonly created: boolean;
}

export function namedResource({ resource }: Pick<Target, "resource">, name: string): Named {
  return { group: resource.group, kind: resource.resource, name };
}

export function namedKind({ served }: Pick<Target, "served">, name: string): Named {
  return { group: served.group, kind: served.kind, name };
}

export function metaOf(object: JsonObject): JsonObject {
  return isObject(object["metadata"]) ? object["metadata"] : {};
}

export function nameOf(object: JsonObject): string {
  return text(metaOf(object), "name") ?? "";
}

/** What field management needs to know of a request. */
export function managing(target: Target): Request {
  const { resource, served, world } = target;
  return {
    merging: {
      apiVersion: apiVersionOf(served),
      typeIn: (apiVersion) => resource.versions.find((one) => apiVersionOf(one) === apiVersion)?.type,
      convert: (object, apiVersion) => (isObject(object) ? convertTo(resource, object, apiVersion) : object),
      reset: resetFields(served.strategy, target.subresource),
    },
    manager: target.manager,
    empty: emptyOf(served),
    subresource: target.subresource,
    now: timestamp(world.clock),
  };
}

/** Stores a new object that was read, defaulted and has its managedFields. */
export function insertObject(asked: Target, object: JsonObject): Outcome<JsonObject> {
  const target = atHub(asked);
  const { world, served, namespace } = target;
  const generated = withName(target, kept(target, object));
  const name = nameOf(generated);
  const admitted = admitNamespace(target, name);
  if (!admitted.ok) return admitted;
  const meta = metaOf(generated);
  if (meta["resourceVersion"] !== undefined && target.subresource === "" && meta["resourceVersion"] !== "")
    return refuse({ code: 500, reason: "", message: "resourceVersion should not be set on objects to be created" });
  const draft = copy(generated) as Draft;
  const making = makingOf(target);
  const { uid: _, resourceVersion: __, generation: ___, deletionTimestamp: ____, ...rest } = meta;
  draft["metadata"] = {
    ...rest,
    ...(namespace === "" ? {} : { namespace }),
    uid: making.uid,
    creationTimestamp: timestamp(world.clock),
    ...(served.strategy.generationOf === undefined ? {} : { generation: 1 }),
  };
  if (served.strategy.status) dropStatus(served, draft);
  served.strategy.onCreate?.(draft, making);
  const conversion = at(draft, "spec", "conversion")?.["strategy"];
  if (served.kind === "CustomResourceDefinition" && conversion === "Webhook")
    return refuse(notImplemented("conversion webhooks"));
  const errors = [...checkMetadata(served, draft), ...checkObject(served, draft)];
  if (errors.length > 0) return refuse(invalid(namedKind(target, name), errors));
  const key = keyOf(target, name);
  const there = world.store.get(key);
  if (there !== undefined) {
    const refusal = alreadyExists(namedResource(target, name));
    const going = metaOf(there)["deletionTimestamp"] !== undefined;
    return refuse(going ? { ...refusal, message: `object is being deleted: ${refusal.message}` } : refusal);
  }
  return done(target.dryRun ? (draft as JsonObject) : world.store.put(key, draft));
}

/** The target in the version that objects are kept in. */
function atHub(target: Target): Target {
  const [first] = target.resource.versions;
  return first === undefined || first === target.served ? target : { ...target, served: first };
}

/** The object in that version, read once more, so that it has that version's defaults. */
function kept({ resource, served }: Target, object: JsonObject): JsonObject {
  const hub = convertTo(resource, object, hubVersion(resource));
  return hub === object ? object : withManaged(readAs(served, hub).object, metaOf(object)["managedFields"]);
}

function withManaged(object: JsonObject, managedFields: Json | undefined): JsonObject {
  return managedFields === undefined ? object : { ...object, metadata: { ...metaOf(object), managedFields } };
}

/** A kind whose status is a struct keeps the empty struct. */
function dropStatus(served: Served, draft: Draft): void {
  if (draft["status"] === undefined) return;
  if (served.custom !== undefined) delete draft["status"];
  else draft["status"] = emptyStatus(served);
}

function emptyStatus(served: Served): Json {
  const zero = served.empty?.()["status"];
  return zero === undefined ? {} : copy(zero);
}

function withName(target: Target, object: JsonObject): JsonObject {
  const meta = metaOf(object);
  const base = text(meta, "generateName") ?? "";
  if ((text(meta, "name") ?? "") !== "" || base === "") return object;
  const suffix = target.world.uid().replaceAll("-", "").slice(0, 5);
  return { ...object, metadata: { ...meta, name: `${base}${suffix}` } };
}

function admitNamespace(target: Target, name: string): Outcome<undefined> {
  const { namespace, served, world } = target;
  if (!served.namespaced) return done(undefined);
  const found = world.store.get(`/namespaces//${namespace}`);
  if (found === undefined) return refuse(notFound({ group: "", kind: "namespaces", name: namespace }));
  if (metaOf(found)["deletionTimestamp"] === undefined) return done(undefined);
  return refuse(
    forbidden(
      namedResource(target, name),
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${namespace} is being terminated`,
          field: "metadata.namespace",
        },
      ],
    ),
  );
}

function makingOf({ world, dryRun }: Target): Making {
  return { uid: world.uid(), now: timestamp(world.clock), ...allocator(world.store, world.given, dryRun) };
}

/** What only the server sets, in the metadata of an object that replaces another. */
const KEPT = ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"];

/**
 * Replaces `live` by an object that was read, defaulted and has its managedFields. Answers `live` itself when nothing
 * changed but the times of managers. An object whose last finalizer went away is removed.
 */
export function replaceObject(asked: Target, live: JsonObject, object: JsonObject): Outcome<JsonObject> {
  const target = atHub(asked);
  const given = kept(target, object);
  const { world, served } = target;
  const name = nameOf(live);
  const [before, meta] = [metaOf(live), metaOf(given)];
  const version = text(meta, "resourceVersion") ?? "";
  if (version !== "" && version !== before["resourceVersion"])
    return refuse(conflict(namedResource(target, name), MODIFIED));
  const errors: FieldError[] = immutableMeta(meta, before);
  const draft = copy(given) as Draft;
  const metadata: Record<string, Json> = { ...meta, resourceVersion: before["resourceVersion"] ?? "" };
  for (const key of KEPT) delete metadata[key];
  for (const key of KEPT) if (before[key] !== undefined) metadata[key] = before[key];
  draft["metadata"] = metadata;
  crossSubresource(target, live, draft);
  served.strategy.onUpdate?.(draft, live, makingOf(target));
  if (newGeneration(served.strategy, live, draft) && target.subresource === "")
    (draft["metadata"] as Draft)["generation"] = Number(before["generation"] ?? 0) + 1;
  errors.push(...newFinalizers(before, metaOf(draft)));
  errors.push(...checkMetadata(served, draft), ...checkObject(served, draft), ...checkUpdate(served, live, draft));
  if (errors.length > 0) return refuse(invalid(namedKind(target, name), errors));
  const key = keyOf(target, name);
  const unsettled = served.strategy.settlesLate === true && world.store.isFresh(key);
  if (!unsettled && equal(withoutTimes(live), withoutTimes(draft))) return done(live);
  if (target.dryRun) return done(draft as JsonObject);
  const finalizers = metaOf(draft)["finalizers"];
  const gone = before["deletionTimestamp"] !== undefined && (!Array.isArray(finalizers) || finalizers.length === 0);
  if (gone && !holdsContent(draft)) {
    world.store.remove(key, draft);
    return done(draft as JsonObject);
  }
  return done(world.store.put(key, draft));
}

/** A namespace goes only when its spec's finalizers are gone too. */
function holdsContent(object: JsonObject): boolean {
  const spec = object["spec"];
  return (
    object["kind"] === "Namespace" &&
    isObject(spec) &&
    Array.isArray(spec["finalizers"]) &&
    spec["finalizers"].length > 0
  );
}

/** A request for the object keeps its status; one for the status keeps all else but metadata. */
function crossSubresource({ served, subresource }: Target, live: JsonObject, draft: Draft): void {
  if (!served.strategy.status) return;
  if (subresource === "") {
    if (live["status"] === undefined) delete draft["status"];
    else draft["status"] = live["status"];
    return;
  }
  for (const key of new Set([...Object.keys(draft), ...Object.keys(live)])) {
    if (key === "status" || key === "metadata" || key === "apiVersion" || key === "kind") continue;
    const value = live[key];
    if (value === undefined) delete draft[key];
    else draft[key] = value;
  }
  const meta = draft["metadata"] as Draft;
  const before = metaOf(live);
  // A custom resource's status request changes no metadata but managedFields; others lose only what the kind says.
  if (served.custom !== undefined)
    draft["metadata"] = {
      ...before,
      ...(meta["managedFields"] === undefined ? {} : { managedFields: meta["managedFields"] }),
    };
  else if (served.strategy.statusKeepsLabels === true) {
    if (before["labels"] === undefined) delete meta["labels"];
    else meta["labels"] = before["labels"];
  }
}

function immutableMeta(meta: JsonObject, before: JsonObject): FieldError[] {
  const uid = text(meta, "uid") ?? "";
  if (uid === "" || uid === before["uid"]) return [];
  const error = invalidValue("metadata.uid", uid, "field is immutable");
  return [error, error];
}

function newFinalizers(before: JsonObject, after: JsonObject): readonly FieldError[] {
  if (before["deletionTimestamp"] === undefined) return [];
  const list = (meta: JsonObject): readonly string[] =>
    Array.isArray(meta["finalizers"]) ? meta["finalizers"].map(String) : [];
  const added = list(after).filter((one) => !list(before).includes(one));
  if (added.length === 0) return [];
  const found = added
    .sort()
    .map((one) => JSON.stringify(one))
    .join(", ");
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${found}}`;
  const error = forbiddenField("metadata.finalizers", why);
  return [error, error]; // the server checks it twice
}

function withoutTimes(object: JsonObject): JsonObject {
  const entries = metaOf(object)["managedFields"];
  if (!Array.isArray(entries)) return object;
  const bare = (entries as readonly Json[]).map((entry) => {
    if (!isObject(entry)) return entry;
    const { time: _, ...rest } = entry;
    return rest;
  });
  const plain = withoutManaged(object);
  return { ...plain, metadata: { ...metaOf(plain), managedFields: sortedEntries(bare) } };
}

/** The order of entries follows their times, which do not count here. */
function sortedEntries(entries: readonly Json[]): readonly Json[] {
  const key = (entry: Json): string =>
    isObject(entry)
      ? ["operation", "manager", "apiVersion", "subresource"].map((part) => scalarText(entry[part] ?? "")).join("\0")
      : "";
  return [...entries].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** The update of a kind that wants to know which version it replaces. */
export function unconditional(target: Target, given: JsonObject): readonly FieldError[] {
  const version = text(metaOf(given), "resourceVersion") ?? "";
  if (version !== "" || target.served.strategy.unconditionalUpdate) return [];
  return [invalidValue("metadata.resourceVersion", 0, "must be specified for an update")];
}
