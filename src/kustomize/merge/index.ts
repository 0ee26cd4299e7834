export { type MergeOutcome, strategicMerge } from "./merge.ts";
