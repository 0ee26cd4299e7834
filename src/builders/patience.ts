/** How long a build may run before it is late. It learns what builds usually take, on this machine as busy as it is. */
export interface Patience {
  /** A build came to its end by itself, the first time that it was tried, after so long. */
  took(ms: number): void;
  /** With others waiting it is less: whoever takes many times longer than they usually do makes way. */
  ms(othersWait: boolean): number;
}

export interface PatienceOptions {
  /** What a build is given at most, and as long as little is known. */
  readonly patienceMs: number;
  /** What it is given at least: a pause of the machine makes no build late. */
  readonly patienceMinMs: number;
}

/** So many times what is usual is no accident: one build reads ten times as much as most, hardly one a hundred times. */
const FACTOR = 32;

/** How much one more build moves what is usual: what came before the last fifty hardly counts. */
const SHARE = 1 / 16;

export function newPatience({ patienceMs, patienceMinMs }: PatienceOptions): Patience {
  let usualMs = patienceMs / FACTOR;
  return {
    took(ms) {
      usualMs += (Math.min(ms, patienceMs) - usualMs) * SHARE;
    },
    ms: (othersWait) => (othersWait ? Math.min(patienceMs, Math.max(patienceMinMs, FACTOR * usualMs)) : patienceMs),
  };
}
