import { createHash } from "node:crypto";
import type { BuildLimits } from "../kustomize/index.ts";
import type { Clock } from "../model/index.ts";
import { packBlobs } from "./blobs.ts";
import { crashed, notStarted, outOfMemory, outOfTime } from "./endings.ts";
import type { BuildJob } from "./job.ts";
import type { BuildAnswer } from "./messages.ts";
import { newPatience, type Patience } from "./patience.ts";
import { largestYaml, prefetch, sharedSources } from "./sources.ts";
import { type Ending, startThread, type Thread } from "./thread.ts";

export interface BuildersOptions {
  /** The text of the bundled worker. */
  readonly worker: string;
  /** How many builds run at once, at most. */
  readonly threads: number;
  /** After waiting this long a build gets another thread: below it, starting and warming one up costs more than it gives. */
  readonly growAfterMs: number;
  /** Memory of one thread; a build that needs more ends as `build/out-of-memory`. */
  readonly heapMb: number;
  /** How long one build may take, reading included. */
  readonly deadlineMs: number;
  /** After this long, at most, a build makes way for those that wait: it is stopped, and tried again, at full length, after them. */
  readonly patienceMs: number;
  /** After this long, at least, however quick the others are. */
  readonly patienceMinMs: number;
  /** A file of YAML that is larger takes several times that long to parse: its folder lets those that wait go first. */
  readonly heavyBytes: number;
  /** Content that a thread keeps. */
  readonly blobBytesMax: number;
  /** What one build may ask for. */
  readonly limits: BuildLimits;
}

const MIB = 1024 * 1024;

export const BUILDERS_DEFAULTS: Omit<BuildersOptions, "worker"> = {
  threads: 2,
  growAfterMs: 300,
  heapMb: 256,
  deadlineMs: 10_000,
  patienceMs: 500,
  patienceMinMs: 100,
  heavyBytes: 4 * MIB,
  blobBytesMax: 16 * MIB,
  limits: { fileBytes: 16 * MIB, totalBytes: 64 * MIB, objects: 20_000, files: 20_000, depth: 100 },
};

/** Builds in threads that can be stopped: no input, however hostile, takes more than its own build with it. */
export interface Builders {
  /** Tells this engine and its limits from any other: results of one are not results of another. */
  readonly engine: string;
  /** Memory that a build may take. */
  readonly heapMb: number;
  /** Ends with an answer, whatever the input; rejects only with the signal's reason, or when the builders are closed. */
  build(job: BuildJob, signal: AbortSignal): Promise<BuildAnswer>;
  /** For metrics. `killed` counts threads that were stopped or died. */
  state(): { readonly threads: number; readonly running: number; readonly waiting: number; readonly killed: number };
  /** Stops the threads; builds under way reject. */
  close(): Promise<void>;
}

/** How often a build that outran its time once makes way for newcomers, before it is left to its end. */
const YIELDS_MAX = 3;

/** So many waiting builds have their files read while those before them run. */
const READ_AHEAD = 4;

interface Pending {
  readonly job: BuildJob;
  /** Aborts when the caller gives up, or the builders are closed. */
  readonly signal: AbortSignal;
  readonly sinceMs: number;
  /** Whoever else waits goes first. */
  readonly heavy: boolean;
  /** How often it was stopped to make way. */
  yields: number;
  content?: Promise<ReadonlyMap<string, Uint8Array>>;
  settle(answer: BuildAnswer): void;
}

/** Why a build was stopped: to make way, at its deadline, or because nobody wants it any more. */
type Stop = "late" | "deadline" | "given up";

interface Run {
  readonly pending: Pending;
  /** Undefined until the thread is there: what a fresh one costs is not the build's. */
  startedMs: number | undefined;
  /** It took longer than is fair. */
  overdue: boolean;
  stop: (why: Stop) => void;
}

interface Slot {
  thread: Thread | undefined;
  run: Run | undefined;
}

interface Pool {
  readonly options: BuildersOptions;
  readonly clock: Clock;
  readonly slots: readonly Slot[];
  readonly queue: Pending[];
  /** Those that took long once: they run when nothing else waits. */
  readonly late: Pending[];
  /** Those that go last: one runs when nothing else waits or runs. */
  readonly last: Pending[];
  readonly patience: Patience;
  readonly sharedOf: ReturnType<typeof sharedSources>;
  readonly closing: AbortSignal;
  /** How many of the slots are used: more as builds wait. */
  open: number;
  killed: number;
  /** Whether `watch` is at it. */
  watched: boolean;
}

export function openBuilders(options: BuildersOptions, clock: Clock): Builders {
  const closing = new AbortController();
  const slots: Slot[] = Array.from({ length: options.threads }, () => ({ thread: undefined, run: undefined }));
  const pool: Pool = {
    options,
    clock,
    slots,
    queue: [],
    late: [],
    last: [],
    patience: newPatience(options),
    sharedOf: sharedSources(),
    closing: closing.signal,
    open: 1,
    killed: 0,
    watched: false,
  };
  return {
    heapMb: options.heapMb,
    engine: createHash("sha256")
      .update(JSON.stringify([options.worker, options.limits]))
      .digest("hex"),
    build: (job, signal) =>
      new Promise((resolve, reject) => {
        const either = AbortSignal.any([signal, closing.signal]);
        either.throwIfAborted();
        const giveUp = (): void => {
          for (const line of [pool.queue, pool.late, pool.last])
            line.splice(0, line.length, ...line.filter((p) => p !== pending));
          for (const { run } of slots) if (run?.pending === pending) run.stop("given up");
          reject(either.reason);
        };
        const settle = (answer: BuildAnswer): void => {
          either.removeEventListener("abort", giveUp);
          resolve(answer);
        };
        const heavy = largestYaml(pool.sharedOf(job.source), job.folder) > options.heavyBytes;
        const pending: Pending = { job, signal: either, sinceMs: clock.monotonicMs(), heavy, yields: 0, settle };
        either.addEventListener("abort", giveUp, { once: true });
        (job.last === true ? pool.last : pool.queue).push(pending);
        // It will be late, so nobody has to find that out by waiting for it.
        if (job.last === true) job.onLate?.();
        pump(pool);
        if (heavy && pool.queue.includes(pending)) job.onLate?.();
      }),
    state: () => ({
      threads: slots.filter(({ thread }) => thread?.dead() === false).length,
      running: slots.filter(({ run }) => run !== undefined).length,
      waiting: pool.queue.length + pool.late.length + pool.last.length,
      killed: pool.killed,
    }),
    async close() {
      closing.abort(new DOMException("the builders were closed", "AbortError"));
      await Promise.all(slots.map(({ thread }) => thread?.kill() ?? Promise.resolve()));
    },
  };
}

/** Gives idle threads work, and starts to read what comes next. */
function pump(pool: Pool): void {
  for (const slot of pool.slots.slice(0, pool.open)) {
    if (slot.run !== undefined) continue;
    const pending = taken(pool);
    if (pending === undefined) break;
    void occupy(pool, slot, pending).then(() => pump(pool));
  }
  for (const next of pool.queue.slice(0, READ_AHEAD)) void contentOf(pool, next);
  makeRoom(pool);
}

/** The first of those that wait, a heavy one only when there is no other; one that goes last runs by itself. */
function taken({ slots, queue, late, last }: Pool): Pending | undefined {
  const running = slots.flatMap(({ run }) => (run === undefined ? [] : [run.pending]));
  if (running.some(({ job }) => job.last)) return undefined;
  const light = queue.findIndex(({ heavy }) => !heavy);
  const next = queue.splice(Math.max(0, light), 1)[0] ?? late.shift();
  return next ?? (running.length === 0 ? last.shift() : undefined);
}

/**
 * Stops builds that took longer than is fair while others wait. One that was stopped before is stopped again only when
 * nothing but such builds runs, so that it comes to its end at some time.
 */
function makeRoom({ slots, open, queue }: Pool): void {
  const runs = slots.flatMap(({ run }) => (run === undefined ? [] : [run]));
  const overdue = runs.filter((run) => run.overdue);
  const first = overdue.filter(({ pending }) => pending.yields === 0).slice(0, queue.length);
  const full = runs.length === open || runs.some(({ pending }) => pending.job.last);
  const blocked = full && runs.every(({ pending }) => pending.yields > 0);
  const again = blocked && queue.length > 0 ? overdue.filter(({ pending }) => pending.yields < YIELDS_MAX) : [];
  for (const run of first.length > 0 ? first : again.slice(0, 1)) run.stop("late");
}

async function occupy(pool: Pool, slot: Slot, pending: Pending): Promise<void> {
  const { clock, options } = pool;
  const run: Run = { pending, startedMs: undefined, overdue: false, stop: () => undefined };
  slot.run = run;
  const opened = openThread(slot, options);
  if (opened instanceof Error) {
    slot.run = undefined;
    pending.settle(notStarted(pending.job, opened.message));
    return;
  }
  const thread = opened;
  await thread.started;
  const stillborn = thread.dead();
  const ended = pending.job.onRun?.();
  const ending = await new Promise<Ending | Stop>((resolve) => {
    run.stop = resolve;
    run.startedMs = clock.monotonicMs();
    watch(pool);
    if (pending.signal.aborted) resolve("given up");
    else start(pool, thread, pending).then(resolve, (cause: unknown) => resolve(bug(cause)));
  });
  if (typeof ending === "string" || ending.kind === "died") {
    pool.killed += 1;
    slot.thread = undefined;
    await thread.kill();
  }
  ended?.();
  slot.run = undefined;
  if (typeof ending === "object" && ending.kind === "answer" && run.startedMs !== undefined && pending.yields === 0)
    pool.patience.took(clock.monotonicMs() - run.startedMs);
  if (stillborn && typeof ending === "object" && ending.kind === "died")
    pending.settle(notStarted(pending.job, ending.message));
  else settle(pool, pending, ending);
}

/** The slot's thread, begun anew where it died while nothing ran on it; or why there is none: a process has so many threads at most. */
function openThread(slot: Slot, options: BuildersOptions): Thread | Error {
  if (slot.thread?.dead() === true) slot.thread = undefined;
  try {
    slot.thread ??= startThread({ ...options, source: options.worker });
    return slot.thread;
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause));
  }
}

async function start(pool: Pool, thread: Thread, pending: Pending): Promise<Ending> {
  const { folder, text, options, source } = pending.job;
  const content = await contentOf(pool, pending);
  const message = {
    folder,
    options,
    text: text === true,
    source: { key: source.key, listing: pool.sharedOf(source).bytes },
    pack: packBlobs(new Map([...content].filter(([id]) => !thread.sent.has(id)))),
  };
  return thread.run(message, source, pending.signal);
}

function bug(cause: unknown): Ending {
  return { kind: "died", outOfMemory: false, message: String(cause) };
}

function settle({ options, late, last }: Pool, pending: Pending, ending: Ending | Stop): void {
  const { job } = pending;
  if (ending === "given up") return; // the caller has its answer
  if (ending === "deadline") pending.settle(outOfTime(job, options.deadlineMs));
  else if (ending === "late") {
    pending.yields += 1;
    if (!pending.signal.aborted) (job.last === true ? last : late).push(pending);
  } else if (ending.kind === "answer") pending.settle(ending.answer);
  else pending.settle(ending.outOfMemory ? outOfMemory(job, options.heapMb) : crashed(job, ending.message));
}

/** Looks at the running builds now and then, as long as there are any: one timer for all of them. */
function watch(pool: Pool): void {
  if (pool.watched) return;
  pool.watched = true;
  const { growAfterMs, patienceMs, patienceMinMs, deadlineMs } = pool.options;
  const tickMs = Math.max(5, Math.min(growAfterMs / 3, Math.min(patienceMs, patienceMinMs) / 4, deadlineMs / 4));
  const look = async (): Promise<void> => {
    while (pool.slots.some(({ run }) => run !== undefined)) {
      await pool.clock.sleep(tickMs, pool.closing);
      for (const { run } of pool.slots) if (run !== undefined) checkTime(pool, run);
      grow(pool);
      makeRoom(pool);
    }
  };
  void look()
    .catch(() => undefined) // closed
    .finally(() => {
      pool.watched = false;
    });
}

/** Lets one more thread work when somebody has waited long enough. */
function grow(pool: Pool): void {
  const [first] = pool.queue;
  if (first === undefined || pool.open === pool.slots.length) return;
  if (pool.clock.monotonicMs() - first.sinceMs < pool.options.growAfterMs) return;
  pool.open += 1;
  pump(pool);
}

function checkTime({ clock, options, patience, queue }: Pool, run: Run): void {
  if (run.startedMs === undefined) return;
  const tookMs = clock.monotonicMs() - run.startedMs;
  if (tookMs >= options.deadlineMs) run.stop("deadline");
  else if (tookMs >= patience.ms(queue.length > 0) && !run.overdue) {
    run.overdue = true;
    if (run.pending.yields === 0) run.pending.job.onLate?.();
  }
}

/** Starts reading what a job will need, while the jobs before it run. */
function contentOf({ slots, sharedOf }: Pool, pending: Pending): Promise<ReadonlyMap<string, Uint8Array>> {
  const threads = slots.flatMap(({ thread }) => (thread === undefined ? [] : [thread]));
  const known = (id: string): boolean => threads.length > 0 && threads.every(({ sent }) => sent.has(id));
  pending.content ??= prefetch(pending.job, sharedOf(pending.job.source), known, pending.signal);
  return pending.content;
}
