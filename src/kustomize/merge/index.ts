export { findElement } from "./elements.ts";
export { strategicMerge } from "./merge.ts";
