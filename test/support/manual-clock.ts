import type { Clock } from "../../src/model/index.ts";
import { type Sleeper, sleepUntil, wakeAt } from "./sleepers.ts";

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** Moves on, waking whoever sleeps until then, in order; returns when all that follows from it has settled. */
  advance(durationMs: number): Promise<void>;
  /** How many sleep now. */
  sleepers(): number;
}

/** Starts at 2026-01-01T00:00:00Z. */
export function manualClock(): ManualClock {
  const state = { nowMs: 0 };
  const sleepers = new Set<Sleeper>();
  const startMs = Date.UTC(2026, 0, 1);
  return {
    nowMs: () => startMs + state.nowMs,
    monotonicMs: () => state.nowMs,
    sleep: (durationMs, signal) => sleepUntil(sleepers, state.nowMs + durationMs, signal),
    deadline(durationMs, signal) {
      const timeUp = new AbortController();
      const end = (): void => timeUp.abort(new DOMException("time is up", "TimeoutError"));
      const sleeper = wakeAt(sleepers, state.nowMs + durationMs, end);
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
