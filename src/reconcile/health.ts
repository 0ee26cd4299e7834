import { vanishesWhenDone } from "../health/index.ts";
import type { Clock, Service, ServiceOutcome, StepResult } from "../model/index.ts";
import { refKey } from "../model/index.ts";
import { failedJob, type ServicePlan } from "../plan/index.ts";
import type { OnPassEvent } from "./pass-types.ts";
import type { PassState } from "./state.ts";
import { digestOf } from "./trial.ts";
import type { Awaited } from "./waited.ts";
import type { Waiting } from "./waiting.ts";

/** However little of a service's time is left, its health is looked at for so long. */
const LEAST_MS = 1_000;

interface HealthTools {
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly onEvent: OnPassEvent;
  readonly cancelled: AbortSignal;
}

/**
 * Waits for the health of a service that was applied, as its settings ask for, for what is left of its timeout. The answer is
 * the outcome with its health: failed when something is, `progressing` when `cancelled` came before. What is as it was applied
 * before is waited for just the same: it may have become ill since.
 */
export async function seeHealth(
  { clock, waiting, onEvent, cancelled }: HealthTools,
  state: PassState,
  service: Service,
  plan: ServicePlan,
  applied: ServiceOutcome,
): Promise<ServiceOutcome> {
  const { settings } = service;
  if (state.request.mode !== "sync" || applied.failures.length > 0 || !isApplied(applied)) return applied;
  if (!settings.wait && settings.healthChecks.length === 0) return applied;
  const awaited = awaitedOf(state, service, plan);
  const versions = applied.state === "unchanged" ? versionsOf(awaited, state) : undefined;
  if (versions !== undefined && state.io.memory?.healthy.get(service.id) === versions)
    return { ...applied, health: { state: "healthy", objects: [] } };
  const began = clock.monotonicMs();
  const { health, failures, failed } = await waiting.wait(
    awaited,
    Math.max(timeLeftMs(state, service, plan, began - applied.durationMs), LEAST_MS),
    (objects) => onEvent({ type: "waiting", service: service.id, objects }),
    cancelled,
  );
  if (health.state !== "progressing") state.io.memory?.waits.delete(service.id);
  if (versions !== undefined && health.state === "healthy") state.io.memory?.healthy.set(service.id, versions);
  else state.io.memory?.healthy.delete(service.id);
  const steps = applied.steps.map((step) => rememberFailed(step, failed));
  const outcome = { ...applied, steps, health, failures, durationMs: applied.durationMs + clock.monotonicMs() - began };
  switch (health.state) {
    case "healthy":
      return outcome;
    case "failed":
      return { ...outcome, state: "failed" };
    case "progressing":
      // That something is held, or only reported, is said whatever its health.
      return applied.state === "synced" || applied.state === "unchanged"
        ? { ...outcome, state: "progressing" }
        : outcome;
  }
}

/** A Job that was seen to fail has failed, too, when its controller has deleted it. */
function rememberFailed(step: StepResult, failed: ReadonlySet<string> | undefined): StepResult {
  const { ref, job } = step;
  return job === undefined || failed?.has(refKey(ref)) !== true ? step : { ...step, job: failedJob(job) };
}

/**
 * What is left of a service's timeout for its health. A wait that was cut short by something newer, and goes on in the next pass,
 * began when the first one did.
 */
function timeLeftMs(
  { io: { memory } }: PassState,
  { id, settings }: Service,
  plan: ServicePlan,
  nowMs: number,
): number {
  const of = digestOf(plan.steps.flatMap((step) => ("declared" in step ? [step.declared] : [])));
  const before = memory?.waits.get(id);
  const sinceMs = before?.of === of ? before.sinceMs : nowMs;
  memory?.waits.set(id, { of, sinceMs });
  return settings.timeoutMs - (nowMs - sinceMs);
}

/** Which object at which version; undefined when that is not known of every one. An object of the same version is as it was. */
function versionsOf(awaited: readonly Awaited[], { inventory, io }: PassState): string | undefined {
  if (io.memory === undefined) return undefined;
  const versions = awaited.map(({ ref }) => {
    const live = inventory.live.get(refKey(ref));
    return live && `${live.uid} ${live.resourceVersion}`;
  });
  return versions.includes(undefined) ? undefined : versions.join("\n");
}

function isApplied({ state }: ServiceOutcome): boolean {
  return state === "synced" || state === "unchanged" || state === "held" || state === "drifted";
}

/** All that was applied, or what the health checks name. */
function awaitedOf(
  { assembly, request }: PassState,
  { at, settings, settingsFrom }: Service,
  plan: ServicePlan,
): readonly Awaited[] {
  const declared = plan.steps.flatMap((step) => ("declared" in step ? [step.declared] : []));
  const known = new Map(declared.map((one) => [one.key, one]));
  const failedBefore = new Set(
    plan.steps.flatMap((step) => ("declared" in step && step.job !== undefined ? [step.declared.key] : [])),
  );
  const home = settings.targetNamespace || request.defaultNamespace;
  const refs = settings.wait ? declared.map(({ ref }) => ref) : settings.healthChecks;
  return refs.map((asked) => {
    const kind = assembly.kindOf(asked);
    const ref = { ...asked, namespace: kind?.namespaced === false ? "" : asked.namespace || home };
    const own = known.get(refKey(ref));
    return {
      ref,
      kind,
      at: own?.at ?? settingsFrom?.healthChecks ?? at,
      ours: own !== undefined,
      vanishes: own !== undefined && vanishesWhenDone(own.manifest),
      failedBefore: own !== undefined && failedBefore.has(own.key),
    };
  });
}
