import { badRequest, done, expired, type Outcome, refuse } from "../api/status.ts";
import type { Target } from "../world.ts";
import { type Change, inVersion, type ListQuery, matcher, seenAs } from "./read.ts";

export interface WatchQuery extends ListQuery {
  /** From after this version; "" and "0" begin with all that is there. */
  readonly resourceVersion: string;
  readonly bookmarks: boolean;
  /** Begins with all that is there and a bookmark that says so (sendInitialEvents). */
  readonly initialEvents?: boolean;
}

/** Changes as they happen, until a signal aborts. What happened since the version asked for comes first. */
export function watchObjects(
  target: Target,
  query: WatchQuery,
  signals: readonly AbortSignal[],
): Outcome<AsyncIterable<Change>> {
  const match = matcher(target, query);
  if (!match.ok) return match;
  const { store } = target.world;
  const resource = `${target.resource.group}/${target.resource.resource}`;
  const whole = query.initialEvents === true || query.resourceVersion === "" || query.resourceVersion === "0";
  const version = Number(query.resourceVersion);
  if (!whole && !Number.isInteger(version))
    return refuse(
      badRequest(`Invalid value: ${JSON.stringify(query.resourceVersion)}: strconv.ParseUint: invalid syntax`),
    );
  const queue: Change[] = [];
  if (whole) {
    const prefix = `${resource}/${target.namespace === "" ? "" : `${target.namespace}/`}`;
    for (const [, object] of store.list(prefix)) {
      const seen = inVersion(target, object);
      if (match.value.matches(seen)) queue.push({ type: "ADDED", object: seen });
    }
    if (query.initialEvents === true) queue.push({ type: "BOOKMARK", version: store.version(), initialEnd: true });
  } else {
    const past = store.since(resource, version);
    if (past === undefined) return refuse(expired(`too old resource version: ${version} (${store.version()})`));
    for (const event of past) {
      const change = seenAs(target, match.value, event);
      if (change !== undefined) queue.push(change);
    }
  }
  const wake = { up: (): void => undefined };
  const unsubscribe = store.subscribe((event) => {
    const change = seenAs(target, match.value, event);
    if (change === undefined) return;
    queue.push(change);
    wake.up();
  });
  return done(follow(queue, wake, unsubscribe, AbortSignal.any([...signals])));
}

async function* follow(
  queue: Change[],
  wake: { up: () => void },
  unsubscribe: () => void,
  signal: AbortSignal,
): AsyncGenerator<Change> {
  try {
    while (!signal.aborted) {
      const change = queue.shift();
      if (change !== undefined) {
        yield change;
        continue;
      }
      await new Promise<void>((resolve) => {
        const stop = (): void => resolve();
        wake.up = () => {
          signal.removeEventListener("abort", stop);
          resolve();
        };
        signal.addEventListener("abort", stop, { once: true });
      });
    }
  } finally {
    unsubscribe();
  }
}
