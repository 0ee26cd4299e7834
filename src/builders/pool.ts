import { createHash } from "node:crypto";
import type { BuildLimits } from "../kustomize/index.ts";
import type { Clock } from "../model/index.ts";
import { packBlobs } from "./blobs.ts";
import { crashed, outOfMemory, outOfTime } from "./endings.ts";
import type { BuildJob } from "./job.ts";
import type { BuildAnswer } from "./messages.ts";
import { prefetch, sharedSources } from "./sources.ts";
import { type Ending, startThread, type Thread } from "./thread.ts";

export interface BuildersOptions {
  /** The text of the bundled worker. */
  readonly worker: string;
  /** How many builds run at once. */
  readonly threads: number;
  /** Memory of one thread; a build that needs more ends as `build/out-of-memory`. */
  readonly heapMb: number;
  /** How long one build may take, reading included. */
  readonly deadlineMs: number;
  /** After this long a build makes way for those that wait: it is stopped, and tried again, at full length, after them. */
  readonly patienceMs: number;
  /** Content that a thread keeps. */
  readonly blobBytesMax: number;
  /** What one build may ask for. */
  readonly limits: BuildLimits;
}

const MIB = 1024 * 1024;

export const BUILDERS_DEFAULTS: Omit<BuildersOptions, "worker"> = {
  threads: 2,
  heapMb: 256,
  deadlineMs: 10_000,
  patienceMs: 1_000,
  blobBytesMax: 16 * MIB,
  limits: { fileBytes: 16 * MIB, totalBytes: 64 * MIB, objects: 20_000, files: 20_000, depth: 100 },
};

/** Builds in threads that can be stopped: no input, however hostile, takes more than its own build with it. */
export interface Builders {
  /** Tells this engine and its limits from any other: results of one are not results of another. */
  readonly engine: string;
  /** Ends with an answer, whatever the input; rejects only with the signal's reason, or when the builders are closed. */
  build(job: BuildJob, signal: AbortSignal): Promise<BuildAnswer>;
  /** For metrics. `killed` counts threads that were stopped or died. */
  state(): { readonly threads: number; readonly running: number; readonly waiting: number; readonly killed: number };
  /** Stops the threads; builds under way reject. */
  close(): Promise<void>;
}

/** How often a build that outran its time once makes way for newcomers, before it is left to its end. */
const YIELDS_MAX = 3;

interface Pending {
  readonly job: BuildJob;
  /** Aborts when the caller gives up, or the builders are closed. */
  readonly signal: AbortSignal;
  /** How often it was stopped to make way. */
  yields: number;
  content?: Promise<ReadonlyMap<string, Uint8Array>>;
  settle(answer: BuildAnswer): void;
}

interface Slot {
  thread: Thread | undefined;
  /** What runs here; `stop` makes it give way. */
  run: { readonly pending: Pending; overdue: boolean; stop(): void } | undefined;
}

interface Pool {
  readonly options: BuildersOptions;
  readonly clock: Clock;
  readonly slots: readonly Slot[];
  readonly queue: Pending[];
  /** Those that took long once: they run when nothing else waits. */
  readonly late: Pending[];
  readonly sharedOf: ReturnType<typeof sharedSources>;
  killed: number;
}

export function openBuilders(options: BuildersOptions, clock: Clock): Builders {
  const closing = new AbortController();
  const slots: Slot[] = Array.from({ length: options.threads }, () => ({ thread: undefined, run: undefined }));
  const pool: Pool = { options, clock, slots, queue: [], late: [], sharedOf: sharedSources(), killed: 0 };
  return {
    engine: createHash("sha256")
      .update(JSON.stringify([options.worker, options.limits]))
      .digest("hex"),
    build: (job, signal) =>
      new Promise((resolve, reject) => {
        const either = AbortSignal.any([signal, closing.signal]);
        either.throwIfAborted();
        const giveUp = (): void => {
          for (const line of [pool.queue, pool.late]) line.splice(0, line.length, ...line.filter((p) => p !== pending));
          reject(either.reason);
        };
        const settle = (answer: BuildAnswer): void => {
          either.removeEventListener("abort", giveUp);
          resolve(answer);
        };
        const pending: Pending = { job, signal: either, yields: 0, settle };
        either.addEventListener("abort", giveUp, { once: true });
        pool.queue.push(pending);
        pump(pool);
      }),
    state: () => ({
      threads: slots.filter(({ thread }) => thread?.dead() === false).length,
      running: slots.filter(({ run }) => run !== undefined).length,
      waiting: pool.queue.length + pool.late.length,
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
  for (const slot of pool.slots) {
    if (slot.run !== undefined) continue;
    const pending = pool.queue.shift() ?? pool.late.shift();
    if (pending === undefined) break;
    void occupy(pool, slot, pending).then(() => pump(pool));
  }
  for (const next of pool.queue.slice(0, pool.slots.length)) void contentOf(pool, next);
  makeRoom(pool);
}

/**
 * Stops builds that took longer than is fair while others wait. One that was stopped before is stopped again only when
 * nothing but such builds runs, so that it comes to its end at some time.
 */
function makeRoom({ slots, queue }: Pool): void {
  const runs = slots.flatMap(({ run }) => (run === undefined ? [] : [run]));
  const overdue = runs.filter((run) => run.overdue);
  const first = overdue.filter(({ pending }) => pending.yields === 0).slice(0, queue.length);
  const blocked = runs.length === slots.length && runs.every(({ pending }) => pending.yields > 0);
  const again = blocked && queue.length > 0 ? overdue.filter(({ pending }) => pending.yields < YIELDS_MAX) : [];
  for (const run of first.length > 0 ? first : again.slice(0, 1)) run.stop();
}

/** The clock starts when the thread has: what a fresh one costs is not the build's. */
async function occupy(pool: Pool, slot: Slot, pending: Pending): Promise<void> {
  const { clock, options } = pool;
  const [finished, yielded] = [new AbortController(), new AbortController()];
  const run = { pending, overdue: false, stop: () => yielded.abort() };
  slot.run = run;
  slot.thread ??= startThread({ ...options, source: options.worker });
  const { thread } = slot;
  await thread.started;
  const deadline = clock.deadline(options.deadlineMs, pending.signal);
  void clock.sleep(options.patienceMs, finished.signal).then(
    () => {
      run.overdue = true;
      if (pending.yields === 0) pending.job.onLate?.();
      makeRoom(pool);
    },
    () => undefined,
  );
  const ending = await runUntil(pool, thread, pending, AbortSignal.any([deadline.signal, yielded.signal])).catch(
    (cause: unknown): Ending => ({ kind: "died", outOfMemory: false, message: String(cause) }),
  );
  finished.abort();
  deadline.release();
  if (ending?.kind !== "answer") {
    pool.killed += 1;
    slot.thread = undefined;
    await thread.kill();
  }
  slot.run = undefined;
  const { job, signal } = pending;
  if (ending?.kind === "answer") pending.settle(ending.answer);
  else if (ending?.outOfMemory === true) pending.settle(outOfMemory(job, options.heapMb));
  else if (ending !== undefined) pending.settle(crashed(job, ending.message));
  else if (deadline.expired()) pending.settle(outOfTime(job, options.deadlineMs));
  else if (!signal.aborted) {
    pending.yields += 1;
    pool.late.push(pending);
  }
}

/** Undefined when `stop` aborted first. */
async function runUntil(pool: Pool, thread: Thread, pending: Pending, stop: AbortSignal): Promise<Ending | undefined> {
  const { job } = pending;
  const content = await contentOf(pool, pending);
  if (stop.aborted) return undefined;
  const message = {
    folder: job.folder,
    text: job.text === true,
    options: job.options,
    source: { key: job.source.key, listing: pool.sharedOf(job.source).bytes },
    pack: packBlobs(new Map([...content].filter(([id]) => !thread.sent.has(id)))),
  };
  return new Promise((resolve) => {
    stop.addEventListener("abort", () => resolve(undefined), { once: true });
    void thread.run(message, job.source, stop).then(resolve);
  });
}

/** Starts reading what a job will need, while the jobs before it run. */
function contentOf({ slots, sharedOf }: Pool, pending: Pending): Promise<ReadonlyMap<string, Uint8Array>> {
  const threads = slots.flatMap(({ thread }) => (thread === undefined ? [] : [thread]));
  const known = (id: string): boolean => threads.length > 0 && threads.every(({ sent }) => sent.has(id));
  pending.content ??= prefetch(pending.job, sharedOf(pending.job.source), known, pending.signal);
  return pending.content;
}
