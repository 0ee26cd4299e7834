import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idOfLabel, labelValue } from "../../src/plan/index.ts";

const VALID = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

describe("the owner label's value", () => {
  test.each([
    ["payments/api", "payments_api"],
    ["api", "api"],
    ["dev/releases/payments/api", "dev_releases_payments_api"],
  ])("%s stays readable: %s", (id, value) => {
    expect(labelValue(id)).toBe(value);
    expect(idOfLabel(value)).toBe(id);
  });

  test("ids that cannot be written plainly get a hash, and look-alikes stay apart", () => {
    const ids = [
      "a/b",
      "a_b",
      "a//b",
      ".",
      "",
      "-",
      "ä/ö",
      "x".repeat(64),
      `${"x".repeat(64)}y`,
      "a b",
      "a-b",
      "_a",
      "a_",
    ];
    expect(new Set(ids.map(labelValue)).size).toBe(ids.length);
  });

  test("says the id again, or is told as it is where it holds a hash", () => {
    const id = fc.stringMatching(/^[a-z0-9_./-]{1,80}$/);
    fc.assert(
      fc.property(id, (one) => {
        const value = labelValue(one);
        expect(idOfLabel(value)).toBe(value.includes("__") ? value : one);
      }),
    );
  });

  test("any id gives a valid label value, and different ids different ones", () => {
    const id = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z0-9_./-]{0,80}$/));
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(labelValue(a)).toMatch(VALID);
        expect(labelValue(a) === labelValue(b)).toBe(a === b);
      }),
    );
  });
});
