import type { Ancestry, Confirmation } from "../model/index.ts";
import { held, type ServicePlan } from "./plan.ts";

/** A revision that a service may hold objects of, and how it stands to the one at hand. */
export interface Before {
  readonly revision: string;
  readonly commit: string;
  readonly ancestry: Ancestry;
}

/**
 * A plan whose deletes are held unless the revision at hand is known to follow from everything that was applied before: after a
 * force-push, or of another branch, what is missing may be what somebody else did, and nobody took it out (law L2).
 * `unknown`: what was applied before cannot be read.
 */
export function heldIfRewritten(
  plan: ServicePlan,
  commit: string,
  before: readonly Before[] | "unknown",
  confirmed: Confirmation | undefined,
): ServicePlan {
  const departed = before === "unknown" ? [] : before.filter(({ ancestry }) => ancestry.kind !== "ancestor");
  const why = before === "unknown" ? RECORDS : departed[0] && becauseOf(departed[0], commit);
  const steps = held(plan.steps, why, true, confirmed !== undefined);
  const released = steps.some((step) => step.action === "delete" && step.released !== undefined);
  return {
    ...plan,
    steps,
    departed: departed.map(({ revision }) => revision).toSorted(),
    ...(released && confirmed !== undefined ? { confirmed } : {}),
  };
}

const RECORDS = "what was applied before is not known: what is kept of it cannot be understood";

function becauseOf({ commit: before, ancestry }: Before, commit: string): string {
  const [old, now] = [before.slice(0, 12), commit.slice(0, 12)];
  return ancestry.kind === "unknown"
    ? `it cannot be known whether ${now} follows from ${old}, which was applied before: ${ancestry.why}`
    : `rewritten history: ${old}, which was applied before, is not in the history of ${now}`;
}
