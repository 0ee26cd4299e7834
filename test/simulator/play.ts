import { expect } from "vitest";
import { historyOf } from "./history.ts";
import { shrunk } from "./shrink.ts";
import { simulate } from "./simulate.ts";
import { tellHistory } from "./tell.ts";

/** Histories that one test plays, and how long it may take on a busy machine. */
export const AT_ONCE = 200;
export const LIMIT_MS = 240_000;

/** The first seeds of the tests that play `count` histories from `first` on. */
export function firstSeeds(first: number, count: number): readonly number[] {
  return Array.from({ length: count / AT_ONCE }, (_, index) => first + index * AT_ONCE);
}

/** Plays histories, and fails with the least one that still breaks the law that is broken. */
export async function playFrom(first: number): Promise<void> {
  for (let seed = first; seed < first + AT_ONCE; seed += 1) {
    const history = historyOf(seed);
    const verdict = await simulate(history);
    if (verdict.violations.length > 0) expect.fail(tellHistory(...(await shrunk(history, verdict))));
  }
}
