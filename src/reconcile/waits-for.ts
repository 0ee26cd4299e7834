import type { BrokenService, Failure, Service, ServiceState } from "../model/index.ts";
import type { ServicePlan } from "../plan/index.ts";
import type { Assembled } from "./assemble.ts";

/** What is known of a revision before anything of it is applied. */
export interface Outlook {
  readonly ready: readonly Pick<Assembled, "service" | "failures" | "desired">[];
  readonly broken: readonly Pick<BrokenService, "id">[];
  readonly plans: readonly Pick<ServicePlan, "service" | "failures">[];
}

/** Dependencies of a service that cannot be ready in this revision: they fail or are suspended, or wait for such. */
export function waitsFor({ settings }: Service, { ready, broken, plans }: Outlook): readonly string[] {
  const services = new Map(ready.map(({ service }) => [service.id, service]));
  const unready = new Set([
    ...broken.map(({ id }) => id),
    ...ready.flatMap(({ service, failures, desired }) =>
      failures.length > 0 || service.settings.suspend || desired.kind === "unknown" ? [service.id] : [],
    ),
    ...plans.flatMap(({ service, failures }) => (failures.length > 0 ? [service] : [])),
  ]);
  // Chains may be as long as there are services: followed one by one, not by calls within calls.
  const sound = new Set<string>();
  const isUnready = (first: string): boolean => {
    const seen = new Set([first]);
    for (const id of seen) {
      if (unready.has(id)) return true;
      if (sound.has(id)) continue;
      for (const next of services.get(id)?.settings.dependsOn ?? []) seen.add(next);
    }
    for (const id of seen) sound.add(id);
    return false;
  };
  return settings.dependsOn.filter(isUnready);
}

/** What a service waits for, and how that is where it is known. */
export interface Needed {
  readonly service: string;
  readonly state?: ServiceState;
}

export function notReady(needed: readonly Needed[], { at }: Pick<Service, "at">): Failure {
  const told = needed.map(({ service, state }) => `${service}${state === undefined ? "" : ` (${howItIs(state)})`}`);
  const [first] = needed;
  const mends = needed.some(({ state }) => state === undefined || TO_MEND[state] !== undefined);
  return {
    code: "service/dependency-not-ready",
    message: `waits for ${told.join(", ")}, which it depends on`,
    remedy: `${mends ? `mend what it depends on: gitops why ${first?.service ?? ""} says more; ` : ""}it continues by itself`,
    at,
  };
}

/** States in which something may have to be mended; the others pass by themselves. */
const TO_MEND: Readonly<Partial<Record<ServiceState, string>>> = {
  suspended: "suspended",
  failed: "failed",
  backoff: "failed, tried again later",
  blocked: "waits itself",
  pending: "pending",
};

function howItIs(state: ServiceState): string {
  return TO_MEND[state] ?? (state === "interrupted" ? "interrupted" : "not healthy yet");
}
