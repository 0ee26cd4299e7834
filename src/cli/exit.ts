import type { PassOutcome, ServiceState } from "../model/index.ts";
import { passResult } from "../report/index.ts";
import type { StopSignal } from "./world.ts";

/** Exit codes, the same for every command as far as they apply. `docs/cli.md` lists them. */
export const EXIT = {
  ok: 0,
  /** Something is wrong with some service; for diff: there are differences. */
  some: 1,
  /** The command could not run: flags, git, the cluster. */
  couldNotRun: 2,
  /** Nothing failed, but deletes are held. */
  held: 3,
} as const;

/** The code that shells give for a process that a signal ended: 128 and the signal's number. */
export function signalExit(name: StopSignal): number {
  return name === "SIGINT" ? 130 : 143;
}

export function syncExit(outcome: PassOutcome): number {
  switch (passResult(outcome)) {
    case "ok":
      return EXIT.ok;
    case "failed":
      return EXIT.some;
    case "held":
      return EXIT.held;
    case "error":
      return EXIT.couldNotRun;
  }
}

const UNKNOWN: ReadonlySet<ServiceState> = new Set(["failed", "blocked", "pending", "backoff", "interrupted"]);

/** As `diff` and `kubectl diff`: 0 none, 1 some, 2 when any service could not be compared. */
export function diffExit(outcome: PassOutcome): number {
  const unknown =
    outcome.failures.length > 0 ||
    outcome.services.some(({ state, failures }) => failures.length > 0 || UNKNOWN.has(state));
  if (unknown) return EXIT.couldNotRun;
  const same = outcome.services.every(({ steps }) =>
    steps.every(({ action }) => action === "unchanged" || action === "kept"),
  );
  return same ? EXIT.ok : EXIT.some;
}
