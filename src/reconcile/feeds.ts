import type { Cluster, Kind } from "../cluster/index.ts";
import type { Clock, LiveMetadata } from "../model/index.ts";
import { SERVICE_LABEL } from "../plan/index.ts";

/** What is watched. Equal ones are one watch, however many listen. */
export interface Feed {
  readonly kind: Kind;
  /** Of this namespace only. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/** Watches that are shared by all who listen to the same. What they tell is a hint to look, never the truth. */
export interface Feeds {
  /** Calls `hear` with what changes, and with nothing when anything may have. Answers how to stop listening. */
  listen(feed: Feed, hear: (changed: LiveMetadata | undefined) => void): () => void;
  /** How many watches there are. */
  count(): number;
  close(): void;
}

/** Before a watch that ended is begun anew: a server that ends them at once is not asked without pause. */
const AGAIN_MS = 1_000;
/** Before a list or a watch that was refused is asked for again. */
const RETRY_MS = 5_000;

type Hear = Parameters<Feeds["listen"]>[1];

interface Open {
  readonly listeners: Set<Hear>;
  readonly stop: AbortController;
}

export function openFeeds(cluster: Pick<Cluster, "list" | "watch">, clock: Clock): Feeds {
  const open = new Map<string, Open>();
  const end = (key: string, { stop }: Open): void => {
    open.delete(key);
    stop.abort("nobody listens");
  };
  return {
    listen(feed, hear) {
      const key = `${feed.kind.group}/${feed.kind.resource}/${feed.namespace ?? ""}/${feed.labelSelector ?? ""}`;
      const known = open.get(key);
      const one = known ?? { listeners: new Set<Hear>(), stop: new AbortController() };
      one.listeners.add(hear);
      if (known !== undefined) hear(undefined);
      else {
        open.set(key, one);
        const tell: Hear = (changed) => one.listeners.forEach((listener) => listener(changed));
        // Who listens looks again from time to time, so that one that breaks costs time and no more.
        void follow(cluster, clock, feed, tell, one.stop.signal).catch(() => undefined);
      }
      return () => {
        one.listeners.delete(hear);
        if (one.listeners.size === 0) end(key, one);
      };
    },
    count: () => open.size,
    close() {
      for (const [key, one] of open) end(key, one);
    },
  };
}

/** Watches until the signal aborts, with which it rejects. */
async function follow(
  cluster: Pick<Cluster, "list" | "watch">,
  clock: Clock,
  { kind, namespace, labelSelector }: Feed,
  tell: Hear,
  signal: AbortSignal,
): Promise<never> {
  const where = namespace === undefined ? {} : { namespace };
  const watched = { ...where, ...(labelSelector === undefined ? {} : { labelSelector }) };
  for (let version = ""; ; ) {
    if (version === "") {
      // Only its version is wanted, which is that of the whole kind: so few objects are asked for as may be.
      const listed = await cluster.list(kind, { ...where, labelSelector: SERVICE_LABEL }, signal);
      if (!listed.ok) {
        await clock.sleep(RETRY_MS, signal);
        continue;
      }
      version = listed.value.resourceVersion;
      tell(undefined);
    }
    let pauseMs = AGAIN_MS;
    for await (const event of cluster.watch(kind, { ...watched, resourceVersion: version }, signal)) {
      if (event.type === "ended") {
        if (event.gone) version = "";
        else if (event.problem !== undefined) pauseMs = RETRY_MS;
        break;
      }
      version = event.type === "bookmark" ? event.resourceVersion : event.object.resourceVersion;
      if (event.type !== "bookmark") tell(event.object);
    }
    await clock.sleep(pauseMs, signal);
  }
}
