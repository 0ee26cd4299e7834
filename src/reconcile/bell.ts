import type { Clock } from "../model/index.ts";

/** Rung by whoever has news; one waits for it. */
export interface Bell {
  readonly ring: () => void;
  /** Forgets that it was rung. */
  hush(): void;
  /** Until it is rung, or was since it was hushed; for `ms` at most, and until the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function newBell(clock: Clock): Bell {
  const state = { rung: false, wake: new AbortController() };
  return {
    ring() {
      state.rung = true;
      state.wake.abort("rung");
    },
    hush() {
      state.rung = false;
      state.wake = new AbortController();
    },
    async wait(ms, signal) {
      if (state.rung || signal.aborted) return;
      const { wake } = state;
      const stop = (): void => wake.abort("over");
      signal.addEventListener("abort", stop, { once: true });
      await clock.sleep(ms, wake.signal).catch(() => undefined);
      signal.removeEventListener("abort", stop);
    },
  };
}
