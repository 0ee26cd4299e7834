import {
  type Failure,
  type HistoryEntry,
  type KeptFailure,
  type PassOutcome,
  refText,
  revisionText,
  type ServiceOutcome,
  type ServiceState,
  type StepAction,
} from "../model/index.ts";
import { conditionsOf } from "./conditions.ts";
import { isGood, type KeptService, type PassHead } from "./kept.ts";

/** What was kept before a pass. */
export interface KeptBefore {
  readonly head?: PassHead;
  readonly services: ReadonlyMap<string, KeptService>;
  /** Some of it cannot be understood. */
  readonly damaged?: boolean;
}

/** A service whose standing changed; `after` is absent when it left git and nothing of it is left. */
export interface Changed {
  readonly service: string;
  readonly before?: KeptService;
  readonly after?: KeptService;
  readonly outcome?: ServiceOutcome;
}

export interface KeptAfter {
  readonly services: ReadonlyMap<string, KeptService>;
  readonly changed: readonly Changed[];
  /** This takes the place of what was damaged. */
  readonly anew?: true;
}

const HISTORY_MAX = 5;
const FAILURES_MAX = 5;
const UNHEALTHY_MAX = 5;
const TEXT_MAX = 500;

/**
 * What is kept after a pass that wrote. `some`: the pass was about some services only; the others keep what they have. A
 * pass that could not run changes nothing here. `again`: a part of this may have been written already.
 */
export function nextServices(
  before: KeptBefore,
  outcome: PassOutcome,
  about: { readonly nowMs: number; readonly some: boolean; readonly again?: boolean },
): KeptAfter {
  const { revision } = outcome;
  if (revision === undefined || outcome.failures.length > 0) return { services: before.services, changed: [] };
  // What was damaged is written anew by a pass that saw everything, or nobody would know any more that it was damaged.
  if (before.damaged === true && (about.some || outcome.blind === true))
    return { services: before.services, changed: [] };
  const services = new Map(about.some ? before.services : []);
  const changed: Changed[] = [];
  const pass = {
    number: lastNumber(before) + 1,
    revision: revisionText(revision),
    now: new Date(about.nowMs).toISOString(),
    again: about.again === true,
    damaged: before.damaged === true,
  };
  for (const one of outcome.services) {
    const old = before.services.get(one.service);
    const had = old === undefined ? {} : { before: old };
    if (hasLeft(one)) {
      services.delete(one.service);
      if (old !== undefined) changed.push({ service: one.service, ...had, outcome: one });
      continue;
    }
    const after = nextService(old, before.head, one, pass);
    services.set(one.service, after);
    if (after !== old) changed.push({ service: one.service, ...had, after, outcome: one });
  }
  for (const [service, old] of about.some ? [] : before.services) {
    // Nobody saw what it owns, which stays suspended for all that.
    if (old.suspendedInGit === true && outcome.blind === true && !services.has(service)) services.set(service, old);
    const told = changed.some((one) => one.service === service);
    if (!services.has(service) && !told) changed.push({ service, before: old });
  }
  return { services, changed, ...(before.damaged === true ? { anew: true } : {}) };
}

/** The newest pass that anything is kept of: should its end be lost, those after it are newer all the same. */
export function lastNumber({ head, services }: Pick<KeptBefore, "head" | "services">): number {
  let number = head?.number ?? 0;
  for (const { pass } of services.values()) if (pass > number) number = pass;
  return number;
}

/** Nothing of it is left: it is not in git, and nothing that it owned is held or kept. */
function hasLeft({ at, state, steps }: ServiceOutcome): boolean {
  return at === undefined && isGood(state) && steps.every(({ action }) => action !== "kept");
}

interface Pass {
  readonly number: number;
  readonly revision: string;
  readonly now: string;
  readonly again: boolean;
  /** A service without a record may have had one. */
  readonly damaged: boolean;
}

/** The same value when nothing happened. */
function nextService(
  old: KeptService | undefined,
  head: PassHead | undefined,
  outcome: ServiceOutcome,
  pass: Pass,
): KeptService {
  const state = outcome.state === "unchanged" ? "synced" : outcome.state;
  // Not tried: what is known of the failed try stays.
  if (state === "backoff" && old !== undefined && !isGood(old.state)) return old;
  const applied = isGood(state) ? { revision: pass.revision, at: pass.now } : appliedBefore(old, head);
  const told = toldBy(outcome, old, pass);
  const was = old === undefined ? [] : conditionsOf(old, "");
  const since = Object.fromEntries(
    conditionsOf({ ...told, state }, "").map(({ type, status }) => {
      const same = was.some((one) => one.type === type && one.status === status);
      return [type, (same ? old?.since[type] : undefined) ?? pass.now];
    }),
  );
  const entry = historyEntry(outcome, state, pass);
  const known = pass.again && old?.history[0] !== undefined && isSameEntry(old.history[0], entry);
  const event = !known && happened(old, state, outcome) ? [entry] : [];
  const next: KeptService = {
    state,
    pass: pass.number,
    at: pass.now,
    revision: pass.revision,
    ...(applied === undefined ? {} : { applied }),
    since,
    ...told,
    history: [...event, ...(old?.history ?? [])].slice(0, HISTORY_MAX),
  };
  return old !== undefined && saysTheSame(old, next) ? old : next;
}

/** The last success before a pass. What a good service is at stands in the head once for all. */
export function appliedBefore(
  old: KeptService | undefined,
  head: PassHead | undefined,
): { readonly revision: string; readonly at: string } | undefined {
  if (old === undefined) return undefined;
  if (isGood(old.state) && head !== undefined && head.number >= old.pass)
    return { revision: head.revision, at: head.at };
  return old.applied;
}

type Told = Pick<
  KeptService,
  | "objects"
  | "failures"
  | "warnings"
  | "more"
  | "health"
  | "why"
  | "unconfirmable"
  | "retry"
  | "digest"
  | "departed"
  | "suspendedInGit"
  | "defined"
>;

function toldBy(outcome: ServiceOutcome, old: KeptService | undefined, { now, damaged }: Pass): Told {
  const { steps, failures, warnings, health, retry, at, because, state } = outcome;
  const digest = outcome.digest ?? old?.digest;
  // Nobody asked when nothing was to be deleted.
  const asked = outcome.departed ?? old?.departed ?? [];
  const isLost = damaged && old === undefined;
  const departed = isGood(state) ? [] : isLost ? [...asked, LOST] : asked;
  const held = steps.filter(({ action }) => action === "held");
  const final = held.length > 0 && held.every(({ confirmable }) => confirmable === false);
  const why =
    state === "suspended" ? because : held[0] === undefined ? undefined : `${held.length} held: ${held[0].why}`;
  const { suspendedInGit = false } = outcome;
  const wasSuspended = old === undefined ? damaged : old.suspendedInGit === true;
  const isSuspended = suspendedInGit === "unknown" ? wasSuspended : suspendedInGit;
  const defined = at ?? old?.defined;
  const more = failures.length - FAILURES_MAX;
  const inPlace = steps.filter(({ action, result }) => result === "done" && IN_PLACE.has(action)).length;
  return {
    // Of a service that was not looked at, what is known stays.
    objects: steps.length === 0 && NOT_LOOKED_AT.has(state) ? (old?.objects ?? 0) : inPlace,
    failures: keptFailures(failures, old?.failures ?? [], now),
    warnings: keptFailures(warnings ?? [], old?.warnings ?? [], now),
    ...(more > 0 ? { more } : {}),
    ...(health === undefined
      ? {}
      : {
          health: {
            state: health.state,
            objects: health.objects
              .slice(0, UNHEALTHY_MAX)
              .map((one) => ({ object: refText(one.ref), why: brief(one.why) })),
          },
        }),
    ...(why === undefined ? {} : { why: brief(why) }),
    ...(final ? { unconfirmable: true as const } : {}),
    ...(retry === undefined
      ? {}
      : { retry: { attempts: retry.attempts, nextAt: new Date(retry.nextAtMs).toISOString() } }),
    ...(digest === undefined ? {} : { digest }),
    ...(departed.length === 0 ? {} : { departed }),
    ...(isSuspended ? { suspendedInGit: true as const } : {}),
    ...(defined === undefined ? {} : { defined }),
  };
}

export function keptFailures(
  failures: readonly Failure[],
  old: readonly KeptFailure[],
  now: string,
): readonly KeptFailure[] {
  return failures.slice(0, FAILURES_MAX).map(({ code, message, remedy, object, at }) => {
    const text = brief(message);
    const same = old.find((one) => one.code === code && one.message === text);
    return {
      code,
      message: text,
      remedy: brief(remedy),
      ...(object === undefined ? {} : { object }),
      ...(at === undefined ? {} : { at }),
      since: same?.since ?? now,
    };
  });
}

/** In place of the revision that a damaged record said: nothing is known to follow from it. */
const LOST = "(unreadable)";

const NOT_LOOKED_AT: ReadonlySet<ServiceState> = new Set(["suspended", "blocked", "backoff"]);
const IN_PLACE: ReadonlySet<StepAction> = new Set([
  "create",
  "update",
  "transfer",
  "adopt",
  "recreate",
  "drifted",
  "unchanged",
]);
const WRITES = {
  create: "created",
  update: "updated",
  transfer: "transferred",
  adopt: "adopted",
  recreate: "recreated",
  delete: "deleted",
} as const;

function doneBy({ steps }: ServiceOutcome): readonly string[] {
  return Object.entries(WRITES).flatMap(([action, word]) => {
    const count = steps.filter((step) => step.action === action && step.result === "done").length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
}

/** Whether there is something to remember: something was written, or it went another way than before. */
function happened(old: KeptService | undefined, state: KeptService["state"], outcome: ServiceOutcome): boolean {
  if (old === undefined || old.state !== state || doneBy(outcome).length > 0) return true;
  if (outcome.digest !== undefined && old.digest !== undefined && outcome.digest !== old.digest) return true;
  return codesText(old.failures) !== codesText(outcome.failures.slice(0, FAILURES_MAX));
}

function historyEntry(outcome: ServiceOutcome, state: KeptService["state"], pass: Pass): HistoryEntry {
  const { digest, durationMs, failures, confirmed } = outcome;
  const drift = isDriftRepair(outcome) ? ["drift repaired"] : [];
  const held = outcome.steps.filter(({ action }) => action === "held").length;
  const what = [
    ...doneBy(outcome),
    ...drift,
    ...(held === 0 ? [] : [`${held} held`]),
    ...(failures.length === 0 ? [] : [codesText(failures)]),
  ];
  return {
    at: pass.now,
    revision: pass.revision,
    ...(digest === undefined ? {} : { digest }),
    durationMs: Math.round(durationMs),
    result: state,
    what: what.length === 0 ? "nothing to do" : brief(what.join(", ")),
    ...(confirmed === undefined ? {} : { confirmed }),
  };
}

/** Whether two entries are of one and the same event, noted twice. */
function isSameEntry({ at: _at, ...a }: HistoryEntry, { at: __at, ...b }: HistoryEntry): boolean {
  return sorted(a) === sorted(b);
}

/** Whether something of ours that somebody changed was written back. */
export function isDriftRepair({ steps }: ServiceOutcome): boolean {
  return steps.some(
    ({ why, drift, action, result }) =>
      result === "done" && action === "update" && ((drift ?? []).length > 0 || why.startsWith("drifted")),
  );
}

function codesText(failures: readonly { readonly code: string }[]): string {
  return [...new Set(failures.map(({ code }) => code))].sort().join(", ");
}

function saysTheSame(old: KeptService, next: KeptService): boolean {
  if (old.history[0] !== next.history[0]) return false;
  return sorted(lasting(old)) === sorted(lasting(next));
}

/** What is worth a write when it changes: not times alone, and not when exactly the next try is. */
function lasting(kept: KeptService): object {
  // Of the history only the newest entry can differ, and that was compared.
  const { pass: _pass, at: _at, revision: _revision, applied: _applied, history: _history, retry, ...rest } = kept;
  return { ...rest, attempts: retry?.attempts ?? 0 };
}

function sorted(value: object): string {
  const order = (_key: string, field: unknown): unknown =>
    typeof field === "object" && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field;
  return JSON.stringify(value, order);
}

/** Texts are bounded, so that a group never outgrows an object. */
function brief(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`;
}
