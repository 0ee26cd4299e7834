// npm run bench -- poison: a release of all services, with a tenth of them poisoned in every known way, beside the same without.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { PassDocument } from "../src/report/index.ts";
import { startCluster, type TestCluster } from "../test/support/cluster.ts";
import { createMonorepo, type Monorepo, type MonorepoService, release } from "../test/support/monorepo.ts";
import { type Poison, poisons } from "../test/support/monorepo-poison.ts";
import { flagsOf, peakMiB, start, type Target } from "../test/support/program.ts";

const NAMESPACES = 10;
const ROUNDS = 3;

export async function main(argv: readonly string[]): Promise<void> {
  const services = Number(argv[0] ?? 1000);
  const root = mkdtempSync(join(tmpdir(), "bench-poison-"));
  const cluster = await startCluster();
  try {
    const monorepo = await createMonorepo(join(root, "config.git"), { services, namespaces: NAMESPACES });
    const bench: Bench = {
      cluster,
      monorepo,
      target: {
        repo: monorepo.path,
        kubeconfig: cluster.kubeconfigPath,
        cacheDir: join(root, "cache"),
        path: "clusters/dev",
      },
      infected: infectedOf(monorepo, Math.floor(services / 10)),
    };
    await syncOf(bench, "main");
    const rounds: Round[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) rounds.push(await oneRound(bench, round));
    print(bench, rounds);
  } finally {
    await cluster.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

interface Infected {
  readonly poison: Poison;
  readonly victim: MonorepoService;
  readonly neighbour: MonorepoService;
}

interface Bench {
  readonly cluster: TestCluster;
  readonly monorepo: Monorepo;
  readonly target: Target;
  readonly infected: readonly Infected[];
}

/** Times of the services that are healthy in both runs, and memory of both. */
interface Round {
  readonly without: Measured;
  readonly beside: Measured;
}

interface Measured {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly peakMiB: number;
  readonly wholeMs: number;
}

/** Each poison again and again, in victims that are spread over all services. */
function infectedOf({ services }: Monorepo, count: number): readonly Infected[] {
  const stride = Math.floor(services.length / count) * NAMESPACES;
  return Array.from({ length: count }, (_, index) => {
    const at = Math.floor(index / NAMESPACES) * stride + (index % NAMESPACES);
    const poison = poisons[index % poisons.length];
    const [victim, neighbour] = [services[at], services[at + NAMESPACES]];
    if (poison === undefined || victim === undefined || neighbour === undefined) throw new Error("too few services");
    return { poison, victim, neighbour };
  });
}

async function oneRound(bench: Bench, round: number): Promise<Round> {
  const { monorepo, infected } = bench;
  const releaseOf = (version: string): Parameters<Monorepo["commit"]>[0] =>
    Object.assign({}, ...monorepo.services.map((service) => release(service, version)));
  await monorepo.commit(releaseOf(`${round}.1.0`), "a release of everything");
  const without = await measured(bench, "main", 0);
  const branch = `poisoned-${round}`;
  await monorepo.git("update-ref", `refs/heads/${branch}`, "main");
  await monorepo.commit(releaseOf(`${round}.2.0`), "another", branch);
  const poison = infected.map(({ poison: one, victim, neighbour }) => one.files(victim, neighbour));
  await monorepo.commit(Object.assign({}, ...poison), "poison", branch);
  const beside = await measured(bench, branch, 1);
  await monorepo.commit(releaseOf(`${round}.2.0`), "another, without poison");
  await syncOf(bench, "main");
  process.stderr.write(`round ${round}: ${JSON.stringify({ without, beside })}\n`);
  return { without, beside };
}

/** One sync of a ref; every service that is not poisoned has to be through without an error. */
async function measured(bench: Bench, ref: string, code: number): Promise<Measured> {
  const sick = new Set(
    bench.infected.flatMap(({ poison, victim, neighbour }) =>
      poison.fails === "both" ? [victim.id, neighbour.id] : [victim.id],
    ),
  );
  const healthy = bench.monorepo.services.filter(({ id }) => !sick.has(id));
  const since = bench.cluster.mark();
  const beganMs = Date.now();
  const { pass, exit, peak } = await syncOf(bench, ref);
  const wholeMs = Date.now() - beganMs;
  if (exit !== code) throw new Error(`sync of ${ref} ended with ${exit}: ${JSON.stringify(pass).slice(0, 2000)}`);
  const states = new Map(pass.services.map((service) => [service.service, service]));
  const bad = healthy.filter(({ id }) => states.get(id)?.state !== "synced");
  if (bad.length > 0) throw new Error(`not synced beside poison: ${JSON.stringify(states.get(bad[0]?.id ?? ""))}`);
  const ill = [...states.values()].filter(({ service, state }) => sick.has(service) && state !== "synced").length;
  if (code === 1 && ill < bench.infected.length) throw new Error(`only ${ill} of the poisoned show it`);
  const lastWrite = new Map<string, number>();
  for (const event of bench.cluster.audit({ since, userAgent: "gitops/" })) {
    const { stageTimestamp } = event as unknown as { stageTimestamp: string };
    lastWrite.set(event.objectRef?.name ?? "", Date.parse(stageTimestamp) - beganMs);
  }
  const times = healthy.map(({ name }) => lastWrite.get(name) ?? Number.NaN).toSorted((a, b) => a - b);
  if (times.some(Number.isNaN)) throw new Error("a healthy service was not written");
  return { p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95), peakMiB: peak, wholeMs };
}

async function syncOf(
  { target }: Bench,
  ref: string,
): Promise<{ readonly pass: PassDocument; readonly exit: number | null; readonly peak: number }> {
  const child = start(["sync", ...flagsOf(target), "-o", "json", "--ref", ref]);
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
  }, 20);
  const [exit] = (await exited) as [number | null];
  clearInterval(watch);
  return { pass: JSON.parse(await output) as PassDocument, exit, peak };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function print({ monorepo, infected }: Bench, rounds: readonly Round[]): void {
  const healthy = monorepo.services.length - infected.length;
  const ways = new Set(infected.map(({ poison }) => poison.name)).size;
  const row = (name: string, of: (one: Measured) => number, unit: string): string => {
    const [without, beside] = [rounds.map((round) => of(round.without)), rounds.map((round) => of(round.beside))];
    const ratio = median(rounds.map((round) => of(round.beside) / of(round.without)));
    return `${name.padEnd(34)}${median(without).toFixed(0).padStart(8)} ${unit}${median(beside).toFixed(0).padStart(8)} ${unit}   ${ratio.toFixed(2)} ×`;
  };
  const lines = [
    `${monorepo.services.length} services are released, ${infected.length} of them poisoned in ${ways} ways; medians of ${rounds.length} rounds`,
    `${"".padEnd(34)}    without      beside poison`,
    row("healthy service written, median", ({ p50Ms }) => p50Ms, "ms"),
    row("healthy service written, p95", ({ p95Ms }) => p95Ms, "ms"),
    row("peak memory", ({ peakMiB: peak }) => peak, "MiB"),
    row("whole run", ({ wholeMs }) => wholeMs, "ms"),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  const p95 = median(rounds.map(({ without, beside }) => beside.p95Ms / without.p95Ms));
  process.stdout.write(
    `p95 of the ${healthy} healthy services ${p95.toFixed(2)} × beside poison, none of them failed\n`,
  );
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
