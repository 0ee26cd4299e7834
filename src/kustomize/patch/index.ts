export { goFloat } from "./json-node.ts";
export { partMatcher } from "./pattern.ts";
export { type LoadObjects, type PatchText, readJsonPatch, readPatch } from "./read.ts";
export { compileSelector, holds, matchesKind, matchesMetadata, type Selector, selects } from "./select.ts";
export { applyJson6902, applyMergePatches, applyPatch } from "./transform.ts";
