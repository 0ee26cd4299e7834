import { setMaxListeners } from "node:events";
import type { Clock } from "./model/index.ts";

/** The longest delay a timer takes; longer ones fire at once in Node, so sleeps are chained. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The real clock: the only user of Date and timers. */
export function systemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    async sleep(durationMs, signal) {
      for (let left = durationMs; left > 0; left -= TIMER_MS_MAX) await nap(Math.min(left, TIMER_MS_MAX), signal);
      signal.throwIfAborted();
    },
    deadline(durationMs, signal) {
      // Not AbortSignal.any: it leaves a trace on the outer signal for as long as that lives.
      const own = new AbortController();
      let expired = false;
      const follow = (): void => own.abort(signal.reason);
      const timer = setTimeout(
        () => {
          expired = true;
          own.abort(new DOMException(`no end within ${durationMs} ms`, "TimeoutError"));
        },
        Math.min(durationMs, TIMER_MS_MAX),
      );
      timer.unref();
      if (signal.aborted) follow();
      else listen(signal, follow);
      return {
        signal: own.signal,
        expired: () => expired,
        release() {
          clearTimeout(timer);
          signal.removeEventListener("abort", follow);
        },
      };
    },
  };
}

function nap(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, durationMs);
    listen(signal, stop);
  });
}

/** Many wait on one signal, as every service of a pass does, and each of them leaves it: no reason for Node to warn of a leak. */
function listen(signal: AbortSignal, stop: () => void): void {
  setMaxListeners(0, signal);
  signal.addEventListener("abort", stop, { once: true });
}
