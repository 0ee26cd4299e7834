const PART_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Longer intervals than this are as good as never; it keeps sums and timers exact. */
const DURATION_MS_MAX = 366 * 24 * 3_600_000;

/** A duration as Flux writes it. Source: the pattern in the Kustomization API, `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`. */
export const DURATION = /^(?:[0-9]{1,12}(?:\.[0-9]{1,12})?(?:ms|s|m|h)){1,8}$/;

/** Milliseconds of a duration as Flux writes it (`1h30m`, `90s`, `1.5m`), at most a year; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount = "0", unit = "s"] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    total += Number(amount) * (PART_MS[unit] ?? 0);
  }
  return Math.min(total, DURATION_MS_MAX);
}
