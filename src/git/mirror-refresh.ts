import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Failure, failed, ok, type Result } from "../model/index.ts";
import { fetchedCommit, fetchRef, prepareMirror, removeAttempts, replaceMirror } from "./mirror.ts";
import { openReader } from "./object-reader.ts";
import type { RefName } from "./ref-name.ts";
import type { Remote, Resolved } from "./remote.ts";
import { type Kept, NOTHING_KEPT, type Objects, type SnapshotLimits, type Taken, takeSnapshot } from "./snapshot.ts";
import type { Broken } from "./tree-walk.ts";

/** A mirror as one process has it open. Its lock is held by the caller of everything in here. */
export interface OpenMirror {
  readonly remote: Remote;
  /** Holds the mirror, its lock, and what rebuilds make. */
  readonly folder: string;
  readonly gitDir: string;
  readonly limits: SnapshotLimits;
  readonly objects: Objects;
  closeReader(): void;
}

/** Fetches into the mirror there is, if the commit is not there yet. `broken`: the mirror, not the remote, is in the way. */
export async function updateMirror(
  mirror: OpenMirror,
  wanted: RefName,
  at: Resolved,
  kept: Kept,
  signal: AbortSignal,
): Promise<Result<Taken | { readonly broken: Broken }>> {
  const { remote, gitDir, objects, limits } = mirror;
  const { commit } = at.revision;
  await prepareMirror(remote, gitDir, commit.length, signal);
  const present = await takeSnapshot(objects, at.revision, kept, limits, signal);
  if (!("broken" in present) || present.broken.reason === "too-large") return ok(present);
  const fetched = await fetchRef(remote, gitDir, wanted, at.name, signal);
  if (fetched.code !== 0) {
    if (fetched.timedOut || fetched.refused !== undefined) return failed(...remote.refusal(fetched));
    return ok({ broken: { reason: "damaged", message: "git cannot fetch into it" } });
  }
  const brought = await fetchedCommit(remote, gitDir, signal);
  if (brought === undefined) return ok({ broken: { reason: "malformed", message: `${at.name} is no commit` } });
  return ok(await takeSnapshot(objects, { ...at.revision, commit: brought }, kept, limits, signal));
}

/** Fetches into a new mirror, checks it, and only then puts it in the place of the old one. */
export async function rebuildMirror(
  mirror: OpenMirror,
  wanted: RefName,
  at: Resolved,
  kept: Kept,
  signal: AbortSignal,
): Promise<Result<Taken>> {
  const { remote, folder, gitDir, objects, limits } = mirror;
  const url = remote.repository.url;
  await removeAttempts(folder);
  const fresh = join(folder, `fresh-${randomBytes(6).toString("hex")}`);
  await prepareMirror(remote, fresh, at.revision.commit.length, signal);
  const fetched = await fetchRef(remote, fresh, wanted, at.name, signal);
  if (fetched.code !== 0) return failed(...remote.refusal(fetched));
  const commit = await fetchedCommit(remote, fresh, signal);
  if (commit === undefined) return failed(noCommit(at.name));
  const revision = { ...at.revision, commit };
  const probe = openReader(remote.reading(fresh));
  try {
    const taken = await takeSnapshot({ ...objects, reader: () => probe }, revision, NOTHING_KEPT, limits, signal);
    if ("broken" in taken) return failed(damaged(url, taken.broken));
  } finally {
    probe.close();
  }
  mirror.closeReader();
  await replaceMirror(folder, fresh, gitDir);
  const taken = await takeSnapshot(objects, revision, kept, limits, signal);
  return "broken" in taken ? failed(damaged(url, taken.broken)) : ok(taken);
}

function noCommit(name: string): Failure {
  return {
    code: "source/ref-not-found",
    message: `${name} does not point to a commit`,
    remedy: "ask for a branch, or for a tag of a commit",
  };
}

/** The failure for a repository that does not hold what its commit says, or holds too much. */
export function damaged(where: string, broken: Broken): Failure {
  if (broken.reason === "too-large") {
    return {
      code: "source/too-large",
      message: `${where} is too large: ${broken.message}`,
      remedy: "take out what is named here; nothing is changed meanwhile",
    };
  }
  return {
    code: "source/damaged",
    message: `${where} cannot be read whole: ${broken.message}`,
    remedy: "run git fsck on the repository; nothing is changed meanwhile",
  };
}
