/** Numbers that a seed decides: the only chance there is in a simulation. */
export interface Random {
  /** A whole number from 0 up to, not including, `below`. */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly [T, ...(readonly T[])]): T;
  /** One of the choices, each as likely as its weight. */
  weighted<T>(choices: readonly [readonly [number, T], ...(readonly (readonly [number, T])[])]): T;
}

/** Source: the mulberry32 generator, 32 bits of state, enough for histories of a few dozen choices. */
export function newRandom(seed: number): Random {
  const state = { at: (seed ^ 0x9e3779b9) >>> 0 };
  const next = (): number => {
    state.at = (state.at + 0x6d2b79f5) >>> 0;
    let mixed = state.at;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  // Seeds that differ by little begin far apart only after a few rounds.
  for (let round = 0; round < 4; round += 1) next();
  const int = (below: number): number => Math.floor(next() * below);
  return {
    int,
    chance: (probability) => next() < probability,
    pick: (items) => items[int(items.length)] ?? items[0],
    weighted(choices) {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, choice] of choices) {
        left -= weight;
        if (left < 0) return choice;
      }
      return choices[0][1];
    },
  };
}
