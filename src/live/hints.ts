import type { Clock, ObjectRef } from "../model/index.ts";
import { ownerOf } from "../plan/index.ts";
import type { Change } from "./change.ts";

/** Something happened that a pass should look at: to objects of one service, or to the kinds that are served. */
export interface Hint {
  /** The values of the owner labels; "" when it is about a kind. */
  readonly service: string;
  readonly scope: string;
  /** The service's id, as far as the object says it. */
  readonly id: string;
  /** What happened first, and to which object; a kind has no name. */
  readonly what: Change["what"] | "served";
  readonly ref: ObjectRef;
  /** How many things happened. */
  readonly count: number;
}

/** Hears hints; must not throw. */
export type OnHint = (hints: readonly Hint[]) => void;

export interface Hints {
  note(change: Change): void;
  /** Kinds (`kindKey`) that somebody declares and that were not served until now. */
  served(kinds: readonly string[]): void;
  on(listener: OnHint): () => void;
  /** Hints that were given. */
  given(): number;
}

/** Gathers what happens for a moment, so that a burst of events is one hint a service. */
export function newHints(clock: Clock, gatherMs: number, signal: AbortSignal): Hints {
  const listeners = new Set<OnHint>();
  const pending = new Map<string, Hint>();
  const state = { given: 0 };
  const deliver = (): void => {
    const hints = [...pending.values()];
    pending.clear();
    state.given += hints.length;
    for (const listener of listeners) listener(hints);
  };
  const add = (change: Change, of: "before" | "after"): void => {
    const live = change[of];
    const owner = live === undefined ? undefined : ownerOf(live);
    if (live === undefined || owner === undefined) return;
    const key = `${owner.scope}/${owner.service}`;
    const known = pending.get(key);
    if (known === undefined) pending.set(key, { ...owner, what: change.what, ref: live.ref, count: 1 });
    else pending.set(key, { ...known, count: known.count + 1 });
  };
  const gather = (fill: () => void): void => {
    if (signal.aborted) return;
    const idle = pending.size === 0;
    fill();
    if (idle && pending.size > 0) void clock.sleep(gatherMs, signal).then(deliver, () => undefined);
  };
  return {
    note: (change) =>
      gather(() => {
        // Whoever had it is concerned as well as whoever has it.
        add(change, "before");
        if (change.what === "owner" || change.before === undefined) add(change, "after");
      }),
    served: (kinds) =>
      gather(() => {
        for (const key of kinds) {
          const [group = "", kind = ""] = key.split("/");
          const ref = { group, kind, namespace: "", name: "" };
          pending.set(`kind ${key}`, { service: "", scope: "", id: "", what: "served", ref, count: 1 });
        }
      }),
    on(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    given: () => state.given,
  };
}
