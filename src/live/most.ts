import type { Clock } from "../model/index.ts";

/** What is left may take so long, or so many times as long as most took, before it is not waited for. */
const PATIENCE_MS = 3_000;
const PATIENCE_FACTOR = 4;
const MOST = 0.9;

/**
 * Waits until all tasks have ended; once most have, no longer than is usual. Tasks that were done before may be counted in
 * with `done`. Answers true when all ended; rejects only when the signal aborts.
 */
export function most(
  tasks: readonly Promise<unknown>[],
  clock: Clock,
  signal: AbortSignal,
  done = 0,
): Promise<boolean> {
  const enough = Math.ceil((tasks.length + done) * MOST) - done;
  const began = clock.monotonicMs();
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      // Nobody waits for them any more, nor for how they end.
      for (const task of tasks) void task.catch(() => undefined);
      return reject(signal.reason);
    }
    if (tasks.length === 0) return resolve(true);
    const over = new AbortController();
    const end = (all: boolean): void => {
      signal.removeEventListener("abort", stop);
      over.abort("over");
      resolve(all);
    };
    const stop = (): void => {
      over.abort("over");
      reject(signal.reason);
    };
    const hurry = (): void => {
      const patienceMs = Math.max(PATIENCE_MS, PATIENCE_FACTOR * (clock.monotonicMs() - began));
      void clock.sleep(patienceMs, over.signal).then(
        () => end(false),
        () => undefined,
      );
    };
    let ended = 0;
    const one = (): void => {
      ended += 1;
      if (ended === tasks.length) end(true);
      else if (ended === enough) hurry();
    };
    signal.addEventListener("abort", stop, { once: true });
    for (const task of tasks) void task.then(one, one);
    if (enough <= 0) hurry();
  });
}
