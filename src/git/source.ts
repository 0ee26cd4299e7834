import { mkdir } from "node:fs/promises";
import { type Ancestry, type Clock, failed, ok, type Result, type Revision } from "../model/index.ts";
import type { Credentials } from "./credentials.ts";
import { allowed } from "./environment.ts";
import { gitFolderOf, localSource } from "./local-source.ts";
import { mirroredSource } from "./mirrored-source.ts";
import { type Call, runLocal } from "./process.ts";
import { parseRef } from "./ref-name.ts";
import { openRemote } from "./remote.ts";
import { parseRepository } from "./repository.ts";
import type { Snapshot } from "./snapshot.ts";

export interface SourceOptions {
  /**
   * An https, ssh or file URL, `user@host:path`, or a path; http with `allowHttp`. What is at a path is read in place and
   * as it is committed: changes of the work tree are not seen.
   */
  readonly repo: string;
  /** A branch, a tag, a full ref, `HEAD`, or a full commit id. */
  readonly ref: string;
  readonly allowHttp?: boolean;
  /** Holds the mirrors of remote repositories. Disposable; may be shared by processes. Not used for a local path. */
  readonly cacheDir: string;
  readonly credentials?: Credentials;
  /** For each call to git, and for waiting for another process's lock. */
  readonly timeoutMs: number;
  /** The git to run; the first on PATH when not given. At least 2.29. */
  readonly gitPath?: string;
  /** The environment of the caller; a few well-known names of it are passed on to git. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Files larger than this are never loaded; 16 MiB when not given. */
  readonly blobBytesMax?: number;
  /** All that a snapshot may hold loaded; 1 GiB when not given. */
  readonly totalBytesMax?: number;
}

/** A repository at a ref. Nothing is ever checked out. All that fails is a Failure, never an empty tree. */
export interface Source {
  /** The repository's URL or path, without credentials. */
  describe(): string;
  /** Where the ref points now; cheap. A ref that is gone, and a repository without any commit, are failures. */
  latest(signal: AbortSignal): Promise<Result<Revision>>;
  /** Brings the ref's commit here, if it is not here yet, and answers its tree. */
  fetch(signal: AbortSignal): Promise<Result<Snapshot>>;
  /** How earlier commits stand to a commit that was fetched, by id. Brings history here, of commits alone, when it has to. */
  ancestry(commit: string, earlier: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Ancestry>>;
  /** Ends its processes. Snapshots keep what they have loaded and load no more. */
  close(): Promise<void>;
}

/** Checks the options and finds git; touches no network. */
export async function openSource(options: SourceOptions, clock: Clock, signal: AbortSignal): Promise<Result<Source>> {
  const repository = parseRepository(options.repo, options.allowHttp ?? false);
  if (!repository.ok) return repository;
  const wanted = parseRef(options.ref);
  if (!wanted.ok) return wanted;
  const base = allowed(options.environment ?? {});
  const gitPath = options.gitPath ?? "git";
  const limits = { blobBytes: options.blobBytesMax ?? 16 << 20, totalBytes: options.totalBytesMax ?? 1 << 30 };
  const plain: Call = { gitPath, folder: "/", environment: base, timeoutMs: options.timeoutMs, clock };
  const [git, leader] = await Promise.all([
    runLocal(plain, ["version"], "", signal),
    runLocal({ ...plain, gitPath: "setsid" }, ["true"], "", signal),
  ]);
  if (git.code !== 0) {
    return failed({
      code: "source/unreachable",
      message: `git cannot be started as ${JSON.stringify(gitPath)}`,
      remedy: "install git 2.29 or newer, or say where it is",
    });
  }
  const call = { ...plain, ...(leader.code === 0 ? { setsid: "setsid" } : {}) };
  if (repository.value.transport === "local") {
    const gitDir = await gitFolderOf(repository.value.url);
    if (!gitDir.ok) return gitDir;
    return ok(localSource(repository.value.url, gitDir.value, wanted.value, limits, base, call));
  }
  try {
    await mkdir(options.cacheDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return failed({
      code: "source/damaged",
      message: `the cache folder ${options.cacheDir} cannot be made (${why})`,
      remedy: "give a folder that can be written",
    });
  }
  const remote = openRemote(repository.value, options.credentials ?? { from: "none" }, base, {
    ...call,
    folder: options.cacheDir,
  });
  const { cacheDir, timeoutMs } = options;
  return ok(mirroredSource(remote, { cacheDir, wanted: wanted.value, timeoutMs, limits, clock }));
}
