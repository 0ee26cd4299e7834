import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Failure } from "../model/index.ts";
import { runLocal } from "./process.ts";
import type { RefName } from "./ref-name.ts";
import type { Called, Remote } from "./remote.ts";

/** Where a fetch leaves what it brought, and what it had brought before. */
const CURRENT = "refs/gitops/current";
const PREVIOUS = "refs/gitops/previous";
const EVERYTHING = "refs/gitops/all";

/** Written anew before each use, so that nothing but this counts. No hooks, no background work, no login from elsewhere. */
function configText(commitIdDigits: number): string {
  const format = commitIdDigits === 64 ? "\n[extensions]\n\tobjectFormat = sha256" : "";
  return `[core]
	repositoryFormatVersion = ${commitIdDigits === 64 ? 1 : 0}
	bare = true
	hooksPath = /dev/null
	fsmonitor = false
	logAllRefUpdates = false${format}
[gc]
	auto = 0
	pruneExpire = now
[maintenance]
	auto = false
[fetch]
	recurseSubmodules = false
	unpackLimit = 1
[transfer]
	fsckObjects = false
[credential]
	helper =
[http]
	followRedirects = initial
	lowSpeedLimit = 1
	lowSpeedTime = 60
[protocol]
	version = 2
`;
  // fsckObjects is off on purpose: one odd object anywhere would stop every service, and names are checked where trees are read
}

/** Makes a bare repository ours: creates what is missing, writes its configuration, removes what killed processes left. */
export async function prepareMirror(
  remote: Remote,
  gitDir: string,
  commitIdDigits: number,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(gitDir, { recursive: true });
  const whole = await Promise.all(["HEAD", "objects", "refs", "config"].map((name) => exists(join(gitDir, name))));
  if (whole.includes(false)) {
    const format = commitIdDigits === 64 ? "sha256" : "sha1";
    await rm(join(gitDir, "config"), { force: true });
    const args = ["init", "--quiet", "--bare", "--template=", `--object-format=${format}`];
    const ended = await runLocal(remote.reading(gitDir), args, "", signal);
    if (ended.code !== 0) throw initFailed(ended.stderr);
  }
  await writeFile(join(gitDir, "config.new"), configText(commitIdDigits));
  await rename(join(gitDir, "config.new"), join(gitDir, "config"));
  for (const name of ["hooks", "objects/info/alternates", "objects/info/http-alternates", "FETCH_HEAD"])
    await rm(join(gitDir, name), { recursive: true, force: true });
  await removeLeftovers(gitDir);
}

/** A folder that git cannot write has the code that Node would give it: it is a failure then, and no bug. Git does not always say which. */
function initFailed(said: string): Error {
  const error = new Error(`git init failed: ${said}`);
  if (/unknown option|usage:/.test(said)) return error;
  const [code = "EIO"] = Object.entries(DISK_WORDS).find(([, words]) => said.includes(words)) ?? [];
  return Object.assign(error, { code });
}

const DISK_WORDS = {
  ENOSPC: "No space left on device",
  EDQUOT: "Disk quota exceeded",
  EROFS: "Read-only file system",
  EACCES: "Permission denied",
  EMFILE: "too many open files",
};

/** Locks and half-written packs of a git that was killed. The caller holds the mirror's lock, so no other git is at work. */
async function removeLeftovers(gitDir: string): Promise<void> {
  const inRefs = await readdir(join(gitDir, "refs"), { recursive: true }).catch(() => []);
  const inTop = await readdir(gitDir);
  const inObjects = await readdir(join(gitDir, "objects")).catch(() => []);
  const inPacks = await readdir(join(gitDir, "objects/pack")).catch(() => []);
  const stale = [
    ...inTop.filter((name) => name.endsWith(".lock")),
    ...inRefs.filter((name) => name.endsWith(".lock")).map((name) => `refs/${name}`),
    ...inObjects
      .filter((name) => name.startsWith("tmp_") || name.startsWith("incoming-"))
      .map((name) => `objects/${name}`),
    ...inPacks
      .filter((name) => name.startsWith("tmp_") || name.startsWith(".tmp-"))
      .map((name) => `objects/pack/${name}`),
  ];
  for (const name of stale) await rm(join(gitDir, name), { recursive: true, force: true });
}

/**
 * Fetches what a ref points to now, without history. A commit is asked for by id; where the server does not give that, or
 * knows no shallow fetch, the whole of the repository is fetched.
 */
export async function fetchRef(
  remote: Remote,
  gitDir: string,
  wanted: RefName,
  ref: string,
  signal: AbortSignal,
): Promise<Called> {
  await runLocal(remote.reading(gitDir), ["update-ref", PREVIOUS, CURRENT], "", signal); // none yet: nothing to keep
  const source = wanted.kind === "commit" ? wanted.commit : ref;
  const fetch = (depth: readonly string[], refspecs: readonly string[]): Promise<Called> =>
    remote.call(gitDir, [...FETCH, ...depth], refspecs, signal);
  const shallow = await fetch(["--depth=1"], [`+${source}:${CURRENT}`]);
  if (shallow.code === 0 || shallow.timedOut) return shallow;
  if (/does not support shallow|dumb http transport/.test(shallow.stderr) && wanted.kind === "ref")
    return fetch([], [`+${source}:${CURRENT}`]);
  if (
    !/unadvertised object|not our ref|does not support shallow|couldn't find remote ref [0-9a-f]{40}/.test(
      shallow.stderr,
    )
  )
    return shallow;
  const shallowNow = await exists(join(gitDir, "shallow"));
  const whole = await fetch(shallowNow ? ["--unshallow"] : [], [`+refs/*:${EVERYTHING}/*`]);
  if (whole.code !== 0) return whole;
  const kept = await runLocal(remote.reading(gitDir), ["update-ref", CURRENT, `${source}^{commit}`], "", signal);
  return kept.code === 0 ? kept : { ...kept, refused: [absent(remote.repository.url, source)] };
}

function absent(url: string, commit: string): Failure {
  return {
    code: "source/ref-not-found",
    message: `${url} has no commit ${commit} in any branch or tag`,
    remedy: "push it, or ask for another commit",
  };
}

/** Options of every fetch: nothing but what is asked for. */
export const FETCH = [
  "fetch",
  "--no-tags",
  "--no-write-fetch-head",
  "--no-auto-maintenance",
  "--no-recurse-submodules",
  "--refmap=",
];

/** The commit that the last fetch brought; undefined when it is none, such as a tag of a blob. */
export async function fetchedCommit(remote: Remote, gitDir: string, signal: AbortSignal): Promise<string | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${CURRENT}^{commit}`];
  const ended = await runLocal(remote.reading(gitDir), args, "", signal);
  return ended.code === 0 ? ended.stdout.trim() : undefined;
}

/** Puts a freshly made mirror in the place of another. A crash between the two renames costs a new fetch, nothing else. */
export async function replaceMirror(folder: string, fresh: string, gitDir: string): Promise<void> {
  const old = join(folder, `old-${randomBytes(6).toString("hex")}`);
  await rename(gitDir, old).catch(() => {}); // there may be none
  await rename(fresh, gitDir);
  await rm(old, { recursive: true, force: true });
}

/** Removes what rebuilds that were killed left behind. */
export async function removeAttempts(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith("old-") || name.startsWith("fresh-"))
      await rm(join(folder, name), { recursive: true, force: true });
}

/** Each fetch adds a pack; beyond this many they are made one, and what no ref needs is dropped. */
const PACKS_MAX = 40;

export async function tidyMirror(remote: Remote, gitDir: string, signal: AbortSignal): Promise<void> {
  const packs = (await readdir(join(gitDir, "objects/pack")).catch(() => [])).filter((name) => name.endsWith(".pack"));
  if (packs.length > PACKS_MAX) await runLocal(remote.reading(gitDir), ["gc", "--quiet", "--prune=now"], "", signal);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
