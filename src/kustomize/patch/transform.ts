import type { Place } from "../../model/index.ts";
import type { SelectorSpec } from "../kustomization/fields.ts";
import type { Report } from "../report.ts";
import { currentId, idText, originalId, type Resource } from "../resource.ts";
import type { ResourceSet } from "../resource-set.ts";
import type { Schema } from "../schema/index.ts";
import { applyMerge, applyOperations, type Patched } from "./apply.ts";
import type { Operation } from "./json-patch.ts";
import { type Patch, type PatchText, placeIn } from "./read.ts";
import { compileSelector, type Selector, selects } from "./select.ts";

/** An entry of `patches`, its content read. */
export interface PatchEntry {
  readonly patch: Patch;
  readonly target: SelectorSpec | undefined;
  readonly allowNameChange: boolean;
  readonly allowKindChange: boolean;
}

/** What patching needs to know. The schema is asked for only when something is merged. */
export interface Patching {
  readonly schema: () => Schema;
  readonly report: Report;
}

/** Applies one entry of `patches`: to what the target selects, else to the object that each patch names. */
export function applyPatch(set: ResourceSet, entry: PatchEntry, patching: Patching): void {
  const { patch, target } = entry;
  const { report } = patching;
  const { at } = patch.from;
  if (patch.kind === "json") {
    if (patch.operations.length === 0) return;
    if (target === undefined) {
      report.fail(
        "build/invalid-patch",
        at,
        "a JSON patch needs a target",
        "add target with the kind and name to patch",
      );
      return;
    }
    applyToSelected(set, target, patching, (resource) => operate(resource, patch.operations, patch.from, true, report));
    return;
  }
  if (patch.objects.length === 0) return;
  for (const object of patch.objects) {
    object.allowNameChange = entry.allowNameChange;
    object.allowKindChange = entry.allowKindChange;
  }
  if (target === undefined) {
    for (const object of patch.objects) mergeByName(set, object, patch.from, false, patching);
    return;
  }
  const [object, second] = patch.objects;
  if (object === undefined) return;
  if (second !== undefined) {
    report.fail(
      "build/invalid-patch",
      placeIn(patch.from, second.node),
      "a patch with a target has more than one document",
      "make an entry of patches for each document, or remove the target",
    );
    return;
  }
  applyToSelected(set, target, patching, (resource) => merge(resource, object, patch.from, true, patching));
  checkIds(set, at, report);
}

/** Applies `patchesStrategicMerge`: each object to the one that it names. */
export function applyMergePatches(
  set: ResourceSet,
  objects: readonly Resource[],
  from: PatchText,
  patching: Patching,
): void {
  for (const object of objects) mergeByName(set, object, from, true, patching);
}

/** Applies an entry of `patchesJson6902`; unlike `patches` it must name its target, and leaves no trace of old names. */
export function applyJson6902(
  set: ResourceSet,
  entry: {
    readonly operations: readonly Operation[];
    readonly from: PatchText;
    readonly target: SelectorSpec | undefined;
  },
  patching: Patching,
): void {
  const { operations, from, target } = entry;
  const { report } = patching;
  if (target?.name === undefined || target.name === "") {
    report.fail(
      "build/invalid-patch",
      from.at,
      "a patch in patchesJson6902 needs the target's name",
      "add target.name",
    );
    return;
  }
  if (operations.length === 0) {
    report.fail(
      "build/invalid-patch",
      from.at,
      "the JSON patch has no operations",
      "add an operation or remove the entry",
    );
    return;
  }
  applyToSelected(set, target, patching, (resource) => operate(resource, operations, from, false, report));
}

function applyToSelected(
  set: ResourceSet,
  target: SelectorSpec,
  patching: Patching,
  apply: (resource: Resource) => Patched,
): void {
  const selector: Selector | undefined = compileSelector(target, patching.report);
  if (selector === undefined) return;
  const deleted = new Set<Resource>();
  const before = patching.report.failures.length;
  const selected = set.resources.filter((candidate) => selects(selector, candidate));
  if (!patching.report.cleanSince(before)) return;
  for (const resource of selected) if (apply(resource) === "deleted") deleted.add(resource);
  drop(set, deleted);
}

/** The object that a patch names, by the id that it has or ever had. */
function mergeByName(
  set: ResourceSet,
  patch: Resource,
  from: PatchText,
  bySelector: boolean,
  patching: Patching,
): void {
  const { report } = patching;
  const id = originalId(patch);
  const [target, second] = set.withAnyId(id);
  const at = placeIn(from, patch.node);
  if (target === undefined) {
    report.fail(
      "build/patch-target-not-found",
      at,
      `the patch names ${idText(id)}, which is not among the resources`,
      "correct its apiVersion, kind, name or namespace, or remove the patch",
    );
  } else if (second !== undefined) {
    report.fail(
      "build/patch-target-not-found",
      at,
      `the patch names ${idText(id)}, which more than one resource is or was`,
      "add the namespace, or use a target that selects one of them",
    );
  } else if (merge(target, patch, from, bySelector, patching) === "deleted") drop(set, new Set([target]));
  else set.idsChanged(target);
}

function merge(
  target: Resource,
  patch: Resource,
  from: PatchText,
  bySelector: boolean,
  { schema, report }: Patching,
): Patched {
  return applyMerge(target, patch, { schema: schema(), bySelector, placeOf: (node) => placeIn(from, node) }, report);
}

function operate(
  target: Resource,
  operations: readonly Operation[],
  from: PatchText,
  remembers: boolean,
  report: Report,
): Patched {
  return applyOperations(target, operations, { remembers, placeOf: (node) => placeIn(from, node) }, report);
}

function drop(set: ResourceSet, deleted: ReadonlySet<Resource>): void {
  if (deleted.size === 0) set.idsChanged();
  else set.reset(set.resources.filter((resource) => !deleted.has(resource)));
}

/** kustomize refuses a patch by selector that gives two objects one id. */
function checkIds(set: ResourceSet, at: Place, report: Report): void {
  const seen = new Set<string>();
  for (const resource of set.resources) {
    const id = idText(currentId(resource));
    if (seen.has(id)) {
      report.fail(
        "build/duplicate-object",
        at,
        `after the patch more than one object is ${id}`,
        "let the patch select one object, or not change its name",
        id,
      );
      return;
    }
    seen.add(id);
  }
}
