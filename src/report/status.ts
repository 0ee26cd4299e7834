import type { Failure, KeptFailure, PassOutcome, ServiceStanding, ServiceState } from "../model/index.ts";
import { isGood } from "./counts.ts";

/** What is remembered of one service from pass to pass. Times are ISO 8601, in UTC. */
interface ServiceRecord {
  readonly service: string;
  readonly state: ServiceState;
  /** Objects that the service declares and that are in place. */
  readonly objects: number;
  readonly lastAttempt: string;
  /** Commit of the last attempt. */
  readonly revision: string;
  readonly lastSuccess?: string;
  /** Commit of the last success. */
  readonly lastSuccessRevision?: string;
  readonly failures: readonly Pick<Failure, "code" | "message" | "remedy" | "at">[];
}

/** What passes leave behind for `gitops status`. Losing it loses no object and no correctness. */
export interface PassRecord {
  readonly version: 1;
  readonly scope: string;
  /** When the last pass ended, and whether it ran at all. */
  readonly lastPass: string;
  readonly failures: readonly Pick<Failure, "code" | "message" | "remedy">[];
  readonly services: readonly ServiceRecord[];
}

/**
 * The record after a pass that wrote. Services that the pass did not concern keep theirs when it was about some services
 * only; those that left git are dropped once their objects are gone.
 */
export function recordPass(
  before: PassRecord | undefined,
  outcome: PassOutcome,
  about: { readonly scope: string; readonly nowMs: number; readonly some: boolean },
): PassRecord {
  const now = new Date(about.nowMs).toISOString();
  const known = new Map(before?.services.map((record) => [record.service, record]) ?? []);
  const ran = outcome.revision !== undefined && outcome.failures.length === 0;
  const kept = about.some || !ran ? known : new Map<string, ServiceRecord>();
  for (const { service, state, at, steps, failures } of ran ? outcome.services : []) {
    const isKept = steps.some(({ action }) => action === "kept");
    const last = known.get(service);
    const commit = outcome.revision?.commit ?? "";
    const objects = steps.filter(
      ({ action, result }) => result === "done" && action !== "delete" && action !== "held" && action !== "kept",
    ).length;
    if (at === undefined && isGood(state) && !isKept) {
      kept.delete(service);
      continue;
    }
    const success = isGood(state)
      ? { lastSuccess: now, lastSuccessRevision: commit }
      : last?.lastSuccess === undefined
        ? {}
        : { lastSuccess: last.lastSuccess, lastSuccessRevision: last.lastSuccessRevision ?? "" };
    kept.set(service, {
      service,
      state,
      objects,
      lastAttempt: now,
      revision: commit,
      ...success,
      failures: failures.map(brief),
    });
  }
  const services = [...kept.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
  return { version: 1, scope: about.scope, lastPass: now, failures: outcome.failures.map(brief), services };
}

function brief({ code, message, remedy, at }: Failure): Pick<Failure, "code" | "message" | "remedy" | "at"> {
  return { code, message, remedy, ...(at === undefined ? {} : { at }) };
}

/** A service's state now: as recorded, or `stale` when its last success is too long ago, or `unknown` without a record. */
export interface ServiceStatus {
  readonly service: string;
  readonly state: ServiceState | "stale" | "unknown";
  /** Objects in the cluster that carry the service's owner label; absent when the cluster could not be asked. */
  readonly owned?: number;
  readonly objects?: number;
  readonly lastAttempt?: string;
  readonly lastSuccess?: string;
  /** Commit. */
  readonly lastSuccessRevision?: string;
  readonly failures: readonly (ServiceRecord["failures"][number] & Partial<Pick<KeptFailure, "since" | "object">>)[];
  /** What only status from the cluster tells. */
  readonly standing?: Pick<
    ServiceStanding,
    "attempted" | "applied" | "conditions" | "warnings" | "retry" | "suspended" | "unconfirmable" | "history"
  >;
}

export interface StatusReport {
  readonly scope: string;
  /** Where it is from: what passes left in the cluster, or on this machine. */
  readonly from: "cluster" | "machine";
  readonly lastPass?: string;
  readonly services: readonly ServiceStatus[];
  /** Why something could not be found out, or why the last pass did not run. */
  readonly failures: readonly Pick<Failure, "code" | "message" | "remedy">[];
}

interface About {
  readonly scope: string;
  readonly nowMs: number;
  readonly staleAfterMs: number;
  readonly failures: StatusReport["failures"];
  readonly matches: (service: string) => boolean;
}

/** Status from what passes of any machine left in the cluster; the same judgements as `statusReport`. */
export function standingReport(
  kept: {
    readonly services: readonly ServiceStanding[];
    readonly lastPass: string;
    readonly failures: StatusReport["failures"];
  },
  owned: ReadonlyMap<string, number> | undefined,
  about: About,
): StatusReport {
  const known = new Map(kept.services.map((standing) => [standing.service, standing]));
  const ids = [...new Set([...known.keys(), ...(owned?.keys() ?? [])])].filter(about.matches).sort();
  const services = ids.map((service): ServiceStatus => {
    const mine = known.get(service);
    const live = owned === undefined ? {} : { owned: owned.get(service) ?? 0 };
    if (mine === undefined) return { service, state: "unknown", ...live, failures: [] };
    const { objects, lastAttempt, lastSuccess, failures } = mine;
    const { attempted, applied, conditions, warnings, retry, suspended, unconfirmable, history } = mine;
    const state = suspended === undefined ? mine.state : "suspended";
    const late = isLate(lastSuccess ?? lastAttempt, about);
    return {
      service,
      state: late && state !== "failed" && state !== "suspended" ? "stale" : state,
      ...live,
      objects,
      lastAttempt,
      ...(lastSuccess === undefined ? {} : { lastSuccess }),
      ...(applied === undefined ? {} : { lastSuccessRevision: applied.slice(applied.lastIndexOf(":") + 1) }),
      failures,
      standing: {
        attempted,
        ...(applied === undefined ? {} : { applied }),
        conditions,
        warnings,
        ...(retry === undefined ? {} : { retry }),
        ...(suspended === undefined ? {} : { suspended }),
        ...(unconfirmable === undefined ? {} : { unconfirmable }),
        history,
      },
    };
  });
  const failures = distinct([...kept.failures, ...about.failures]);
  return { scope: about.scope, from: "cluster", lastPass: kept.lastPass, services, failures };
}

/**
 * Status from the record and from what the cluster says is owned (objects by service id; undefined when it could not be
 * asked). Late is stale (silence is not health), whatever the last state was, unless the service failed anyway.
 */
export function statusReport(
  record: PassRecord | undefined,
  owned: ReadonlyMap<string, number> | undefined,
  about: About,
): StatusReport {
  const known = new Map(record?.services.map((service) => [service.service, service]) ?? []);
  const ids = [...new Set([...known.keys(), ...(owned?.keys() ?? [])])].filter(about.matches).sort();
  const services = ids.map((service): ServiceStatus => {
    const mine = known.get(service);
    const live = owned === undefined ? {} : { owned: owned.get(service) ?? 0 };
    if (mine === undefined) return { service, state: "unknown", ...live, failures: [] };
    const { state, objects, lastAttempt, lastSuccess, lastSuccessRevision, failures } = mine;
    const late = isLate(lastSuccess ?? lastAttempt, about);
    return {
      service,
      state: late && state !== "failed" && state !== "suspended" ? "stale" : state,
      ...live,
      objects,
      lastAttempt,
      ...(lastSuccess === undefined ? {} : { lastSuccess }),
      ...(lastSuccessRevision === undefined ? {} : { lastSuccessRevision }),
      failures,
    };
  });
  return {
    scope: about.scope,
    from: "machine",
    ...(record === undefined ? {} : { lastPass: record.lastPass }),
    services,
    failures: distinct([...(record?.failures ?? []), ...about.failures]),
  };
}

/** What kept the last pass from running may still be what is in the way now. */
function distinct(failures: StatusReport["failures"]): StatusReport["failures"] {
  return [...new Map(failures.map((failure) => [`${failure.code} ${failure.message}`, failure])).values()];
}

/** True when every service of a report is as it should be. */
export function isHealthy(report: StatusReport): boolean {
  return (
    report.failures.length === 0 &&
    report.services.length > 0 &&
    report.services.every(({ state }) => state === "synced" || state === "unchanged" || state === "suspended")
  );
}

/** A time to come is of a clock that was wrong, and says no more than one that is long past; nor does what is no time. */
function isLate(
  at: string,
  { nowMs, staleAfterMs }: { readonly nowMs: number; readonly staleAfterMs: number },
): boolean {
  return !(Math.abs(nowMs - Date.parse(at)) <= staleAfterMs);
}
