import { createHash } from "node:crypto";
import { join } from "node:path";
import { takeLock } from "../lock.ts";
import { type Clock, type Failure, failed, isSameRevision, ok, type Result } from "../model/index.ts";
import { openHistory } from "./history.ts";
import { tidyMirror } from "./mirror.ts";
import { damaged, type OpenMirror, rebuildMirror, updateMirror } from "./mirror-refresh.ts";
import { type ObjectReader, openReader } from "./object-reader.ts";
import type { RefName } from "./ref-name.ts";
import { type Remote, type Resolved, resolveRef } from "./remote.ts";
import { type Kept, NOTHING_KEPT, type Snapshot, type SnapshotLimits } from "./snapshot.ts";
import type { Source } from "./source.ts";

/** What a look at the remote says is good for so long. */
const LOOKED_MS_MAX = 500;

export interface MirrorSettings {
  readonly cacheDir: string;
  readonly wanted: RefName;
  readonly timeoutMs: number;
  readonly limits: SnapshotLimits;
  readonly clock: Clock;
}

/** A remote repository, read through a bare mirror in the cache folder that several processes may share. */
export function mirroredSource(remote: Remote, settings: MirrorSettings): Source {
  const { cacheDir, wanted, timeoutMs, limits, clock } = settings;
  const folder = join(cacheDir, mirrorName(remote.repository.url));
  const gitDir = join(folder, "repository");
  // With a lock of its own: nobody who only reads files waits for history.
  const history = join(folder, "history");
  let reader: ObjectReader | undefined;
  let kept: Kept = NOTHING_KEPT;
  let last: Snapshot | undefined;
  const look = looking((signal) => resolveRef(remote, cacheDir, wanted, signal), clock);

  /** Nothing writes to the mirror but in here, and no call in here is longer than the lock is good for. */
  const locked = async <T>(
    work: () => Promise<Result<T>>,
    signal: AbortSignal,
    of: string = folder,
  ): Promise<Result<T>> => {
    const lock = await takeLock(of, timeoutMs, LOCKED_CALLS_MAX * timeoutMs, clock, signal).catch((error: unknown) => {
      if (!isDiskTrouble(error)) throw error;
      return error;
    });
    if (lock instanceof Error) return failed(diskTrouble(of, lock.code));
    if (lock === undefined) {
      return failed({
        code: "source/locked",
        message: `another process has held the mirror of ${remote.repository.url} for ${timeoutMs} ms`,
        remedy: "wait for it to end, or give this one a cache folder of its own",
      });
    }
    try {
      return await work();
    } catch (error) {
      if (!isDiskTrouble(error)) throw error;
      return failed(diskTrouble(of, error.code));
    } finally {
      await lock.release().catch(() => {}); // it counts as free when this process ends
    }
  };

  const closeReader = (): void => {
    reader?.close();
    reader = undefined;
  };

  const mirror: OpenMirror = {
    remote,
    folder,
    gitDir,
    limits,
    closeReader,
    objects: {
      reader() {
        reader ??= openReader(remote.reading(gitDir));
        return reader;
      },
      async heal(revision, ids, signal) {
        const name = { kind: "commit", text: revision.commit, commit: revision.commit } as const;
        const healed = await locked(async () => {
          closeReader();
          const again = await mirror.objects.reader().read("blob", ids, signal);
          if (!again.some((object) => typeof object === "string")) return ok(undefined); // somebody else has healed it
          return rebuildMirror(mirror, name, { name: revision.commit, revision }, NOTHING_KEPT, signal);
        }, signal);
        return healed.ok;
      },
    },
  };

  return {
    describe: () => remote.repository.url,
    async latest(signal) {
      const resolved = await look.now(signal);
      return resolved.ok ? ok(resolved.value.revision) : resolved;
    },
    async fetch(signal) {
      const at = await look.recent(signal);
      if (!at.ok) return at;
      if (last !== undefined && isSameRevision(last.revision, at.value.revision)) return ok(last);
      return locked(async () => {
        let taken = await updateMirror(mirror, wanted, at.value, kept, signal);
        // What is too large is so in a new mirror, too.
        if (taken.ok && "broken" in taken.value && taken.value.broken.reason !== "too-large")
          taken = await rebuildMirror(mirror, wanted, at.value, kept, signal);
        if (!taken.ok) return taken;
        if ("broken" in taken.value) return failed(damaged(remote.repository.url, taken.value.broken));
        ({ kept, snapshot: last } = taken.value);
        await tidyMirror(remote, gitDir, signal);
        return ok(last);
      }, signal);
    },
    ancestry: openHistory({ remote, folder: history, timeoutMs, clock, locked }),
    async close() {
      closeReader();
    },
  };
}

/** As many calls to git as one holder of the lock may make, each with its own deadline. */
const LOCKED_CALLS_MAX = 12;

interface Looking {
  /** Where the ref points now. */
  now(signal: AbortSignal): Promise<Result<Resolved>>;
  /** The same, but what was seen a moment ago, to find out whether to fetch, is not asked for twice. */
  recent(signal: AbortSignal): Promise<Result<Resolved>>;
}

function looking(resolve: (signal: AbortSignal) => Promise<Result<Resolved>>, clock: Clock): Looking {
  let seen: { readonly at: Resolved; readonly ms: number } | undefined;
  return {
    async now(signal) {
      const resolved = await resolve(signal);
      if (resolved.ok) seen = { at: resolved.value, ms: clock.monotonicMs() };
      return resolved;
    },
    async recent(signal) {
      const last = seen;
      seen = undefined;
      return last !== undefined && clock.monotonicMs() - last.ms < LOOKED_MS_MAX ? ok(last.at) : resolve(signal);
    },
  };
}

/** One mirror for one repository, whoever asks for it and with which credentials. */
function mirrorName(url: string): string {
  const plain = url.replace(/\/+$/, "").replace(/\.git$/, "");
  return createHash("sha256").update(plain).digest("hex").slice(0, 32);
}

/** What the file system says when it cannot be written, or is not what it was. */
const DISK_TROUBLE = new Set(
  "ENOSPC EDQUOT EROFS EACCES EPERM EIO ENOTDIR EEXIST EISDIR EMFILE ENFILE EFBIG".split(" "),
);

function isDiskTrouble(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string" && DISK_TROUBLE.has(error.code);
}

function diskTrouble(folder: string, code: string): Failure {
  return {
    code: "source/damaged",
    message: `the mirror in ${folder} cannot be written (${code})`,
    remedy: "free space or rights there, or give another cache folder; nothing is changed meanwhile",
  };
}
