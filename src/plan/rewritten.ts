import type { Ancestry, Confirmation } from "../model/index.ts";
import { held, type ServicePlan } from "./plan.ts";

/** What a service may hold objects of. */
export interface Applied {
  /** How each revision that it was applied at, or tried at since, stands to the one at hand. */
  readonly before: readonly Before[];
  /** When it was last as git said, ISO 8601; absent when it never was. */
  readonly since?: string;
}

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
  applied: Applied | "unknown",
  confirmation: Confirmation | undefined,
): ServicePlan {
  const since = applied === "unknown" ? undefined : applied.since;
  const departed = applied === "unknown" ? [] : applied.before.filter(({ ancestry }) => ancestry.kind !== "ancestor");
  const why = applied === "unknown" ? RECORDS : departed[0] && becauseOf(departed[0], commit);
  if (why === undefined) return { ...plan, departed: [] };
  const meant = confirmation !== undefined && isOfNow(confirmation, since);
  const { confirmed: _confirmed, ...rest } = plan;
  return {
    ...rest,
    steps: held(plan.steps, why, true, meant),
    departed: departed.map(({ revision }) => revision).toSorted(),
    ...(meant ? { confirmed: confirmation } : {}),
  };
}

/**
 * Whether a confirmation can have meant this. A branch may be moved back to a commit that was confirmed when it was new, and that
 * says nothing of what came after it: what was said before the service was last applied was said of something else.
 */
function isOfNow({ how, at }: Confirmation, since: string | undefined): boolean {
  if (how === "flag") return true;
  if (since === undefined) return how === "command";
  return Date.parse(at) > Date.parse(since);
}

const RECORDS = "what was applied before is not known: what is kept of it cannot be understood";

function becauseOf({ commit: before, ancestry }: Before, commit: string): string {
  const [old, now] = [before.slice(0, 12), commit.slice(0, 12)];
  return ancestry.kind === "unknown"
    ? `it cannot be known whether ${now} follows from ${old}, which was applied before: ${ancestry.why}`
    : `rewritten history: ${old}, which was applied before, is not in the history of ${now}`;
}
