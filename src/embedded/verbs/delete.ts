import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { conflict, done, invalid, notFound, type Outcome, refuse, unsupported } from "../api/status.ts";
import { scalarText } from "../kinds/draft.ts";
import { keyOf, type Target, timestamp, type World } from "../world.ts";
import { metaOf, namedKind, namedResource } from "./write.ts";

export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: string;
  readonly dryRun: boolean;
}

/** `removed`: gone. Else it stays, marked, until its finalizers are done. */
export interface Deleted {
  readonly removed: boolean;
  readonly object: JsonObject;
}

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";
export const CRD = "CustomResourceDefinition";
export const CRD_CLEANUP = "customresourcecleanup.apiextensions.k8s.io";
const POLICIES = ["Foreground", "Background", "Orphan", "nil"];

export function deleteObject(target: Target, name: string, options: DeleteOptions): Outcome<Deleted> {
  const { world } = target;
  const { propagation } = options;
  if (propagation !== undefined && !POLICIES.slice(0, 3).includes(propagation))
    return refuse(
      invalid({ group: "meta.k8s.io", kind: "DeleteOptions", name: "" }, [
        unsupported("propagationPolicy", propagation, POLICIES),
      ]),
    );
  const key = keyOf(target, name);
  const live = world.store.get(key);
  if (live === undefined) return refuse(notFound(namedResource(target, name)));
  const stale = precondition(target, name, metaOf(live), options);
  if (stale !== undefined) return refuse(conflict(...stale));
  const meta = metaOf(live);
  const isNamespace = live["kind"] === "Namespace" && live["apiVersion"] === "v1";
  const finalizers = finalizersAfter(target, meta, propagation);
  const marked = meta["deletionTimestamp"] !== undefined;
  if (finalizers.length === 0 && !isNamespace)
    return done({ removed: true, object: options.dryRun ? live : world.store.remove(key, live) });
  if (marked && sameList(finalizers, finalizersOf(meta))) return done({ removed: false, object: live });
  const object = markedObject(world, target.served.kind, live, finalizers, isNamespace);
  return done({ removed: false, object: options.dryRun ? object : world.store.put(key, object) });
}

/** An object whose deletion has begun. */
export function markedObject(
  { clock }: Pick<World, "clock">,
  kind: string,
  live: JsonObject,
  finalizers: readonly string[],
  isNamespace: boolean,
): JsonObject {
  const meta = metaOf(live);
  const generation = meta["generation"];
  const marks: Record<string, Json> =
    meta["deletionTimestamp"] === undefined
      ? {
          deletionTimestamp: timestamp(clock),
          ...(isNamespace || kind === CRD ? {} : { deletionGracePeriodSeconds: 0 }),
          ...(typeof generation === "number" && !isNamespace && kind !== CRD ? { generation: generation + 1 } : {}),
        }
      : {};
  const metadata = { ...meta, ...marks, ...(finalizers.length === 0 ? {} : { finalizers }) };
  const status = isObject(live["status"]) ? live["status"] : {};
  return isNamespace ? { ...live, metadata, status: { ...status, phase: "Terminating" } } : { ...live, metadata };
}

function precondition(
  target: Target,
  name: string,
  meta: JsonObject,
  { uid, resourceVersion }: DeleteOptions,
): readonly [ReturnType<typeof namedKind>, string] | undefined {
  const isNamespace = target.served.kind === "Namespace" && target.served.group === "";
  if (uid !== undefined && uid !== meta["uid"])
    return isNamespace
      ? [
          namedResource(target, name),
          `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${scalarText(meta["uid"])}`,
        ]
      : [
          namedKind(target, name),
          `the UID in the precondition (${uid}) does not match the UID in record (${scalarText(meta["uid"])}). The object might have been deleted and then recreated`,
        ];
  if (resourceVersion !== undefined && resourceVersion !== meta["resourceVersion"])
    return isNamespace
      ? [
          namedResource(target, name),
          `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${scalarText(meta["resourceVersion"])}`,
        ]
      : [
          namedKind(target, name),
          `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${scalarText(meta["resourceVersion"])}). The object might have been modified`,
        ];
  return undefined;
}

export function finalizersOf(meta: JsonObject): readonly string[] {
  return Array.isArray(meta["finalizers"]) ? meta["finalizers"].map(String) : [];
}

/** The finalizers a deletion leaves: what holds the object for its dependents follows the propagation policy. */
function finalizersAfter({ served }: Target, meta: JsonObject, propagation: string | undefined): readonly string[] {
  const before = finalizersOf(meta);
  const kept = before.filter((one) => one !== ORPHAN && one !== FOREGROUND);
  // Jobs keep their pods unless told otherwise: the default of the group's first version.
  const byDefault = served.group === "batch" && served.kind === "Job" ? "Orphan" : "Background";
  const held = before.includes(ORPHAN) ? "Orphan" : before.includes(FOREGROUND) ? "Foreground" : byDefault;
  const policy = propagation ?? held;
  const added = policy === "Orphan" ? [ORPHAN] : policy === "Foreground" ? [FOREGROUND] : [];
  const crd = served.kind === CRD && !kept.includes(CRD_CLEANUP) ? [CRD_CLEANUP] : [];
  return [...kept, ...crd, ...added];
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
