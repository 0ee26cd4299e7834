import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PassDocument } from "../../src/report/index.ts";

const BUNDLE = fileURLToPath(new URL("../../dist/gitops.cjs", import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program as users run it: the bundle that `npm ci` makes, in a process of its own. */
export function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [BUNDLE, ...args], {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The same from a shell, which first does `before`, as the first of a process's own namespaces where that is needed. */
export function startAfter(before: string, args: readonly string[], namespaces: readonly string[] = []): ChildProcess {
  const shell = ["bash", "-c", `${before}; exec "$@"`, "bash", process.execPath, BUNDLE, ...args];
  const [command = "", ...rest] = namespaces.length > 0 ? ["unshare", ...namespaces, ...shell] : shell;
  return spawn(command, rest, {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

export async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = start(args, environment);
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (data: Buffer) => {
    output.stdout += data.toString();
  });
  child.stderr?.on("data", (data: Buffer) => {
    output.stderr += data.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}

/** What a user of one repository and one cluster passes each time. */
export interface Target {
  readonly repo: string;
  readonly kubeconfig: string;
  readonly cacheDir: string;
  readonly path: string;
}

export function flagsOf({ repo, kubeconfig, cacheDir, path }: Target): readonly string[] {
  return ["--repo", repo, "--kubeconfig", kubeconfig, "--cache-dir", cacheDir, "--path", path, "--allow-http"];
}

export interface Synced {
  readonly code: number | null;
  readonly pass: PassDocument;
  readonly stderr: string;
}

/** `gitops sync -o json`. Throws with all that was printed when that is no document. */
export async function sync(target: Target, ...more: readonly string[]): Promise<Synced> {
  const { code, stdout, stderr } = await run(["sync", ...flagsOf(target), "-o", "json", ...more]);
  try {
    return { code, pass: JSON.parse(stdout) as PassDocument, stderr };
  } catch {
    throw new Error(`sync printed no document (exit ${code}):\n${stdout}\n${stderr}`);
  }
}

/** Peak resident memory of a running process so far, MiB. */
export function peakMiB(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}
