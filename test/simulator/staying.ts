import type { Cluster } from "../../src/cluster/index.ts";
import { type Inventory, LIVE_DEFAULTS, type openLive } from "../../src/live/index.ts";
import { type Json, refKey } from "../../src/model/index.ts";
import { SERVICE_LABEL } from "../../src/plan/index.ts";
import { type Io, type Memory, type newMemory } from "../../src/reconcile/index.ts";
import type { Violation } from "./judge.ts";
import { isProven, type Live } from "./live.ts";
import type { Ground } from "./stage.ts";
import type { Request } from "./trouble.ts";
import type { RunClock } from "./virtual-clock.ts";
import { newWatches, type Watches } from "./watches.ts";

/** A process that stays: what it remembers, and what it knows by watches where it has any. */
export interface Process {
  readonly memory: Memory;
  readonly watching?: Watching;
}

/** What the cluster holds, kept from run to run. */
export interface Watching {
  /** Of the whole process: what it does besides its runs goes on between them. */
  readonly clock: RunClock;
  readonly watches: Watches;
  readonly live: ReturnType<typeof openLive>;
  /** What a run asks: the same way, but that whoever waits for health has watches of his own. */
  readonly cluster: Cluster;
  /** The kinds that are declared, as the last run had it. */
  declared(): ReadonlySet<string>;
  use(kinds: ReadonlySet<string>): void;
  /** From here on, all that the process asks goes this way. */
  go(way: Cluster): void;
  /** Nobody runs for so long; and what was on its way has come. */
  idle(durationMs: number): Promise<void>;
  /** The process dies there and then. */
  end(): void;
}

const never = new Promise<never>(() => undefined);
const HALF = (): number => 1 / 2;

export function newProcess(memory: typeof newMemory): { readonly memory: Memory } {
  return { memory: memory(HALF) };
}

/** `calm` is the way to the cluster between runs; what watches for one run only goes the way that has no trouble. */
export function newWatching(
  open: typeof openLive,
  calm: Cluster,
  { list, watch }: Pick<Cluster, "list" | "watch">,
  clock: RunClock,
): Watching {
  const state = { way: calm, dead: false, declared: new Set<string>() as ReadonlySet<string> };
  const watches = newWatches(clock);
  const ask = <T>(answer: (way: Cluster) => Promise<T>): Promise<T> => (state.dead ? never : answer(state.way));
  const cluster: Cluster = {
    identity: (...asked) => ask((way) => way.identity(...asked)),
    kinds: (...asked) => ask((way) => way.kinds(...asked)),
    async list(...asked) {
      const [kind, { namespace, labelSelector }] = asked;
      const whole = namespace === undefined && labelSelector === SERVICE_LABEL;
      const problem = whole ? watches.refusal(kind) : undefined;
      if (problem !== undefined) return { ok: false, problem };
      const answer = await ask((way) => way.list(...asked));
      if (answer.ok && whole) watches.listed(kind);
      return answer;
    },
    listObjects: (...asked) => ask((way) => way.listObjects(...asked)),
    get: (...asked) => ask((way) => way.get(...asked)),
    metadata: (...asked) => ask((way) => way.metadata(...asked)),
    apply: (...asked) => ask((way) => way.apply(...asked)),
    patch: (...asked) => ask((way) => way.patch(...asked)),
    remove: (...asked) => ask((way) => way.remove(...asked)),
    watch: (kind, options, signal) =>
      watches.follow(kind, options.resourceVersion, (inner) => state.way.watch(kind, options, inner), signal),
    close: () => Promise.resolve(),
  };
  const live = open(cluster, clock, { ...LIVE_DEFAULTS, random: HALF });
  return {
    clock,
    watches,
    live,
    cluster: {
      ...live.cluster,
      // Everything that is owned is known from watches: this asks from where to watch.
      list: (kind, options, signal) =>
        options.labelSelector === SERVICE_LABEL
          ? ask(() => list(kind, options, signal))
          : live.cluster.list(kind, options, signal),
      watch: (...asked) => watch(...asked),
    },
    declared: () => state.declared,
    use(kinds) {
      state.declared = kinds;
      live.use(kinds);
    },
    go: (way) => void (state.way = way),
    async idle(durationMs) {
      await clock.runUntil(clock.sleep(durationMs, new AbortController().signal));
    },
    end() {
      state.dead = true;
      watches.end();
    },
  };
}

/** What a run was told of the cluster by its own process, as if it had listed it there and then; and what is wrong with it. */
export interface Told {
  readonly live: NonNullable<Io["live"]>;
  readonly violations: Violation[];
  /** Why nothing may be deleted. */
  paused(): string | undefined;
}

/** Notes what is told among the requests of the run. */
export async function toldBy(watching: Watching, ground: Ground, requests: Request[]): Promise<Told> {
  const { live, watches } = watching;
  const before = owned(await ground.list());
  const violations: Violation[] = [];
  const state: { paused?: string; kinds?: Inventory["kinds"] } = {};
  return {
    violations,
    paused: () => state.paused,
    live: {
      use: (kinds) => watching.use(kinds),
      async inventory(signal) {
        const answer = await live.inventory(signal);
        if (!answer.ok) return answer;
        const { value } = answer;
        if (value.paused !== undefined) state.paused = value.paused;
        const now = await ground.list();
        const proven = [...value.live.values()].filter(({ managedFields }) =>
          isProven(managedFields as unknown as Json),
        );
        const ownedKinds = new Set(proven.map(({ ref }) => `${ref.group}/${ref.kind}`));
        const excused = (key: string): boolean => {
          const kind = value.kinds.get(key);
          if (kind === undefined || value.unlisted.has(key) || watches.withheld(kind)) return true;
          // What nobody declares and we own nothing of is not watched.
          if (!watching.declared().has(key) && !ownedKinds.has(key)) return true;
          return requests.some((one) => one.kind?.kind === kind.kind && one.fault === "stale");
        };
        for (const what of watches.overdue(value.kinds.values()))
          violations.push({ law: "L6 doubt ends in a list", what: `${what}, was not listed` });
        for (const what of outdated(value, before, owned(now)))
          if (!excused(what.kind)) violations.push({ law: "L6 what is told is so", what: what.what });
        // A run asks again for kinds that it missed, and goes by that answer if it has any of them.
        const missed = [...watching.declared()].filter((key) => state.kinds?.has(key) === false);
        if (state.kinds !== undefined && !missed.some((key) => value.kinds.has(key))) return answer;
        state.kinds = value.kinds;
        const others = requests.filter(({ known }) => known === undefined);
        requests.splice(0, requests.length, ...others, ...asLists(value, now));
        return answer;
      },
    },
  };
}

function owned(all: readonly Live[]): ReadonlyMap<string, Live> {
  return new Map(all.flatMap((one) => (one.owner === undefined ? [] : [[one.key, one]])));
}

/** What was told otherwise than it was when the run began, although nothing changed since. */
function* outdated(
  { live }: Inventory,
  before: ReadonlyMap<string, Live>,
  now: ReadonlyMap<string, Live>,
): Generator<{ readonly kind: string; readonly what: string }> {
  const told = new Map([...live.values()].map((one) => [refKey(one.ref), one]));
  for (const key of new Set([...before.keys(), ...told.keys()])) {
    const [was, is, said] = [before.get(key), now.get(key), told.get(key)];
    if (was?.uid !== is?.uid || was?.resourceVersion !== is?.resourceVersion) continue;
    if (said?.uid === was?.uid && said?.resourceVersion === was?.resourceVersion) continue;
    const [group = "", kind = ""] = key.split("/");
    const version = (one: { readonly resourceVersion: string } | undefined): string =>
      one?.resourceVersion ?? "nothing";
    yield { kind: `${group}/${kind}`, what: `${key} is ${version(was)}, and told to be ${version(said)}` };
  }
}

/** The answer of an inventory as the lists that it stands for. */
function asLists({ kinds, live, unlisted }: Inventory, now: readonly Live[]): readonly Request[] {
  const told = [...live.values()];
  return [...kinds].flatMap(([key, kind]): Request[] => {
    if (!kind.verbs.includes("list") || !kind.verbs.includes("delete")) return [];
    const all = now.filter((one) => one.kind.group === kind.group && one.kind.kind === kind.kind);
    const items = told.filter(({ ref }) => ref.group === kind.group && ref.kind === kind.kind);
    const problem = unlisted.get(key);
    const versions = new Set(items.map(({ uid, resourceVersion }) => `${uid} ${resourceVersion}`));
    const ours = all.filter(({ owner }) => owner !== undefined);
    const same =
      ours.length === versions.size && ours.every((one) => versions.has(`${one.uid} ${one.resourceVersion}`));
    return [
      {
        verb: "list",
        kind,
        namespace: "",
        name: "",
        dryRun: false,
        before: undefined,
        world: [],
        options: { labelSelector: "known" },
        known: true,
        all,
        ...(same ? {} : { fault: "stale" as const }),
        told: problem === undefined ? { ok: true, value: { items, resourceVersion: "" } } : { ok: false, problem },
        done: problem === undefined,
      },
    ];
  });
}
