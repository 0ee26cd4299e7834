import type { Kind } from "../cluster/index.ts";
import { describing, type Trouble } from "../health/index.ts";
import {
  compareFailures,
  type Failure,
  type HealthSummary,
  type LiveObject,
  type ObjectRef,
  type Place,
  refKey,
  refText,
} from "../model/index.ts";

/** An object to wait for. */
export interface Awaited {
  readonly ref: ObjectRef;
  /** Undefined when the server serves no such kind. */
  readonly kind: Kind | undefined;
  /** Where it is declared. */
  readonly at?: Place;
  /** Carries our label. */
  readonly ours: boolean;
  /** Deleted by its controller once it is done: gone is healthy, unless it was seen to fail before. */
  readonly vanishes: boolean;
  readonly failedBefore?: boolean;
}

/** How a wait ended. `progressing` when it was cancelled before everything was healthy; then there are no failures. */
export interface Waited {
  readonly health: HealthSummary;
  readonly failures: readonly Failure[];
  /** Keys of objects that say of themselves that they failed. */
  readonly failed?: ReadonlySet<string>;
}

/** What one look at an object found. */
export type Seen =
  | { readonly state: "healthy" }
  | {
      readonly state: "progressing" | "failed";
      readonly object: Awaited;
      readonly why: string;
      readonly look: string;
      readonly trouble?: Trouble;
      /** What there is to wait for besides the object itself. */
      readonly live?: LiveObject;
      /** The object says so itself, not its pods. */
      readonly byItself?: true;
      /** Instead of the usual words. */
      readonly failure?: Failure;
    };

/** `timeoutMs` is undefined when the wait was cancelled. */
export function ending(all: readonly Seen[], timeoutMs: number | undefined): Waited {
  const rest = all.filter((one) => one.state !== "healthy");
  const objects = rest.map(({ object: { ref }, why }) => ({ ref, why }));
  if (rest.length === 0) return { health: { state: "healthy", objects }, failures: [] };
  const failed = rest.filter(({ state }) => state === "failed");
  if (failed.length === 0 && timeoutMs === undefined)
    return { health: { state: "progressing", objects }, failures: [] };
  const failures = failed.length === 0 ? rest.map((one) => timedOut(one, timeoutMs ?? 0)) : failed.map(failureOf);
  const byThemselves = new Set(failed.flatMap(({ object, byItself }) => (byItself ? [refKey(object.ref)] : [])));
  return { health: { state: "failed", objects }, failures: failures.toSorted(compareFailures), failed: byThemselves };
}

type Unhealthy = Exclude<Seen, { readonly state: "healthy" }>;

function failureOf({ object, why, look, failure }: Unhealthy): Failure {
  return (
    failure ?? {
      code: "health/failed",
      message: `${refText(object.ref)} is not healthy: ${why}`,
      ...rest(object, `see ${look}`),
    }
  );
}

function timedOut({ object, why, look }: Unhealthy, timeoutMs: number): Failure {
  const seconds = Math.round(timeoutMs / 1000);
  const message = `${refText(object.ref)} is not healthy after ${seconds} s: ${why}`;
  return { code: "health/timeout", message, ...rest(object, `see ${look}, or raise the service's timeout`) };
}

function rest({ ref, at }: Awaited, remedy: string): Pick<Failure, "remedy" | "object" | "at"> {
  return { remedy, object: refText(ref), ...(at === undefined ? {} : { at }) };
}

export function unexpected(
  { ref }: Awaited,
  cause: unknown,
): { readonly why: string; readonly look: string; readonly failure: Failure } {
  const message = `unexpected: ${cause instanceof Error ? cause.message : String(cause)}`;
  const remedy = "this is a fault of gitops; the service is left as it is, please report it";
  return {
    why: message,
    look: describing(ref),
    failure: { code: "reconcile/bug", message, remedy, object: refText(ref) },
  };
}
