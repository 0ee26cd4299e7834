import { expect, test } from "vitest";
import type { Explanation } from "../../src/model/index.ts";
import { newPaint, traceText, whyText } from "../../src/report/index.ts";
import { TRACE } from "../cli/insights.ts";
import { COMMIT, MISSING } from "./examples.ts";

const quiet: Explanation = {
  service: "dev/pay",
  revision: { ref: "main", commit: COMMIT },
  because: "nothing changed",
  runs: false,
  changed: [],
  steps: [],
  unchanged: 3,
  failures: [],
};

const first = (explanation: Explanation): string => whyText(explanation, newPaint(false)).split("\n")[0] ?? "";

test("a service that fails is not said to stay as it is", () => {
  expect(first(quiet)).toBe("dev/pay stays as it is: nothing changed");
  expect(first({ ...quiet, failures: [MISSING] })).toBe("dev/pay fails: nothing changed");
  expect(first({ ...quiet, runs: true, because: "commit", failures: [MISSING] })).toBe(
    "dev/pay would run, and fail: commit",
  );
});

test("objects of a service that fails are not all there are", () => {
  expect(whyText(quiet, newPaint(false))).toContain("3 objects, all as git says\n");
  expect(whyText({ ...quiet, failures: [MISSING] }, newPaint(false))).not.toContain("all as git says");
});

test("objects whose drift nobody looks at are not said to be as git says", () => {
  expect(whyText({ ...quiet, driftUnseen: true }, newPaint(false))).toContain(
    "3 objects, all as last applied; drift: off, so what others changed since is not looked at\n",
  );
});

test("nothing to count is not said to be as git says", () => {
  expect(
    whyText({ ...quiet, because: "it is suspended by Ada: restore", unchanged: 0 }, newPaint(false)),
  ).not.toContain("objects");
});

test("drift that is only told is not said twice", () => {
  const told = traceText({ ...TRACE, action: "drifted", why: "drifted: spec.replicas" }, newPaint(false));
  expect(told).toContain("leaves it as it is: drifted: spec.replicas\n");
});

test("an object that its declarer is refused is told so, with the reason", () => {
  const { action: _, ...refused } = TRACE;
  const told = traceText({ ...refused, why: "ConfigMap dev/pay belongs to Helm release dev/pay" }, newPaint(false));
  expect(told).toContain("fails: ConfigMap dev/pay belongs to Helm release dev/pay\n");
});
