import type { Confirmation, LiveMetadata } from "../../src/model/index.ts";
import {
  DEFAULT_BREAKER,
  type Desired,
  makePlans,
  type PlanInput,
  resolveClaims,
  type Step,
  stepRef,
} from "../../src/plan/index.ts";
import { type declaredBy, index } from "./objects.ts";

type Declared = ReturnType<typeof declaredBy>;

/** Services that declare these objects, in a cluster that holds `live`. */
export function input(
  services: Readonly<Record<string, readonly Declared[]>>,
  live: readonly LiveMetadata[],
): PlanInput {
  const claimants = Object.entries(services).map(([service, declared]) => ({
    service,
    at: { path: `${service}.yaml` },
    desired: { kind: "known", declared } satisfies Desired,
  }));
  return {
    scope: "test",
    services: claimants.map(({ service, at }) => ({ service, at, prune: true })),
    claims: resolveClaims({ scope: "test", claimants, live: index(...live), complete: true }),
    live: index(...live),
    known: Object.keys(services),
    complete: true,
    unlisted: new Set(),
    settled: new Map(),
    breaker: DEFAULT_BREAKER,
  };
}

export const ADA: Confirmation = { by: "Ada", at: "2026-01-01T00:00:00Z", how: "command" };
/** Steps as `action name: why`. */
export const say = (steps: readonly Step[]): readonly string[] =>
  steps.map((step) => `${step.action} ${stepRef(step).name}${step.why === "" ? "" : `: ${step.why}`}`);

/** The steps of each service. */
export function planned(
  services: Readonly<Record<string, readonly Declared[]>>,
  live: readonly LiveMetadata[],
  change: Partial<PlanInput> = {},
) {
  const plans = makePlans({ ...input(services, live), ...change });
  return Object.fromEntries(plans.map(({ service, steps }) => [service, say(steps)]));
}
