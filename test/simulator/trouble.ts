import type { Answer, Cluster, Kind, LiveMetadata, Problem, RemoveOptions } from "../../src/cluster/index.ts";
import type { EmbeddedCluster } from "../../src/embedded/index.ts";
import type { Manifest } from "../../src/model/index.ts";
import { type Live, listLive, readLive, SERVED } from "./live.ts";
import { type Act, act } from "./people.ts";
import type { RunClock } from "./virtual-clock.ts";

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
   * delete, before it is read once more or before the delete.
   */
  readonly acts: readonly { readonly at: number | "read" | "delete"; readonly act: Act }[];
  /** The process ends with this request, which the server gets or not. */
  readonly crash?: { readonly at: number; readonly after: boolean };
  /** The process is asked to stop at this request. */
  readonly stopAt?: number;
}

export const NO_TROUBLE: Trouble = { faults: [], acts: [] };

/** One request as the judge sees it: what was asked, what was there, what was answered. */
export interface Request {
  readonly verb: "kinds" | "list" | "get" | "metadata" | "apply" | "remove" | "patch";
  readonly kind?: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly manifest?: Manifest;
  readonly remove?: RemoveOptions;
  readonly dryRun: boolean;
  /** The object right before, and for lists all of the kind. */
  readonly before: Live | undefined;
  readonly all: readonly Live[];
  /** Everything of the simulated kinds right before a delete: what it may take along. */
  readonly world: readonly Live[];
  readonly fault?: FaultKind;
  /** What the program was told. */
  readonly told?: Answer<unknown>;
  /** Whether the server did it. */
  readonly done: boolean;
}

/** Answers of earlier runs, for stale reads. */
export type Past = Map<string, Answer<unknown>>;

export interface TroubledCluster {
  readonly cluster: Cluster;
  readonly requests: readonly Request[];
  /** Resolves when the process is to end there and then. */
  readonly crashed: Promise<void>;
}

const never = new Promise<never>(() => undefined);
const SLOW_MS = 8000;

interface Asked<T> {
  readonly verb: Request["verb"];
  readonly kind?: Kind;
  readonly namespace?: string;
  readonly name?: string;
  readonly manifest?: Manifest;
  readonly remove?: RemoveOptions;
  readonly dryRun?: boolean;
  forward(): Promise<Answer<T>>;
}

/** The cluster as the program sees it on a bad day. */
export function troubled(
  twin: EmbeddedCluster,
  trouble: Trouble,
  past: Past,
  clock: RunClock,
  stop: AbortController,
): TroubledCluster {
  const requests: Request[] = [];
  const state = { count: 0, dead: false };
  let crash: () => void = () => undefined;
  const crashed = new Promise<void>((resolve) => (crash = resolve));

  const ask = async <T>(asked: Asked<T>, signal: AbortSignal): Promise<Answer<T>> => {
    const at = state.count++;
    if (state.dead) return never;
    if (trouble.stopAt === at) stop.abort(new DOMException("stopped", "AbortError"));
    await disturb(twin, trouble, at, asked);
    const dies = trouble.crash?.at === at;
    const fault = trouble.faults.find((one) => one.at === at)?.kind;
    const key = `${asked.verb} ${asked.kind?.kind} ${asked.namespace}/${asked.name}`;
    if (dies && trouble.crash?.after !== true) {
      state.dead = true;
      crash();
      return never;
    }
    if (fault === "slow") await clock.sleep(SLOW_MS, signal);
    if (state.dead) return never;
    const seen = sight(twin, asked);
    const lost = fault === undefined ? undefined : refusal(fault, asked.verb);
    const forwarded = lost === undefined || fault === "lost-after";
    const answer = forwarded ? await asked.forward() : undefined;
    if (dies) {
      state.dead = true;
      crash();
    }
    const fresh = answer ?? { ok: false as const, problem: lost ?? network(asked.verb) };
    const told = (lost === undefined ? bent(fault, key, fresh, past) : { ok: false, problem: lost }) as Answer<T>;
    if (answer?.ok === true) past.set(key, answer);
    const { verb, kind, namespace = "", name = "", manifest, remove, dryRun = false } = asked;
    requests.push({
      verb,
      namespace,
      name,
      dryRun,
      ...seen,
      ...(kind === undefined ? {} : { kind }),
      ...(manifest === undefined ? {} : { manifest }),
      ...(remove === undefined ? {} : { remove }),
      ...(fault === undefined ? {} : { fault }),
      told,
      done: answer?.ok === true,
    });
    return state.dead ? never : told;
  };

  return { requests, crashed, cluster: clusterOver(twin, ask) };
}

async function disturb(twin: EmbeddedCluster, { acts }: Trouble, number: number, asked: Asked<unknown>): Promise<void> {
  const { verb, kind, namespace = "", name = "" } = asked;
  const moment = verb === "metadata" ? "read" : verb === "remove" ? "delete" : undefined;
  for (const one of acts) {
    if (one.at === number) await act(twin, one.act);
    else if (one.at === moment && kind !== undefined) await act(twin, one.act, readLive(twin, kind, namespace, name));
  }
}

type Ask = <T>(asked: Asked<T>, signal: AbortSignal) => Promise<Answer<T>>;

function clusterOver(twin: EmbeddedCluster, ask: Ask): Cluster {
  return {
    identity: (signal) => twin.identity(signal),
    kinds: (signal) =>
      ask(
        {
          verb: "kinds",
          async forward() {
            const answer = await twin.kinds(signal);
            if (!answer.ok) return answer;
            const kinds = answer.value.kinds.filter(({ group, kind }) =>
              SERVED.some((one) => one.group === group && one.kind === kind),
            );
            return { ok: true, value: { kinds, failedGroups: [] } };
          },
        },
        signal,
      ),
    list: (kind, options, signal) =>
      ask({ verb: "list", kind, forward: () => twin.list(kind, options, signal) }, signal),
    // Asked for by nothing that a simulated pass does.
    listObjects: (kind, options, signal) => twin.listObjects(kind, options, signal),
    get: (kind, namespace, name, signal) =>
      ask({ verb: "get", kind, namespace, name, forward: () => twin.get(kind, namespace, name, signal) }, signal),
    metadata: (kind, namespace, name, signal) =>
      ask(
        { verb: "metadata", kind, namespace, name, forward: () => twin.metadata(kind, namespace, name, signal) },
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
          forward: () => twin.apply(kind, manifest, options, signal),
        },
        signal,
      ),
    patch: (kind, namespace, name, type, body, signal) =>
      ask(
        { verb: "patch", kind, namespace, name, forward: () => twin.patch(kind, namespace, name, type, body, signal) },
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
          forward: () => twin.remove(kind, namespace, name, options, signal),
        },
        signal,
      ),
    watch: () => {
      throw new Error("a pass does not watch");
    },
    close: () => Promise.resolve(),
  };
}

function sight(
  twin: EmbeddedCluster,
  { verb, kind, namespace = "", name = "" }: Asked<unknown>,
): Pick<Request, "before" | "all" | "world"> {
  if (kind === undefined) return { before: undefined, all: [], world: [] };
  if (verb === "list") return { before: undefined, all: listLive(twin, [kind]), world: [] };
  const takesAlong = verb === "remove" && (kind.kind === "Namespace" || kind.kind === "CustomResourceDefinition");
  return { before: readLive(twin, kind, namespace, name), all: [], world: takesAlong ? listLive(twin) : [] };
}

/** What the program is told instead of an answer; undefined when the request goes through. */
function refusal(fault: FaultKind, verb: Request["verb"]): Problem | undefined {
  switch (fault) {
    case "lost-before":
    case "lost-after":
      return network(verb);
    case "timeout":
      return { ...network(verb), kind: "timeout", message: "no answer in time" };
    case "conflict":
      return status(409, "Conflict");
    case "throttled":
      return { ...status(429, "TooManyRequests"), retryAfterMs: 1000 };
    case "server-error":
      return { ...status(500, "InternalError"), ambiguous: true };
    case "unavailable":
      return status(503, "ServiceUnavailable");
    case "forbidden":
      return status(403, "Forbidden");
    case "truncated":
      return verb === "list" || verb === "kinds" ? { ...network(verb), kind: "decode" } : network(verb);
    case "group":
      return verb === "kinds" ? undefined : status(503, "ServiceUnavailable");
    case "stale":
    case "slow":
      return undefined;
  }
}

function network(verb: Request["verb"]): Problem {
  const ambiguous = verb === "apply" || verb === "patch" || verb === "remove";
  return { kind: "network", message: "the connection was cut", causes: [], ambiguous };
}

function status(code: number, reason: string): Problem {
  return { kind: "status", status: code, reason, message: `simulated ${reason}`, causes: [], ambiguous: false };
}

/** Answers that arrive whole but do not tell how things are. */
function bent(fault: FaultKind | undefined, key: string, fresh: Answer<unknown>, past: Past): Answer<unknown> {
  if (!fresh.ok) return fresh;
  if (fault === "group" && key.startsWith("kinds ")) {
    const { kinds } = fresh.value as { kinds: readonly Kind[] };
    const groups = [...new Set(kinds.map(({ group }) => group).filter((group) => group !== ""))];
    const lost = groups[past.size % groups.length] ?? "";
    return { ok: true, value: { kinds: kinds.filter(({ group }) => group !== lost), failedGroups: [lost] } };
  }
  if (fault !== "stale") return fresh;
  if (key.startsWith("list ") || key.startsWith("metadata ")) return past.get(key) ?? fresh;
  return fresh;
}

/** The metadata that a request told the program, when it told any. */
export function toldMetadata({ told }: Request): LiveMetadata | undefined {
  return told?.ok === true ? (told.value as LiveMetadata | undefined) : undefined;
}
