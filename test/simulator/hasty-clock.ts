import { systemClock } from "../../src/clock.ts";
import type { Deadline } from "../../src/model/index.ts";
import type { RunClock } from "./virtual-clock.ts";

/** A run on a real API server that takes longer than this hangs. */
const HANG_MS = 60_000;

/**
 * Real time for one run, in which everything waited for takes a fraction of its time: all limits are that much shorter.
 * `skippedMs` went by before.
 */
export function hastyClock(speed: number, skippedMs: number): RunClock {
  const real = systemClock();
  const life = new AbortController();
  const deadlines = new Set<Deadline>();
  return {
    nowMs: () => real.nowMs() + skippedMs,
    monotonicMs: () => real.monotonicMs() * speed + skippedMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        const forgotten = (): boolean => life.signal.aborted && !signal.aborted;
        real
          .sleep(durationMs / speed, AbortSignal.any([signal, life.signal]))
          .then(resolve, (cause: unknown) => (forgotten() ? undefined : reject(cause)));
      }),
    deadline(durationMs, signal) {
      const deadline = real.deadline(durationMs / speed, signal);
      deadlines.add(deadline);
      return deadline;
    },
    async runUntil(settled) {
      const limit = real.deadline(HANG_MS, new AbortController().signal);
      const through = await new Promise<boolean>((resolve) => {
        const end = (): void => resolve(true);
        settled.then(end, end);
        limit.signal.addEventListener("abort", () => resolve(false), { once: true });
      });
      limit.release();
      life.abort();
      for (const deadline of deadlines) deadline.release();
      return through;
    },
  };
}
