import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/clock.ts";
import type { Kind } from "../../src/cluster/index.ts";
import { createEmbedded, type EmbeddedCluster, serveEmbedded } from "../../src/embedded/index.ts";
import { createRepository, type Repository } from "../../test/support/git-server-repository.ts";
import { bundle } from "../bundle.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = join(root, "dist", "gitops.cjs");

/** A cluster in this process, a repository in a folder, and the program, which knows nothing of either but their addresses. */
export interface Stage {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly repository: Repository;
  readonly cluster: EmbeddedCluster;
  /** The file of the example as it is committed first. */
  file(path: string): string;
  /** Runs the real program against the two. Answers its exit code, and what it printed when `capture` is set. */
  gitops(
    args: readonly string[],
    options?: { readonly capture?: boolean; readonly env?: NodeJS.ProcessEnv },
  ): Promise<{ readonly exit: number; readonly output: string }>;
  kind(group: string, kind: string): Promise<Kind>;
  close(): Promise<void>;
}

/** Sets up the example of `fixtures/monorepo`, committed to a fresh repository, and an empty cluster. */
export async function setStage(): Promise<Stage> {
  if (!existsSync(PROGRAM)) await bundle();
  const folder = mkdtempSync(join(tmpdir(), "gitops-demo-"));
  const fixtures = join(root, "fixtures", "monorepo");
  const files = filesBelow(fixtures).map((path): [string, string] => [
    relative(fixtures, path),
    readFileSync(path, "utf8"),
  ]);
  const repository = await createRepository(join(folder, "releases.git"));
  await repository.commit(Object.fromEntries(files), "everything that runs in dev");
  const cluster = createEmbedded({ clock: systemClock() });
  const served = await serveEmbedded(cluster);
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, served.kubeconfig, { mode: 0o600 });
  const signal = new AbortController().signal;
  return {
    folder,
    kubeconfig,
    repository,
    cluster,
    file: (path) => new Map(files).get(path) ?? "",
    gitops: (args, options = {}) => runProgram(args, folder, repository.path, kubeconfig, options),
    async kind(group, kind) {
      const kinds = await cluster.kinds(signal);
      const found = kinds.ok ? kinds.value.kinds.find((one) => one.group === group && one.kind === kind) : undefined;
      if (found === undefined) throw new Error(`the cluster serves no ${kind}`);
      return found;
    },
    async close() {
      await served.close();
      await cluster.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function runProgram(
  args: readonly string[],
  folder: string,
  repo: string,
  kubeconfig: string,
  { capture = false, env = {} }: { readonly capture?: boolean; readonly env?: NodeJS.ProcessEnv },
): Promise<{ readonly exit: number; readonly output: string }> {
  const settings = {
    GITOPS_REPO: repo,
    GITOPS_REF: "main",
    GITOPS_PATH: "clusters/dev",
    GITOPS_KUBECONFIG: kubeconfig,
    GITOPS_CACHE_DIR: join(folder, "cache"),
  };
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, ...settings, ...env },
    stdio: capture ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
  });
  const output: Buffer[] = [];
  child.stdout?.on("data", (data: Buffer) => output.push(data));
  child.stderr?.on("data", (data: Buffer) => output.push(data));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ exit: code ?? 1, output: Buffer.concat(output).toString("utf8") }));
  });
}
