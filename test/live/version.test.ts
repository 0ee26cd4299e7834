import { expect, test } from "vitest";
import { isOlder, newest } from "../../src/live/version.ts";

test.each([
  ["9", "10", true],
  ["10", "9", false],
  ["10", "10", false],
  ["340282366920938463463374607431768211455", "340282366920938463463374607431768211456", true],
  ["", "1", false],
  ["0", "1", false],
  ["a1", "a2", false],
  ["1", "a2", false],
])("version %s is older than %s: %s", (a, b, expected) => {
  expect(isOlder(a, b)).toBe(expected);
});

test("of versions without an order the one that is known stays", () => {
  expect(newest("a", "b")).toBe("a");
  expect(newest("", "b")).toBe("b");
  expect(newest("9", "10")).toBe("10");
});
