import type { Cluster } from "../cluster/index.ts";
import { type Failure, failed, ok, type PassOutcome, type Result } from "../model/index.ts";
import type { OnPassEvent, PassRequest } from "../reconcile/index.ts";
import {
  appliedAt,
  emptyStanding,
  readStanding,
  type Standing,
  type StatusPlace,
  trailerProblem,
  writeStatus,
} from "../status/index.ts";
import { checkIdentity, type KnownCluster, readKnownCluster, rememberCluster } from "./known-cluster.ts";
import { podNamespaces } from "./pod-namespace.ts";
import type { Settings } from "./settings.ts";
import { laterSeen, seenNow } from "./went-back.ts";
import type { World } from "./world.ts";

/** The end of a pass is noted at least so often in the time after which a service counts as stale. */
const HEARTBEATS = 4;
/** Small reads, without which nothing may be written. */
const READ_MS_MAX = 15_000;
/** Status is written within this, also when the pass itself was told to stop. */
const WRITE_MS_MAX = 10_000;

/** A process's own memory of the cluster that it talks to. */
export interface Acquaintance {
  known?: KnownCluster;
  /** What was read or written last: read again only when it changed. */
  standing?: Standing;
  /** What people had asked for when the last pass read it: what came while the pass ran is news. */
  asked?: string;
  /** The commit of which it has been said that its trailer confirms nothing. */
  unconfirming?: string;
  /** It cannot be remembered on this machine, and that has been said. */
  forgetful?: boolean;
}

/** Where status is kept; undefined when it is not: switched off, or in a cluster that ends with the process. */
export function statusPlace({ cluster, statusNamespace, scope }: Settings): StatusPlace | undefined {
  return statusNamespace === "" || cluster.kind === "empty" ? undefined : { namespace: statusNamespace, scope };
}

/**
 * A pass between reading what is kept in the cluster and writing what it changed. Another cluster than before, or
 * suspensions that cannot be read, keep it from running; status that cannot be written is told and stops nothing.
 */
export async function keptPass(
  { cluster, settings, world, acquaintance }: Keeper,
  request: PassRequest,
  run: (request: PassRequest) => Promise<PassOutcome>,
  onEvent: OnPassEvent,
  signal: AbortSignal,
): Promise<PassOutcome> {
  const notice = (message: string): void => onEvent({ type: "notice", message });
  const known = (acquaintance.known ??= settings.cluster.kind === "kubeconfig" ? await readKnownCluster(settings) : {});
  const place = statusPlace(settings);
  const looked = await look({ cluster, settings, world, acquaintance }, known, place, signal);
  if (looked === undefined) return notRun([tooSlow()]);
  const [identity, read] = looked;
  if (!identity.ok) return notRun(identity.failures);
  if (read?.ok === false && mustKnow(read.failures, known, request)) return notRun(read.failures.map(unasked));
  if (read?.ok === false) notice(`status is not kept: ${read.failures[0]?.message ?? "it cannot be read"}`);
  const standing = read?.ok === true ? read.value : place && emptyStanding(place);
  if (standing !== undefined) {
    acquaintance.standing = standing;
    acquaintance.asked = ordersText(standing, world.clock.nowMs());
  }
  const before = identity.value === known.uid ? (known.seen ?? {}) : {};
  const seen = seenNow(before, standing?.version ?? "", world.clock.nowMs());
  const learned = {
    ...(identity.value === undefined ? {} : { uid: identity.value }),
    standing: known.standing === true,
    seen,
  };
  if (request.mode === "sync") await remember(settings, acquaintance, learned, notice);

  const paused = seen.paused === undefined ? {} : { pausedDeletes: seen.paused.why };
  const home = { ...request, ...paused, ownNamespaces: [...(request.ownNamespaces ?? []), ...(await podNamespaces())] };
  // Asked only where something would be deleted.
  const judge = ({ id, message }: Commit): void => {
    const problem = acquaintance.unconfirming === id ? undefined : trailerProblem(message);
    if (problem === undefined) return;
    acquaintance.unconfirming = id;
    notice(`the trailer Gitops-Confirm of ${id.slice(0, 12)} does not confirm what it names: ${problem}`);
  };
  const outcome = await run(standing === undefined ? home : { ...home, ...asked(standing, home, judge) });
  if (request.mode !== "sync" || standing === undefined || !standing.whole) return outcome;
  const problem = await write({ cluster, settings, world, acquaintance }, standing, outcome, notice);
  const after = laterSeen(seen, acquaintance.standing?.version ?? "");
  if (problem === undefined)
    await remember(settings, acquaintance, { ...learned, standing: true, seen: after }, notice);
  else notice(`status could not be written to namespace ${standing.place.namespace}: ${problem}`);
  return outcome;
}

/** A request with what people asked for in the cluster: what is suspended, what is confirmed. */
export async function askedRequest(
  { cluster, settings, world }: Omit<Keeper, "acquaintance">,
  request: PassRequest,
  signal: AbortSignal,
): Promise<Result<PassRequest>> {
  const place = statusPlace(settings);
  if (place === undefined) return ok(request);
  const standing = await readStanding(cluster, place, world.clock.nowMs(), signal);
  return standing.ok
    ? ok({ ...request, ...asked(standing.value, request) })
    : failed(...standing.failures.map(unasked));
}

/**
 * What holds otherwise than when the last pass read what people asked for, as one text: somebody asked for more, or a suspension
 * ended. Undefined when nothing does, or when it cannot be read.
 */
export async function askedSince(
  { cluster, settings, world, acquaintance }: Omit<Keeper, "world"> & { world: Pick<World, "clock"> },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { standing: before, asked: known } = acquaintance;
  const place = statusPlace(settings);
  if (place === undefined || before === undefined) return undefined;
  const nowMs = world.clock.nowMs();
  const now = await readStanding(cluster, place, nowMs, signal, before);
  if (!now.ok) return undefined;
  const asked = ordersText(now.value, nowMs);
  return asked === known ? undefined : asked;
}

function ordersText({ suspensions, confirmations }: Standing, atMs: number): string {
  const active = suspensions.filter(({ until }) => until === undefined || Date.parse(until) > atMs);
  return JSON.stringify([active, confirmations]);
}

export interface Keeper {
  readonly cluster: Cluster;
  readonly settings: Settings;
  readonly world: World;
  readonly acquaintance: Acquaintance;
}

/**
 * Whether not knowing what is suspended keeps a pass from running. Where this machine was never allowed to look, and nothing
 * is known to be kept, status is simply not used; whoever may not read it cannot have asked for anything either.
 */
function mustKnow(failures: readonly Failure[], known: KnownCluster, { mode }: PassRequest): boolean {
  if (mode !== "sync") return false;
  return known.standing === true || failures.some(({ code }) => code !== "cluster/forbidden");
}

type Commit = Parameters<Standing["confirmed"]>[1];

function asked(
  standing: Standing,
  { ownNamespaces = [] }: PassRequest,
  judge: (commit: Commit) => void = () => {},
): Partial<PassRequest> {
  const judged = new WeakSet<Commit>();
  return {
    suspended(service) {
      const found = standing.suspensionOf(service);
      if (found === undefined) return undefined;
      const until = found.until === undefined ? "" : `, until ${found.until}`;
      return `suspended by ${found.author}${until}: ${found.reason}`;
    },
    leftSuspended: (service) => {
      const kept = standing.kept.services.get(service);
      return kept === undefined && standing.damaged ? "unknown" : kept?.suspendedInGit === true;
    },
    confirmed(service, commit) {
      if (!judged.has(commit)) judge(commit);
      judged.add(commit);
      return standing.confirmed(service, commit);
    },
    jobsDone: standing.jobs,
    appliedAt: (service) => appliedAt(standing, service),
    definedAt: (service) => standing.kept.services.get(service)?.defined?.path,
    ownNamespaces: [...ownNamespaces, standing.place.namespace],
  };
}

/** Why a pass does not know what people asked for. */
function unasked(failure: Failure): Failure {
  const known = failure.code.startsWith("cluster/") ? "it cannot be known what is suspended: " : "";
  return { ...failure, message: `${known}${failure.message}` };
}

/** Which cluster it is, and what is kept there; undefined when the answers do not come. */
async function look(
  { cluster, settings, world, acquaintance }: Keeper,
  known: KnownCluster,
  place: StatusPlace | undefined,
  signal: AbortSignal,
): Promise<readonly [Result<string | undefined>, Result<Standing> | undefined] | undefined> {
  const deadline = world.clock.deadline(READ_MS_MAX, signal);
  const before = acquaintance.standing;
  try {
    return await Promise.all([
      settings.cluster.kind === "kubeconfig" ? checkIdentity(cluster, settings, known, deadline.signal) : ok(undefined),
      place === undefined ? undefined : readStanding(cluster, place, world.clock.nowMs(), deadline.signal, before),
    ]);
  } catch (error) {
    if (deadline.expired()) return undefined;
    throw error;
  } finally {
    deadline.release();
  }
}

function tooSlow(): Failure {
  return {
    code: "cluster/timeout",
    message: `it cannot be known what is suspended: the cluster does not answer within ${READ_MS_MAX / 1000} s`,
    remedy: "see what kubectl get --raw /readyz?verbose says; nothing was changed, the next pass asks again",
  };
}

/** Answers why it could not be written. */
async function write(
  { cluster, settings, world, acquaintance }: Keeper,
  standing: Standing,
  outcome: PassOutcome,
  notice: (message: string) => void,
): Promise<string | undefined> {
  const deadline = world.clock.deadline(WRITE_MS_MAX, new AbortController().signal);
  try {
    const about = { some: settings.services.length > 0, heartbeatMs: settings.staleAfterMs / HEARTBEATS };
    const written = await writeStatus(cluster, world.clock, standing, outcome, about, deadline.signal);
    if (!written.ok) return written.failures[0]?.message ?? "unknown";
    acquaintance.standing = written.value.standing;
    const [unsaid] = written.value.unsaid;
    if (unsaid !== undefined) notice(`Events could not be written: ${unsaid.message}`);
    return undefined;
  } catch (error) {
    if (deadline.expired()) return `it took longer than ${WRITE_MS_MAX / 1000} s`;
    throw error;
  } finally {
    deadline.release();
  }
}

async function remember(
  settings: Settings,
  acquaintance: Acquaintance,
  learned: KnownCluster,
  notice: (message: string) => void,
): Promise<void> {
  const before = acquaintance.known;
  acquaintance.known = learned;
  if (settings.cluster.kind !== "kubeconfig" || acquaintance.forgetful === true) return;
  const same = JSON.stringify(before?.seen) === JSON.stringify(learned.seen);
  if (same && before?.uid === learned.uid && (before?.standing === true) === learned.standing) return;
  const problem = await rememberCluster(settings, learned);
  if (problem === undefined) return;
  acquaintance.forgetful = true;
  notice(problem);
}

function notRun(failures: readonly Failure[]): PassOutcome {
  return { services: [], failures, builds: 0, durationMs: 0 };
}
