import { type Confirmation, globProblem, type Suspension, serviceGlob } from "../model/index.ts";

/** What `gitops confirm` leaves: deletes of these services that are held at this commit may go. */
export interface ConfirmOrder {
  /** The whole commit, or an unambiguous beginning of at least 7 digits. */
  readonly commit: string;
  readonly globs: readonly string[];
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What a commit says of itself, as far as a confirmation can stand in it. */
export interface ConfirmingCommit {
  readonly id: string;
  readonly author: string;
  readonly email: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** Confirmations are about one commit each, so that old ones mean nothing any more; those of one commit all do. */
const CONFIRMATIONS_MAX = 20;
const CONFIRMATIONS_MAX_OF_COMMIT = 1000;
const TRAILER_GLOBS_MAX = 100;

/** The suspension that holds a service now: of several the one that ends last. */
export function suspensionsOf(
  suspensions: readonly Suspension[],
  nowMs: number,
): (service: string) => Suspension | undefined {
  const active = suspensions
    .filter((one) => isActive(one, nowMs))
    .toSorted((a, b) => endOf(b) - endOf(a))
    .map((one) => ({ one, holds: serviceGlob(one.glob) }));
  return (service) => active.find(({ holds }) => holds(service))?.one;
}

/** Whether it holds anybody still. */
export function isActive(suspension: Suspension, nowMs: number): boolean {
  return endOf(suspension) > nowMs;
}

function endOf({ until }: Suspension): number {
  return until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until);
}

/** With these added: one a glob, the newest. What has expired is dropped. */
export function withSuspensions(
  before: readonly Suspension[],
  added: readonly Suspension[],
  nowMs: number,
): readonly Suspension[] {
  const replaced = new Set(added.map(({ glob }) => glob));
  return [...before.filter((one) => isActive(one, nowMs) && !replaced.has(one.glob)), ...added];
}

/** What is left when suspensions were taken back, and the globs by which nothing was suspended. */
export interface Resumed {
  readonly left: readonly Suspension[];
  readonly notSuspended: readonly string[];
}

/** Without those of these globs, as they were written when suspending; `*` and `**` mean all, however many that are. */
export function withoutSuspensions(before: readonly Suspension[], globs: readonly string[], nowMs: number): Resumed {
  const active = before.filter((one) => isActive(one, nowMs));
  const isAll = (glob: string): boolean => glob === "*" || glob === "**";
  const all = globs.some(isAll);
  return {
    left: active.filter((one) => !all && !globs.includes(one.glob)),
    notSuspended: globs.filter((glob) => !isAll(glob) && !active.some((one) => one.glob === glob)),
  };
}

export function withConfirmation(before: readonly ConfirmOrder[], added: ConfirmOrder): readonly ConfirmOrder[] {
  const same = (one: ConfirmOrder): boolean =>
    one.commit === added.commit && one.globs.join("\n") === added.globs.join("\n");
  const others = before.filter(({ commit }) => commit !== added.commit).slice(-CONFIRMATIONS_MAX);
  const beside = before
    .filter((one) => one.commit === added.commit && !same(one))
    .slice(1 - CONFIRMATIONS_MAX_OF_COMMIT);
  return [...others, ...beside, added];
}

/** Who confirmed the deletes of a service at a commit: by command, or in the commit's own message. */
export function confirmationsOf(
  orders: readonly ConfirmOrder[],
  commit: ConfirmingCommit,
): (service: string) => Confirmation | undefined {
  const given = orders
    .filter((one) => commit.id.startsWith(one.commit))
    .map(({ by, at, globs }) => ({ by, at, names: globs.map(serviceGlob) }));
  const trailer = confirmedByTrailer(commit.message).map(serviceGlob);
  return (service) => {
    const order = given.find(({ names }) => names.some((name) => name(service)));
    if (order !== undefined) return { by: order.by, at: order.at, how: "command" };
    if (!trailer.some((name) => name(service))) return undefined;
    const by = commit.email === "" ? commit.author : `${commit.author} <${commit.email}>`;
    return { by, at: new Date(commit.timeMs).toISOString(), how: "trailer" };
  };
}

/**
 * Globs of the trailers `Gitops-Confirm: payments/*` of a commit message, `**` for `all`. A trailer stands in the last
 * paragraph, which is not the first, and which holds nothing but trailers. Source: git-interpret-trailers. Of more than a
 * hundred globs none counts, so that no commit is read for long.
 */
export function confirmedByTrailer(message: string): readonly string[] {
  const named = trailerGlobs(message);
  return named.length > TRAILER_GLOBS_MAX ? [] : named;
}

/** Why a trailer confirms nothing, or not all that it names; undefined when it says what it means, or there is none. */
export function trailerProblem(message: string): string | undefined {
  const named = trailerGlobs(message);
  if (named.length > TRAILER_GLOBS_MAX)
    return `of ${named.length} globs none counts, ${TRAILER_GLOBS_MAX} may be given`;
  return named.map(globProblem).find((problem) => problem !== undefined);
}

function trailerGlobs(message: string): readonly string[] {
  const paragraphs = message.trimEnd().split(/\n[ \t]*\n/);
  const last = paragraphs.length < 2 ? "" : (paragraphs.at(-1) ?? "");
  const lines = last.split("\n").filter((line) => line.trim() !== "" && !/^[ \t]/.test(line));
  if (!lines.every((line) => /^[A-Za-z0-9-]+[ \t]*:/.test(line))) return [];
  return lines.flatMap((line) => {
    const globs = /^gitops-confirm[ \t]*:(.*)$/i.exec(line)?.[1]?.split(/[\s,]+/) ?? [];
    return globs.filter((glob) => glob !== "").map((glob) => (glob.toLowerCase() === "all" ? "**" : glob));
  });
}
