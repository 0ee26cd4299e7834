import type { Clock } from "../model/index.ts";

/** Whether the loop is alive: it says how long it will be quiet, and is stuck when it is quiet for longer than that. */
export interface Pulse {
  /** Something moved; the next sign of life is due within `quietMs`, and within the limit after that at the latest. */
  beat(quietMs?: number): void;
  /** A pass ran from end to end, so what the cluster has is known. */
  ready(): void;
  isReady(): boolean;
  isStuck(): boolean;
}

export function newPulse(clock: Clock, stuckAfterMs: number): Pulse {
  const state = { dueMs: clock.monotonicMs() + stuckAfterMs, ready: false };
  return {
    beat(quietMs = 0) {
      state.dueMs = clock.monotonicMs() + quietMs + stuckAfterMs;
    },
    ready() {
      state.ready = true;
    },
    isReady: () => state.ready,
    isStuck: () => clock.monotonicMs() > state.dueMs,
  };
}
