// npm run bench -- loop [SERVICES…]: the long run: one commit, drift, passes with nothing to do, a restart, and its memory.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { type AuditEvent, startCluster, type TestCluster } from "../test/support/cluster.ts";
import { createMonorepo, type Monorepo, type MonorepoService, release } from "../test/support/monorepo.ts";
import { flagsOf, peakMiB, start } from "../test/support/program.ts";

const TURNS = 7;
const WAIT_MS_MAX = 180_000;

export async function main(argv: readonly string[]): Promise<void> {
  const sizes = argv.length > 0 ? argv.map(Number) : [250, 1000];
  const rows: Row[] = [];
  for (const services of sizes) rows.push(await measure(services));
  print(rows);
}

interface Row {
  readonly services: number;
  /** From the pass that saw the ref moved to the object being written, ms. */
  readonly seen: readonly number[];
  /** From the push to the object being written, ms, with the ref looked at ten times a second. */
  readonly pushed: readonly number[];
  /** From somebody's write to ours, ms. */
  readonly drift: readonly number[];
  /** What the API server itself needs for one patch, ms. */
  readonly floor: readonly number[];
  readonly nothing: readonly number[];
  readonly restart: number;
  readonly writesOfNothing: number;
  readonly rssMiB: number;
  readonly peakMiB: number;
}

interface LogLine {
  readonly time: string;
  readonly message: string;
  readonly because?: string;
  readonly durationMs?: number;
  readonly builds?: number;
}

async function measure(services: number): Promise<Row> {
  const root = mkdtempSync(join(tmpdir(), "bench-loop-"));
  const cluster = await startCluster();
  try {
    const monorepo = await createMonorepo(join(root, "config.git"), { services, namespaces: 10 });
    const target = {
      repo: monorepo.path,
      kubeconfig: cluster.kubeconfigPath,
      cacheDir: join(root, "cache"),
      path: "clusters/dev",
    };
    const args = ["run", ...flagsOf(target), "--poll", "100ms", "--interval", "10s", "--listen", "127.0.0.1:0"];
    let loop = begin(args);
    await loop.until(({ message }) => message === "pass ended");
    const commits = await eachTurn(monorepo, (service, turn) => oneCommit(cluster, monorepo, loop, service, turn));
    const drift = await eachTurn(monorepo, (service) => oneDrift(cluster, service));
    const floor = await eachTurn(monorepo, (service, turn) => onePatch(cluster, service, `floor-${turn}`));
    await loop.until(({ message, because }) => message === "pass begins" && because === "interval", 1);
    const before = cluster.mark();
    const nothing: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const ended = await loop.until(({ message }) => message === "pass ended", 1);
      nothing.push(ended.durationMs ?? 0);
    }
    const writesOfNothing = ours(cluster, before).length;
    const pid = loop.child.pid ?? 0;
    const [rss, peak] = [rssMiB(pid), peakMiB(pid)];
    loop.child.kill("SIGTERM");
    await once(loop.child, "exit");
    const again = performance.now();
    loop = begin(args);
    const first = await loop.until(({ message }) => message === "pass ended");
    const restart = performance.now() - again;
    if (first.builds !== 0) throw new Error(`a restart built ${first.builds} services`);
    loop.child.kill("SIGTERM");
    await once(loop.child, "exit");
    return {
      services,
      seen: commits.map(({ seen }) => seen),
      pushed: commits.map(({ pushed }) => pushed),
      drift,
      floor,
      nothing,
      restart,
      writesOfNothing,
      rssMiB: rss,
      peakMiB: peak,
    };
  } finally {
    await cluster.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

interface Loop {
  readonly child: ChildProcess;
  readonly lines: readonly LogLine[];
  /** The first line that is so: of all, or of those that come from now on. */
  until(is: (line: LogLine) => boolean, fromNow?: number): Promise<LogLine>;
}

function begin(args: readonly string[]): Loop {
  const child = start(args);
  const lines: LogLine[] = [];
  let rest = "";
  child.stdout?.resume();
  child.stderr?.on("data", (data: Buffer) => {
    const parts = (rest + data.toString()).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part.startsWith("{")) lines.push(JSON.parse(part) as LogLine);
  });
  return {
    child,
    lines,
    async until(is, fromNow) {
      let at = fromNow === undefined ? 0 : lines.length;
      for (const end = performance.now() + WAIT_MS_MAX; performance.now() < end; await sleep(5)) {
        for (; at < lines.length; at += 1) {
          const line = lines[at];
          if (line !== undefined && is(line)) return line;
        }
      }
      throw new Error(`not seen; the last lines: ${JSON.stringify(lines.slice(-5))}`);
    },
  };
}

/** Each turn with a service of its own. */
async function eachTurn<T>(
  { services }: Monorepo,
  turn: (service: MonorepoService, turn: number) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  for (const [index, service] of services.slice(0, TURNS).entries()) results.push(await turn(service, index));
  return results;
}

async function oneCommit(
  cluster: TestCluster,
  monorepo: Monorepo,
  loop: Loop,
  service: MonorepoService,
  turn: number,
): Promise<{ readonly seen: number; readonly pushed: number }> {
  const since = cluster.mark();
  const from = loop.lines.length;
  await monorepo.commit(release(service, `9.${turn}.0`), "a release");
  const pushedMs = Date.now();
  const written = await writeOf(cluster, since, service);
  const begun = loop.lines
    .slice(from)
    .find(({ message, because }) => message === "pass begins" && because === "commit");
  if (begun === undefined) throw new Error("the pass of the commit was not logged");
  await loop.until(({ message }) => message === "pass ended", 1).catch(() => undefined);
  return { seen: written - Date.parse(begun.time), pushed: written - pushedMs };
}

async function oneDrift(cluster: TestCluster, service: MonorepoService): Promise<number> {
  const since = cluster.mark();
  const began = Date.now();
  await patch(cluster, service, { spec: { replicas: 9 } }, "application/merge-patch+json");
  return (await writeOf(cluster, since, service)) - began;
}

async function onePatch(cluster: TestCluster, service: MonorepoService, value: string): Promise<number> {
  const began = performance.now();
  const body = { metadata: { annotations: { "bench.example.org/touched": value } } };
  await patch(cluster, service, body, "application/merge-patch+json");
  return performance.now() - began;
}

async function patch(cluster: TestCluster, service: MonorepoService, body: unknown, type: string): Promise<void> {
  const pool = new Pool(cluster.url, { connect: { ca: cluster.ca } });
  const response = await pool.request({
    method: "PATCH",
    path: `/apis/apps/v1/namespaces/${service.namespace}/deployments/${service.name}`,
    headers: { authorization: `Bearer ${cluster.token}`, "content-type": type },
    body: JSON.stringify(body),
  });
  await response.body.text();
  await pool.close();
  if (response.statusCode !== 200) throw new Error(`the patch was answered ${response.statusCode}`);
}

/** When the program's write of a service's Deployment was through, in wall time. */
async function writeOf(cluster: TestCluster, since: number, { namespace, name }: MonorepoService): Promise<number> {
  for (const end = performance.now() + WAIT_MS_MAX; performance.now() < end; await sleep(5)) {
    const found = ours(cluster, since).find(
      ({ objectRef }) =>
        objectRef?.resource === "deployments" && objectRef.namespace === namespace && objectRef.name === name,
    );
    if (found !== undefined) return Date.parse((found as unknown as { stageTimestamp: string }).stageTimestamp);
  }
  throw new Error(`${namespace}/${name} was not written`);
}

/** Writes of services' objects: not what the program keeps about itself. */
function ours(cluster: TestCluster, since: number): readonly AuditEvent[] {
  return cluster
    .audit({ since, userAgent: "gitops/" })
    .filter(({ verb, objectRef }) => verb !== "get" && objectRef?.namespace !== "gitops-system");
}

function rssMiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function print(rows: readonly Row[]): void {
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  const table: readonly (readonly [string, (row: Row) => string])[] = [
    ["one bare patch", ({ floor }) => ms(median(floor))],
    [
      "one commit, from the ref seen to the object written",
      ({ seen }) => `${ms(median(seen))} (worst ${ms(Math.max(...seen))})`,
    ],
    ["one commit, from the push to the object written", ({ pushed }) => ms(median(pushed))],
    ["drift, from somebody's write to ours", ({ drift }) => `${ms(median(drift))} (worst ${ms(Math.max(...drift))})`],
    ["a pass with nothing to do", ({ nothing }) => ms(median(nothing))],
    ["writes of three such passes", ({ writesOfNothing }) => String(writesOfNothing)],
    ["a restart, start-up included, no build", ({ restart }) => ms(restart)],
    ["memory now, at its peak", (row) => `${row.rssMiB.toFixed(0)} MiB, ${row.peakMiB.toFixed(0)} MiB`],
  ];
  const lines = table.map(([name, show]) => `${name.padEnd(54)}${rows.map((row) => show(row).padStart(26)).join("")}`);
  process.stdout.write(`${"".padEnd(54)}${rows.map(({ services }) => `${services} services`.padStart(26)).join("")}\n`);
  process.stdout.write(`${lines.join("\n")}\n`);
  const [small, large] = [rows[0], rows.at(-1)];
  if (small === undefined || large === undefined) return;
  const ratio = median(large.seen) / median(small.seen);
  process.stdout.write(
    `one commit ${rows.map(({ seen }) => ms(median(seen))).join(" and ")}, ${ratio.toFixed(2)} × for ${large.services / small.services} × the services\n`,
  );
}
