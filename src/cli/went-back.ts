import { isOlder, LIVE_DEFAULTS, newest } from "../live/index.ts";

/** What one process tells the next of how far the cluster was. Times are ISO 8601. */
export interface Seen {
  /** The newest version of what is kept there that was seen. */
  readonly version?: string;
  /** Why nothing is deleted, and how long. */
  readonly paused?: { readonly why: string; readonly until: string };
}

/** As long as a process that watches pauses deletes. */
const PAUSE_MS = LIVE_DEFAULTS.relistMs;

/**
 * What is seen now, after what was seen before. A cluster that is at an older version than it was has been restored from a backup,
 * or what answers is not all of it: for a while nothing is deleted, whichever process looks (reliability A16). The record of
 * it must not be in the cluster, where it would go back as well. `version` is empty where nothing was read.
 */
export function seenNow(before: Seen, version: string, nowMs: number): Seen {
  const then = before.version ?? "";
  if (isOlder(version, then)) {
    const until = new Date(nowMs + PAUSE_MS).toISOString();
    const why = `the cluster says something older than before (version ${version} after ${then}), as one restored from a backup does; nothing is deleted until ${until}`;
    return { version, paused: { why, until } };
  }
  const leftMs = Date.parse(before.paused?.until ?? "") - nowMs;
  // A clock that was set back must not make a pause of it that has no end.
  const still = before.paused !== undefined && leftMs > 0 && leftMs <= PAUSE_MS;
  const now = version === "" ? then : newest(then, version);
  return { ...(now === "" ? {} : { version: now }), ...(still ? { paused: before.paused } : {}) };
}

/** The same after writes of our own, of which one that changed nothing answers what was there long before. */
export function laterSeen(seen: Seen, version: string): Seen {
  const now = newest(seen.version ?? "", version);
  return now === "" ? seen : { ...seen, version: now };
}

/** What a file holds; nothing where it holds something else. */
export function seenIn(value: unknown): Seen {
  const seen = value as Partial<Seen> | null | undefined;
  if (typeof seen !== "object" || seen === null) return {};
  const { version, paused } = seen;
  const sound = typeof paused?.why === "string" && typeof paused.until === "string";
  return { ...(typeof version === "string" ? { version } : {}), ...(sound ? { paused } : {}) };
}
