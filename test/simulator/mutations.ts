import type { Guard } from "./guard.ts";
import { GUARDS } from "./guards.ts";
import { historyOf } from "./history.ts";
import { withoutGuard } from "./mutant.ts";
import { simulate } from "./simulate.ts";

/** Which history notices that a guard is missing; no seed: none of those that were tried. */
export interface Finding {
  readonly guard: string;
  readonly seed?: number;
  readonly law?: string;
  readonly what?: string;
}

/** Takes the guards away, one by one, and plays histories until one of them breaks a law. */
export async function* findRemovedGuards(first: number, runs: number): AsyncGenerator<Finding> {
  for (const guard of GUARDS) yield await findRemoved(guard, first, runs);
}

export async function findRemoved(guard: Guard, first: number, runs: number): Promise<Finding> {
  const program = await withoutGuard(guard);
  const seeds = Array.from({ length: runs }, (_, index) => first + index);
  for (const seed of [...guard.seeds, ...seeds]) {
    const { violations } = await simulate(historyOf(seed), program);
    const [violation] = violations;
    if (violation === undefined) continue;
    const sound = await simulate(historyOf(seed));
    if (sound.violations.length === 0) return { guard: guard.name, seed, ...violation };
  }
  return { guard: guard.name };
}
