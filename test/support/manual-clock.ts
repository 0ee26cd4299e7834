import type { Clock } from "../../src/model/index.ts";

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** Moves on, waking whoever sleeps until then, in order; returns when all that follows from it has settled. */
  advance(durationMs: number): Promise<void>;
  /** How many sleep now. */
  sleepers(): number;
}

interface Sleeper {
  readonly atMs: number;
  wake(): void;
}

/** Starts at 2026-01-01T00:00:00Z. */
export function manualClock(): ManualClock {
  const state = { nowMs: 0 };
  const sleepers = new Set<Sleeper>();
  const startMs = Date.UTC(2026, 0, 1);
  const at = (atMs: number, wake: () => void): Sleeper => {
    const sleeper = { atMs, wake };
    sleepers.add(sleeper);
    return sleeper;
  };
  return {
    nowMs: () => startMs + state.nowMs,
    monotonicMs: () => state.nowMs,
    sleep(durationMs, signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        const sleeper = at(state.nowMs + durationMs, () => {
          signal.removeEventListener("abort", stop);
          resolve();
        });
        signal.addEventListener("abort", stop, { once: true });
      });
    },
    deadline(durationMs, signal) {
      const timeUp = new AbortController();
      const sleeper = at(state.nowMs + durationMs, () => timeUp.abort(new DOMException("time is up", "TimeoutError")));
      return {
        signal: AbortSignal.any([signal, timeUp.signal]),
        expired: () => timeUp.signal.aborted,
        release: () => void sleepers.delete(sleeper),
      };
    },
    async advance(durationMs) {
      const untilMs = state.nowMs + durationMs;
      for (;;) {
        await settled();
        const next = [...sleepers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        sleepers.delete(next);
        state.nowMs = Math.max(state.nowMs, next.atMs);
        next.wake();
      }
      state.nowMs = untilMs;
      await settled();
    },
    sleepers: () => sleepers.size,
  };
}

/** Lets everything run that can run without time passing. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
