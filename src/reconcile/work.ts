import {
  type BrokenService,
  bug,
  type Clock,
  compareFailures,
  type Failure,
  failed,
  ok,
  type PassOutcome,
  type Result,
  refKey,
  type Service,
  type ServiceOutcome,
} from "../model/index.ts";
import { type Declared, kindKey, type ServicePlan, type Step } from "../plan/index.ts";
import { type Applier, apply, once } from "./apply.ts";
import type { Assembled, Late } from "./assemble.ts";
import { becauseOf } from "./because.ts";
import { compareStep } from "./compare.ts";
import { either } from "./either.ts";
import { asItIs, execute, type Hands } from "./execute.ts";
import { fairQueue } from "./fair-queue.ts";
import { first, type Gates, newGates } from "./gates.ts";
import { seeHealth } from "./health.ts";
import { objectionNow } from "./inhabitants.ts";
import { openLineage } from "./lineage.ts";
import type { OnPassEvent } from "./pass-types.ts";
import { pausedDeletes, planLate } from "./planning.ts";
import { applyOrRecreate } from "./recreate.ts";
import { remove } from "./remove.ts";
import type { PassState } from "./state.ts";
import { goneOutcome, suspendedBecause, suspendedInGit } from "./suspended.ts";
import { digestOf, tryService } from "./trial.ts";
import { openWaiting } from "./waiting.ts";
import { notReady } from "./waits-for.ts";

/** After this long a service gives its place in the pool to the next one and goes on beside it. */
const PATIENCE_MS = 2000;
/** The time of a service that left git: there is nobody to ask for its timeout. */
const GONE_TIMEOUT_MS = 5 * 60_000;

/** Carries out the plans of all services in a bounded pool; each ends in an outcome, whatever happens to it. */
export async function workThrough(
  state: PassState,
  plans: readonly ServicePlan[],
  onEvent: OnPassEvent,
  stop: AbortSignal,
): Promise<PassOutcome["services"]> {
  onEvent({ type: "phase", phase: "apply" });
  // Who only waits for health, its own or that of what it depends on.
  const resting = newGates();
  const crew = newCrew(state, plans, onEvent, stop, resting);
  const built = new Map([...state.assembly.ready, ...state.assembly.late].map((one) => [one.service.id, one]));
  const { assembly, broken, selected } = state;
  const outcomes = new Map<string, Promise<ServiceOutcome>>();
  for (const one of broken) if (selected(one.id)) outcomes.set(one.id, Promise.resolve(brokenOutcome(one)));
  const byService = new Map(plans.filter(({ present }) => present).map((plan) => [plan.service, plan]));
  const waiting = new Map<string, Service>();
  for (const { service } of [...assembly.ready, ...assembly.late])
    if (selected(service.id)) waiting.set(service.id, service);
  // Whoever has something to do does not wait until all others have said that they have not.
  const idle = (id: string): boolean => byService.get(id)?.steps.every(({ action }) => action === "unchanged") === true;
  const ids = [...waiting.keys()];
  const waitingIds = [...ids.filter((id) => !idle(id)), ...ids.filter(idle)];
  const outcomeOf = (id: string): Promise<ServiceOutcome> | undefined => {
    const service = waiting.get(id);
    const known = outcomes.get(id);
    if (known !== undefined || service === undefined) return known;
    waiting.delete(id);
    const dependencies = service.settings.dependsOn.map((dependency) => outcomeOf(dependency));
    const before = late.has(id) ? calm : undefined;
    const outcome = runService(state, crew, built.get(id), byService.get(id), dependencies, stop, before);
    outcomes.set(id, outcome);
    for (const dependency of service.settings.dependsOn) void resting.through(dependency).then(() => resting.open(id));
    return outcome;
  };
  // A build that took too long is tried again when everybody is through who does not wait for it.
  const late = new Set(assembly.late.map(({ service }) => service.id));
  const services = new Map(waiting);
  const order = dependenciesFirst(waitingIds, services);
  const tardy = new Set<string>();
  for (const id of order)
    if (late.has(id) || services.get(id)?.settings.dependsOn.some((one) => tardy.has(one)) === true) tardy.add(id);
  const prompt = order.filter((id) => !tardy.has(id));
  const calm = Promise.all(prompt.map((id) => first(outcomeOf(id), resting.through(id))));
  for (const id of order) void outcomeOf(id);
  for (const plan of plans) {
    if (plan.present || plan.steps.length === 0 || !selected(plan.service)) continue;
    const isSuspended = state.suspendedGone.some(({ service }) => service === plan.service);
    if (isSuspended && plan.steps.every(({ action }) => action !== "held")) continue;
    const gone = { built: false, failures: [], timeoutMs: GONE_TIMEOUT_MS };
    const worked = crew.judge(plan).then((judged) => crew.work({ plan: judged, ...gone }));
    // Nobody says again what git said of it.
    const remembered = worked.then((done): ServiceOutcome => ({ ...done, suspendedInGit: "unknown" }));
    outcomes.set(`gone:${plan.service}`, isSuspended ? remembered : worked);
  }
  for (const one of state.suspendedGone) {
    const key = `gone:${one.service}`;
    if (selected(one.service) && !outcomes.has(key)) outcomes.set(key, Promise.resolve(goneOutcome(one, state)));
  }
  const all = await Promise.all(
    [...outcomes.values()].map(async (outcome) => {
      const done = await outcome;
      onEvent({ type: "finished", outcome: done });
      return done;
    }),
  ).finally(() => crew.leave());
  return all.toSorted((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0));
}

/** Services with each behind what it depends on: chains may be as long as there are services, so none is followed by calls within calls. */
function dependenciesFirst(ids: readonly string[], services: ReadonlyMap<string, Service>): readonly string[] {
  const order = new Set<string>();
  const begun = new Set<string>();
  const pending = ids.toReversed();
  for (let id = pending.at(-1); id !== undefined; id = pending.at(-1)) {
    if (begun.has(id)) order.add(pending.pop() ?? id);
    else {
      begun.add(id);
      const needed = services.get(id)?.settings.dependsOn ?? [];
      pending.push(...needed.filter((one) => services.has(one) && !begun.has(one)).toReversed());
    }
  }
  return [...order];
}

async function runService(
  state: PassState,
  crew: Crew,
  one: Assembled | Late | undefined,
  planned: ServicePlan | undefined,
  dependencies: readonly (Promise<ServiceOutcome> | undefined)[],
  stop: AbortSignal,
  before: Promise<unknown> | undefined,
): Promise<ServiceOutcome> {
  if (one === undefined) throw new Error("a service is ready or late");
  const { service } = one;
  const base = { service: service.id, at: service.at, steps: [], failures: [], durationMs: 0 };
  const unread = { built: false, suspendedInGit: "unknown" } as const;
  try {
    await before;
    const assembled = "assembled" in one ? await one.assembled() : one;
    const { built, failures, desired } = assembled;
    if (service.settings.suspend) {
      const because = suspendedBecause(service.id, state.request);
      return { ...base, state: "suspended", built, because, ...suspendedInGit(service.id, state) };
    }
    if (desired.kind === "unknown") return { ...base, state: "failed", built, failures };
    // A dependency that was not selected is not part of this run and is not waited for.
    const needed = await Promise.all(dependencies.map(async (dependency) => dependency));
    const unready = needed.filter((outcome) => outcome !== undefined).filter((outcome) => !isReady(outcome));
    if (unready.length > 0) return { ...base, state: "blocked", built, failures: [notReady(unready, service)] };
    if (planned === undefined) await state.strangers.look(desired.declared);
    const made = planned ?? planLate(state, assembled);
    if (made === undefined) throw new Error("a service whose objects are known has a plan");
    const plan = await crew.judge(made);
    const { timeoutMs, recreate, tenant } = service.settings;
    const trial = tryService(state, service, plan, failures);
    if (trial.left !== undefined) return { ...base, built, ...trial.left };
    const applied = await crew.work({ plan, built, failures, timeoutMs, at: service.at, recreate, tenant });
    const outcome = await crew.seeHealth(service, plan, applied);
    return {
      ...outcome,
      tenant,
      digest: digestOf(desired.declared),
      because: becauseOf(assembled, plan),
      ...trial.ended(outcome),
    };
  } catch (cause) {
    if (stop.aborted) return { ...base, ...unread, state: "interrupted" };
    return { ...base, ...unread, state: "failed", failures: [bug(cause)] };
  }
}

const READY: ReadonlySet<ServiceOutcome["state"]> = new Set(["synced", "unchanged", "planned", "held", "drifted"]);

function isReady({ state, health }: ServiceOutcome): boolean {
  if (health?.state === "progressing") return false;
  return READY.has(state);
}

interface Job {
  readonly plan: ServicePlan;
  readonly built: boolean;
  /** What is already known to be wrong. */
  readonly failures: readonly Failure[];
  readonly timeoutMs: number;
  readonly at?: Service["at"];
  readonly recreate?: boolean;
  readonly tenant?: string;
}

interface Crew {
  /** The plan as it may be carried out. */
  judge(plan: ServicePlan): Promise<ServicePlan>;
  work(job: Job): Promise<ServiceOutcome>;
  /** Waits for the health of what was applied, without a place in the pool. */
  seeHealth(service: Service, plan: ServicePlan, applied: ServiceOutcome): Promise<ServiceOutcome>;
  leave(): void;
}

/** The pool, and the hands that all services share. */
function newCrew(
  state: PassState,
  plans: readonly ServicePlan[],
  onEvent: OnPassEvent,
  stop: AbortSignal,
  resting: Gates,
): Crew {
  const { io, request } = state;
  const { clock } = io;
  const pool = fairQueue(request.concurrency);
  const never = new AbortController().signal;
  const applier = newApplier(state, plans);
  const lineage = openLineage(state, plans, stop);
  const waiting = openWaiting(io.cluster, clock);
  const cancelled = either(stop, request.cancelWaits);
  // Shared objects are applied on behalf of everybody, so no service's deadline ends that.
  const ensure = once((declared) => shared(declared));
  const need = async (needed: Declared): Promise<Failure | undefined> => {
    const result = await ensure(needed);
    return result.ok ? undefined : result.failures[0];
  };
  const shared = (declared: Declared): Promise<Result<unknown>> => guarded(() => apply(applier, declared, need, never));

  const run = async ({ plan, built, failures, timeoutMs, at, recreate = false }: Job): Promise<ServiceOutcome> => {
    const { protect } = state.revision.policy;
    const paused = pausedDeletes(state);
    const owner = { scope: request.scope, service: plan.service, recreate, protect, ...paused };
    const started = clock.monotonicMs();
    onEvent({ type: "started", service: plan.service });
    const deadline = clock.deadline(timeoutMs, never);
    const hands: Hands = {
      async apply({ declared, drift = [] }) {
        const answer = applier.isShared(declared)
          ? await ensure(declared)
          : await guarded(() => applyOrRecreate(applier, declared, owner, need, deadline.signal), late);
        if (answer.ok && !applier.dryRun) state.fights.repaired(declared.ref, declared.hash, drift);
        return answer;
      },
      remove: (step) => guarded(() => removeStep(state, step, deadline.signal), late),
      compare: (step) => compareStep(state, step, deadline.signal),
      onStep: (step) => onEvent({ type: "step", service: plan.service, step }),
      stopped: () => stop.aborted || deadline.expired(),
    };
    const late = (cause: unknown): Failure => (deadline.expired() ? outOfTime(timeoutMs) : bug(cause));
    try {
      const done = await execute({ ...plan, failures: [...failures, ...plan.failures] }, request.mode, hands);
      const cut = deadline.expired() && done.steps.some(({ result }) => result === "planned") && !stop.aborted;
      const rest = cut
        ? { ...done, state: "failed" as const, failures: [...done.failures, outOfTime(timeoutMs)] }
        : done;
      return {
        service: plan.service,
        ...(at === undefined ? {} : { at }),
        built,
        ...rest,
        ...(plan.confirmed === undefined ? {} : { confirmed: plan.confirmed }),
        ...(plan.departed === undefined ? {} : { departed: plan.departed }),
        durationMs: clock.monotonicMs() - started,
      };
    } finally {
      deadline.release();
    }
  };

  return {
    judge: (plan) => lineage.judge(plan),
    work(job) {
      // Most services of most passes: nothing to do needs no place in the pool.
      const done = job.failures.length === 0 ? asItIs(job.plan) : undefined;
      if (done !== undefined) return Promise.resolve(settledOutcome(job, done));
      return new Promise((resolve) => {
        pool.run(job.tenant ?? "", () => {
          const running = run(job).catch((cause: unknown) => failedByBug(job, cause));
          void running.then(resolve);
          return patience(clock, running);
        });
      });
    },
    async seeHealth(service, plan, applied) {
      resting.open(service.id);
      return await seeHealth({ clock, waiting, onEvent, cancelled: cancelled.signal }, state, service, plan, applied);
    },
    leave() {
      waiting.close();
      cancelled.leave();
    },
  };
}

function settledOutcome({ plan, built, at }: Job, { steps }: Pick<ServiceOutcome, "steps">): ServiceOutcome {
  const where = at === undefined ? {} : { at };
  return { service: plan.service, ...where, built, state: "unchanged", steps, failures: [], durationMs: 0 };
}

/** Ends when the work does, or when it has had its place for long enough. */
async function patience(clock: Clock, running: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  void running.then(() => done.abort());
  await clock.sleep(PATIENCE_MS, done.signal).catch(() => undefined);
}

interface SharingApplier extends Applier {
  /** Namespaces and kind definitions that others may need: applied once, for everybody. */
  isShared(declared: Declared): boolean;
}

function newApplier(
  { io, request, assembly, inventory, settled, strangers }: PassState,
  plans: readonly ServicePlan[],
): SharingApplier {
  const namespaces = new Map<string, Declared>();
  const definitions = new Map<string, Declared>();
  /** Kinds whose definition is there, or comes in this pass. */
  const coming = new Set<string>();
  for (const step of plans.flatMap(({ steps }) => steps)) {
    if (!("declared" in step)) continue;
    const { ref, manifest } = step.declared;
    if (manifest.kind === "CustomResourceDefinition") coming.add(definedKey(manifest));
    if (step.action === "unchanged" || step.action === "drifted") continue;
    if (kindKey(ref) === "/Namespace" && step.action === "create") namespaces.set(ref.name, step.declared);
    if (kindKey(ref) === "apiextensions.k8s.io/CustomResourceDefinition")
      definitions.set(definedKey(manifest), step.declared);
  }
  return {
    cluster: io.cluster,
    clock: io.clock,
    dryRun: request.mode !== "sync",
    kindOf: (ref) => assembly.kindOf(ref),
    isNew: (kind) => assembly.isNew(kind),
    isComing: (ref) => inventory.open === true || coming.has(kindKey(ref)),
    defined: ({ manifest }) => coming.add(definedKey(manifest)),
    live: (ref) => inventory.live.get(refKey(ref)) ?? strangers.known.there.get(refKey(ref)),
    isShared: ({ ref, manifest }) =>
      (kindKey(ref) === "/Namespace" && namespaces.has(ref.name)) || definitions.has(definedKey(manifest)),
    needs: ({ ref }) =>
      [namespaces.get(ref.namespace), definitions.get(kindKey(ref))].filter((needed) => needed !== undefined),
    settle: ({ ref, hash }, fields) => settled.note(ref, hash, fields),
  };
}

/** `kindKey` of what a CustomResourceDefinition defines; no key at all for anything else. */
function definedKey(manifest: Declared["manifest"]): string {
  const spec = manifest["spec"] as { group?: string; names?: { kind?: string } } | undefined;
  if (manifest.kind !== "CustomResourceDefinition") return "no definition";
  return kindKey({ group: spec?.group ?? "", kind: spec?.names?.kind ?? "" });
}

async function removeStep(
  { io, request, assembly, inventory, inhabitants }: PassState,
  { live }: Step & { action: "delete" },
  signal: AbortSignal,
): Promise<Result<unknown>> {
  const kind = assembly.kindOf(live.ref);
  if (kind === undefined) return ok("gone");
  const objection = await objectionNow(io.cluster, inventory, live, inhabitants.get(refKey(live.ref)), signal);
  if (objection !== undefined) return failed(objection);
  return await remove(io.cluster, kind, live, request.mode !== "sync", signal);
}

/** Anything thrown while one object is worked on is that object's failure. */
async function guarded(
  run: () => Promise<Result<unknown>>,
  explain: (cause: unknown) => Failure = bug,
): Promise<Result<unknown>> {
  try {
    return await run();
  } catch (cause) {
    return failed(explain(cause));
  }
}

function failedByBug({ plan, built }: Job, cause: unknown): ServiceOutcome {
  return { service: plan.service, state: "failed", built, steps: [], failures: [bug(cause)], durationMs: 0 };
}

function outOfTime(timeoutMs: number): Failure {
  return {
    code: "reconcile/deadline",
    message: `not through within its timeout of ${Math.round(timeoutMs / 1000)} s`,
    remedy: "see which object the API server is slow with (an admission webhook?), or raise the timeout",
  };
}

function brokenOutcome({ id, at, failures }: BrokenService): ServiceOutcome {
  return {
    service: id,
    state: "failed",
    at,
    built: false,
    steps: [],
    failures: failures.toSorted(compareFailures),
    suspendedInGit: "unknown",
    durationMs: 0,
  };
}
