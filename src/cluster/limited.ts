import { setMaxListeners } from "node:events";
import type { Send } from "./send.ts";

/**
 * At most `inFlight` requests at once; the others wait in order of arrival, and one that aborts leaves the line at once.
 * From about 16 on the server is the limit, not the client.
 */
export function limited(send: Send, inFlight: number): Send {
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
    try {
      return await send(request, signal);
    } finally {
      exit();
    }
  };
}
