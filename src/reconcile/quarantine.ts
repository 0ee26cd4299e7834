import type { BuildAnswer } from "../builders/index.ts";
import type { Snapshot } from "../git/index.ts";
import type { Failure, Service } from "../model/index.ts";
import { sourcesOf } from "../services/index.ts";
import { mentionedFiles } from "./mentions.ts";
import type { BuildCache, Death } from "./pass-types.ts";

/** What is held against building a service, while its files are as they are. */
interface Strikes {
  /** Builds that had to be killed. */
  readonly count: number;
  /** How the last of them ended. */
  readonly code: string;
  /** The process was killed during its build. */
  readonly death?: Death;
  /** Memory of a build thread then: with more, all of this proves nothing. */
  readonly heapMb: number;
  readonly footprint: readonly (readonly [path: string, id: string])[];
}

const STRIKES_MAX = 2;
const KILLING: ReadonlySet<string> = new Set(["build/out-of-memory", "build/deadline", "build/crashed"]);

/** A service that is not to be built, one that is to be built after all others, or nothing against it. */
export type Doubt = Failure | "last" | undefined;

/** One service, and where what is held against it is kept. */
export interface Suspect {
  readonly cache: BuildCache;
  readonly key: string;
  readonly service: Service;
  readonly snapshot: Snapshot;
  readonly heapMb: number;
}

/**
 * What is known against building a service. One whose build took its thread with it twice is not tried a third time until one of
 * its files changes: each try costs the others the thread. One during whose build the process was killed, as the kernel does with who
 * takes too much memory, goes last and by itself, so that everybody else is through should it happen again; if it does, it is not
 * tried again either. Kept in the disposable cache.
 */
export async function doubtOf(suspect: Suspect, signal: AbortSignal): Promise<Doubt> {
  const { cache, key } = suspect;
  const death = await cache.takeDeath(key);
  if (death !== undefined)
    await strike(suspect, (before) => ({ ...before, death: worse(before.death, death) }), signal);
  const strikes = parse(await cache.read(name(key)));
  if (strikes === undefined || !stands(strikes, suspect)) return undefined;
  const { count, code, footprint } = strikes;
  const change = `it is tried again as soon as one of its ${footprint.length} files changes`;
  if (strikes.death === "alone") {
    return {
      code: "reconcile/quarantined",
      message: "gitops was killed while it built this and nothing else, so it is not tried again",
      remedy: `see whether it ran out of memory, and give it more or split the service: ${change}, or the cache is emptied`,
    };
  }
  if (count < STRIKES_MAX) return strikes.death === "beside" ? "last" : undefined;
  return {
    code: "reconcile/quarantined",
    message: `its build had to be killed ${count} times (${code}), so it is not tried again`,
    remedy: `change what it builds: ${change}`,
  };
}

/** Notes how a build ended, when it had to be killed; one that ends by itself clears what was held against it. */
export async function noteEnding(suspect: Suspect, answer: BuildAnswer, signal: AbortSignal): Promise<void> {
  const { cache, key } = suspect;
  const code = answer.ok ? undefined : answer.failures.find((failure) => KILLING.has(failure.code))?.code;
  if (code !== undefined) await strike(suspect, (before) => ({ ...before, count: before.count + 1, code }), signal);
  else if (parse(await cache.read(name(key))) !== undefined) await cache.write(name(key), "");
}

type Held = Pick<Strikes, "count" | "code" | "death">;

async function strike(suspect: Suspect, add: (before: Held) => Held, signal: AbortSignal): Promise<void> {
  const { cache, key, service, snapshot, heapMb } = suspect;
  const before = parse(await cache.read(name(key)));
  const sources = sourcesOf(service);
  const files = (await mentionedFiles(snapshot, sources, signal)) ?? new Map();
  // Folders too: a file that is added may be the mending.
  const paths = [...new Set([...sources, ...files.keys()])];
  const footprint = paths.map((path) => [path, snapshot.tree.entry(path)?.id ?? "absent"] as const);
  const held = add(before !== undefined && stands(before, suspect) ? before : { count: 0, code: "" });
  await cache.write(name(key), JSON.stringify({ ...held, heapMb, footprint } satisfies Strikes));
}

function worse(before: Death | undefined, now: Death): Death {
  return before === "alone" ? before : now;
}

function stands({ footprint, heapMb }: Strikes, { snapshot: { tree }, heapMb: now }: Suspect): boolean {
  return heapMb >= now && footprint.every(([path, id]) => (tree.entry(path)?.id ?? "absent") === id);
}

function name(key: string): string {
  return `killed-${key}`;
}

function parse(text: string | undefined): Strikes | undefined {
  if (text === undefined) return undefined;
  try {
    const strikes = JSON.parse(text) as Partial<Strikes> | null;
    const { count, heapMb, footprint } = strikes ?? {};
    const whole = typeof count === "number" && typeof heapMb === "number" && Array.isArray(footprint);
    return whole ? (strikes as Strikes) : undefined;
  } catch {
    // A damaged cache is an empty one.
    return undefined;
  }
}
