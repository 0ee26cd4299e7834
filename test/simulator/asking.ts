import picomatch from "picomatch";
import type { PassRequest } from "../../src/reconcile/index.ts";
import type { Confirm, RunStep } from "./history.ts";
import type { Times } from "./rollouts.ts";
import type { RunClock } from "./virtual-clock.ts";

/** What a run is asked to confirm. */
export function confirmation(confirm: Confirm, head: string): Pick<PassRequest, "confirm"> {
  switch (confirm) {
    case "nothing":
      return {};
    case "head":
      return { confirm: head };
    case "another":
      return { confirm: head.split("").toReversed().join("") };
    case "few digits":
      return { confirm: head.slice(0, FEW_DIGITS) };
  }
}

const FEW_DIGITS = 6;

/** Something newer comes while a run goes on. */
export function newerThan(
  { newerAfterMs }: RunStep,
  clock: RunClock,
): { readonly request: Pick<PassRequest, "cancelWaits">; readonly over: () => Times } {
  const [newer, through] = [new AbortController(), new AbortController()];
  const beganMs = clock.monotonicMs();
  const at: { newerMs?: number } = {};
  if (newerAfterMs !== undefined) {
    const come = (): void => {
      at.newerMs = clock.monotonicMs();
      newer.abort("newer");
    };
    clock.sleep(newerAfterMs, through.signal).then(come, () => undefined);
  }
  const over = (): Times => {
    through.abort("over");
    return { beganMs, endedMs: clock.monotonicMs(), ...at };
  };
  return { request: newerAfterMs === undefined ? {} : { cancelWaits: newer.signal }, over };
}

/** A glob over ids, or over their last part. */
export function selector(glob: string | undefined): (id: string) => boolean {
  if (glob === undefined) return () => true;
  const matches = picomatch(glob);
  return (id) => matches(id) || matches(id.split("/").at(-1) ?? "");
}
