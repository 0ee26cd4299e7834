import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * The Go program of a folder with `main.go`, `go.mod` and `go.sum`, named as the folder; built once for each state of these. Throws
 * with `remedy` when it is not there and cannot be built.
 */
export function goProgram(folder: string, remedy: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["main.go", "go.mod", "go.sum"]) hash.update(readFileSync(join(folder, file)));
  const name = folder.split("/").findLast((part) => part !== "") ?? "program";
  return cached(`${name}-${hash.digest("hex").slice(0, 12)}`, name, remedy, (bin) =>
    goTool(["build", "-o", join(bin, name), "."], folder, bin),
  );
}

/** A program that `make` puts into a folder as `made`, kept in the cache folder as `name`. */
export async function cached(
  name: string,
  made: string,
  remedy: string,
  make: (bin: string) => Promise<void>,
): Promise<string> {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "gitops");
  const target = join(cache, name);
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  const bin = mkdtempSync(join(cache, "build-"));
  process.stderr.write(`building ${name} from its Go module into ${cache} (about a minute, once)\n`);
  try {
    await make(bin);
    renameSync(join(bin, made), target);
  } catch (cause) {
    throw new Error(`${name} cannot be built: ${remedy}`, { cause });
  } finally {
    rmSync(bin, { recursive: true, force: true });
  }
  return target;
}

export async function goTool(args: readonly string[], cwd: string, bin: string): Promise<void> {
  await run("go", [...args], { cwd, env: { ...process.env, GOBIN: bin, CGO_ENABLED: "0", GOFLAGS: "" } });
}
