import type { Clock } from "../../src/model/index.ts";
import { type Sleeper, sleepUntil, wakeAt } from "../support/sleepers.ts";

/** Time that passes only when everybody waits for it. It is shared by all that happens in one history. */
export interface VirtualTime {
  /** Milliseconds since the history began. */
  nowMs(): number;
  /** Time that passes while nobody sleeps. */
  skip(durationMs: number): void;
  /** A clock of its own for one run: what sleeps by it is forgotten with it. */
  clock(): RunClock;
  /** Of what goes on whoever runs: its sleepers wake in any run. */
  common(): Clock;
}

export interface RunClock extends Clock {
  /**
   * Runs until the promise settles, letting time pass whenever nothing else can happen. False when it never settles: nobody
   * sleeps and nothing happens any more.
   */
  runUntil(settled: Promise<unknown>): Promise<boolean>;
}

/** A run that sleeps more often than this goes on for ever. */
const WAKES_MAX = 20_000;

export function virtualTime(): VirtualTime {
  const startMs = Date.UTC(2026, 0, 1);
  const state = { nowMs: 0 };
  const everybody = new Set<Sleeper>();
  const clockOf = (sleepers: Set<Sleeper>): RunClock => {
    return {
      nowMs: () => startMs + state.nowMs,
      monotonicMs: () => state.nowMs,
      sleep: (durationMs, signal) => sleepUntil(sleepers, state.nowMs + durationMs, signal),
      deadline(durationMs, signal) {
        const own = new AbortController();
        const follow = (): void => own.abort(signal.reason);
        if (signal.aborted) follow();
        else signal.addEventListener("abort", follow, { once: true });
        const expired = { yet: false };
        const sleeper = wakeAt(sleepers, state.nowMs + durationMs, () => {
          expired.yet = true;
          own.abort(new DOMException("time is up", "TimeoutError"));
        });
        return {
          signal: own.signal,
          expired: () => expired.yet,
          release() {
            sleepers.delete(sleeper);
            signal.removeEventListener("abort", follow);
          },
        };
      },
      async runUntil(settled) {
        const done = { yet: false };
        const end = (): void => void (done.yet = true);
        settled.then(end, end);
        for (let wakes = 0; wakes < WAKES_MAX; wakes += 1) {
          // Everything here runs in microtasks, so one turn of the loop is all of it.
          await new Promise((resolve) => setImmediate(resolve));
          if (done.yet) return true;
          let next: Sleeper | undefined;
          for (const sleeper of [...sleepers, ...everybody])
            if (next === undefined || sleeper.atMs < next.atMs) next = sleeper;
          if (next === undefined) return false;
          sleepers.delete(next);
          everybody.delete(next);
          state.nowMs = Math.max(state.nowMs, next.atMs);
          next.wake();
        }
        return false;
      },
    };
  };
  return {
    nowMs: () => state.nowMs,
    skip: (durationMs) => void (state.nowMs += durationMs),
    clock: () => clockOf(new Set()),
    common: () => clockOf(everybody),
  };
}
