import type { Answer, Cluster, Kind, ListOptions, LiveMetadata, RemoveOptions } from "../../src/cluster/index.ts";
import type { Manifest } from "../../src/model/index.ts";
import { AUTOSCALERS, DEPLOYMENTS, type Live } from "./live.ts";
import { type Act, act } from "./people.ts";
import type { Ground, Soon, Way } from "./stage.ts";

/** What may happen to a request. `lost` ones come without an answer: before the server got them, or after it did them. */
export type FaultKind =
  | "lost-before"
  | "lost-after"
  | "conflict"
  | "throttled"
  | "server-error"
  | "unavailable"
  | "forbidden"
  | "timeout"
  | "truncated"
  | "stale"
  | "group"
  | "slow";

/** What goes wrong in one run. Requests to the cluster are counted from 0. */
export interface Trouble {
  readonly faults: readonly { readonly at: number; readonly kind: FaultKind }[];
  /**
   * Somebody does something right before a request arrives. `read` and `delete`: to the object that the program is about to
   * delete, before it is read once more or before the delete. `patch` and `apply`: to the object that it is about to write.
   */
  readonly acts: readonly { readonly at: number | Moment; readonly act: Act }[];
  /** The process ends with this request, which the server gets or not; `patched`: the first apply after a patch. */
  readonly crash?: { readonly at: number | "patched"; readonly after: boolean };
  /** The process is asked to stop at this request. */
  readonly stopAt?: number;
}

export type Moment = "read" | "delete" | "patch" | "apply";

export const NO_TROUBLE: Trouble = { faults: [], acts: [] };

/** One request as the judge sees it: what was asked, what was there, what was answered. */
export interface Request {
  /** `objects`: a list of whole objects. */
  readonly verb: "kinds" | "list" | "objects" | "get" | "metadata" | "apply" | "remove" | "patch";
  readonly kind?: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly manifest?: Manifest;
  readonly remove?: RemoveOptions;
  /** Of a list. */
  readonly options?: ListOptions;
  readonly dryRun: boolean;
  /** The object right before, and for lists all of the kind. */
  readonly before: Live | undefined;
  readonly all: readonly Live[];
  /** Everything of the simulated kinds right before a delete: what it may take along. */
  readonly world: readonly Live[];
  readonly fault?: FaultKind;
  /** When it arrived, by the clock of the run. */
  readonly atMs?: number;
  /** A list that says from where to watch: what is in it is not looked at. */
  readonly hint?: true;
  /** Not asked for: a list as the process knows it by its watches. */
  readonly known?: true;
  /** What the program was told. */
  readonly told?: Answer<unknown>;
  /** Whether the server did it. */
  readonly done: boolean;
}

export interface TroubledCluster {
  readonly cluster: Cluster;
  readonly requests: Request[];
  /** Resolves when the process is to end there and then. */
  readonly crashed: Promise<void>;
  /** The run is over: what it still had on its way is there, or nowhere. */
  readonly ended: () => Promise<void>;
}

/** One of its own for each who waits: whatever waits for one that is shared is kept for as long as that is. */
const never = (): Promise<never> => new Promise(() => undefined);

/** One request of the program. */
export interface Asked<T> {
  readonly verb: Request["verb"];
  readonly kind?: Kind;
  readonly namespace?: string;
  readonly name?: string;
  readonly manifest?: Manifest;
  readonly remove?: RemoveOptions;
  readonly options?: ListOptions;
  readonly dryRun?: boolean;
  forward(): Promise<Answer<T>>;
}

/** What a run knows besides: its clock, and what people do meanwhile. */
interface Besides {
  readonly nowMs?: () => number;
  /** Before each request, by its number. */
  readonly onRequest?: (at: number) => Promise<void>;
}

/** The cluster as the program sees it on a bad day. */
export function troubled(
  ground: Ground,
  way: Way,
  trouble: Trouble,
  stop: AbortController,
  { nowMs = () => 0, onRequest }: Besides = {},
): TroubledCluster {
  const requests: Request[] = [];
  const state = { count: 0, dead: false };
  const listed = new Set<string>();
  let crash: () => void = () => undefined;
  const crashed = new Promise<void>((resolve) => (crash = resolve));
  const underWay = new Set<Promise<unknown>>();
  const die = (): void => {
    state.dead = true;
    crash();
  };

  const ask = async <T>(asked: Asked<T>, signal: AbortSignal): Promise<Answer<T>> => {
    const at = state.count++;
    if (state.dead) return never();
    if (trouble.stopAt === at) stop.abort(new DOMException("stopped", "AbortError"));
    const hint = isHint(asked, listed);
    await onRequest?.(at);
    await disturb(ground, trouble, at, asked);
    const patched = (): boolean => asked.verb === "apply" && requests.some(({ verb }) => verb === "patch");
    const dies = trouble.crash?.at === "patched" ? patched() : trouble.crash?.at === at;
    if (dies && trouble.crash?.after !== true) {
      die();
      return never();
    }
    await way.delay(at, signal);
    if (state.dead) return never();
    const soon = sight(ground, asked);
    const seen = soon instanceof Promise ? await soon : soon;
    const sent = way.carry(at, asked);
    underWay.add(sent);
    const carried = await sent.finally(() => underWay.delete(sent));
    if (dies) die();
    const { verb, kind, namespace = "", name = "", manifest, remove, options, dryRun = false } = asked;
    requests.push({
      verb,
      atMs: nowMs(),
      namespace,
      name,
      dryRun,
      ...seen,
      ...(hint ? { hint } : {}),
      ...(kind === undefined ? {} : { kind }),
      ...(manifest === undefined ? {} : { manifest }),
      ...(remove === undefined ? {} : { remove }),
      ...(options === undefined ? {} : { options }),
      ...carried,
    });
    return state.dead ? never() : carried.told;
  };

  return {
    requests,
    crashed,
    cluster: clusterOver(way.cluster, ask, ground.served),
    async ended() {
      await way.close();
      await Promise.allSettled(underWay);
    },
  };
}

/** Of each kind the first list is the inventory's; whoever waits for health lists once more to know from where to watch. */
function isHint({ verb, kind, options }: Asked<unknown>, listed: Set<string>): boolean {
  if (verb !== "list" || options?.labelSelector === undefined || options.namespace !== undefined) return false;
  const key = `${kind?.group}/${kind?.kind} ${options.labelSelector}`;
  const again = listed.has(key);
  listed.add(key);
  return again;
}

const MOMENTS: Readonly<Partial<Record<Request["verb"], Moment>>> = {
  metadata: "read",
  remove: "delete",
  patch: "patch",
  apply: "apply",
};

async function disturb(ground: Ground, { acts }: Trouble, number: number, asked: Asked<unknown>): Promise<void> {
  const { verb, kind, namespace = "", name = "", dryRun } = asked;
  const moment = dryRun === true ? undefined : MOMENTS[verb];
  for (const one of acts) {
    if (one.at === number) await act(ground, one.act);
    else if (one.at === moment && kind !== undefined)
      await act(ground, one.act, await ground.read(kind, namespace, name));
  }
}

type Ask = <T>(asked: Asked<T>, signal: AbortSignal) => Promise<Answer<T>>;

function clusterOver(cluster: Cluster, ask: Ask, served: readonly Kind[]): Cluster {
  return {
    identity: (signal) => cluster.identity(signal),
    kinds: (signal) =>
      ask(
        {
          verb: "kinds",
          async forward() {
            const answer = await cluster.kinds(signal);
            if (!answer.ok) return answer;
            const kinds = answer.value.kinds.filter(({ group, kind }) =>
              served.some((one) => one.group === group && one.kind === kind),
            );
            return { ok: true, value: { kinds, failedGroups: [] } };
          },
        },
        signal,
      ),
    list: (kind, options, signal) =>
      ask({ verb: "list", kind, options, forward: () => cluster.list(kind, options, signal) }, signal),
    // Of pods and what else tells of health, and of the program's own records, a run is judged by what it makes of them.
    listObjects: (kind, options, signal) =>
      kind.kind === AUTOSCALERS.kind
        ? ask({ verb: "objects", kind, options, forward: () => cluster.listObjects(kind, options, signal) }, signal)
        : cluster.listObjects(kind, options, signal),
    get: (kind, namespace, name, signal) =>
      ask({ verb: "get", kind, namespace, name, forward: () => cluster.get(kind, namespace, name, signal) }, signal),
    metadata: (kind, namespace, name, signal) =>
      ask(
        { verb: "metadata", kind, namespace, name, forward: () => cluster.metadata(kind, namespace, name, signal) },
        signal,
      ),
    apply: (kind, manifest, options, signal) =>
      ask(
        {
          verb: "apply",
          kind,
          namespace: manifest.metadata.namespace ?? "",
          name: manifest.metadata.name,
          manifest,
          dryRun: options.dryRun === true,
          forward: () => cluster.apply(kind, manifest, options, signal),
        },
        signal,
      ),
    patch: (kind, namespace, name, type, body, signal) =>
      ask(
        {
          verb: "patch",
          kind,
          namespace,
          name,
          forward: () => cluster.patch(kind, namespace, name, type, body, signal),
        },
        signal,
      ),
    remove: (kind, namespace, name, options, signal) =>
      ask(
        {
          verb: "remove",
          kind,
          namespace,
          name,
          remove: options,
          dryRun: options.dryRun === true,
          forward: () => cluster.remove(kind, namespace, name, options, signal),
        },
        signal,
      ),
    // What goes wrong with watches, which stay from run to run, is in `watches.ts`.
    watch: (kind, options, signal) => cluster.watch(kind, options, signal),
    close: () => Promise.resolve(),
  };
}

type Seen = Pick<Request, "before" | "all" | "world">;

/** What is there right before a request; only what the judge asks for is looked at. */
function sight(ground: Ground, { verb, kind, namespace = "", name = "" }: Asked<unknown>): Soon<Seen> {
  if (kind === undefined || verb === "get" || verb === "metadata") return { before: undefined, all: [], world: [] };
  if (verb === "list" || verb === "objects")
    return then(ground.list([kind]), (all) => ({ before: undefined, all, world: [] }));
  const isWorkload = (one: Kind): boolean => one === DEPLOYMENTS || one === AUTOSCALERS;
  const scaled = verb === "apply" ? ground.served.filter(isWorkload) : [];
  const takesAlong = verb === "remove" && (kind.kind === "Namespace" || kind.kind === "CustomResourceDefinition");
  return then(ground.read(kind, namespace, name), (before) =>
    then(takesAlong ? ground.list() : [], (world) =>
      then(scaled.length === 0 ? [] : ground.list(scaled), (all) => ({ before, all, world })),
    ),
  );
}

/** What is at hand is used at once: nothing can happen in between. */
function then<T, U>(soon: Soon<T>, use: (value: T) => Soon<U>): Soon<U> {
  return soon instanceof Promise ? soon.then(use) : use(soon);
}

/** The metadata that a request told the program, when it told any. */
export function toldMetadata({ told }: Request): LiveMetadata | undefined {
  return told?.ok === true ? (told.value as LiveMetadata | undefined) : undefined;
}
