import { setMaxListeners } from "node:events";
import type { Clock } from "../model/index.ts";
import type { Send } from "./send.ts";

export interface Line {
  /** Requests at once. */
  readonly inFlight: number;
  /** After this long a request gives its place to the next one. */
  readonly patienceMs: number;
}

/**
 * At most `inFlight` requests at once; the others wait in order of arrival, and one that aborts leaves the line at once.
 * From about 16 on the server is the limit, not the client. A request that is slow gives its place to the next one and goes
 * on beside it: a webhook that hangs must not hold the places of everybody else.
 */
export function limited(send: Send, { inFlight, patienceMs }: Line, clock: Clock): Send {
  const waiting = new Set<() => void>();
  let free = inFlight;
  const enter = (signal: AbortSignal): Promise<void> => {
    if (free > 0) {
      free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(next);
        reject(signal.reason);
      };
      const next = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      waiting.add(next);
      signal.addEventListener("abort", leave, { once: true });
    });
  };
  const exit = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      free++;
    } else {
      waiting.delete(next);
      next(); // its place passes on without becoming free in between
    }
  };
  return async (request, signal) => {
    signal.throwIfAborted();
    setMaxListeners(0, signal); // a whole pass waits on one signal; that is no leak to warn about
    await enter(signal);
    const done = new AbortController();
    void clock.sleep(patienceMs, done.signal).then(exit, exit);
    try {
      return await send(request, signal);
    } finally {
      done.abort("done"); // a reason of our own: making a DOMException costs a stack trace each time
    }
  };
}
