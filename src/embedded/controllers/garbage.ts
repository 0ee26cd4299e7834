import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { scalarText } from "../kinds/draft.ts";
import type { Store, StoreEvent } from "../store.ts";
import { CRD, CRD_CLEANUP, finalizersOf, markedObject } from "../verbs/delete.ts";
import { metaOf } from "../verbs/write.ts";
import type { World } from "../world.ts";

/** Who depends on whom, by uid. */
export interface Owners {
  note(event: StoreEvent): void;
  dependents(uid: string): readonly string[];
  uidOf(key: string): string | undefined;
  lives(uid: string): boolean;
  /** The keys of those that a deleted object depended on, as far as they live. */
  ownersOfGone(key: string): readonly string[];
  /** A deleted object needs no more looking at. */
  forget(key: string): void;
  /** Deletes an object whose owners are all gone. */
  adopt(world: World, key: string, object: JsonObject): void;
}

interface Owner {
  readonly uid: string;
  readonly blocks: boolean;
}

function ownersOf(object: JsonObject): readonly Owner[] {
  const references = metaOf(object)["ownerReferences"];
  return Array.isArray(references)
    ? (references as readonly Json[])
        .filter(isObject)
        .map((one) => ({ uid: scalarText(one["uid"] ?? ""), blocks: one["blockOwnerDeletion"] === true }))
    : [];
}

export function newOwners(store: Store): Owners {
  const dependents = new Map<string, Set<string>>();
  const living = new Map<string, string>();
  const lastUid = new Map<string, string>();
  const gone = new Map<string, readonly string[]>();
  const note = ({ key, type, object, before }: Pick<StoreEvent, "key" | "type" | "object" | "before">): void => {
    for (const { uid } of before === undefined ? [] : ownersOf(before)) dependents.get(uid)?.delete(key);
    const uid = scalarText(metaOf(object)["uid"] ?? "");
    lastUid.set(key, uid);
    if (type === "DELETED") {
      living.delete(uid);
      gone.set(
        key,
        ownersOf(object).map((owner) => owner.uid),
      );
      return;
    }
    living.set(uid, key);
    gone.delete(key);
    for (const owner of ownersOf(object)) {
      const known = dependents.get(owner.uid) ?? new Set();
      known.add(key);
      dependents.set(owner.uid, known);
    }
  };
  for (const [key, object] of store.save().objects) note({ key, type: "ADDED", object, before: undefined });
  return {
    note,
    dependents: (uid) => [...(dependents.get(uid) ?? [])],
    uidOf: (key) => lastUid.get(key),
    lives: (uid) => living.has(uid),
    forget(key) {
      gone.delete(key);
      lastUid.delete(key);
    },
    ownersOfGone: (key) => (gone.get(key) ?? []).flatMap((uid) => living.get(uid) ?? []),
    adopt(world, key, object) {
      const owners = ownersOf(object);
      if (owners.length === 0 || owners.some(({ uid }) => living.has(uid))) return;
      mark(world, key, object);
    },
  };
}

/** Does what the deletion of an object, begun or done, means for its dependents. */
export function collectGarbage(world: World, owners: Owners, key: string): void {
  const { store } = world;
  const owner = store.get(key);
  const uid = owner === undefined ? owners.uidOf(key) : scalarText(metaOf(owner)["uid"] ?? "");
  if (uid === undefined) return;
  const finalizers = owner === undefined ? [] : finalizersOf(metaOf(owner));
  if (finalizers.includes("orphan")) {
    for (const dependent of owners.dependents(uid)) orphan(world, dependent, uid);
    if (owner !== undefined) release(world, key, owner, "orphan");
    return;
  }
  if (owner !== undefined && !finalizers.includes("foregroundDeletion")) return;
  for (const dependent of owners.dependents(uid)) {
    const object = store.get(dependent);
    if (object !== undefined && ownersOf(object).every((one) => one.uid === uid || !owners.lives(one.uid)))
      mark(world, dependent, object);
  }
  const blocked = owners.dependents(uid).some((dependent) => {
    const object = store.get(dependent);
    return object !== undefined && ownersOf(object).some((one) => one.uid === uid && one.blocks);
  });
  const current = store.get(key);
  if (current !== undefined && !blocked) release(world, key, current, "foregroundDeletion");
}

/** Deletes as a client does: a namespace and a definition go when nothing is left in them. */
function mark(world: World, key: string, object: JsonObject): void {
  const meta = metaOf(object);
  const [kind, own] = [scalarText(object["kind"] ?? ""), finalizersOf(meta)];
  const isNamespace = kind === "Namespace" && object["apiVersion"] === "v1";
  const finalizers = kind === CRD && !own.includes(CRD_CLEANUP) ? [...own, CRD_CLEANUP] : own;
  if (finalizers.length === 0 && !isNamespace) world.store.remove(key, object);
  else if (meta["deletionTimestamp"] === undefined)
    world.store.put(key, markedObject(world, kind, object, finalizers, isNamespace));
}

function orphan(world: World, key: string, uid: string): void {
  const object = world.store.get(key);
  if (object === undefined) return;
  const { ownerReferences, ...meta } = metaOf(object);
  const left = (Array.isArray(ownerReferences) ? (ownerReferences as readonly Json[]) : []).filter(
    (one) => !isObject(one) || one["uid"] !== uid,
  );
  world.store.put(key, { ...object, metadata: { ...meta, ...(left.length === 0 ? {} : { ownerReferences: left }) } });
}

function release(world: World, key: string, object: JsonObject, finalizer: string): void {
  const meta = metaOf(object);
  const left = finalizersOf(meta).filter((one) => one !== finalizer);
  if (left.length === finalizersOf(meta).length) return;
  const { finalizers: _, ...rest } = meta;
  if (left.length === 0) world.store.remove(key, { ...object, metadata: rest });
  else world.store.put(key, { ...object, metadata: { ...rest, finalizers: left } });
}
