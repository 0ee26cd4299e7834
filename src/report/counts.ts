import type { PassOutcome, ServiceState, StepAction, StepResult } from "../model/index.ts";

/** How many objects of each action; what failed counts as `failed` and as nothing else. */
export interface ActionCounts {
  readonly created: number;
  readonly updated: number;
  readonly transferred: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly held: number;
  readonly kept: number;
  readonly failed: number;
}

const COUNTED: Readonly<Record<StepAction, keyof ActionCounts>> = {
  create: "created",
  update: "updated",
  transfer: "transferred",
  unchanged: "unchanged",
  delete: "deleted",
  held: "held",
  kept: "kept",
};

export function countSteps(steps: readonly StepResult[]): ActionCounts {
  const counts = { created: 0, updated: 0, transferred: 0, unchanged: 0, deleted: 0, held: 0, kept: 0, failed: 0 };
  for (const { action, result } of steps) counts[result === "failed" ? "failed" : COUNTED[action]] += 1;
  return counts;
}

export function countObjects(outcome: PassOutcome): ActionCounts {
  return countSteps(outcome.services.flatMap(({ steps }) => steps));
}

/** Every state, the worst last: the order in which reports name them. */
export const STATES: readonly ServiceState[] = [
  "unchanged",
  "synced",
  "planned",
  "suspended",
  "held",
  "interrupted",
  "blocked",
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
