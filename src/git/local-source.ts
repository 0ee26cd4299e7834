import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Clock, failed, isSameRevision, ok, type Result, type Revision } from "../model/index.ts";
import { ancestryAtHand } from "./ancestry.ts";
import { type Environment, readingEnvironment } from "./environment.ts";
import { damaged } from "./mirror-refresh.ts";
import { openReader } from "./object-reader.ts";
import { type Call, runLocal } from "./process.ts";
import type { RefName } from "./ref-name.ts";
import { absent } from "./remote.ts";
import { type Kept, NOTHING_KEPT, type Snapshot, type SnapshotLimits, takeSnapshot } from "./snapshot.ts";
import type { Source } from "./source.ts";

/** The git folder of a local repository: a work tree's `.git` (a folder, or a file that names it), or a bare repository. */
export async function gitFolderOf(path: string): Promise<Result<string>> {
  const inside = join(path, ".git");
  const found = await stat(inside).catch(() => undefined);
  if (found?.isDirectory()) return ok(inside);
  if (found?.isFile()) {
    const target = /^gitdir: (.+)$/m.exec(await readFile(inside, "utf8"))?.[1];
    if (target !== undefined) return ok(resolve(path, target.trimEnd()));
  }
  if ((await stat(join(path, "HEAD")).catch(() => undefined))?.isFile()) return ok(path);
  return failed({
    code: "usage/invalid-repository",
    message: `there is no git repository at ${path}`,
    remedy: "give the top folder of a repository, or a URL",
  });
}

/**
 * A repository on this machine, read in place: its objects are read, nothing is written, no hook, filter or helper of its
 * configuration runs. Only what is committed is seen, never the work tree.
 */
export function localSource(
  path: string,
  gitDir: string,
  wanted: RefName,
  limits: SnapshotLimits,
  base: Environment,
  call: Omit<Call, "environment"> & { readonly clock: Clock },
): Source {
  const reading: Call = { ...call, environment: readingEnvironment(base, gitDir) };
  const reader = openReader(reading);
  let kept: Kept = NOTHING_KEPT;
  let last: Snapshot | undefined;

  const latest = async (signal: AbortSignal): Promise<Result<Revision>> => {
    for (const candidate of wanted.kind === "commit" ? [wanted.commit] : wanted.candidates) {
      const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${candidate}^{commit}`];
      const ended = await runLocal(reading, args, "", signal);
      if (ended.timedOut) return failed(tooSlow(path, call.timeoutMs));
      const commit = ended.stdout.trim();
      if (ended.code !== 0) continue;
      const branch = candidate === "HEAD" ? await headBranch(reading, signal) : undefined;
      return ok({ ref: wanted.kind === "commit" ? commit : (branch ?? wanted.text), commit });
    }
    const refs = await runLocal(reading, ["for-each-ref", "--count=1000", "--format=%(refname)"], "", signal);
    if (refs.code !== 0) return failed(unreadable(path, refs.stderr));
    return failed(
      absent(
        path,
        wanted.text,
        refs.stdout.split("\n").filter((ref) => ref !== ""),
      ),
    );
  };

  return {
    describe: () => path,
    latest,
    async fetch(signal) {
      const revision = await latest(signal);
      if (!revision.ok) return revision;
      if (last !== undefined && isSameRevision(last.revision, revision.value)) return ok(last);
      const objects = { reader: () => reader, heal: async () => false };
      const taken = await takeSnapshot(objects, revision.value, kept, limits, signal);
      if ("broken" in taken) return failed(damaged(path, taken.broken));
      ({ kept, snapshot: last } = taken);
      return ok(last);
    },
    ancestry: (commit, earlier, signal) => ancestryAtHand(reading, commit, earlier, signal),
    async close() {
      reader.close();
    },
  };
}

/** The branch that HEAD stands for; undefined when it is on none. */
async function headBranch(reading: Call, signal: AbortSignal): Promise<string | undefined> {
  const ended = await runLocal(reading, ["symbolic-ref", "--quiet", "HEAD"], "", signal);
  return ended.code === 0 ? /^refs\/heads\/(.+)$/m.exec(ended.stdout)?.[1] : undefined;
}

function tooSlow(path: string, timeoutMs: number): { code: "source/timeout"; message: string; remedy: string } {
  return {
    code: "source/timeout",
    message: `git did not read ${path} within ${timeoutMs} ms`,
    remedy: "allow more time",
  };
}

function unreadable(path: string, stderr: string): { code: "source/damaged"; message: string; remedy: string } {
  const words = (stderr.split("\n")[0] ?? "").replace(/\p{Cc}/gu, " ").slice(0, 300);
  return { code: "source/damaged", message: `git cannot read ${path}: ${words}`, remedy: "run git fsck there" };
}
