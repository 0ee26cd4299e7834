import { createHash } from "node:crypto";
import { child, type LiveMetadata, type Manifest, stringMap } from "../model/index.ts";
import type { Declared } from "./declare.ts";
import { APPLIED_ANNOTATION, labelValue, ownerOf } from "./marks.ts";
import { ownsLabel } from "./ownership.ts";
import { type KindSet, kindKey, PROTECTED, protects } from "./plan.ts";
import { keptBy } from "./switches.ts";

/** Asks, on a declared object, to delete and create it anew when a change cannot be made in place. */
const RECREATE_ANNOTATION = "gitops.bulkhead.dev/recreate";
/** The same switch as Flux spells it. Either may be a label or an annotation; the value is read without regard to case. */
const FLUX_FORCE = "kustomize.toolkit.fluxcd.io/force";

export function asksForRecreation({ metadata }: Manifest): boolean {
  const marks = [stringMap(child(metadata, "annotations")), stringMap(child(metadata, "labels"))];
  return [RECREATE_ANNOTATION, FLUX_FORCE].some((key) => marks.some((map) => map[key]?.toLowerCase() === "enabled"));
}

/**
 * Why an object whose change is refused as immutable is not deleted and created anew although that is asked for; undefined
 * when it may be. Deleting it is a delete like any other: it has to be ours, by our own apply (law L2). An object that was
 * applied with the same hash before is not replaced for drift. `protect`: kinds that settings protect.
 */
export function notRecreated(
  { ref, hash }: Declared,
  live: LiveMetadata | undefined,
  owner: { readonly scope: string; readonly service: string; readonly protect?: KindSet },
): string | undefined {
  const kind = kindKey(ref);
  if (PROTECTED.has(kind) || protects(owner.protect, ref)) return `a ${ref.kind} is never deleted for that`;
  const owned = live === undefined ? undefined : ownerOf(live);
  const ours = owned?.scope === labelValue(owner.scope) && owned.service === labelValue(owner.service);
  if (live === undefined || !ours || !ownsLabel(live)) return "it is not ours, by an apply of this service";
  if (live.ownerReferences.some(({ controller }) => controller)) return "another object controls it";
  const kept = keptBy(live);
  if (kept !== undefined) return `it says ${kept}`;
  if (live.annotations[APPLIED_ANNOTATION] === hash) return "it was applied just so before";
  return undefined;
}

/** The same object under a name that nobody has, to ask the server whether it would take the new one. */
export function underAnotherName({ manifest, hash }: Declared): Manifest {
  const { name } = manifest.metadata;
  const suffix = createHash("sha256").update(`${name}/${hash}`).digest("hex").slice(0, 8);
  const stem = name.slice(0, NAME_MAX - suffix.length - 1).replace(/[^A-Za-z0-9]+$/, "");
  return { ...manifest, metadata: { ...manifest.metadata, name: `${stem}-${suffix}` } };
}

/** The shortest limit of any kind: CronJobs and StatefulSets leave room for what is made from them. */
const NAME_MAX = 52;
