// npm run bench -- build [WORD…]: builds of this engine beside Go's kustomize library in process, on the same folders.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import { kustomizationFolders } from "../scripts/conformance/cases.ts";
import { goKustomize, OFFLINE } from "../scripts/reference-kustomize.ts";
import { writeMonorepo } from "./kustomize/monorepo.ts";

const ROUNDS = 3;
const CORPUS = fileURLToPath(new URL("../../shared/corpus/", import.meta.url));

/** One round of one runner over one workload. Milliseconds and kilobytes. */
interface Measured {
  readonly totalMs: number;
  readonly cpuMs: number;
  readonly peakRssKb: number;
  readonly bytes: number;
}

/** How ours is run: a cache for each build, one for all, or two worker threads with one each. */
const MODES = ["cold", "shared", "threads"] as const;

/** Runs the workloads whose names hold one of the words, or all. */
export async function main(words: readonly string[]): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const runner = await bundleRunner(work);
    const rows: Row[] = [];
    const chosen = workloads(work).filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));
    for (const [name, root] of chosen) rows.push(await measure(name, root, runner));
    process.stdout.write(`${table(rows)}\n${closing(rows)}\n`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Row {
  readonly name: string;
  readonly builds: number;
  readonly go: Measured;
  readonly ours: Readonly<Record<(typeof MODES)[number], Measured>>;
}

/** The generated monorepo, and the public trees of the corpus where it is there. */
function workloads(work: string): readonly (readonly [name: string, root: string])[] {
  const monorepo = join(work, "monorepo");
  writeMonorepo(monorepo, 250);
  const archives = ["gitops-catalog", "kubeflow-manifests"].flatMap((name) => {
    const archive = join(CORPUS, `${name}.tar.gz`);
    const root = join(work, name);
    if (!existsSync(archive)) {
      process.stderr.write(`${name}: not measured, there is no ../shared/corpus/${name}.tar.gz\n`);
      return [];
    }
    mkdirSync(root);
    execFileSync("tar", ["-xzf", archive, "-C", root]);
    return [[name, root] as const];
  });
  return [["monorepo 250×4", monorepo], ...archives];
}

async function measure(name: string, root: string, runner: string): Promise<Row> {
  process.stderr.write(`${name}: Go …`);
  const binary = await goKustomize();
  const folders = kustomizationFolders(root);
  type Go = Measured & { readonly built: readonly string[] };
  const go = await run<Go>(binary, ["bench", root, String(ROUNDS)], folders, { ...OFFLINE, GOMAXPROCS: "1" });
  const ours = async (mode: string): Promise<Measured> => {
    process.stderr.write(` ${mode} …`);
    return run<Measured>(process.execPath, [runner, mode, root, String(ROUNDS)], go.built, process.env);
  };
  const measured = { cold: await ours("cold"), shared: await ours("shared"), threads: await ours("threads") };
  process.stderr.write(" done\n");
  return { name, builds: go.built.length, go, ours: measured };
}

async function run<T>(
  file: string,
  args: readonly string[],
  lines: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<T> {
  const child = spawn(file, args, { env, stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  const [output, code] = await Promise.all([text(child.stdout), new Promise((done) => child.on("close", done))]);
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${String(code)}: ${output}`);
  return JSON.parse(output) as T;
}

/** Ours is measured as it is shipped: bundled, on plain Node. */
async function bundleRunner(work: string): Promise<string> {
  const outfile = join(work, "runner.cjs");
  const { workerSource } = await import("../scripts/bundle.mjs");
  const entryPoints = [fileURLToPath(new URL("kustomize/runner.ts", import.meta.url))];
  await esbuild({ entryPoints, outfile, bundle: true, platform: "node", target: "node20", format: "cjs" });
  writeFileSync(join(work, "worker.cjs"), await workerSource());
  return outfile;
}

function table(rows: readonly Row[]): string {
  const head = [
    "",
    "builds",
    "Go",
    ...MODES.flatMap((mode) => [mode, "×"]),
    "CPU Go",
    "CPU cold",
    "MiB Go",
    ...MODES.map((m) => `MiB ${m}`),
  ];
  const body = rows.map(({ name, builds, go, ours }) => [
    name,
    String(builds),
    each(go.totalMs, builds),
    ...MODES.flatMap((mode) => [each(ours[mode].totalMs, builds), (go.totalMs / ours[mode].totalMs).toFixed(1)]),
    each(go.cpuMs, builds),
    each(ours.cold.cpuMs, builds),
    mebibytes(go),
    ...MODES.map((mode) => mebibytes(ours[mode])),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return [
    "milliseconds a build, best of three rounds; × is Go's time divided by ours",
    line(head),
    ...body.map(line),
  ].join("\n");
}

function each(total: number, builds: number): string {
  return (total / builds).toFixed(2);
}

function mebibytes({ peakRssKb }: Measured): string {
  return (peakRssKb / 1024).toFixed(0);
}

function closing(rows: readonly Row[]): string {
  const told = rows.map(({ name, go, ours }) => {
    const [cold, threads] = [go.totalMs / ours.cold.totalMs, go.totalMs / ours.threads.totalMs];
    return `${name} ${cold.toFixed(1)}x (two threads ${threads.toFixed(1)}x)`;
  });
  return `bench build: faster than Go by ${told.join(", ")}`;
}
