import { setMaxListeners } from "node:events";

/**
 * A signal that aborts with either of two, until it is left. Not AbortSignal.any: it leaves a trace on signals that live longer
 * than it, and pass after pass follows the same ones.
 */
export function either(
  a: AbortSignal,
  b: AbortSignal | undefined,
): { readonly signal: AbortSignal; readonly leave: () => void } {
  const own = new AbortController();
  setMaxListeners(0, own.signal); // a pass's services all wait on it
  const follow = (): void => own.abort("something else goes before");
  const all = b === undefined ? [a] : [a, b];
  for (const signal of all) {
    if (signal.aborted) follow();
    else signal.addEventListener("abort", follow, { once: true });
  }
  return {
    signal: own.signal,
    leave: () => all.forEach((signal) => signal.removeEventListener("abort", follow)),
  };
}
