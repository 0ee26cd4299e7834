export { goFloat } from "./json-node.ts";
export { type LabelSelector, parseLabelSelector, selectsLabels } from "./label-selector.ts";
export { partMatcher } from "./pattern.ts";
export { type LoadObjects, type Patch, type PatchText, readJsonPatch, readPatch } from "./read.ts";
export { compileSelector, holds, matchesKind, matchesMetadata, type Selector } from "./select.ts";
export { applyJson6902, applyMergePatches, applyPatch, type PatchEntry, type Patching } from "./transform.ts";
