import type { BuildAnswer } from "../builders/index.ts";
import type { Snapshot } from "../git/index.ts";
import type { Failure, Service, Tree } from "../model/index.ts";
import { sourcesOf } from "../services/index.ts";
import { mentionedFiles } from "./mentions.ts";
import type { BuildCache } from "./pass-types.ts";

/** Builds of a service that had to be killed, or took the process with them, while its files were as they are. */
interface Strikes {
  readonly count: number;
  /** The last ending; `DIED` when it was the process that ended. */
  readonly code: string;
  readonly footprint: readonly (readonly [path: string, id: string])[];
}

const STRIKES_MAX = 2;
const KILLING: ReadonlySet<string> = new Set(["build/out-of-memory", "build/deadline", "build/crashed"]);

/** The process ended while it built this: the kernel kills whoever takes the memory that all share. */
const DIED = "died";

/** A service that is not to be built, one that is to be built after all others, or nothing against it. */
export type Doubt = Failure | "last" | undefined;

/**
 * What is known against building a service. A build that took its thread, or the whole process, with it twice is not tried a third
 * time until one of its files changes: each try costs the others the thread, or all that was under way. After the first death of a
 * process it goes last, so that everybody else is through should it happen again. Kept in the disposable cache.
 */
export async function doubtOf(
  cache: BuildCache,
  key: string,
  service: Service,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<Doubt> {
  const deaths = await cache.takeDeaths(key);
  if (deaths > 0) await strike(cache, key, service, snapshot, DIED, deaths, signal);
  const strikes = parse(await cache.read(name(key)));
  if (strikes === undefined || !stands(strikes, snapshot.tree)) return undefined;
  const { count, code, footprint } = strikes;
  if (count < STRIKES_MAX) return code === DIED ? "last" : undefined;
  const change = `it is tried again as soon as one of its ${footprint.length} files changes`;
  if (code === DIED) {
    return {
      code: "reconcile/quarantined",
      message: `gitops was killed ${count} times while it built this, so it is not tried again`,
      remedy: `see whether it ran out of memory, and give it more or split the service: ${change}, or the cache is emptied`,
    };
  }
  return {
    code: "reconcile/quarantined",
    message: `its build had to be killed ${count} times (${code}), so it is not tried again`,
    remedy: `change what it builds: ${change}`,
  };
}

/** Notes how a build ended, when it had to be killed; one that ends by itself clears what was held against it. */
export async function noteEnding(
  cache: BuildCache,
  key: string,
  service: Service,
  snapshot: Snapshot,
  answer: BuildAnswer,
  signal: AbortSignal,
): Promise<void> {
  const code = answer.ok ? undefined : answer.failures.find((failure) => KILLING.has(failure.code))?.code;
  if (code !== undefined) await strike(cache, key, service, snapshot, code, 1, signal);
  else if (parse(await cache.read(name(key))) !== undefined) await cache.write(name(key), "");
}

async function strike(
  cache: BuildCache,
  key: string,
  service: Service,
  snapshot: Snapshot,
  code: string,
  times: number,
  signal: AbortSignal,
): Promise<void> {
  const before = parse(await cache.read(name(key)));
  const sources = sourcesOf(service);
  const files = (await mentionedFiles(snapshot, sources, signal)) ?? new Map();
  // Folders too: a file that is added may be the mending.
  const paths = [...new Set([...sources, ...files.keys()])];
  const footprint = paths.map((path) => [path, snapshot.tree.entry(path)?.id ?? "absent"] as const);
  const count = (before !== undefined && stands(before, snapshot.tree) ? before.count : 0) + times;
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
