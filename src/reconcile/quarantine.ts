import type { BuildAnswer } from "../builders/index.ts";
import type { Snapshot } from "../git/index.ts";
import type { Failure, Service, Tree } from "../model/index.ts";
import { sourcesOf } from "../services/index.ts";
import { mentionedFiles } from "./mentions.ts";
import type { BuildCache } from "./pass-types.ts";

/** Builds of a service that had to be killed, while its files were as they are. */
interface Strikes {
  readonly count: number;
  /** The last ending. */
  readonly code: string;
  readonly footprint: readonly (readonly [path: string, id: string])[];
}

const STRIKES_MAX = 2;
const KILLING: ReadonlySet<string> = new Set(["build/out-of-memory", "build/deadline", "build/crashed"]);

/**
 * Why a service is not built any more; undefined when it may be. A build that took its thread with it twice is not tried a
 * third time until one of its files changes: each try costs the others the thread. Kept in the disposable cache.
 */
export async function quarantined(cache: BuildCache, key: string, tree: Tree): Promise<Failure | undefined> {
  const strikes = parse(await cache.read(name(key)));
  if (strikes === undefined || strikes.count < STRIKES_MAX || !stands(strikes, tree)) return undefined;
  return {
    code: "reconcile/quarantined",
    message: `its build had to be killed ${strikes.count} times (${strikes.code}), so it is not tried again`,
    remedy: `change what it builds: it is tried again as soon as one of its ${strikes.footprint.length} files changes`,
  };
}

/** Notes how a build ended, when it had to be killed. */
export async function noteEnding(
  cache: BuildCache,
  key: string,
  service: Service,
  snapshot: Snapshot,
  answer: BuildAnswer,
  signal: AbortSignal,
): Promise<void> {
  const code = answer.ok ? undefined : answer.failures.find((failure) => KILLING.has(failure.code))?.code;
  if (code === undefined) return;
  const before = parse(await cache.read(name(key)));
  const sources = sourcesOf(service);
  const files = (await mentionedFiles(snapshot, sources, signal)) ?? new Map();
  // Folders too: a file that is added may be the mending.
  const paths = [...new Set([...sources, ...files.keys()])];
  const footprint = paths.map((path) => [path, snapshot.tree.entry(path)?.id ?? "absent"] as const);
  const count = before !== undefined && stands(before, snapshot.tree) ? before.count + 1 : 1;
  await cache.write(name(key), JSON.stringify({ count, code, footprint } satisfies Strikes));
}

function stands({ footprint }: Strikes, tree: Tree): boolean {
  return footprint.every(([path, id]) => (tree.entry(path)?.id ?? "absent") === id);
}

function name(key: string): string {
  return `killed-${key}`;
}

function parse(text: string | undefined): Strikes | undefined {
  if (text === undefined) return undefined;
  try {
    const strikes = JSON.parse(text) as Partial<Strikes> | null;
    const whole = typeof strikes?.count === "number" && Array.isArray(strikes.footprint);
    return whole ? (strikes as Strikes) : undefined;
  } catch {
    // A damaged cache is an empty one.
    return undefined;
  }
}
