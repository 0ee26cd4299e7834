import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Ancestry, type Clock, ok, type Result } from "../model/index.ts";
import { ancestryAtHand, unknown } from "./ancestry.ts";
import { FETCH, prepareMirror } from "./mirror.ts";
import { runLocal } from "./process.ts";
import type { Called, Remote } from "./remote.ts";
import type { Source } from "./source.ts";

const AT = "refs/gitops/history";
/** What was applied last is rarely further back than this; only when it is, all of history is asked for. */
const COMMITS_FIRST = 1000;
/** Each fetch adds a pack; beyond this many it is begun anew. */
const PACKS_MAX = 40;

export interface HistorySettings {
  readonly remote: Remote;
  readonly folder: string;
  /** For one question. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Nobody else works in the folder meanwhile. */
  readonly locked: <T>(work: () => Promise<Result<T>>, signal: AbortSignal, folder: string) => Promise<Result<T>>;
}

/** Answers how commits stand to each other, and remembers what is sure, for of two commits that stays so. */
export function openHistory({ remote, folder, timeoutMs, clock, locked }: HistorySettings): Source["ancestry"] {
  const answers = new Map<string, Ancestry>();
  const ask = async (commit: string, earlier: readonly string[], signal: AbortSignal): Promise<Answers> => {
    const deadline = clock.deadline(timeoutMs, signal);
    const all = (why: string): Answers => new Map(earlier.map((id) => [id, unknown(why)]));
    const work = async (): Promise<Result<Answers>> =>
      ok(await askHistory(remote, join(folder, "repository"), commit, earlier, deadline.signal));
    try {
      const asked = await locked(work, deadline.signal, folder);
      return asked.ok ? asked.value : all(asked.failures[0]?.message ?? "the mirror cannot be used");
    } catch (error) {
      if (!deadline.expired()) throw error;
      return all(`${remote.repository.url} did not give its history within ${timeoutMs} ms`);
    } finally {
      deadline.release();
    }
  };
  return async (commit, earlier, signal) => {
    const key = (id: string): string => `${id} ${commit}`;
    const asked = earlier.filter((id) => !answers.has(key(id)));
    const found: Answers = asked.length === 0 ? new Map() : await ask(commit, asked, signal);
    const known = (id: string): Ancestry => answers.get(key(id)) ?? found.get(id) ?? unknown("git did not say");
    const all = new Map(earlier.map((id) => [id, known(id)] as const));
    if (answers.size > ANSWERS_MAX) answers.clear();
    for (const [id, answer] of found) if (answer.kind !== "unknown") answers.set(key(id), answer);
    return all;
  };
}

type Answers = ReadonlyMap<string, Ancestry>;

/** They are few; forgetting them costs a question. */
const ANSWERS_MAX = 10_000;

/**
 * How earlier commits stand to one of the remote's, out of a repository that holds commits and no files. It is kept, so that a
 * next question costs what came since, and is begun anew when it has no answer. The caller holds its lock.
 */
async function askHistory(
  remote: Remote,
  gitDir: string,
  commit: string,
  earlier: readonly string[],
  signal: AbortSignal,
): Promise<Answers> {
  await prepareMirror(remote, gitDir, commit.length, signal);
  const look = () => ancestryAtHand(remote.reading(gitDir), commit, earlier, signal);
  let known = await look();
  if (isSure(known)) return known;
  if (await isCrowded(gitDir)) await beginAnew(remote, gitDir, commit, signal);
  let first = await fetchHistory(remote, gitDir, commit, (await isBegun(gitDir)) ? [] : DEPTH, signal);
  if (first.code !== 0 && !first.timedOut && (await isDamaged(remote, gitDir, signal))) {
    await beginAnew(remote, gitDir, commit, signal);
    first = await fetchHistory(remote, gitDir, commit, DEPTH, signal);
  }
  if (first.code !== 0) return refused(known, remote, first);
  known = await look();
  if (!isSure(known) && (await isCut(gitDir))) {
    const whole = await fetchHistory(remote, gitDir, commit, ["--unshallow"], signal);
    if (whole.code !== 0) return refused(known, remote, whole);
    known = await look();
  }
  if (!isSure(known)) await rm(gitDir, { recursive: true, force: true });
  return known;
}

const DEPTH = [`--depth=${COMMITS_FIRST}`];

/** Commits alone, from servers that know how. Of one that gives no commit by its id, all branches and tags are asked for. */
async function fetchHistory(
  remote: Remote,
  gitDir: string,
  commit: string,
  depth: readonly string[],
  signal: AbortSignal,
): Promise<Called> {
  const fetch = (options: readonly string[], refspec: string): Promise<Called> =>
    remote.call(gitDir, [...FETCH, "--filter=tree:0", ...options], [refspec], signal);
  const byId = await fetch(depth, `+${commit}:${AT}`);
  if (byId.code === 0 || !/unadvertised object|not our ref|couldn't find remote ref/.test(byId.stderr)) return byId;
  return fetch((await isCut(gitDir)) ? ["--unshallow"] : [], "+refs/*:refs/gitops/all/*");
}

/** What is not known stays so, and says what kept it from being known. */
function refused(known: Answers, remote: Remote, called: Called): Answers {
  const why = remote.refusal(called)[0]?.message ?? "git failed";
  return new Map([...known].map(([id, answer]) => [id, answer.kind === "unknown" ? unknown(why) : answer]));
}

function isSure(known: Answers): boolean {
  return [...known.values()].every(({ kind }) => kind !== "unknown");
}

async function beginAnew(remote: Remote, gitDir: string, commit: string, signal: AbortSignal): Promise<void> {
  await rm(gitDir, { recursive: true, force: true });
  await prepareMirror(remote, gitDir, commit.length, signal);
}

async function isCrowded(gitDir: string): Promise<boolean> {
  const packs = (await readdir(join(gitDir, "objects/pack")).catch(() => [])).filter((name) => name.endsWith(".pack"));
  return packs.length > PACKS_MAX;
}

async function isBegun(gitDir: string): Promise<boolean> {
  return (await readdir(join(gitDir, "objects/pack")).catch(() => [])).some((name) => name.endsWith(".pack"));
}

/** Whether what was fetched before cannot be read to its end. */
async function isDamaged(remote: Remote, gitDir: string, signal: AbortSignal): Promise<boolean> {
  if (!(await isBegun(gitDir))) return false;
  return (await runLocal(remote.reading(gitDir), ["rev-list", "--quiet", AT], "", signal)).code !== 0;
}

function isCut(gitDir: string): Promise<boolean> {
  return stat(join(gitDir, "shallow")).then(
    ({ size }) => size > 0,
    () => false,
  );
}
