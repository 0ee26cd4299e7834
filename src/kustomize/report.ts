import type { Failure, FailureCode, Place } from "../model/index.ts";

/** Collects what goes wrong in a build, so that one run tells all of it. */
export interface Report {
  readonly failures: readonly Failure[];
  /** Adds a failure and answers undefined, so that a step may end with it. */
  fail(code: FailureCode, at: Place, message: string, remedy: string, object?: string): undefined;
  /** Adds failures made elsewhere, completed with the chain of folders. */
  add(failures: readonly Failure[]): undefined;
  /** True while nothing went wrong since `mark`. */
  cleanSince(mark: number): boolean;
  /** A report that adds a folder to the chain of whatever it is told. */
  within(place: Place): Report;
}

/** What was said twice is told once: a folder may be reached in several ways. */
export function newReport(): Report {
  const failures: Failure[] = [];
  const seen = new Set<string>();
  const view = (chain: readonly Place[]): Report => ({
    failures,
    fail(code, at, message, remedy, object) {
      const failure: Failure = { code, message: oneLine(message), remedy: oneLine(remedy), at };
      return this.add([object === undefined ? failure : { ...failure, object }]);
    },
    add(more) {
      for (const failure of more) {
        const key = `${failure.code}\0${failure.at?.path ?? ""}\0${failure.at?.line ?? 0}\0${failure.message}`;
        if (seen.has(key)) continue;
        seen.add(key);
        failures.push(failure.chain !== undefined || chain.length === 0 ? failure : { ...failure, chain });
      }
      return undefined;
    },
    cleanSince: (mark) => failures.length === mark,
    within: (place) => view([...chain, place]),
  });
  return view([]);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
