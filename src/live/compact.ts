import { isObject, type Json, type JsonObject, type LiveMetadata, type ManagedFields } from "../model/index.ts";
import { ownsLabel } from "../plan/index.ts";

/**
 * Makes the small records that are kept of objects: what they have in common is kept once. Most fields of most objects are
 * those of another object, so that a record is hardly more than its names, its versions and its hash.
 */
export interface Compactor {
  /**
   * The record of an object; `before` is the one of the same object until now. It holds what plans are made of: identity,
   * labels, short annotations, who controls it, and who set which fields. Of an object that is ours by proof, long annotations
   * of others and what others wrote into the status are left out; any other is kept whole, for it may come to be adopted.
   */
  compact(live: LiveMetadata, before: LiveMetadata | undefined): LiveMetadata;
  /** Lets go of what is only kept to be shared: records to come share with each other, and with their own past. */
  forget(): void;
}

/** An annotation of somebody else that is longer says nothing that a plan depends on. */
const ANNOTATION_MAX = 128;
const OURS = "gitops.bulkhead.dev/";

export function newCompactor(): Compactor {
  const texts = new Map<string, string>();
  const maps = new Map<string, Readonly<Record<string, string>>>();
  const fields = newFieldTrees();

  const once = (text: string): string => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    texts.set(text, text);
    return text;
  };
  const labels = (map: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
    const key = JSON.stringify(map);
    const known = maps.get(key);
    if (known !== undefined) return known;
    const kept = bare(Object.entries(map).map(([name, value]) => [once(name), once(value)]));
    maps.set(key, kept);
    return kept;
  };
  const entry = (one: ManagedFields, before: LiveMetadata | undefined, ours: boolean): ManagedFields => {
    const { manager, operation, apiVersion, time, subresource, fieldsV1 } = one;
    const same = before?.managedFields.find((other) => isSameEntry(one, other));
    const kept = ours && subresource === "status" ? undefined : fieldsV1;
    const tree = kept === undefined || sameFields(kept, same?.fieldsV1) ? kept && same?.fieldsV1 : fields.share(kept);
    return {
      manager: once(manager),
      operation,
      apiVersion: once(apiVersion),
      ...(time === undefined ? {} : { time: once(time) }),
      ...(subresource === undefined ? {} : { subresource: once(subresource) }),
      ...(tree === undefined ? {} : { fieldsV1: tree }),
    };
  };
  return {
    compact(live, before) {
      const { ref, uid, generation, deletionTimestamp } = live;
      const ours = ownsLabel(live);
      const same = before?.uid === uid ? before : undefined;
      return {
        ref: same?.ref ?? { ...ref, namespace: once(ref.namespace) },
        uid: same?.uid ?? uid,
        resourceVersion: live.resourceVersion,
        ...(generation === undefined ? {} : { generation }),
        creationTimestamp: once(live.creationTimestamp),
        ...(deletionTimestamp === undefined ? {} : { deletionTimestamp: once(deletionTimestamp) }),
        labels: same !== undefined && sameTexts(live.labels, same.labels) ? same.labels : labels(live.labels),
        annotations: bare(
          Object.entries(live.annotations)
            .filter(([name, value]) => !ours || value.length <= ANNOTATION_MAX || name.startsWith(OURS))
            .map(([name, value]) => [once(name), value]),
        ),
        finalizers: live.finalizers.length === 0 ? NONE : live.finalizers.map(once),
        ownerReferences: live.ownerReferences.length === 0 ? NONE : live.ownerReferences,
        managedFields: live.managedFields.map((one) => entry(one, same, ours)),
      };
    },
    forget() {
      texts.clear();
      maps.clear();
      fields.forget();
    },
  };
}

const NONE: readonly never[] = [];

function sameTexts(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** A map of texts without inherited names. */
function bare(entries: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.setPrototypeOf(Object.fromEntries(entries), null) as Record<string, string>;
}

function isSameEntry(a: ManagedFields, b: ManagedFields): boolean {
  return a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource;
}

/** Whether two fieldsV1 say the same, in whatever order. */
export function sameFields(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => b[key] !== undefined && sameFields(a[key], b[key]));
}

interface FieldTrees {
  share(fields: JsonObject): JsonObject;
  forget(): void;
}

/** Trees of fields of which equal parts are one and the same object. */
function newFieldTrees(): FieldTrees {
  const nodes = new Map<string, { readonly id: number; readonly node: JsonObject }>();
  const ids = new Map<JsonObject, number>();
  const share = (fields: JsonObject): JsonObject => {
    const entries = Object.entries(fields).map(([key, below]): [string, Json] => [
      key,
      isObject(below) ? share(below) : below,
    ]);
    // A key may hold any character: of how many it is made says where it ends.
    const name = entries
      .map(([key, below]) => `${key.length} ${key} ${isObject(below) ? (ids.get(below) ?? 0) : "-"}`)
      .join(" ");
    const known = nodes.get(name);
    if (known !== undefined) return known.node;
    const node = Object.fromEntries(entries);
    const id = nodes.size + 1;
    nodes.set(name, { id, node });
    ids.set(node, id);
    return node;
  };
  return {
    share,
    forget() {
      nodes.clear();
      ids.clear();
    },
  };
}
