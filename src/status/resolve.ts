import type { Condition, ServiceStanding, Suspension } from "../model/index.ts";
import { conditionsOf } from "./conditions.ts";
import { isGood, type KeptService, type PassHead } from "./kept.ts";
import { appliedBefore } from "./next.ts";

/** How a service stands: what is kept of it, seen with the last pass over all services. */
export function resolveService(
  service: string,
  kept: KeptService,
  head: PassHead | undefined,
  suspended: Suspension | undefined,
): ServiceStanding {
  const later = head !== undefined && head.number >= kept.pass ? head : undefined;
  const attempt = kept.state === "backoff" || kept.state === "suspended" ? undefined : later;
  const applied = appliedBefore(kept, head);
  const attempted = attempt?.revision ?? kept.revision;
  return {
    service,
    state: kept.state,
    conditions: conditionsOf(kept, applied?.revision ?? attempted).map(
      (condition): Condition => ({ ...condition, lastTransitionTime: kept.since[condition.type] ?? kept.at }),
    ),
    attempted,
    ...(applied === undefined ? {} : { applied: applied.revision, lastSuccess: applied.at }),
    lastAttempt: attempt?.at ?? kept.at,
    objects: kept.objects,
    failures: kept.failures,
    warnings: kept.warnings,
    ...(kept.retry === undefined || isGood(kept.state) ? {} : { retry: kept.retry }),
    ...(suspended === undefined ? {} : { suspended }),
    ...(kept.unconfirmable === true ? { unconfirmable: true as const } : {}),
    history: kept.history,
  };
}
