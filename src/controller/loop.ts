import { ok, type PassOutcome, type Result, type ServiceState } from "../model/index.ts";
import { passResult } from "../report/index.ts";
import type { Pulse } from "./pulse.ts";
import type { ControllerIo, ControllerSettings, Hint } from "./types.ts";

/** A pass that some service failed in is tried again after this, then after twice as long, up to the interval. */
const RETRY_FAILED_MS = 30_000;
/** The source is asked again at least this often, however long it has been away. */
const SOURCE_BACKOFF_MS_MAX = 5 * 60_000;

const UNTRIED: ReadonlySet<ServiceState> = new Set(["failed", "blocked", "pending", "backoff", "interrupted"]);

/** However much happens in the cluster, and whatever services ask for, passes begin no closer together. */
const LEAST_PAUSE_MS = 1_000;

/** What the loop remembers from turn to turn. Times are monotonic. */
interface Memory {
  /** Where the ref pointed at the last look, and the commit that the last pass fetched; whatever became of it. */
  looked?: string;
  fetched?: string;
  /** When the next pass is due although the ref stands still. */
  dueMs: number;
  /** Passes in a row, at this commit, that did not do all they should. */
  bad: number;
  /** Times in a row that the source did not answer. */
  sourceDown: number;
  /** What was heard since the last pass began. */
  hinted: Hint | undefined;
  /** When the last pass ended. */
  endedMs: number;
  /** Ends the pause, or the waiting of the pass under way. */
  wake: () => void;
}

/**
 * Polls the ref, and runs a pass when it moved or when one is due; until the signal aborts. Passes never overlap: however often
 * the ref moves during one, the next takes the newest commit.
 */
export async function loop(
  io: ControllerIo,
  settings: ControllerSettings,
  pulse: Pulse,
  signal: AbortSignal,
): Promise<void> {
  const memory = newMemory(io.clock);
  const deafen = io.onHint?.((why) => {
    memory.hinted = why;
    memory.wake();
  });
  try {
    await turns(io, settings, memory, pulse, signal);
  } finally {
    deafen?.();
  }
}

function newMemory(clock: ControllerIo["clock"]): Memory {
  const nowMs = clock.monotonicMs();
  return { dueMs: nowMs, bad: 0, sourceDown: 0, hinted: undefined, endedMs: -LEAST_PAUSE_MS, wake: () => undefined };
}

async function turns(
  io: ControllerIo,
  settings: ControllerSettings,
  memory: Memory,
  pulse: Pulse,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    pulse.beat();
    const latest = await askSource(io, memory, signal);
    if (signal.aborted) return;
    const moved = latest !== undefined && latest !== memory.looked && latest !== memory.fetched;
    if (latest !== undefined) memory.looked = latest;
    const why = latest === undefined ? undefined : reasonOf(memory, moved, io.clock.monotonicMs());
    if (latest !== undefined && why !== undefined) {
      await onePass(io, settings, memory, { latest, moved, why }, pulse, signal);
      continue; // the ref may have moved meanwhile
    }
    const quietMs = pauseMs(io, settings, memory);
    pulse.beat(quietMs);
    await pause(io, memory, quietMs, signal);
  }
}

function reasonOf(memory: Memory, moved: boolean, nowMs: number): "commit" | Hint | "interval" | undefined {
  if (moved) return "commit";
  if (memory.hinted !== undefined && nowMs >= memory.endedMs + LEAST_PAUSE_MS) return memory.hinted;
  return nowMs >= memory.dueMs ? "interval" : undefined;
}

/** Sleeps, until something wakes it. */
async function pause(io: ControllerIo, memory: Memory, ms: number, signal: AbortSignal): Promise<void> {
  const woken = new AbortController();
  const either = AbortSignal.any([signal, woken.signal]);
  memory.wake = () => woken.abort("woken");
  await io.clock.sleep(ms, either).catch((reason: unknown) => {
    if (!either.aborted) throw reason;
  });
  memory.wake = () => undefined;
}

/** The commit the ref points at; undefined when the source does not say. What was last applied stays. */
async function askSource(io: ControllerIo, memory: Memory, signal: AbortSignal): Promise<string | undefined> {
  const latest = await guarded(() => io.latest(signal), signal);
  if (latest === undefined || signal.aborted) return undefined;
  io.metrics.source(latest.ok);
  if (!latest.ok) {
    memory.sourceDown += 1;
    io.log.failure("the source does not answer; what was applied last stays", latest.failures);
    return undefined;
  }
  if (memory.sourceDown > 0) io.log.line("info", "the source answers again", { after: memory.sourceDown });
  memory.sourceDown = 0;
  return latest.value;
}

async function onePass(
  io: ControllerIo,
  settings: ControllerSettings,
  memory: Memory,
  look: { readonly latest: string; readonly moved: boolean; readonly why: string },
  pulse: Pulse,
  signal: AbortSignal,
): Promise<void> {
  io.log.line("info", "pass begins", { commit: look.latest, because: look.why });
  memory.hinted = undefined;
  const waits = new AbortController();
  const over = new AbortController();
  const watching = watchMeanwhile(io, settings, memory, look.latest, waits, AbortSignal.any([signal, over.signal]));
  const outcome = await guarded(async (): Promise<Result<PassOutcome>> => {
    const value = await io.pass(
      (event) => {
        pulse.beat();
        io.metrics.event(event);
        io.log.event(event);
      },
      signal,
      waits.signal,
    );
    return { ok: true, value };
  }, signal);
  over.abort("over");
  await watching;
  memory.endedMs = io.clock.monotonicMs();
  if (outcome === undefined) return; // told to stop before anything was begun
  const ended: PassOutcome = outcome.ok
    ? outcome.value
    : { services: [], failures: outcome.failures, builds: 0, durationMs: 0 };
  io.metrics.pass(ended, io.clock.nowMs());
  io.log.pass(ended);
  if (ended.failures.length === 0) pulse.ready();
  remember(io, settings, memory, ended, look.moved);
  const heard = await guarded(async () => ok(await io.onOutcome(ended)), signal);
  if (heard?.ok === false) io.log.failure("the outcome could not be noted", heard.failures);
}

/**
 * Looks at the ref while a pass is under way. What is newer is not to wait for the health of what is older, nor is the repair of
 * what somebody changed: both end the waiting of the pass, which goes on with it in the next one.
 */
async function watchMeanwhile(
  io: ControllerIo,
  settings: ControllerSettings,
  memory: Memory,
  at: string,
  waits: AbortController,
  signal: AbortSignal,
): Promise<void> {
  const until = io.clock.monotonicMs() + settings.intervalMs;
  while (!signal.aborted && !waits.signal.aborted) {
    await pause(io, memory, jittered(settings.pollMs, io.random), signal);
    if (signal.aborted) return;
    if (memory.hinted !== undefined) {
      const why = memory.hinted;
      // What the pass itself is doing is no reason to end it sooner.
      await pause(io, memory, LEAST_PAUSE_MS, signal);
      return waits.abort(why);
    }
    if (io.clock.monotonicMs() >= until) return waits.abort("interval");
    const latest = await guarded(() => io.latest(signal), signal);
    if (latest?.ok === true && latest.value !== at) return waits.abort("commit");
  }
}

function remember(
  io: ControllerIo,
  settings: ControllerSettings,
  memory: Memory,
  outcome: PassOutcome,
  moved: boolean,
): void {
  const result = passResult(outcome);
  const alone = outcome.services.some(({ state, retry }) => UNTRIED.has(state) && retry === undefined);
  // Services that know when they are tried again need no pass of everything before.
  const good = result === "ok" || result === "held" || (result === "failed" && !alone);
  memory.bad = good ? 0 : moved ? 1 : memory.bad + 1;
  if (outcome.revision !== undefined) memory.fetched = outcome.revision.commit;
  const first = result === "error" ? settings.pollMs : RETRY_FAILED_MS;
  const waitMs = good ? settings.intervalMs : Math.min(settings.intervalMs, doubled(first, memory.bad));
  memory.dueMs = io.clock.monotonicMs() + Math.min(jittered(waitMs, io.random), nextTryMs(outcome, io.clock.nowMs()));
}

/** When the first service wants to be looked at again: one that failed at its time, one whose health was not seen soon. */
function nextTryMs({ services }: PassOutcome, nowMs: number): number {
  const tries = services.flatMap(({ state, retry }) =>
    state === "progressing"
      ? [LEAST_PAUSE_MS]
      : retry === undefined
        ? []
        : [Math.max(LEAST_PAUSE_MS, retry.nextAtMs - nowMs)],
  );
  return Math.min(Number.POSITIVE_INFINITY, ...tries);
}

/** How long to sleep until the next look at the source, or the next pass that is due. */
function pauseMs(io: ControllerIo, settings: ControllerSettings, memory: Memory): number {
  if (memory.sourceDown > 0) {
    const longest = Math.max(settings.pollMs, SOURCE_BACKOFF_MS_MAX);
    return jittered(Math.min(longest, doubled(settings.pollMs, memory.sourceDown)), io.random);
  }
  const nowMs = io.clock.monotonicMs();
  const hintMs = memory.hinted !== undefined ? memory.endedMs + LEAST_PAUSE_MS - nowMs : Number.POSITIVE_INFINITY;
  const untilDueMs = Math.min(memory.dueMs - nowMs, hintMs);
  return Math.max(1, Math.min(jittered(settings.pollMs, io.random), untilDueMs));
}

function doubled(ms: number, times: number): number {
  return ms * 2 ** Math.min(times - 1, 20);
}

/** Up to a tenth less, so that many that began together do not stay together. */
function jittered(ms: number, random: () => number): number {
  return ms * (1 - 0.1 * random());
}

/**
 * What `work` answers; undefined when the signal aborted it. A bug in one turn must not end the run for every service: it is
 * reported like a failure, and the turn is tried again.
 */
async function guarded<T>(work: () => Promise<Result<T>>, signal: AbortSignal): Promise<Result<T> | undefined> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return undefined;
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const message = `this is a bug: ${what.split("\n")[0] ?? ""}`;
    return {
      ok: false,
      failures: [{ code: "reconcile/bug", message, remedy: "report it, with the log before this line" }],
    };
  }
}
