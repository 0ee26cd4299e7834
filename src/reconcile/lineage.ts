import { type Ancestry, commitOf } from "../model/index.ts";
import { type Before, heldIfRewritten, type ServicePlan } from "../plan/index.ts";
import type { Io, PassRequest } from "./pass-types.ts";
import { confirmationOf } from "./planning.ts";
import type { PassState } from "./state.ts";

/** Whether a revision follows from what was applied before: asked only for plans that delete something. */
export interface Lineage {
  /** The plan with its deletes held, unless that is known. */
  judge(plan: ServicePlan): Promise<ServicePlan>;
}

type Asking = Pick<PassState, "revision" | "selected"> & {
  readonly io: Pick<Io, "source" | "clock">;
  readonly request: Pick<PassRequest, "appliedAt" | "confirm" | "confirmed" | "author">;
};

/** Begins to ask at once for all plans that need it, in one go; whoever deletes nothing waits for no answer (law L1). */
export function openLineage(state: Asking, plans: readonly ServicePlan[], stop: AbortSignal): Lineage {
  const { io, request, revision, selected } = state;
  const { commit } = revision.snapshot.revision;
  const { appliedAt } = request;
  if (appliedAt === undefined || revision.policy.rewrites === "allow")
    return { judge: (plan) => Promise.resolve(plan) };
  const answers = new Map<string, Promise<Ancestry>>();
  const ask = (commits: readonly string[]): void => {
    const fresh = [...new Set(commits)].filter((id) => !answers.has(id));
    if (fresh.length === 0) return;
    const asked = io.source.ancestry(commit, fresh, stop).catch(because);
    for (const id of fresh)
      answers.set(
        id,
        asked.then((found) => ("kind" in found ? found : (found.get(id) ?? NOT_ASKED))),
      );
  };
  const commitsOf = ({ service }: ServicePlan): readonly string[] => {
    const before = appliedAt(service);
    return before === "unknown" ? [] : before.revisions.flatMap((text) => commitOf(text) ?? []);
  };
  ask(plans.filter((plan) => selected(plan.service) && deletes(plan)).flatMap(commitsOf));
  return {
    async judge(plan) {
      if (!deletes(plan)) return plan;
      ask(commitsOf(plan));
      const applied = appliedAt(plan.service);
      const confirmed = confirmationOf(state, plan.service);
      if (applied === "unknown") return heldIfRewritten(plan, commit, applied, confirmed);
      const { revisions, since } = applied;
      const before = revisions.map(async (text): Promise<Before> => {
        const id = commitOf(text);
        const ancestry = (id === undefined ? undefined : await answers.get(id)) ?? NOT_ASKED;
        return { revision: text, commit: id ?? text, ancestry };
      });
      const known = { before: await Promise.all(before), ...(since === undefined ? {} : { since }) };
      return heldIfRewritten(plan, commit, known, confirmed);
    },
  };
}

const NOT_ASKED: Ancestry = { kind: "unknown", why: "git was not asked" };

function because(cause: unknown): Ancestry {
  return { kind: "unknown", why: cause instanceof Error ? cause.message : String(cause) };
}

function deletes({ steps }: ServicePlan): boolean {
  return steps.some(({ action }) => action === "delete");
}

/** All plans as they are carried out. */
export async function judged(
  state: Asking,
  plans: readonly ServicePlan[],
  signal: AbortSignal,
): Promise<readonly ServicePlan[]> {
  const lineage = openLineage(state, plans, signal);
  return Promise.all(plans.map((plan) => lineage.judge(plan)));
}
