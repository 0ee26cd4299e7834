import { setMaxListeners } from "node:events";

/** Whoever waits on a clock that is moved by hand. */
export interface Sleeper {
  readonly atMs: number;
  wake(): void;
}

/** Waits until the clock is at a time, or until the signal aborts. Whoever moves the clock takes the sleeper out and wakes it. */
export function sleepUntil(sleepers: Set<Sleeper>, atMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    setMaxListeners(0, signal); // as many as wait until the same end
    const stop = (): void => {
      sleepers.delete(sleeper);
      reject(signal.reason);
    };
    const sleeper = wakeAt(sleepers, atMs, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    signal.addEventListener("abort", stop, { once: true });
  });
}

export function wakeAt(sleepers: Set<Sleeper>, atMs: number, wake: () => void): Sleeper {
  const sleeper = { atMs, wake };
  sleepers.add(sleeper);
  return sleeper;
}
