import type { Answer, Cluster, Kind } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import { embeddedWay } from "./faults.ts";
import { furnish } from "./foreign.ts";
import type { History } from "./history.ts";
import { AUTOSCALERS, DEPLOYMENTS, type Live, liveOf, OWNER_KINDS, SERVED } from "./live.ts";
import { behindVeil } from "./strangers.ts";
import type { Asked, FaultKind, Trouble } from "./trouble.ts";
import { type RunClock, virtualTime } from "./virtual-clock.ts";
import { behindWebhook } from "./webhook.ts";
import type { Others } from "./widening.ts";

/** Now where it is at hand, else soon. */
export type Soon<T> = T | Promise<T>;

/** An API server past every fault: what the judge goes by, and what others do things with. */
export interface Ground {
  /** As another run of the program. */
  readonly program: Cluster;
  /** As somebody with kubectl. */
  readonly person: Cluster;
  /** The kinds that there are. */
  readonly served: readonly Kind[];
  read(kind: Kind, namespace: string, name: string): Soon<Live | undefined>;
  list(kinds?: readonly Kind[]): Soon<readonly Live[]>;
}

/** What became of a request on its way: what the program is told, and whether the server did it. */
export interface Carried<T> {
  readonly told: Answer<T>;
  readonly done: boolean;
  readonly fault?: FaultKind;
}

/** The way of one run's requests to the API server and back, with what goes wrong on it. */
export interface Way {
  readonly cluster: Cluster;
  /** What a request waits for before it gets there. */
  delay(at: number, signal: AbortSignal): Promise<void>;
  carry<T>(at: number, asked: Asked<T>): Promise<Carried<T>>;
  /** Whoever is still on it gets there, or nowhere; nobody comes after. */
  close(): Promise<void>;
}

/** Where a history is played: an API server, the way to it and the time it takes. */
export interface Stage {
  readonly ground: Ground;
  /** One line a request, in order. */
  readonly audit: readonly string[];
  /** The clock of one run. */
  clock(): RunClock;
  /** Watches tell here what happens. */
  readonly watches?: true;
  way(trouble: Trouble, clock: RunClock): Soon<Way>;
  /** Time that passes between two runs. */
  skip(durationMs: number): void;
  /** Lets what the API server and its controllers do by themselves come to an end. */
  settled(): Soon<void>;
  close(): Promise<void>;
}

const never = new AbortController().signal;

/** An API server of its own in memory, and time that passes only when everybody sleeps. */
export async function embeddedStage({ seed, webhook, others = {} }: History): Promise<Stage> {
  const time = virtualTime();
  const audit: string[] = [];
  const twin = createEmbedded({
    clock: time.common(),
    seed,
    rolloutMs: others.rolloutMs ?? 0,
    onAudit: ({ verb, requestURI, userAgent, responseStatus }) =>
      void audit.push(`${userAgent} ${verb} ${requestURI} ${responseStatus.code}`),
  });
  await makeNamespaces(twin);
  if (others.tools !== undefined) await furnish(twin);
  const served = servedWith(others);
  const { store } = twin.core.world;
  const admitted = behindVeil(behindWebhook(twin, webhook), others.tools === "veiled");
  const past = new Map<string, Answer<unknown>>();
  return {
    ground: {
      program: admitted,
      person: twin.as({ user: "jo", groups: ["people"], userAgent: "kubectl" }),
      read(of, namespace, name) {
        const object = store.get(`${of.group}/${of.resource}/${namespace}/${name}`);
        return object === undefined ? undefined : liveOf(of, object);
      },
      served,
      list: (kinds = served) =>
        kinds.flatMap((of) => store.list(`${of.group}/${of.resource}/`).map(([, object]) => liveOf(of, object))),
    },
    audit,
    clock: () => time.clock(),
    watches: true,
    way: (trouble, clock) => embeddedWay(admitted, trouble, past, clock),
    skip: (durationMs) => time.skip(durationMs),
    settled: () => undefined,
    close: () => twin.close(),
  };
}

/** The kinds that a history has. */
function servedWith({ tools, workloads }: Others): readonly Kind[] {
  return [
    ...SERVED,
    ...(tools === undefined ? [] : OWNER_KINDS),
    ...(workloads === undefined ? [] : [DEPLOYMENTS, AUTOSCALERS]),
  ];
}

/** The namespaces that every history begins with. */
export async function makeNamespaces(cluster: Cluster): Promise<void> {
  const kind = SERVED.find((one) => one.kind === "Namespace");
  if (kind === undefined) return;
  for (const name of ["one", "two"]) {
    const manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await cluster.apply(kind, manifest, { fieldManager: "admin", force: false }, never);
  }
}
