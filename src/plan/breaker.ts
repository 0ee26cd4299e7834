import type { DeleteLimit } from "../model/index.ts";

/** When deletes are held instead of done (law L2). */
export interface Breaker {
  /** Objects of one service. */
  readonly service: DeleteLimit;
  /** Objects of the whole scope. */
  readonly run: DeleteLimit;
  /** Services that left git. */
  readonly gone: DeleteLimit;
}

export const DEFAULT_BREAKER: Breaker = {
  service: { free: 3, share: 0.5, max: 50 },
  run: { free: 10, share: 0.2, max: 200 },
  gone: { free: 1, share: 0.2, max: 20 },
};

/** Why `count` of `whole` is too many, or undefined when it is not. `noun` is what is counted. */
export function tooMany(count: number, whole: number, limit: DeleteLimit, noun: string): string | undefined {
  if (count <= limit.free) return undefined;
  const share = whole === 0 ? 1 : count / whole;
  if (share <= limit.share && count <= limit.max) return undefined;
  const bound = count > limit.max ? `at most ${limit.max}` : `at most ${Math.round(limit.share * 100)} %`;
  return `breaker: ${count} of ${whole} ${noun} would be deleted at once, ${bound} may`;
}
