import { describe, expect, test } from "vitest";
import type { LiveMetadata } from "../../src/model/index.ts";
import { NO_STRANGERS, type OwnerState, type Strangers } from "../../src/plan/index.ts";
import { declaredBy, liveAfter } from "./objects.ts";
import { ADA, planned } from "./planned.ts";

const declared = declaredBy("x/a", "web");
const ours = liveAfter(declared);
const by = (manager: string, subresource?: string): LiveMetadata["managedFields"][number] => ({
  manager,
  operation: "Update",
  apiVersion: "v1",
  ...(subresource === undefined ? {} : { subresource }),
});
/** Ours by proof, with a Helm release's marks and whoever else has fields of it. */
const released = (...others: LiveMetadata["managedFields"]): LiveMetadata => ({
  ...ours,
  labels: { ...ours.labels, "app.kubernetes.io/managed-by": "Helm" },
  annotations: { ...ours.annotations, "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop" },
  managedFields: [...ours.managedFields, ...others],
});
const release = (state: OwnerState): Strangers => ({ ...NO_STRANGERS, owners: new Map([["release/shop/web", state]]) });
const HELD = "held web: Helm release shop/web has applied it since it was taken over";
const GONE = "delete web: no longer in git";
const left = (live: LiveMetadata, strangers: Strangers, change: Parameters<typeof planned>[2] = {}) =>
  planned({ "x/a": [declaredBy("x/a", "other")] }, [live, liveAfter(declaredBy("x/a", "other"))], {
    strangers,
    ...change,
  })["x/a"]?.at(-1);

describe("an object that was taken over, and that its owner has applied since", () => {
  test.each([
    ["is at work", "live", HELD],
    ["cannot be asked for", "unknown", HELD],
    ["is gone", "gone", GONE],
  ] as const)("when that owner %s", (_when, state, want) => {
    expect(left(released(by("helm")), release(state))).toBe(want);
  });

  test("goes once somebody confirms", () => {
    expect(left(released(by("helm")), release("live"), { confirmed: () => ADA })).toBe(GONE);
  });

  test("is held when its whole service leaves git, too", () => {
    const other = declaredBy("x/b", "b");
    const plans = planned({ "x/b": [other] }, [released(by("helm")), liveAfter(other)], { strangers: release("live") });
    expect(plans["x/a"]).toEqual([HELD]);
  });

  test.each([
    ["marks that git declares", released()],
    ["marks that another tool's hand did not write", released(by("argocd-controller"))],
    ["a hand in its status only", released(by("helm", "status"))],
    ["a hand without marks", { ...ours, managedFields: [...ours.managedFields, by("helm")] }],
  ])("%s are no sign of that", (_what, live) => {
    expect(left(live, release("live"))).toBe(GONE);
  });
});
