// npm run bench -- sync: a first sync, a sync with nothing to do and one commit, beside what the API server itself needs.
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Pool } from "undici";
import { startCluster, type TestCluster } from "../test/support/cluster.ts";
import { startFaultProxy } from "../test/support/fault-proxy.ts";
import { createMonorepo, type Monorepo, release } from "../test/support/monorepo.ts";
import { poisons } from "../test/support/monorepo-poison.ts";
import { flagsOf, peakMiB, start, type Target } from "../test/support/program.ts";

const ROUNDS = 3;
const CONCURRENCIES = [8, 16, 32] as const;

/** One request of a sync, to be sent again bare. */
interface Bare {
  readonly path: string;
  readonly body: string;
}

export async function main(argv: readonly string[]): Promise<void> {
  const services = Number(argv[0] ?? 250);
  const root = mkdtempSync(join(tmpdir(), "bench-sync-"));
  try {
    const monorepo = await createMonorepo(join(root, "config.git"), { services, namespaces: 10 });
    const bare = await recordedWrites(monorepo, root);
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      rounds.push(await oneRound(monorepo, bare, join(root, `${round}`), round));
    print(services, bare.length, rounds);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

interface Ran {
  readonly ms: number;
  readonly peakMiB: number;
}

interface Round {
  readonly floorMs: Readonly<Record<number, number>>;
  readonly first: Ran;
  readonly list: number;
  readonly nothing: Ran;
  readonly commit: Ran;
  /** When the last object of a healthy service was written, with and without poisoned services. */
  readonly healthyMs: number;
  readonly poisonedMs: number;
}

async function oneRound(monorepo: Monorepo, bare: readonly Bare[], root: string, round: number): Promise<Round> {
  const floorMs: Record<number, number> = {};
  for (const concurrency of CONCURRENCIES) {
    floorMs[concurrency] = await withCluster((cluster) => sendBare(cluster, bare, concurrency));
  }
  const synced = await withCluster(async (cluster) => {
    const target = targetOf(cluster, monorepo, join(root, "cache"));
    const since = cluster.mark();
    const first = await timed(target, 0);
    const healthyMs = lastWriteMs(cluster, since, new Set());
    const list = await listAll(cluster);
    const nothing = await timed(target, 0);
    const [service] = monorepo.services;
    if (service === undefined) throw new Error("a monorepo has services");
    await monorepo.commit(release(service, `9.${round}.0`), "a release");
    const commit = await timed(target, 0);
    return { first, healthyMs, list, nothing, commit };
  });
  const poisonedMs = await withCluster(async (cluster) => {
    const { victims, branch } = await poisoned(monorepo, round);
    const since = cluster.mark();
    await timed(targetOf(cluster, monorepo, join(root, "poisoned")), 1, "--ref", branch);
    return lastWriteMs(cluster, since, victims);
  });
  return { floorMs, ...synced, poisonedMs };
}

async function withCluster<T>(use: (cluster: TestCluster) => Promise<T>): Promise<T> {
  const cluster = await startCluster();
  try {
    return await use(cluster);
  } finally {
    await cluster.stop();
  }
}

function targetOf(cluster: TestCluster, { path }: Monorepo, cacheDir: string): Target {
  return { repo: path, kubeconfig: cluster.kubeconfigPath, cacheDir, path: "clusters/dev" };
}

/** The writes of a real first sync, byte by byte as they were sent. */
async function recordedWrites(monorepo: Monorepo, root: string): Promise<readonly Bare[]> {
  return withCluster(async (cluster) => {
    const proxy = await startFaultProxy(cluster);
    try {
      const kubeconfig = join(root, "recording.kubeconfig");
      const direct = readFileSync(cluster.kubeconfigPath, "utf8");
      writeFileSync(kubeconfig, direct.replace(cluster.url, proxy.url), { mode: 0o600 });
      await timed({ ...targetOf(cluster, monorepo, join(root, "recorded")), kubeconfig }, 0);
      // Not what the program keeps of its own: that is written several times.
      const created = proxy.seen.filter(({ status }) => status === 201);
      const written = created.filter(({ path }) => path.includes("fieldManager=gitops&"));
      return written.map(({ path, body }) => ({ path, body: body?.toString("utf8") ?? "" }));
    } finally {
      await proxy.close();
    }
  });
}

function poolOf({ url, ca }: TestCluster): Pool {
  return new Pool(url, { connections: 32, connect: { ca } });
}

/** The floor: the same patches, namespaces first, with nothing around them. */
async function sendBare(cluster: TestCluster, bare: readonly Bare[], concurrency: number): Promise<number> {
  const pool = poolOf(cluster);
  const headers = { authorization: `Bearer ${cluster.token}`, "content-type": "application/apply-patch+yaml" };
  const isNamespace = ({ path }: Bare): boolean =>
    path.startsWith("/api/v1/namespaces/") && path.split("/").length === 5;
  const began = performance.now();
  for (const part of [bare.filter(isNamespace), bare.filter((one) => !isNamespace(one))]) {
    const queue = [...part];
    const work = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const { statusCode, body } = await pool.request({ method: "PATCH", path: next.path, body: next.body, headers });
        await body.text();
        if (statusCode !== 201) throw new Error(`${next.path}: ${statusCode}`);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  }
  const ms = performance.now() - began;
  await pool.close();
  return ms;
}

/** The lists that tell what is there: one for each kind that is used. */
async function listAll(cluster: TestCluster): Promise<number> {
  const pool = poolOf(cluster);
  const began = performance.now();
  const accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
  for (const path of [
    "/api/v1/configmaps",
    "/api/v1/services",
    "/api/v1/serviceaccounts",
    "/apis/apps/v1/deployments",
  ]) {
    const headers = { authorization: `Bearer ${cluster.token}`, accept };
    const { body } = await pool.request({ method: "GET", path, headers });
    await body.json();
  }
  const ms = performance.now() - began;
  await pool.close();
  return ms;
}

/** One run of the program, start-up included. */
async function timed(target: Target, code: number, ...more: readonly string[]): Promise<Ran> {
  const began = performance.now();
  const child = start(["sync", ...flagsOf(target), "-o", "json", ...more]);
  const exited = once(child, "exit");
  const output = child.stdout === null ? Promise.resolve("") : text(child.stdout);
  child.stderr?.resume();
  let peak = 0;
  const watch = setInterval(() => {
    try {
      peak = Math.max(peak, peakMiB(child.pid ?? 0));
    } catch {
      // It has ended.
    }
  }, 10);
  const [exit] = (await exited) as [number | null];
  clearInterval(watch);
  const ms = performance.now() - began;
  if (exit !== code) throw new Error(`exit ${exit}: ${(await output).slice(-2000)}`);
  return { ms, peakMiB: peak };
}

function lastWriteMs(cluster: TestCluster, since: number, victims: ReadonlySet<string>): number {
  const times = cluster
    .audit({ since, userAgent: "gitops/" })
    // Of objects only: what the program keeps of its own is written when the last poisoned service is through.
    .filter(({ requestURI }) => requestURI.includes("fieldManager=gitops&"))
    .filter(({ objectRef }) => !victims.has(objectRef?.name ?? ""))
    .map((event) => Date.parse((event as unknown as { stageTimestamp: string }).stageTimestamp));
  return Math.max(...times) - Math.min(...times);
}

async function poisoned(monorepo: Monorepo, round: number): Promise<{ victims: ReadonlySet<string>; branch: string }> {
  const branch = `poisoned-${round}`;
  await monorepo.git("update-ref", `refs/heads/${branch}`, monorepo.first);
  const atOnce = poisons.filter(({ when }) => when === "any");
  const pairs = atOnce.map((poison, index) => {
    const at = Math.floor(index / 10) * 20 + (index % 10);
    const [victim, neighbour] = [monorepo.services[at], monorepo.services[at + 10]];
    if (victim === undefined || neighbour === undefined) throw new Error("too few services for all poisons");
    return { poison, victim, neighbour };
  });
  const files = pairs.map(({ poison, victim, neighbour }) => poison.files(victim, neighbour));
  await monorepo.commit(Object.assign({}, ...files), "poison", branch);
  return { victims: new Set(pairs.flatMap(({ victim, neighbour }) => [victim.name, neighbour.name])), branch };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function print(services: number, writes: number, rounds: readonly Round[]): void {
  const floors = CONCURRENCIES.map((concurrency) => median(rounds.map(({ floorMs }) => floorMs[concurrency] ?? 0)));
  const floor = Math.min(...floors);
  const first = median(rounds.map((round) => round.first.ms));
  const nothing = median(rounds.map((round) => round.nothing.ms));
  const commit = median(rounds.map((round) => round.commit.ms));
  const list = median(rounds.map((round) => round.list));
  const lines = [
    `${services} services, ${writes} objects, medians of ${rounds.length} rounds, each on fresh API servers`,
    ...CONCURRENCIES.map((concurrency, index) => `bare patches, ${concurrency} at once   ${ms(floors[index] ?? 0)}`),
    `first sync                ${ms(first)}   ${(first / floor).toFixed(2)} × the floor`,
    `four bare lists           ${ms(list)}`,
    `sync, nothing to do       ${ms(nothing)}   ${(nothing / list).toFixed(1)} × the lists`,
    `sync, one commit          ${ms(commit)}   ${(commit / list).toFixed(1)} × the lists`,
    `peak memory, first sync   ${median(rounds.map((round) => round.first.peakMiB)).toFixed(0)} MiB; with nothing to do ${median(rounds.map((round) => round.nothing.peakMiB)).toFixed(0)} MiB`,
    `healthy services, first to last write   ${ms(median(rounds.map((r) => r.healthyMs)))}; beside poisoned ones ${ms(median(rounds.map((r) => r.poisonedMs)))}, ${median(rounds.map((r) => r.poisonedMs / r.healthyMs)).toFixed(2)} ×`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  process.stdout.write(
    `first sync ${(first / floor).toFixed(2)} × floor, no-op ${nothing.toFixed(0)} ms, one commit ${commit.toFixed(0)} ms\n`,
  );
}

function ms(value: number): string {
  return `${value.toFixed(0).padStart(7)} ms`;
}
