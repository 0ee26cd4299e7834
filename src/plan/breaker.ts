/** When a number of deletes is too many: more than `free`, and then more than `share` (0–1) of the whole or than `max`. */
export interface Limit {
  readonly free: number;
  readonly share: number;
  readonly max: number;
}

/** When deletes are held instead of done (law L2). */
export interface Breaker {
  /** Objects of one service. */
  readonly service: Limit;
  /** Objects of the whole scope. */
  readonly run: Limit;
  /** Services that left git. */
  readonly gone: Limit;
}

export const DEFAULT_BREAKER: Breaker = {
  service: { free: 3, share: 0.5, max: 50 },
  run: { free: 10, share: 0.2, max: 200 },
  gone: { free: 1, share: 0.2, max: 20 },
};

/** Why `count` of `whole` is too many, or undefined when it is not. `noun` is what is counted. */
export function tooMany(count: number, whole: number, limit: Limit, noun: string): string | undefined {
  if (count <= limit.free) return undefined;
  const share = whole === 0 ? 1 : count / whole;
  if (share <= limit.share && count <= limit.max) return undefined;
  const bound = count > limit.max ? `at most ${limit.max}` : `at most ${Math.round(limit.share * 100)} %`;
  return `breaker: ${count} of ${whole} ${noun} would be deleted at once, ${bound} may`;
}
