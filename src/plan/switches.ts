import { child, type LiveMetadata, type Manifest, stringMap } from "../model/index.ts";

/** `disabled`: never delete this object. Also written on objects of services whose prune is off. */
export const PRUNE_ANNOTATION = "gitops.bulkhead.dev/prune";
/** `orphan`: the object stays when its service leaves git. Written on objects of services with that deletion policy. */
export const DELETION_ANNOTATION = "gitops.bulkhead.dev/deletion-policy";
/** `enabled`, on a declared object: it is taken over from whoever has it. */
const ADOPT_ANNOTATION = "gitops.bulkhead.dev/adopt";
/** Flux's switches; each may be a label or an annotation, and its value is read without regard to case. */
const FLUX_PRUNE = "kustomize.toolkit.fluxcd.io/prune";
const FLUX_RECONCILE = "kustomize.toolkit.fluxcd.io/reconcile";
const FLUX_APPLY = "kustomize.toolkit.fluxcd.io/ssa";
/** Flux v1's switch, and what it was called before. */
const IGNORE = ["fluxcd.io/ignore", "flux.weave.works/ignore"] as const;

interface Marks {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

function marksOf(manifest: Manifest): Marks {
  const { metadata } = manifest;
  return { labels: stringMap(child(metadata, "labels")), annotations: stringMap(child(metadata, "annotations")) };
}

function says({ labels, annotations }: Marks, key: string, wanted: string): boolean {
  return [annotations[key], labels[key]].some((value) => value?.toLowerCase() === wanted);
}

/** The first of these switches that is set so, as people write it. */
function firstSet(
  marks: Marks,
  switches: readonly (readonly [key: string, value: string, shown?: string])[],
): string | undefined {
  const found = switches.find(([key, value]) => says(marks, key, value));
  return found === undefined ? undefined : `${found[0]}: ${found[2] ?? found[1]}`;
}

const LEFT_ALONE = [
  [FLUX_RECONCILE, "disabled"],
  [FLUX_APPLY, "ignore", "Ignore"],
  [IGNORE[0], "true"],
  [IGNORE[1], "true"],
] as const;

const NEVER_PRUNED = [
  ...LEFT_ALONE,
  [PRUNE_ANNOTATION, "disabled"],
  [FLUX_PRUNE, "disabled"],
  [IGNORE[0], "sync_only"],
  [IGNORE[1], "sync_only"],
] as const;

/** Why a declared object is not written: the switch that says so, in git or on the object itself. */
export function leftAlone(desired: Manifest, live: LiveMetadata | undefined): string | undefined {
  const here = marksOf(desired);
  const why = firstSet(here, LEFT_ALONE) ?? (live === undefined ? undefined : firstSet(live, LEFT_ALONE));
  if (why !== undefined) return why;
  // Only git can say this one: what it leaves on the object would else keep it from ever being written again.
  const once = live !== undefined && says(here, FLUX_APPLY, "ifnotpresent");
  return once ? `${FLUX_APPLY}: IfNotPresent, and it is there` : undefined;
}

/** Why the live object must not be deleted: the switch on it that says so. */
export function keptBy(live: LiveMetadata): string | undefined {
  return firstSet(live, NEVER_PRUNED);
}

/** Whether the live object says that it must not be deleted. */
export function pruneDisabled(live: LiveMetadata): boolean {
  return keptBy(live) !== undefined;
}

/** Whether the object stays when its service leaves git. */
export function isOrphaned(live: LiveMetadata): boolean {
  return says(live, DELETION_ANNOTATION, "orphan");
}

/** Whether git asks for this one object to be taken over. */
export function asksForAdoption(desired: Manifest): boolean {
  return says(marksOf(desired), ADOPT_ANNOTATION, "enabled");
}

/** Whether fields that other managers set beside ours stay theirs. */
export function mergesFields(desired: Manifest, live: LiveMetadata): boolean {
  return says(marksOf(desired), FLUX_APPLY, "merge") || says(live, FLUX_APPLY, "merge");
}
