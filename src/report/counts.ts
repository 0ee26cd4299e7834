import type { PassOutcome, ServiceState, StepAction, StepResult } from "../model/index.ts";

/**
 * How many objects of each action; what failed counts as `failed` and as nothing else, and what a sync did not come to as
 * `pending`.
 */
export interface ActionCounts {
  readonly created: number;
  readonly updated: number;
  readonly transferred: number;
  readonly adopted: number;
  readonly recreated: number;
  readonly drifted: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly held: number;
  readonly kept: number;
  readonly failed: number;
  readonly pending: number;
}

const COUNTED: Readonly<Record<StepAction, keyof ActionCounts>> = {
  create: "created",
  update: "updated",
  transfer: "transferred",
  adopt: "adopted",
  recreate: "recreated",
  drifted: "drifted",
  unchanged: "unchanged",
  delete: "deleted",
  held: "held",
  kept: "kept",
};

/** Only a sync does what it plans. */
export type PassMode = "sync" | "dry-run" | "diff";

/** Deletes that are kept, drift that is only reported, and objects that stay as they are: nothing was to be done about these. */
const LEFT_ALONE: ReadonlySet<StepAction> = new Set(["unchanged", "drifted", "held", "kept"]);

export function countSteps(steps: readonly StepResult[], mode: PassMode): ActionCounts {
  const counts = {
    created: 0,
    updated: 0,
    transferred: 0,
    adopted: 0,
    recreated: 0,
    drifted: 0,
    unchanged: 0,
    deleted: 0,
    held: 0,
    kept: 0,
    failed: 0,
    pending: 0,
  };
  for (const { action, result } of steps) {
    const undone = mode === "sync" && result === "planned" && !LEFT_ALONE.has(action);
    counts[result === "failed" ? "failed" : undone ? "pending" : COUNTED[action]] += 1;
  }
  return counts;
}

export function countObjects(outcome: PassOutcome, mode: PassMode): ActionCounts {
  return countSteps(
    outcome.services.flatMap(({ steps }) => steps),
    mode,
  );
}

/** Every state, the worst last: the order in which reports name them. */
export const STATES: readonly ServiceState[] = [
  "unchanged",
  "synced",
  "planned",
  "suspended",
  "progressing",
  "drifted",
  "held",
  "interrupted",
  "pending",
  "blocked",
  "backoff",
  "failed",
];

export function countStates(outcome: PassOutcome): Readonly<Record<ServiceState, number>> {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<ServiceState, number>;
  for (const { state } of outcome.services) counts[state] += 1;
  return counts;
}

/** True for a service whose objects are as git says: nothing to do, or all of it done. */
export function isGood(state: ServiceState): boolean {
  return state === "synced" || state === "unchanged";
}

/** `1 service`, `2 services`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
