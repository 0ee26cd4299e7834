import type { Failure } from "./failure.ts";

/** What an operation that may fail as expected answers. A thrown error is a bug or an abort, never an answer. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failures: readonly Failure[] };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function failed(...failures: readonly Failure[]): { readonly ok: false; readonly failures: readonly Failure[] } {
  return { ok: false, failures };
}

/** The `default` of an exhaustive switch: a new case breaks the build, not the run. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
