import { describe, expect, test } from "vitest";
import type { LiveMetadata, Manifest } from "../../src/model/index.ts";
import { type Inhabitants, objectionTo } from "../../src/plan/index.ts";
import { declareAs, declaredBy, liveAfter } from "./objects.ts";

const namespace = liveAfter(
  declareAs("x/a", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } } satisfies Manifest),
);
const definition: LiveMetadata = {
  ...namespace,
  ref: { group: "apiextensions.k8s.io", kind: "CustomResourceDefinition", namespace: "", name: "lamps.x.dev" },
};
const known = (...objects: readonly LiveMetadata[]): Inhabitants => ({ kind: "known", objects });
const own = liveAfter(declaredBy("x/a", "own"));
const kept = { ...own, annotations: { ...own.annotations, "kustomize.toolkit.fluxcd.io/prune": "disabled" } };

describe("A8 a namespace", () => {
  test.each([
    ["nothing", known(), undefined],
    ["its own service's objects", known(own, own), undefined],
    ["an object of nobody", known(liveAfter(declaredBy("x/a", "f"), { labels: {} })), "such as ConfigMap shop/f"],
    ["an object of another service", known(own, liveAfter(declaredBy("x/b", "b"))), "such as ConfigMap shop/b"],
    [
      "a copy of our label",
      known(liveAfter(declaredBy("x/a", "c"), { managedFields: [] })),
      "such as ConfigMap shop/c",
    ],
    ["an object that is to be kept", known(kept), "such as ConfigMap shop/own"],
    ["what could not be listed", { kind: "unknown", why: "403" } as const, "not known: 403"],
    ["what nobody looked at", undefined, "not known"],
  ])("with %s", (_what, inhabitants, why) => {
    const objection = objectionTo(namespace, inhabitants);
    if (why === undefined) expect(objection).toBeUndefined();
    else {
      expect(objection?.why).toContain(why);
      expect(objection?.confirmable).toBe(false);
    }
  });
});

describe("A9 a definition", () => {
  test("waits for a confirmation that knows how many objects go along", () => {
    expect(objectionTo(definition, known())).toBeUndefined();
    expect(objectionTo(definition, known(own, own, own))).toEqual({
      why: "CustomResourceDefinition is protected: 3 objects of it would go along",
      confirmable: true,
    });
    expect(objectionTo(definition, { kind: "unknown", why: "403" })?.confirmable).toBe(false);
  });
});

test("any other object takes nothing along", () => {
  expect(objectionTo(own, undefined)).toBeUndefined();
});
