import { expect, test } from "vitest";
import { becauseOf } from "../../src/reconcile/because.ts";

type Steps = Parameters<typeof becauseOf>[1]["steps"];
const steps = (...all: readonly object[]): Steps => all as unknown as Steps;
const drift = [{ path: "spec.replicas", manager: "kubectl" }];

test.each([
  ["nothing changed", false, undefined, steps({ action: "unchanged" })],
  ["nothing changed", false, [], steps({ action: "kept" })],
  ["not built before with these settings", true, undefined, steps()],
  ["changed: a, b, c and 1 more", true, ["a", "b", "c", "d"], steps({ action: "update" })],
  ["1 of its objects drifted", false, [], steps({ action: "update", drift })],
  ["1 of its objects drifted, which is left so for now", false, [], steps({ action: "drifted", drift })],
  ["2 of its objects drifted", false, [], steps({ action: "drifted", drift }, { action: "update", drift })],
  ["1 of its objects are not as git says", false, [], steps({ action: "create" })],
  ["2 deletes are held", false, [], steps({ action: "held" }, { action: "held" })],
  ["changed: a; 1 delete is held", true, ["a"], steps({ action: "held" })],
] as const)("%s", (because, built, changed, all) => {
  expect(becauseOf({ built, ...(changed === undefined ? {} : { changed }) }, { steps: all })).toBe(because);
});
