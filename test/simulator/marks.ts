import type { JsonObject } from "../../src/model/index.ts";
import type { Live } from "./live.ts";

/** Where people put a mark, and which. */
export interface Mark {
  readonly on: "labels" | "annotations";
  readonly key: string;
  readonly value: string;
}

const FLUX = "kustomize.toolkit.fluxcd.io";

/** What people write on an object so that it is left alone, or at least not pruned: Flux's words for it, and ours. */
export const MARKS: readonly Mark[] = [
  { on: "annotations", key: `${FLUX}/reconcile`, value: "disabled" },
  { on: "labels", key: `${FLUX}/reconcile`, value: "Disabled" },
  { on: "annotations", key: `${FLUX}/ssa`, value: "Ignore" },
  { on: "labels", key: `${FLUX}/ssa`, value: "ignore" },
  { on: "annotations", key: "fluxcd.io/ignore", value: "true" },
  { on: "labels", key: "flux.weave.works/ignore", value: "true" },
  { on: "annotations", key: "fluxcd.io/ignore", value: "sync_only" },
  { on: "annotations", key: "flux.weave.works/ignore", value: "sync_only" },
  { on: "labels", key: `${FLUX}/prune`, value: "disabled" },
  { on: "labels", key: "gitops.bulkhead.dev/prune", value: "disabled" },
];

/** A mark as a change of an object. */
export function markPatch(which: number): JsonObject {
  const { on, key, value } = MARKS[which % MARKS.length] ?? { on: "labels", key: `${FLUX}/prune`, value: "disabled" };
  return { metadata: { [on]: { [key]: value } } };
}

type Marked = Pick<Live, "labels" | "annotations">;

function says({ labels, annotations }: Marked, key: string, ...values: readonly string[]): boolean {
  return [labels[key], annotations[key]].some((value) => value !== undefined && values.includes(value.toLowerCase()));
}

/** Whether an object says that nobody shall write it. */
export function isLeft(marked: Marked): boolean {
  return (
    says(marked, `${FLUX}/reconcile`, "disabled") ||
    says(marked, `${FLUX}/ssa`, "ignore") ||
    says(marked, "fluxcd.io/ignore", "true") ||
    says(marked, "flux.weave.works/ignore", "true")
  );
}

/** Whether an object says that it must not be pruned. */
export function keepsItself(marked: Marked): boolean {
  return (
    isLeft(marked) ||
    says(marked, "gitops.bulkhead.dev/prune", "disabled") ||
    says(marked, `${FLUX}/prune`, "disabled") ||
    says(marked, "fluxcd.io/ignore", "sync_only") ||
    says(marked, "flux.weave.works/ignore", "sync_only")
  );
}
