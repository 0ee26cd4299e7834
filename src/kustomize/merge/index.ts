export { findElement } from "./elements.ts";
export { type MergeOutcome, strategicMerge } from "./merge.ts";
