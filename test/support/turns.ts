const asked = Number(process.env["TURNS"] ?? Number.NaN);

/** How often a hazard is tried: a few times in each run of the tests, and as often as its row asks with `TURNS=200`. */
export function turnsOf(usual: number): readonly number[] {
  return Array.from({ length: Number.isInteger(asked) && asked > 0 ? asked : usual }, (_, turn) => turn);
}

/** How long a process stands still, milliseconds: as long as its row says with `STANDSTILL_MS=600000`. */
export function standstillMs(usual: number): number {
  const wanted = Number(process.env["STANDSTILL_MS"] ?? usual);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : usual;
}

const TURN_MS_MAX = 30_000;

/** A limit for a test of so many turns, milliseconds. */
export function timeLimit(turns: readonly number[]): number {
  return Math.max(300_000, turns.length * TURN_MS_MAX);
}
