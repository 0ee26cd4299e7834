import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../src/cluster/index.ts";
import { isObject, type Json } from "../../src/model/index.ts";
import { kubeconfigText } from "../cluster-lab/config-files.ts";
import type { TestCluster } from "../support/cluster.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { hastyClock } from "./hasty-clock.ts";
import type { History } from "./history.ts";
import type { RealGround } from "./real-ground.ts";
import type { Stage, Way } from "./stage.ts";
import type { Asked, FaultKind, Trouble } from "./trouble.ts";
import type { RunClock } from "./virtual-clock.ts";

/** How much shorter all waits are. */
const SPEED = 20;
/** Before shortening. Nobody is in a hurry but with a request that is never answered. */
const REQUEST_DEADLINE_MS = 600_000;
const HANGING_DEADLINE_MS = 10_000;
const SLOW_MS = 8000;
const ATTEMPTS = 4;

/** A real API server, behind a proxy that does to requests what goes wrong with them. */
export async function realStage(cluster: TestCluster, ground: RealGround, { seed }: History): Promise<Stage> {
  await ground.cleared();
  const proxy = await startFaultProxy(cluster);
  const folder = mkdtempSync(join(tmpdir(), "gitops-simulator-"));
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, kubeconfigText(proxy.url, cluster.ca, cluster.tokenOf), { mode: 0o600 });
  const audit: string[] = [];
  const state = { skippedMs: 0 };
  return {
    ground,
    audit,
    clock: () => hastyClock(SPEED, state.skippedMs),
    skip: (durationMs) => void (state.skippedMs += durationMs),
    way: (trouble, clock) => throughProxy({ proxy, kubeconfig, audit, isPatient: seed % 2 === 0 }, trouble, clock),
    settled: () => ground.settled(),
    async close() {
      await proxy.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Behind {
  readonly proxy: FaultProxy;
  readonly kubeconfig: string;
  readonly audit: string[];
  /** Its client tries again by itself. */
  readonly isPatient: boolean;
}

/** Faults come to the n-th request over the wire, which is not always the n-th of the port: discovery is two of them. */
async function throughProxy(
  { proxy, kubeconfig, audit, isPatient }: Behind,
  trouble: Trouble,
  clock: RunClock,
): Promise<Way> {
  const access = { kind: "kubeconfig", paths: [kubeconfig] } as const;
  const hangs = trouble.faults.some(({ kind }) => kind === "timeout");
  const config = {
    access,
    userAgent: "gitops/0.0.0",
    requestDeadlineMs: hangs ? HANGING_DEADLINE_MS : REQUEST_DEADLINE_MS,
    // A process that is to die sends nothing more.
    attempts: (isPatient || trouble.faults.length === 0) && trouble.crash === undefined ? ATTEMPTS : 1,
  };
  const connection = await connect(config, clock);
  if (!connection.ok) throw new Error(connection.failures[0]?.message);
  const cluster = connection.value;
  const start = proxy.seen.length;
  for (const { at, kind } of trouble.faults) proxy.add({ fault: faultOf(kind), matches: [at + 1] });
  const faultAt = (index: number): FaultKind | undefined => trouble.faults.find(({ at }) => at === index - start)?.kind;
  return {
    cluster,
    delay: () => Promise.resolve(),
    async carry<T>(_at: number, asked: Asked<T>) {
      const from = proxy.seen.length;
      const told = await asked.forward();
      const isMine = isRequestOf(asked);
      const mine = [...proxy.seen.entries()].slice(from).filter(([, { method, path }]) => isMine(method, path));
      const done = mine.some(([, { status = 0 }]) => status >= 200 && status < 300);
      const fault = mine.map(([index]) => faultAt(index)).find((kind) => kind !== undefined);
      return { told, done, ...(fault === undefined ? {} : { fault }) };
    },
    async close() {
      await proxy.idle();
      proxy.clear();
      // A request that hangs is cut off with its connection.
      await cluster.close();
      for (const [index, { method, path, status, fault }] of proxy.seen.entries()) {
        if (index < start) continue;
        const kind = fault === undefined ? undefined : faultAt(index);
        audit.push(`${method} ${path} ${status ?? "unanswered"}${kind === undefined ? "" : ` ${kind}`}`);
      }
    },
  };
}

const METHODS = {
  kinds: "GET",
  list: "GET",
  objects: "GET",
  get: "GET",
  metadata: "GET",
  apply: "PATCH",
  patch: "PATCH",
  remove: "DELETE",
} as const;

function isRequestOf({
  verb,
  kind,
  namespace = "",
  name = "",
}: Asked<unknown>): (method: string, url: string) => boolean {
  const scope = kind?.namespaced === true && namespace !== "" ? `/namespaces/${namespace}` : "";
  const object = name === "" ? "" : `/${encodeURIComponent(name)}`;
  const end = verb === "kinds" ? "/apis" : `${scope}/${kind?.resource}${object}`;
  return (method, url) => method === METHODS[verb] && (url.split("?")[0] ?? "").endsWith(end);
}

function faultOf(kind: FaultKind): Parameters<FaultProxy["add"]>[0]["fault"] {
  switch (kind) {
    case "lost-before":
      return { kind: "reset", forward: false };
    case "lost-after":
      return { kind: "reset", forward: true };
    case "conflict":
      return { kind: "status", code: 409, reason: "Conflict" };
    case "throttled":
      return { kind: "status", code: 429, reason: "TooManyRequests", retryAfterSeconds: 1 };
    case "server-error":
      return { kind: "status", code: 500, reason: "InternalError" };
    case "unavailable":
      return { kind: "status", code: 503, reason: "ServiceUnavailable" };
    case "forbidden":
      return { kind: "status", code: 403, reason: "Forbidden" };
    case "timeout":
      return { kind: "hang" };
    case "truncated":
      return { kind: "truncate", bytes: 40 };
    case "stale":
      return { kind: "stale" };
    case "group":
      return { kind: "edit", edit: withStaleGroup };
    case "slow":
      return { kind: "delay", ms: SLOW_MS / SPEED };
  }
}

/** Of discovery, a group that its server did not tell of lately; nothing else is changed. */
function withStaleGroup(body: string): string {
  const document = JSON.parse(body) as Json;
  const items: Json = isObject(document) ? (document["items"] ?? []) : [];
  if (!isObject(document) || document["kind"] !== "APIGroupDiscoveryList" || !Array.isArray(items)) return body;
  const last = items.findLastIndex((item: Json) => isObject(item) && Array.isArray(item["versions"]));
  const stale = (version: Json): Json => (isObject(version) ? { ...version, freshness: "Stale" } : version);
  const changed = items.map((item: Json, index) =>
    index === last && isObject(item) && Array.isArray(item["versions"])
      ? { ...item, versions: item["versions"].map(stale) }
      : item,
  );
  return JSON.stringify({ ...document, items: changed });
}
