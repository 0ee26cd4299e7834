import type { Cluster, Problem } from "../cluster/index.ts";
import { type Clock, type LiveMetadata, type LiveStats, ok, type Result } from "../model/index.ts";
import { kindKey } from "../plan/index.ts";
import { type Hints, newHints, type OnHint } from "./hints.ts";
import { type Inventory, tooSlow } from "./inventory.ts";
import type { Keeper } from "./keeper.ts";
import { type Keepers, newKeepers } from "./keepers.ts";
import { most } from "./most.ts";
import { telling } from "./telling.ts";

export interface LiveOptions {
  /** Everything is listed anew this often, whatever the watches say. */
  readonly relistMs: number;
  /** A watch that told neither an event nor a bookmark for so long is given up. */
  readonly silenceMs: number;
  /** What happens within so long is one hint a service. */
  readonly gatherMs: number;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
}

export const LIVE_DEFAULTS: Omit<LiveOptions, "random"> = { relistMs: 10 * 60_000, silenceMs: 180_000, gatherMs: 250 };

/** What the cluster holds of ours, kept up to date by watches: for a program that stays. */
export interface Live {
  /** The same cluster; what is written through it is known here at once, and is no hint. */
  readonly cluster: Cluster;
  /**
   * What `readInventory` would answer. The first call lists everything, later ones cost no request while the watches stand; a
   * kind whose watch does not is listed. Fails as `readInventory` does, when the server does not answer at all.
   */
  inventory(signal: AbortSignal): Promise<Result<Inventory>>;
  /** The kinds (`kindKey`) that the revision declares: they are watched besides those of which we own objects. */
  use(kinds: ReadonlySet<string>): void;
  /** Answers how to stop listening. */
  onHint(listener: OnHint): () => void;
  /** Lists everything anew, for whoever has a doubt of his own. */
  relist(signal: AbortSignal): Promise<Result<void>>;
  stats(): LiveStats;
  close(): Promise<void>;
}

/** How often watches are looked after. */
const PATROL_MS = 15_000;
/** While some are listed, more may come to be in doubt: a regression of one kind makes all others doubtful. */
const ROUNDS = 3;

/**
 * Watches are hints and lists are the truth: a record is answered only while nothing puts it in doubt, and each doubt ends in a
 * list. Nothing is deleted on the word of a record alone: whoever deletes reads the object once more.
 */
export function openLive(cluster: Cluster, clock: Clock, options: LiveOptions): Live {
  const closing = new AbortController();
  const hints = newHints(clock, options.gatherMs, closing.signal);
  const { random, relistMs } = options;
  const keepers = newKeepers({ cluster, clock, random, pauseMs: relistMs, hints });
  const slow = new WeakSet<Keeper>();
  const state: { patrol?: Promise<void> } = {};
  return {
    cluster: telling(cluster, (kind) => keepers.all.get(kindKey(kind))),
    async inventory(signal) {
      const began = clock.monotonicMs();
      const { failedGroups } = keepers.served();
      const first = state.patrol === undefined;
      if (first || keepers.missing().length > 0 || failedGroups.size > 0 || keepers.stale().length > 0) {
        const found = await keepers.discover(signal);
        if (!found.ok) return found;
      }
      if (!closing.signal.aborted) state.patrol ??= patrol(keepers, hints, clock, options, closing.signal);
      const known = await settle(keepers, slow, clock, signal);
      return ok(snapshot(keepers, known, clock.monotonicMs() - began));
    },
    use: (kinds) => keepers.use(kinds),
    onHint: (listener) => hints.on(listener),
    relist: (signal) => keepers.relist("asked", signal),
    stats: () => statsOf(keepers, hints.given(), clock.monotonicMs()),
    async close() {
      closing.abort("closed");
      await keepers.close();
      await state.patrol;
    },
  };
}

/**
 * Lists what cannot be answered from; answers which keepers could be from then on, or since. One that once kept everybody
 * waiting is left to itself until it answers again.
 */
async function settle(
  keepers: Keepers,
  slow: WeakSet<Keeper>,
  clock: Clock,
  signal: AbortSignal,
): Promise<ReadonlySet<Keeper>> {
  const beganMs = clock.monotonicMs();
  const all = [...keepers.all.values()];
  const known = new Set(all.filter((keeper) => keeper.fresh()));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const keeper of all) if (keeper.trusted()) slow.delete(keeper);
    const isDue = (keeper: Keeper): boolean =>
      !slow.has(keeper) && (round === 0 || (keeper.doubted() && keeper.problem() === undefined));
    const due = keepers.stale().filter(isDue);
    if (due.length === 0) break;
    const lists = due.map((keeper) => keeper.refresh("asked"));
    const ended = await most(lists, clock, signal, keepers.all.size - due.length);
    for (const keeper of due) {
      // Listed is enough, although no watch may tell what comes after.
      if (!keeper.doubted() && keeper.listedMs() >= beganMs) known.add(keeper);
      else if (!ended && keeper.problem() === undefined) slow.add(keeper);
    }
  }
  for (const keeper of all) if (keeper.trusted()) known.add(keeper);
  return known;
}

function snapshot(keepers: Keepers, known: ReadonlySet<Keeper>, elapsedMs: number): Inventory {
  const live = new Map<string, LiveMetadata>();
  const unlisted = new Map<string, Problem>();
  for (const [key, keeper] of keepers.all) {
    if (!known.has(keeper)) unlisted.set(key, keeper.problem() ?? tooSlow(elapsedMs));
    else for (const [object, record] of keeper.records.objects) live.set(object, record);
  }
  const paused = keepers.paused();
  return { live, ...keepers.served(), unlisted, ...(paused === undefined ? {} : { paused }) };
}

/** Gives up watches that are silent, looks for kinds that are missing, and lists everything from time to time. */
async function patrol(
  keepers: Keepers,
  hints: Hints,
  clock: Clock,
  options: LiveOptions,
  signal: AbortSignal,
): Promise<void> {
  const { relistMs, silenceMs, random } = options;
  const next = (): number => clock.monotonicMs() + relistMs * (1 - 0.1 * random());
  let relistAtMs = next();
  while (!signal.aborted) {
    await clock.sleep(PATROL_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    const nowMs = clock.monotonicMs();
    for (const keeper of keepers.all.values()) {
      const heardMs = keeper.heardMs();
      if (heardMs !== undefined && nowMs - heardMs > silenceMs) void keeper.refresh("silent");
    }
    const missing = keepers.missing();
    const due = nowMs >= relistAtMs;
    if (!due && missing.length === 0) continue;
    // Whatever is in the way now, the next round tries again.
    const asked = due ? keepers.relist("interval", signal) : keepers.discover(signal);
    const done = await asked.catch(() => ({ ok: false }));
    if (done.ok && due) relistAtMs = next();
    const still = new Set(keepers.missing());
    hints.served(missing.filter((key) => !still.has(key)));
  }
}

function statsOf(keepers: Keepers, hints: number, nowMs: number): LiveStats {
  const all = [...keepers.all.values()];
  const heard = all.map((keeper) => keeper.heardMs()).filter((atMs) => atMs !== undefined);
  return {
    objects: all.reduce((sum, { records }) => sum + records.objects.size, 0),
    watched: heard.length,
    listed: all.length - heard.length,
    doubtful: keepers.stale().length,
    ...keepers.counts(),
    hints,
    ...(heard.length === 0 ? {} : { quietMs: nowMs - Math.min(...heard) }),
  };
}
