import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isAlive, startMark } from "./process-record.ts";

export type Program = "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kwok";

/** Where the programs are, or why there are none. */
export type Binaries =
  | { readonly found: true; path(program: Program): string; readonly kwokStages: string }
  | { readonly found: false; readonly why: string };

const MODULE = new URL("control-plane/", import.meta.url).pathname;
const KWOK = "sigs.k8s.io/kwok";
const KWOK_VERSION = "v0.8.0";
const STAGES = "kwok-stages.yaml";
/** What makes a node ready, keeps its lease and lets pods run at once (KWOK's own stages). */
const STAGE_FOLDERS = ["node/fast", "node/heartbeat-with-lease", "pod/fast"];

const ALWAYS: readonly Program[] = ["etcd", "kube-apiserver"];
const ROLLOUTS: readonly Program[] = ["kube-controller-manager", "kube-scheduler", "kwok"];

/**
 * Finds the control plane's programs as envtest does: in KUBEBUILDER_ASSETS, else in the cache folder, else builds them
 * there from the pinned Go modules, which takes minutes once; `say` hears how far it is.
 */
export async function findBinaries(rollouts: boolean, say: (line: string) => void): Promise<Binaries> {
  const wanted = rollouts ? [...ALWAYS, ...ROLLOUTS] : ALWAYS;
  const assets = process.env["KUBEBUILDER_ASSETS"];
  if (assets !== undefined && wanted.every((program) => existsSync(join(assets, program))) && !rollouts) {
    return at(assets);
  }
  const folder = cacheFolder();
  const missing = (): readonly string[] =>
    [...wanted, ...(rollouts ? [STAGES] : [])].filter((file) => !existsSync(join(folder, file)));
  if (missing().length === 0) return at(folder);
  const go = await output("go", ["env", "GOVERSION"], MODULE).catch(() => undefined);
  if (go === undefined) {
    return { found: false, why: `no ${missing().join(", ")} in ${assets ?? folder}, and no Go to build them with` };
  }
  const release = await lock(`${folder}.lock`, say);
  try {
    await buildMissing(folder, missing(), say);
  } finally {
    release();
  }
  return at(folder);
}

function at(folder: string): Binaries {
  return { found: true, path: (program) => join(folder, program), kwokStages: join(folder, STAGES) };
}

/** One folder for each set of sources, so that a new version is built anew and an old checkout still finds its own. */
function cacheFolder(): string {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(MODULE, file)));
  hash.update(KWOK_VERSION);
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(cache, "gitops", "control-plane", `${kubernetesVersion()}-${hash.digest("hex").slice(0, 12)}`);
}

function kubernetesVersion(): string {
  return /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(readFileSync(join(MODULE, "go.mod"), "utf8"))?.[1] ?? "unknown";
}

async function buildMissing(folder: string, missing: readonly string[], say: (line: string) => void): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(`${folder}/.build-`);
  try {
    const put = (file: string): void => renameSync(join(work, file), join(folder, file));
    const flags = [
      "-v",
      "-buildvcs=false",
      "-ldflags",
      `-s -w -X k8s.io/component-base/version.gitVersion=${kubernetesVersion()}`,
    ];
    for (const file of missing) {
      if (file === STAGES) {
        writeFileSync(join(work, STAGES), await kwokStages());
      } else if (file === "kwok") {
        const install = ["install", "-v", "-ldflags", "-s -w", `${KWOK}/cmd/kwok@${KWOK_VERSION}`];
        await compile("kwok", install, "/", { GOBIN: work }, say);
      } else {
        await compile(file, ["build", ...flags, "-o", `${work}/`, `./${file}`], MODULE, {}, say);
      }
      put(file);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Runs the Go tool and says every few seconds how many packages it has compiled. */
async function compile(
  name: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<void> {
  const began = Date.now();
  const seconds = (): string => `${Math.round((Date.now() - began) / 1000)} s`;
  const last: string[] = [];
  let packages = 0;
  say(`building ${name} from Go modules (minutes, once on a machine)`);
  const child = spawn("go", args, {
    cwd,
    env: { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "", ...env },
    stdio: ["ignore", "inherit", "pipe"],
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (/^[\w./-]+$/.test(line)) packages++;
    last.push(line);
    if (last.length > 20) last.shift();
  });
  const ticker = setInterval(() => say(`building ${name}: ${packages} packages compiled, ${seconds()}`), 5_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(() => clearInterval(ticker));
  if (code !== 0) throw new Error(`go ${args.join(" ")} failed:\n${last.join("\n")}`);
  say(`built ${name} in ${seconds()}`);
}

async function kwokStages(): Promise<string> {
  const text = await output("go", ["mod", "download", "-json", `${KWOK}@${KWOK_VERSION}`], "/");
  const folder = (JSON.parse(text) as { readonly Dir: string }).Dir;
  return STAGE_FOLDERS.flatMap((stage) => {
    const path = join(folder, "kustomize", "stage", stage);
    const list = /^resources:\n((?:- .*\n?)+)/m.exec(readFileSync(join(path, "kustomization.yaml"), "utf8"))?.[1] ?? "";
    return [...list.matchAll(/^- (\S+)/gm)].map(([, file = ""]) => readFileSync(join(path, file), "utf8"));
  }).join("\n---\n");
}

function output(program: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${program} ${args.join(" ")}: ${code}`)),
    );
  });
}

/** One builder at a time on a machine; a lock whose owner has died is taken over. */
async function lock(folder: string, say: (line: string) => void): Promise<() => void> {
  const owner = join(folder, "owner.json");
  mkdirSync(join(folder, ".."), { recursive: true });
  for (let waited = 0; ; waited++) {
    try {
      mkdirSync(folder);
      writeFileSync(owner, JSON.stringify({ pid: process.pid, started: startMark(process.pid) ?? "" }));
      return () => rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    if (isAbandoned(owner, waited)) {
      rmSync(folder, { recursive: true, force: true });
    } else {
      if (waited % 10 === 0) say("another process is building the control plane; waiting for it");
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

function isAbandoned(owner: string, waited: number): boolean {
  try {
    return !isAlive(JSON.parse(readFileSync(owner, "utf8")) as { readonly pid: number; readonly started: string });
  } catch {
    return waited > 10; // no owner was written: it died in between, or is about to write
  }
}
