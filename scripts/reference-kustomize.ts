import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cached, goProgram, goTool } from "./go-program.ts";

/** The kustomize that ours is measured by. */
export const REFERENCE_VERSION = "v5.8.2";

const MODULE = `sigs.k8s.io/kustomize/kustomize/v5@${REFERENCE_VERSION}`;
const GO_PROGRAM = fileURLToPath(new URL("../bench/go-kustomize/", import.meta.url));
const REMEDY = "install Go, or name a binary with --kustomize or KUSTOMIZE";
const OUTPUT_BYTES_MAX = 512 * 1024 * 1024;
const REFERENCE_MS_MAX = 120_000;

const run = promisify(execFile);

/** What the reference makes of one folder: text, or why it has none. */
export type ReferenceAnswer =
  | { readonly ok: true; readonly yaml: string }
  | { readonly ok: false; readonly error: string };

/**
 * The reference binary: `asked` (`--kustomize`), else `KUSTOMIZE`, else the one on the PATH, else built once from its Go
 * module into the cache folder. Throws with a remedy when there is none and it cannot be built.
 */
export async function referenceKustomize(asked: string | undefined): Promise<string> {
  const named = asked ?? process.env["KUSTOMIZE"];
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) throw new Error(`no kustomize at ${named}`);
    return named;
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const onPath = folders.map((folder) => join(folder, "kustomize")).find((path) => existsSync(path));
  return (
    onPath ??
    cached(`kustomize-${REFERENCE_VERSION}`, "kustomize", REMEDY, (bin) => goTool(["install", MODULE], tmpdir(), bin))
  );
}

/** The Go program of bench/go-kustomize, built once for each state of its sources. */
export async function goKustomize(): Promise<string> {
  return await goProgram(GO_PROGRAM, REMEDY);
}

/**
 * What the reference gets to see: no network, no git, no home. A remote base fails at once instead of being fetched.
 * A proxy is the only way to keep Go's HTTP client from the network without privileges.
 */
export const OFFLINE: NodeJS.ProcessEnv = {
  PATH: "",
  HOME: "/nonexistent",
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
  NO_PROXY: "",
};

/** `kustomize build FOLDER`, offline. */
export async function referenceBuild(binary: string, folder: string): Promise<ReferenceAnswer> {
  try {
    const { stdout } = await run(binary, ["build", folder], {
      env: OFFLINE,
      maxBuffer: OUTPUT_BYTES_MAX,
      timeout: REFERENCE_MS_MAX,
    });
    return { ok: true, yaml: stdout };
  } catch (cause) {
    const { stderr, message } = cause as { stderr?: string; message: string };
    return { ok: false, error: (stderr ?? message).trim() };
  }
}

export interface ServedCase {
  readonly files: Readonly<Record<string, string>>;
  readonly folder: string;
}

export interface ReferenceServer {
  /** Answers come in the order of the questions. */
  build(asked: ServedCase): Promise<ReferenceAnswer>;
  close(): void;
}

/** A long-lived process over the same library: builds thousands of small trees without a process for each. */
export async function serveReference(): Promise<ReferenceServer> {
  const child = spawn(await goKustomize(), ["serve"], { env: OFFLINE, stdio: ["pipe", "pipe", "ignore"] });
  const waiting: ((answer: ReferenceAnswer) => void)[] = [];
  const answers = createInterface({ input: child.stdout });
  answers.on("line", (line) => {
    const { yaml, error } = JSON.parse(line) as { yaml: string; error?: string };
    waiting.shift()?.(error === undefined ? { ok: true, yaml } : { ok: false, error });
  });
  answers.on("close", () => {
    for (const answer of waiting.splice(0)) answer({ ok: false, error: "the reference process ended" });
  });
  return {
    build: (asked) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${JSON.stringify({ ...asked, reorder: "unspecified" })}\n`);
      }),
    close: () => child.stdin.end(),
  };
}
