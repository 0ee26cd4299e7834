import { describe, expect, test } from "vitest";
import type { JsonObject, LiveMetadata, Manifest } from "../../src/model/index.ts";
import {
  autoscaledWarning,
  autoscalerOf,
  isAsApplied,
  leftToScale,
  newAutoscalers,
  withReplicas,
} from "../../src/plan/autoscaled.ts";
import { APPLIED_ANNOTATION } from "../../src/plan/index.ts";
import { declareAs, liveAfter } from "./objects.ts";

const workload = (spec: JsonObject): Manifest => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop" },
  spec,
});
const hpa = (target: JsonObject): Manifest => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "scaler", namespace: "shop" },
  spec: { scaleTargetRef: target, maxReplicas: 9 },
});
const scaler = (target: JsonObject) => {
  const found = autoscalerOf(hpa(target), "shop", { path: "shop/hpa.yaml", line: 3 });
  return found === undefined ? [] : [found];
};
const ours = { kind: "Deployment", name: "web", apiVersion: "apps/v1" };
const scaled = newAutoscalers(scaler(ours));
const nobodyKnows = newAutoscalers([], "forbidden");

const three = declareAs("shop/web", workload({ replicas: 3, paused: true }));
const five = declareAs("shop/web", workload({ replicas: 5, paused: true }));
const none = declareAs("shop/web", workload({ paused: true }));

describe("E1 replicas under an autoscaler", () => {
  test("are left out of what is applied and of its hash, so that git's number is no change", () => {
    const left = leftToScale(three, liveAfter(three), scaled);
    expect(left.manifest["spec"]).toEqual({ paused: true });
    expect(left.hash).toBe(leftToScale(five, liveAfter(three), scaled).hash);
    expect(left.hash).toBe(none.hash);
    expect(left.manifest.metadata["annotations"]).toMatchObject({ [APPLIED_ANNOTATION]: none.hash });
    expect(left.autoscaled).toEqual({ certain: true, replicas: 3 });
  });

  test("are git's for an object that is new", () => {
    const left = leftToScale(three, undefined, scaled);
    expect(withReplicas(left.manifest, left.autoscaled?.replicas)["spec"]).toEqual({ paused: true, replicas: 3 });
  });

  test.each<[string, JsonObject, boolean]>([
    ["an autoscaler of another object", { ...ours, name: "api" }, false],
    ["an autoscaler of another kind", { ...ours, kind: "StatefulSet" }, false],
    ["an autoscaler that names an older group", { ...ours, apiVersion: "extensions/v1beta1" }, true],
    ["an autoscaler that names no target", {}, false],
  ])("%s", (_name, target, wanted) => {
    const left = leftToScale(three, liveAfter(three), newAutoscalers(scaler(target)));
    expect(left.autoscaled !== undefined).toBe(wanted);
  });

  test("an object without replicas is as it is declared, unless our apply still holds them", () => {
    expect(leftToScale(none, liveAfter(none), scaled)).toBe(none);
    expect(leftToScale(none, liveAfter(three), scaled)).toEqual({ ...none, autoscaled: { certain: true } });
  });

  test("a spec that says nothing else is left out", () => {
    expect(withReplicas(workload({ replicas: 3 }), undefined)).not.toHaveProperty("spec");
  });

  describe("when the cluster's autoscalers could not be listed", () => {
    test("are kept as they are, and neither form of what was applied is a change", () => {
      const left = leftToScale(three, liveAfter(three), nobodyKnows);
      expect(left.autoscaled).toEqual({ certain: false, replicas: 3 });
      const at = (hash: string): LiveMetadata =>
        liveAfter(three, { annotations: { ...liveAfter(three).annotations, [APPLIED_ANNOTATION]: hash } });
      expect([three.hash, none.hash, five.hash].map((hash) => isAsApplied(at(hash), left, three))).toEqual([
        true,
        true,
        false,
      ]);
    });

    test("a new object is created as git has it", () => {
      expect(leftToScale(three, undefined, nobodyKnows)).toBe(three);
    });
  });

  test("when the autoscaler is gone, git's number is a change again", () => {
    const left = leftToScale(three, undefined, scaled);
    const live = liveAfter(left);
    const now = leftToScale(three, live, newAutoscalers([]));
    expect(now).toBe(three);
    expect(isAsApplied(live, now, three)).toBe(false);
  });

  test("the warning names the object, the autoscaler, both places and the remedy", () => {
    const warning = autoscaledWarning(leftToScale(three, liveAfter(three), scaled), scaled);
    expect(warning).toMatchObject({
      code: "drift/autoscaled",
      message:
        "apps/Deployment shop/web says spec.replicas, and autoscaling/HorizontalPodAutoscaler shop/scaler (shop/hpa.yaml:3) scales it: git's number is left out",
      remedy: "remove spec.replicas from shop/web/web.yaml:1",
    });
    expect(autoscaledWarning(leftToScale(none, liveAfter(three), scaled), scaled)).toBeUndefined();
    const unsure = autoscaledWarning(leftToScale(three, liveAfter(three), nobodyKnows), nobodyKnows);
    expect(unsure?.message).toContain("is not known, so its replicas are left as they are: forbidden");
  });
});
