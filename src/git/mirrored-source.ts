import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Clock, failed, ok, type Result } from "../model/index.ts";
import { takeLock } from "./lock.ts";
import { tidyMirror } from "./mirror.ts";
import { damaged, type OpenMirror, rebuildMirror, updateMirror } from "./mirror-refresh.ts";
import { type ObjectReader, openReader } from "./object-reader.ts";
import type { RefName } from "./ref-name.ts";
import { type Remote, resolveRef } from "./remote.ts";
import { type Kept, NOTHING_KEPT, type SnapshotLimits } from "./snapshot.ts";
import type { Source } from "./source.ts";

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
  let reader: ObjectReader | undefined;
  let kept: Kept = NOTHING_KEPT;

  /** Nothing writes to the mirror but in here, and no call in here is longer than the lock is good for. */
  const locked = async <T>(work: () => Promise<Result<T>>, signal: AbortSignal): Promise<Result<T>> => {
    const lock = await takeLock(folder, timeoutMs, LOCKED_CALLS_MAX * timeoutMs, clock, signal);
    if (lock === undefined) {
      return failed({
        code: "source/locked",
        message: `another process has held the mirror of ${remote.repository.url} for ${timeoutMs} ms`,
        remedy: "wait for it to end, or give this one a cache folder of its own",
      });
    }
    try {
      return await work();
    } finally {
      await lock.release();
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
      async heal(revision, signal) {
        const name = { kind: "commit", text: revision.commit, commit: revision.commit } as const;
        const at = { name: revision.commit, revision };
        const healed = await locked(() => rebuildMirror(mirror, name, at, NOTHING_KEPT, signal), signal);
        return healed.ok;
      },
    },
  };

  return {
    describe: () => remote.repository.url,
    async latest(signal) {
      const resolved = await resolveRef(remote, cacheDir, wanted, signal);
      return resolved.ok ? ok(resolved.value.revision) : resolved;
    },
    async fetch(signal) {
      const at = await resolveRef(remote, cacheDir, wanted, signal);
      if (!at.ok) return at;
      return locked(async () => {
        let taken = await updateMirror(mirror, wanted, at.value, kept, signal);
        if (taken.ok && "broken" in taken.value) taken = await rebuildMirror(mirror, wanted, at.value, kept, signal);
        if (!taken.ok) return taken;
        if ("broken" in taken.value) return failed(damaged(remote.repository.url, taken.value.broken));
        kept = taken.value.kept;
        await tidyMirror(remote, gitDir, signal);
        return ok(taken.value.snapshot);
      }, signal);
    },
    async close() {
      closeReader();
    },
  };
}

/** As many calls to git as one holder of the lock may make, each with its own deadline. */
const LOCKED_CALLS_MAX = 12;

/** One mirror for one repository, whoever asks for it and with which credentials. */
function mirrorName(url: string): string {
  const plain = url.replace(/\/+$/, "").replace(/\.git$/, "");
  return createHash("sha256").update(plain).digest("hex").slice(0, 32);
}
