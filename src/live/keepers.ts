import { type Cluster, type Kind, problemFailure } from "../cluster/index.ts";
import { type Clock, failed, ok, type Result } from "../model/index.ts";
import { kindKey } from "../plan/index.ts";
import { newCompactor } from "./compact.ts";
import type { Hints } from "./hints.ts";
import { isListed } from "./inventory.ts";
import { type Keeper, keepKind, type RelistReason } from "./keeper.ts";
import { most } from "./most.ts";
import { newRecords } from "./records.ts";

export interface KeepersIo {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: () => number;
  /** For so long nothing is deleted after the cluster went back in time. */
  readonly pauseMs: number;
  readonly hints: Hints;
}

/** The keepers of all kinds that are served, can be listed and can be deleted. */
export interface Keepers {
  /** By `kindKey`. */
  readonly all: ReadonlyMap<string, Keeper>;
  /** What discovery last told. */
  served(): { readonly kinds: ReadonlyMap<string, Kind>; readonly failedGroups: ReadonlySet<string> };
  discover(signal: AbortSignal): Promise<Result<void>>;
  /** Discovers, and lists every kind; does not wait for one that takes much longer than the others. */
  relist(reason: RelistReason, signal: AbortSignal): Promise<Result<void>>;
  /** Those that cannot be answered from without a list. */
  stale(): readonly Keeper[];
  /** Declared kinds are watched besides those of which we own objects. */
  use(kinds: ReadonlySet<string>): void;
  /** Declared kinds (`kindKey`) that are not served, as far as is known. */
  missing(): readonly string[];
  /** Why nothing may be deleted now. */
  paused(): string | undefined;
  counts(): {
    readonly relists: Readonly<Partial<Record<RelistReason, number>>>;
    readonly watchesEnded: number;
    readonly regressions: number;
  };
  close(): Promise<void>;
}

export function newKeepers({ cluster, clock, random, pauseMs, hints }: KeepersIo): Keepers {
  const compactor = newCompactor();
  const all = new Map<string, Keeper>();
  const relists: Partial<Record<RelistReason, number>> = {};
  const counts = { relists, watchesEnded: 0, regressions: 0 };
  let kinds: ReadonlyMap<string, Kind> = new Map();
  let failedGroups: ReadonlySet<string> = new Set();
  let declared: ReadonlySet<string> = new Set();
  let pause: { readonly why: string; readonly untilMs: number } | undefined;
  let closed = false;
  const paused = (): string | undefined =>
    pause !== undefined && clock.monotonicMs() < pause.untilMs ? pause.why : undefined;

  /** The cluster went back in time, or an old part of it answered: nothing that is known of any kind can be relied on. */
  const onRegressed = (what: string): void => {
    const known = paused();
    const why = known ?? `the cluster says something older than before (${what}), as one restored from a backup does`;
    pause = { why, untilMs: clock.monotonicMs() + pauseMs };
    if (known !== undefined) return; // every kind is listed already
    counts.regressions += 1;
    for (const keeper of all.values()) void keeper.refresh("regressed");
  };
  const hire = (key: string, kind: Kind): Keeper => {
    const records = newRecords(compactor);
    return keepKind(kind, records, {
      cluster,
      clock,
      random,
      inUse: () => declared.has(key) || records.owned() > 0,
      onChanges(changes) {
        for (const change of changes) hints.note(change);
      },
      onRegressed,
      onListed: (reason) => void (relists[reason] = (relists[reason] ?? 0) + 1),
      onWatchEnded: () => void (counts.watchesEnded += 1),
    });
  };
  const discover = async (signal: AbortSignal): Promise<Result<void>> => {
    const answer = await cluster.kinds(signal);
    if (!answer.ok) return failed(problemFailure(answer.problem, { verb: "discover" }));
    if (closed) return ok(undefined);
    kinds = new Map(answer.value.kinds.map((kind) => [kindKey(kind), kind]));
    failedGroups = new Set(answer.value.failedGroups);
    for (const [key, keeper] of all) {
      const kind = kinds.get(key);
      if (kind !== undefined && isListed(kind) && JSON.stringify(kind) === JSON.stringify(keeper.kind)) continue;
      all.delete(key);
      void keeper.close();
    }
    for (const [key, kind] of kinds) if (isListed(kind) && !all.has(key)) all.set(key, hire(key, kind));
    return ok(undefined);
  };

  return {
    all,
    served: () => ({ kinds, failedGroups }),
    discover,
    async relist(reason, signal) {
      const known = new Set(all.values()); // the others are listed because they are new
      const found = await discover(signal);
      if (!found.ok) return found;
      const lists = [...all.values()].filter((keeper) => known.has(keeper)).map((keeper) => keeper.refresh(reason));
      await most(lists, clock, signal);
      compactor.forget();
      return ok(undefined);
    },
    stale: () => [...all.values()].filter((keeper) => !keeper.fresh()),
    use(now) {
      declared = now;
      for (const keeper of all.values()) keeper.attend();
    },
    missing: () => [...declared].filter((key) => !kinds.has(key)),
    paused,
    counts: () => ({ ...counts, relists: { ...relists } }),
    async close() {
      closed = true;
      await Promise.all([...all.values()].map((keeper) => keeper.close()));
    },
  };
}
