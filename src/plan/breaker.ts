import { DEFAULT_DELETE_LIMIT, type DeleteLimit } from "../model/index.ts";

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
  service: DEFAULT_DELETE_LIMIT,
  run: { free: 10, share: 0.2, max: 200 },
  gone: { free: 1, share: 0.2, max: 20 },
};

/** Limits as somebody gives them: what is not given is as usual. */
export type BreakerChange = { readonly [Limit in keyof Breaker]?: Partial<DeleteLimit> };

/** The usual limits with changes, the last one wins. A `max` below what is free makes that less, too. */
export function breakerWith(...changes: readonly BreakerChange[]): Breaker {
  const limit = (name: keyof Breaker): DeleteLimit => {
    const merged: DeleteLimit = Object.assign({ ...DEFAULT_BREAKER[name] }, ...changes.map((change) => change[name]));
    return { ...merged, free: Math.min(merged.free, merged.max) };
  };
  return { service: limit("service"), run: limit("run"), gone: limit("gone") };
}

/** Why `count` of a whole, which is asked for only then, is too many, or undefined when it is not. `noun` is what is counted. */
export function tooMany(count: number, wholeOf: () => number, limit: DeleteLimit, noun: string): string | undefined {
  if (count <= limit.free) return undefined;
  const whole = wholeOf();
  const share = whole === 0 ? 1 : count / whole;
  if (share <= limit.share && count <= limit.max) return undefined;
  const bound = count > limit.max ? `at most ${limit.max}` : `at most ${Math.round(limit.share * 100)} %`;
  return `breaker: ${count} of ${whole} ${noun} would be deleted at once, ${bound} may`;
}
