import type { PassOutcome, Result } from "../model/index.ts";
import { passResult } from "../report/index.ts";
import type { Pulse } from "./pulse.ts";
import type { ControllerIo, ControllerSettings } from "./types.ts";

/** A pass that some service failed in is tried again after this, then after twice as long, up to the interval. */
const RETRY_FAILED_MS = 30_000;
/** The source is asked again at least this often, however long it has been away. */
const SOURCE_BACKOFF_MS_MAX = 5 * 60_000;

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
  const memory: Memory = { dueMs: io.clock.monotonicMs(), bad: 0, sourceDown: 0 };
  while (!signal.aborted) {
    pulse.beat();
    const latest = await askSource(io, memory, signal);
    if (signal.aborted) return;
    const moved = latest !== undefined && latest !== memory.looked && latest !== memory.fetched;
    if (latest !== undefined) memory.looked = latest;
    if (latest !== undefined && (moved || io.clock.monotonicMs() >= memory.dueMs)) {
      await onePass(io, settings, memory, { latest, moved }, pulse, signal);
      continue; // the ref may have moved meanwhile
    }
    const quietMs = pauseMs(io, settings, memory);
    pulse.beat(quietMs);
    await io.clock.sleep(quietMs, signal).catch((reason: unknown) => {
      if (!signal.aborted) throw reason;
    });
  }
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
  look: { readonly latest: string; readonly moved: boolean },
  pulse: Pulse,
  signal: AbortSignal,
): Promise<void> {
  io.log.line("info", "pass begins", { commit: look.latest, because: look.moved ? "commit" : "interval" });
  const outcome = await guarded(async (): Promise<Result<PassOutcome>> => {
    const value = await io.pass((event) => {
      pulse.beat();
      io.metrics.event(event);
      io.log.event(event);
    }, signal);
    return { ok: true, value };
  }, signal);
  if (outcome === undefined) return; // told to stop before anything was begun
  const ended: PassOutcome = outcome.ok
    ? outcome.value
    : { services: [], failures: outcome.failures, builds: 0, durationMs: 0 };
  io.metrics.pass(ended, io.clock.nowMs());
  io.log.pass(ended);
  if (ended.failures.length === 0) pulse.ready();
  remember(io, settings, memory, ended, look.moved);
  await io.onOutcome(ended);
}

function remember(
  io: ControllerIo,
  settings: ControllerSettings,
  memory: Memory,
  outcome: PassOutcome,
  moved: boolean,
): void {
  const result = passResult(outcome);
  const good = result === "ok" || result === "held";
  memory.bad = good ? 0 : moved ? 1 : memory.bad + 1;
  if (outcome.revision !== undefined) memory.fetched = outcome.revision.commit;
  const first = result === "error" ? settings.pollMs : RETRY_FAILED_MS;
  const waitMs = good ? settings.intervalMs : Math.min(settings.intervalMs, doubled(first, memory.bad));
  memory.dueMs = io.clock.monotonicMs() + jittered(waitMs, io.random);
}

/** How long to sleep until the next look at the source, or the next pass that is due. */
function pauseMs(io: ControllerIo, settings: ControllerSettings, memory: Memory): number {
  if (memory.sourceDown > 0) {
    const longest = Math.max(settings.pollMs, SOURCE_BACKOFF_MS_MAX);
    return jittered(Math.min(longest, doubled(settings.pollMs, memory.sourceDown)), io.random);
  }
  const untilDueMs = memory.dueMs - io.clock.monotonicMs();
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
