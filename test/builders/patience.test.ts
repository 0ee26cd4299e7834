import { describe, expect, test } from "vitest";
import { newPatience } from "../../src/builders/patience.ts";

const LIMITS = { patienceMs: 500, patienceMinMs: 100 };

/** Patience after `count` builds of `ms` each. */
const after = (count: number, ms: number) => {
  const patience = newPatience(LIMITS);
  for (let built = 0; built < count; built += 1) patience.took(ms);
  return patience;
};

describe("how long a build may keep others waiting", () => {
  test.each([
    ["nothing is known yet", 0, 0, 500],
    ["one build is no rule", 1, 1, 470],
    ["all others take a millisecond", 200, 1, 100],
    ["all others take ten", 200, 10, 320],
    ["all others take long, too, as on a machine that is busy", 200, 60, 500],
  ])("%s", (_, count, ms, expected) => {
    expect(after(count, ms).ms(true)).toBeCloseTo(expected, -1);
  });

  test("with nobody waiting it has all the time that there is for one", () => {
    expect(after(200, 1).ms(false)).toBe(500);
  });

  test("one that took for ever does not spoil what is usual", () => {
    const patience = after(200, 1);
    patience.took(60_000);
    for (let built = 0; built < 40; built += 1) patience.took(1);
    expect(patience.ms(true)).toBeLessThan(150);
  });
});
