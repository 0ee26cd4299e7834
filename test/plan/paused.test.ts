import { expect, test } from "vitest";
import { DEFAULT_BREAKER, makePlans, type PlanInput, resolveClaims } from "../../src/plan/index.ts";
import { declaredBy, index, liveAfter } from "./objects.ts";

const WHY = "the cluster says something older than before";

/** A service that declares one object, owns another, and one that left git. */
function input(change: Partial<PlanInput>): PlanInput {
  const declared = [declaredBy("x/a", "kept", { a: "2" })];
  const live = index(
    ...["kept", "gone"].map((name) => liveAfter(declaredBy("x/a", name))),
    liveAfter(declaredBy("x/left", "left")),
  );
  const claimants = [{ service: "x/a", at: { path: "a.yaml" }, desired: { kind: "known" as const, declared } }];
  return {
    scope: "test",
    services: [{ service: "x/a", at: { path: "a.yaml" }, prune: true }],
    claims: resolveClaims({ scope: "test", claimants, live, complete: true }),
    live,
    known: ["x/a"],
    complete: true,
    unlisted: new Set(),
    settled: new Map(),
    breaker: DEFAULT_BREAKER,
    ...change,
  };
}

const steps = (change: Partial<PlanInput>) =>
  makePlans(input(change)).flatMap((plan) => plan.steps.map((step) => [step.action, step.why]));

test("A16 nothing is deleted while the cluster says something older than before; everything else goes on", () => {
  expect(steps({})).toEqual([
    ["update", "changed"],
    ["delete", "no longer in git"],
    ["delete", "no longer in git"],
  ]);
  expect(steps({ pausedDeletes: WHY })).toEqual([
    ["update", "changed"],
    ["held", WHY],
    ["held", WHY],
  ]);
});

test("A16 a confirmation does not release what is held so", () => {
  const confirmed = () => ({ by: "Ada", at: "2026-01-01T00:00:00Z", how: "command" }) as const;
  const plans = makePlans(input({ pausedDeletes: WHY, confirmed }));
  const held = plans.flatMap((plan) => plan.steps).filter((step) => step.action === "held");
  expect(held.map(({ confirmable }) => confirmable)).toEqual([false, false]);
  expect(plans.every((plan) => plan.confirmed === undefined)).toBe(true);
});
