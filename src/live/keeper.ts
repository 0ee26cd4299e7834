import type { Cluster, Kind, Problem } from "../cluster/index.ts";
import type { Clock } from "../model/index.ts";
import { SERVICE_LABEL } from "../plan/index.ts";
import type { Change } from "./change.ts";
import type { Records } from "./records.ts";

/** Why a kind is listed: watches are hints, and whatever makes one doubtful ends in a list. */
export type RelistReason =
  /** It was not listed before, or nobody watched it until now. */
  | "start"
  /** From time to time, whatever the watch says. */
  | "interval"
  /** The program asks, while the watch does not stand. */
  | "asked"
  /** The watch's version is too old for the server (410). */
  | "expired"
  /** Nothing was heard for too long. */
  | "silent"
  /** An event could not be read, or came out of order. */
  | "disorder"
  /** The server was away. */
  | "unreachable"
  /** The server said something older than before (reliability A16). */
  | "regressed";

export interface KeeperIo {
  readonly cluster: Pick<Cluster, "list" | "watch">;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Whether the kind is to be watched; else it is listed only when told to. */
  inUse(): boolean;
  onChanges(changes: readonly Change[]): void;
  onRegressed(why: string): void;
  onListed(reason: RelistReason): void;
  onWatchEnded(): void;
}

/** Keeps the records of one kind. */
export interface Keeper {
  readonly kind: Kind;
  readonly records: Records;
  /** Whether the records may be answered from: the last list came, and nothing puts it in doubt. */
  trusted(): boolean;
  /** Whether they may be answered from without listing anew: trusted, and watched where they have to be. */
  fresh(): boolean;
  /** Whether it is to be listed because of a doubt, or never was; else when it was last listed (monotonic). */
  doubted(): boolean;
  listedMs(): number;
  /** Why the last list failed. */
  problem(): Problem | undefined;
  /** When the watch that stands now was last heard of (monotonic). */
  heardMs(): number | undefined;
  /**
   * Lists now. Resolves when the list has ended, well or not; a list under way is that list. While the server has asked to be
   * left alone nothing is sent.
   */
  refresh(reason: RelistReason): Promise<void>;
  /** Says what came of a write of ours, whose changes are no news to anybody. */
  tell(changes: readonly Change[]): void;
  /** To be called when `inUse` may have changed. */
  attend(): void;
  close(): Promise<void>;
}

/** A watch that stood for so long did not fail at once: the next one follows without a wait. */
const HEALTHY_MS = 30_000;
const BACKOFF_MS = 500;
const BACKOFF_MS_MAX = 30_000;
/** A proxy that asks to be left alone for a day must not keep the kind unknown for as long. */
const RETRY_AFTER_MS_MAX = 5 * 60_000;
/** A rest that is ended by being asked for something. */
const IDLE_MS = 24 * 3_600_000;

/** What a keeper is at, and what it knows of its own state. */
interface Post {
  readonly kind: Kind;
  readonly records: Records;
  readonly io: KeeperIo;
  doing: "list" | "watch" | "wait" | "idle";
  wanted: RelistReason | undefined;
  trusted: boolean;
  closed: boolean;
  problem: Problem | undefined;
  /** In a row: lists that failed, watches that ended soon, connections that did not come about. */
  badLists: number;
  badWatches: number;
  away: number;
  heardMs: number;
  listedMs: number;
  /** The next list, or watch, may begin then. */
  listAtMs: number;
  watchAtMs: number;
  activity: AbortController;
  waiting: (() => void)[];
}

export function keepKind(kind: Kind, records: Records, io: KeeperIo): Keeper {
  const post: Post = {
    kind,
    records,
    io,
    doing: "wait",
    wanted: "start",
    trusted: false,
    closed: false,
    problem: undefined,
    badLists: 0,
    badWatches: 0,
    away: 0,
    heardMs: 0,
    listedMs: Number.NEGATIVE_INFINITY,
    listAtMs: Number.NEGATIVE_INFINITY,
    watchAtMs: Number.NEGATIVE_INFINITY,
    activity: new AbortController(),
    waiting: [],
  };
  const kept = keep(post);
  return {
    kind,
    records,
    trusted: () => post.trusted,
    fresh: () => post.trusted && (!io.inUse() || (isWatchable(post) && post.doing !== "wait")),
    doubted: () => post.wanted !== undefined,
    listedMs: () => post.listedMs,
    problem: () => post.problem,
    heardMs: () => (post.doing === "watch" ? post.heardMs : undefined),
    refresh(reason) {
      if (post.closed) return Promise.resolve();
      if (reason === "interval") post.wanted ??= reason;
      else doubt(post, reason);
      if (post.doing !== "list" && io.clock.monotonicMs() < post.listAtMs) return Promise.resolve();
      interrupt(post);
      return new Promise((resolve) => post.waiting.push(resolve));
    },
    tell(changes) {
      if (changes.length > 0) io.onChanges(changes);
    },
    attend() {
      const wants = isWatchable(post) && io.inUse();
      if (wants && post.doing === "idle") {
        doubt(post, "start"); // what it knows is as old as the last list
        interrupt(post);
      } else if (!wants && post.doing === "watch") interrupt(post);
    },
    async close() {
      post.closed = true;
      post.activity.abort("closed");
      letGo(post);
      await kept;
    },
  };
}

async function keep(post: Post): Promise<void> {
  while (!post.closed) {
    try {
      if (post.wanted !== undefined) await list(post, post.wanted);
      else if (isWatchable(post) && post.io.inUse()) await watchInTime(post);
      else await rest(post, IDLE_MS, "idle");
    } catch (cause) {
      // Nothing here is expected to throw: the kind stays doubtful, and all others go on.
      doubt(post, "disorder");
      fail(post, bug(cause));
      await rest(post, backoffMs(post, post.badLists), "wait");
    }
  }
}

function isWatchable({ kind }: Post): boolean {
  return kind.verbs.includes("watch");
}

function doubt(post: Post, reason: RelistReason): void {
  post.trusted = false;
  post.wanted ??= reason;
}

/** Ends what goes on, but a list, which answers whoever asks for one. */
function interrupt(post: Post): void {
  if (post.doing !== "list") post.activity.abort("interrupted");
}

function begin(post: Post, doing: Post["doing"]): AbortSignal {
  post.doing = doing;
  post.activity = new AbortController();
  if (post.closed) post.activity.abort("closed");
  return post.activity.signal;
}

/** Waits until interrupted, or until the time is over. */
async function rest(post: Post, durationMs: number, doing: "wait" | "idle"): Promise<void> {
  const signal = begin(post, doing);
  await post.io.clock.sleep(durationMs, signal).catch((cause: unknown) => {
    if (!signal.aborted) throw cause;
  });
}

/** How long to wait after failures in a row, and no less than the server asks for, within reason. */
function backoffMs({ io }: Post, failures: number, problem?: Problem): number {
  const longest = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** Math.min(failures - 1, 16));
  return Math.max(askedMs(problem) ?? 0, longest * (0.5 + io.random()));
}

function askedMs(problem: Problem | undefined): number | undefined {
  return problem?.retryAfterMs === undefined ? undefined : Math.min(RETRY_AFTER_MS_MAX, problem.retryAfterMs);
}

function letGo(post: Post): void {
  for (const resolve of post.waiting.splice(0)) resolve();
}

function fail(post: Post, problem: Problem): void {
  Object.assign(post, { trusted: false, problem, badLists: post.badLists + 1 });
  letGo(post);
}

async function list(post: Post, reason: RelistReason): Promise<void> {
  const { kind, records, io } = post;
  const floor = records.newest();
  const signal = begin(post, "list");
  const answer = await io.cluster.list(kind, { labelSelector: SERVICE_LABEL }, signal).catch((cause: unknown) => {
    return { ok: false, problem: bug(cause) } as const;
  });
  if (post.closed) return;
  post.doing = "wait";
  if (!answer.ok) {
    const { problem } = answer;
    const waitMs = askedMs(problem);
    if (waitMs !== undefined) post.listAtMs = io.clock.monotonicMs() + waitMs;
    fail(post, problem);
    await rest(post, backoffMs(post, post.badLists, problem), "wait");
    return;
  }
  const waiting = post.waiting.splice(0); // who asks from here on wants another list
  const { changes, doubt: older } = records.list(answer.value, floor);
  Object.assign(post, { wanted: undefined, trusted: true, problem: undefined, badLists: 0, away: 0 });
  post.listedMs = io.clock.monotonicMs();
  io.onListed(reason);
  if (changes.length > 0) io.onChanges(changes);
  if (older !== undefined) io.onRegressed(`${kind.kind}: ${older.why}`);
  for (const resolve of waiting) resolve();
}

/** A list in between does not make the next watch come sooner. */
async function watchInTime(post: Post): Promise<void> {
  const waitMs = post.watchAtMs - post.io.clock.monotonicMs();
  if (waitMs > 0) await rest(post, waitMs, "wait");
  else await watch(post);
}

async function watch(post: Post): Promise<void> {
  const { io } = post;
  const begunMs = io.clock.monotonicMs();
  post.heardMs = begunMs;
  const ended = await follow(post);
  if (post.closed || ended === undefined) return;
  post.doing = "wait";
  io.onWatchEnded();
  const { problem, gone } = ended;
  post.badWatches = io.clock.monotonicMs() - begunMs < HEALTHY_MS ? post.badWatches + 1 : 0;
  if (gone) doubt(post, "expired");
  else if (problem !== undefined) {
    post.trusted = false;
    post.away = problem.kind === "network" ? post.away + 1 : 0;
    if (problem.kind === "timeout") doubt(post, "silent");
    else if (problem.kind === "decode") doubt(post, "disorder");
    // A connection that broke is taken up again; a server that was away may have come back as another.
    else if (post.away > 1) doubt(post, "unreachable");
  }
  if (post.badWatches > 0) post.watchAtMs = io.clock.monotonicMs() + backoffMs(post, post.badWatches, problem);
}

/** Follows the watch until it ends; answers why it did, or undefined when it was given up. */
async function follow(post: Post): Promise<{ readonly problem?: Problem; readonly gone: boolean } | undefined> {
  const { kind, records, io } = post;
  const signal = begin(post, "watch");
  const options = { labelSelector: SERVICE_LABEL, resourceVersion: records.version() };
  try {
    for await (const event of io.cluster.watch(kind, options, signal)) {
      if (event.type === "ended") return event;
      post.heardMs = io.clock.monotonicMs();
      const taken = records.event(event);
      if (taken.changes.length > 0) io.onChanges(taken.changes);
      if (taken.doubt !== undefined) {
        doubt(post, taken.doubt.kind);
        if (taken.doubt.kind === "regressed") io.onRegressed(`${kind.kind}: ${taken.doubt.why}`);
        return undefined;
      }
      // It goes on where the one before it ended: nothing was missed.
      post.away = 0;
      post.trusted = post.wanted === undefined;
    }
    return { gone: false };
  } catch (cause) {
    return signal.aborted ? undefined : { gone: false, problem: bug(cause) };
  }
}

/** What no cluster should throw. */
function bug(cause: unknown): Problem {
  const message = cause instanceof Error ? cause.message : String(cause);
  return { kind: "decode", message: `unexpected: ${message}`, causes: [], ambiguous: false };
}
