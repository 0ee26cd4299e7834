import { setMaxListeners } from "node:events";
import { type Cluster, problemFailure } from "../cluster/index.ts";
import { describing, hasHealth, healthOf, isUnseen, soonest, type Trouble } from "../health/index.ts";
import { type Clock, type HealthSummary, type LiveObject, type ObjectRef, refKey } from "../model/index.ts";
import { SERVICE_LABEL } from "../plan/index.ts";
import { newBell } from "./bell.ts";
import { type Feeds, openFeeds } from "./feeds.ts";
import { type Awaited, ending, type Seen, unexpected, type Waited } from "./waited.ts";
import { failureOfGone, PODS, podSelector, troubleOf } from "./workload-pods.ts";

/** Waits of many services at once, over shared watches. */
export interface Waiting {
  /**
   * Ends when all are healthy, when one has failed, after `timeoutMs`, or when `cancelled` aborts. `onProgress` hears what is
   * not healthy yet whenever that changes.
   */
  wait(
    objects: readonly Awaited[],
    timeoutMs: number,
    onProgress: (objects: HealthSummary["objects"]) => void,
    cancelled: AbortSignal,
  ): Promise<Waited>;
  /** How many watches there are. */
  watches(): number;
  close(): void;
}

/** An object is read again after so long although no watch told of it: a watch may be silent. */
const FALLBACK_MS = 15_000;
/** Pods are looked at from then on: most rollouts are through before, and cost one small read at each change of their status. */
const PODS_AFTER_MS = 5_000;
/** What may have been said of the rollout before is believed when it is still said after so long. */
const OLD_GRACE_MS = 5_000;
/** An object is read no more often than so, however much its pods have to tell. */
const LOOK_MS_MIN = 500;

type Reads = Pick<Cluster, "get" | "list" | "listObjects" | "watch">;

export function openWaiting(cluster: Reads, clock: Clock): Waiting {
  const feeds = openFeeds(cluster, clock);
  return {
    watches: () => feeds.count(),
    close: () => feeds.close(),
    async wait(objects, timeoutMs, onProgress, cancelled) {
      const over = new AbortController();
      setMaxListeners(0, over.signal); // as many as there are objects
      const deadline = clock.deadline(timeoutMs, cancelled);
      const stop = (): void => over.abort("over");
      if (deadline.signal.aborted) stop();
      else deadline.signal.addEventListener("abort", stop, { once: true });
      const views = new Map<string, { readonly ref: ObjectRef; readonly why: string }>();
      const tell = (ref: ObjectRef, why: string | undefined): void => {
        if (views.get(refKey(ref))?.why === why) return;
        if (why === undefined) views.delete(refKey(ref));
        else views.set(refKey(ref), { ref, why });
        onProgress([...views.values()]);
      };
      try {
        const wanted = objects.filter(({ ref }) => hasHealth(ref));
        const seen = await Promise.all(
          wanted.map(async (object) => {
            const last = await follow({ cluster, clock, feeds }, object, tell, over.signal);
            if (last.state === "failed") stop();
            return last;
          }),
        );
        return ending(seen, cancelled.aborted ? undefined : timeoutMs);
      } finally {
        deadline.signal.removeEventListener("abort", stop);
        deadline.release();
      }
    },
  };
}

const FAILED_AND_GONE = {
  byItself: true,
  why: "it failed, and was deleted since (ttlSecondsAfterFinished)",
  look: "what it printed, where that is kept, and change it in git to run it again",
} as const;

interface Tools {
  readonly cluster: Reads;
  readonly clock: Clock;
  readonly feeds: Feeds;
}

/** Looks at one object whenever there is a hint, until it is healthy or has failed, or the signal aborts. Never rejects. */
async function follow(
  tools: Tools,
  object: Awaited,
  tell: (ref: ObjectRef, why: string | undefined) => void,
  over: AbortSignal,
): Promise<Seen> {
  const { clock } = tools;
  const bell = newBell(clock);
  const ears: (() => void)[] = [];
  const since = new Map<Trouble["sort"], number>();
  const podsAtMs = clock.monotonicMs() + PODS_AFTER_MS;
  let last: Seen = { state: "progressing", object, why: "it was not looked at yet", look: describing(object.ref) };
  try {
    while (!over.aborted) {
      bell.hush();
      const lookedMs = clock.monotonicMs();
      const withPods = lookedMs >= podsAtMs;
      last = await look(tools, object, last.live, withPods, over);
      if (last.state !== "progressing") break;
      tell(object.ref, last.why);
      const leftMs = graceLeftMs(last.trouble, since, clock.monotonicMs());
      if (leftMs <= 0) {
        last = { ...last, state: "failed" };
        break;
      }
      if (ears.length === 0) ears.push(...hearOfObject(tools.feeds, object, bell.ring));
      if (withPods && ears.length === 1) ears.push(...hearOfPods(tools.feeds, object, last.live, bell.ring));
      const untilPodsMs = withPods ? Number.POSITIVE_INFINITY : podsAtMs - clock.monotonicMs();
      await bell.wait(Math.min(FALLBACK_MS, leftMs, untilPodsMs), over);
      const restMs = lookedMs + LOOK_MS_MIN - clock.monotonicMs();
      if (restMs > 0) await clock.sleep(restMs, over);
    }
  } catch (cause) {
    // Ended while it was looking: what it saw before is the last it knows.
    if (!over.aborted) last = { state: "failed", object, ...unexpected(object, cause) };
  } finally {
    for (const leave of ears) leave();
  }
  tell(object.ref, last.state === "healthy" ? undefined : last.why);
  return last;
}

async function look(
  { cluster, clock }: Tools,
  object: Awaited,
  before: LiveObject | undefined,
  withPods: boolean,
  signal: AbortSignal,
): Promise<Seen> {
  const { ref, kind } = object;
  const base = { object, look: describing(ref) } as const;
  if (kind === undefined) return { ...base, state: "failed", why: "the API server serves no such kind" };
  const answer = await cluster.get(kind, ref.namespace, ref.name, signal);
  if (!answer.ok) {
    const failure = problemFailure(answer.problem, { verb: "read", what: ref });
    const final = failure.code === "cluster/forbidden" || failure.code === "cluster/unauthorized";
    return { ...base, state: final ? "failed" : "progressing", why: failure.message, ...(final ? { failure } : {}) };
  }
  const live = answer.value;
  if (live === undefined && object.failedBefore === true) return { ...base, state: "failed", ...FAILED_AND_GONE };
  if (live === undefined && object.vanishes) {
    // With a time to live of 0 it may be gone before anybody sees how it ended.
    const failure = before && (await failureOfGone(cluster, before, signal));
    return failure === undefined
      ? { state: "healthy" }
      : { ...base, state: "failed", ...FAILED_AND_GONE, why: failure };
  }
  if (live === undefined) return { ...base, state: "progressing", why: "it is not there" };
  const health = healthOf(live);
  if (health.state === "healthy") return health;
  // Of what its controller has not looked at yet, the pods are those of before.
  const deeper = (withPods || health.state === "failed") && !isUnseen(live);
  const found = deeper ? await troubleOf(cluster, live, clock.nowMs(), signal) : undefined;
  const why = found === undefined || found.why === health.why ? health.why : `${health.why}; ${found.why}`;
  const failed = health.state === "failed";
  if (failed && health.maybeOld !== true)
    return { ...base, state: "failed", byItself: true, why, look: found?.look ?? health.look };
  const old = failed
    ? ({ sort: "old", reason: "", why, look: health.look, graceMs: OLD_GRACE_MS } as const)
    : undefined;
  const trouble = soonest([found, old]);
  return {
    ...base,
    state: "progressing",
    why,
    live,
    ...(trouble === undefined ? {} : { look: trouble.look, trouble }),
  };
}

/** How long the trouble may still last; trouble of another sort begins anew, and none forgets. */
function graceLeftMs(trouble: Trouble | undefined, since: Map<Trouble["sort"], number>, nowMs: number): number {
  if (trouble === undefined) {
    since.clear();
    return Number.POSITIVE_INFINITY;
  }
  const began = since.get(trouble.sort) ?? nowMs;
  since.set(trouble.sort, began);
  return began + trouble.graceMs - nowMs;
}

type Ears = readonly (() => void)[];

function hearOfObject(feeds: Feeds, { kind, ref, ours }: Awaited, ring: () => void): Ears {
  if (kind === undefined) return [];
  const key = refKey(ref);
  const feed = ours ? { kind, labelSelector: SERVICE_LABEL } : { kind };
  return [feeds.listen(feed, (changed) => (changed === undefined || refKey(changed.ref) === key ? ring() : undefined))];
}

/** Pods say first what goes wrong. */
function hearOfPods(feeds: Feeds, { ref }: Awaited, live: LiveObject | undefined, ring: () => void): Ears {
  const selector = live === undefined ? undefined : podSelector(live);
  if (selector === undefined) return [];
  const pods = { kind: PODS, namespace: ref.namespace };
  return [feeds.listen(pods, (pod) => (pod === undefined || selects(selector, pod.labels) ? ring() : undefined))];
}

/** Whether labels may be meant: the parts of a selector that are no equations are taken to fit. */
function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  return [...selector.matchAll(/(?:^|,)([^=,()! ]+)=([^,]*)/g)].every(([, key = "", value]) => labels[key] === value);
}
