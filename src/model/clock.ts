/** Time as a port: only `src/clock.ts` touches the real one. */
export interface Clock {
  /** Wall time in milliseconds since 1970, for people and for timestamps. */
  nowMs(): number;
  /** Monotonic milliseconds, for measuring and deadlines. */
  monotonicMs(): number;
  /** Resolves after `durationMs`, or rejects with the signal's reason as soon as it aborts. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
  /** A signal that aborts with a TimeoutError after `durationMs`, and with `signal` before. Release it to free the timer. */
  deadline(durationMs: number, signal: AbortSignal): Deadline;
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** True once the time ran out (and not because the outer signal aborted). */
  expired(): boolean;
  release(): void;
}
