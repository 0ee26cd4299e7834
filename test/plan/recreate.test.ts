import { describe, expect, test } from "vitest";
import type { LiveMetadata, Manifest } from "../../src/model/index.ts";
import { APPLIED_ANNOTATION, asksForRecreation, notRecreated, underAnotherName } from "../../src/plan/index.ts";
import { declareAs, declaredBy, liveAfter } from "./objects.ts";

const before = declaredBy("x/a", "a", { a: "1" });
const after = declaredBy("x/a", "a", { a: "2" });
const owner = { scope: "test", service: "x/a" };

describe("A14 an object that is deleted and created anew", () => {
  test("is asked for on the object, as a label or an annotation, in either spelling", () => {
    const marked = (metadata: Record<string, unknown>): Manifest =>
      ({ ...after.manifest, metadata: { name: "a", ...metadata } }) as Manifest;
    const asked = [
      marked({ annotations: { "gitops.bulkhead.dev/recreate": "enabled" } }),
      marked({ labels: { "gitops.bulkhead.dev/recreate": "Enabled" } }),
      marked({ annotations: { "kustomize.toolkit.fluxcd.io/force": "enabled" } }),
    ];
    expect(asked.map(asksForRecreation)).toEqual([true, true, true]);
    expect(asksForRecreation(marked({ annotations: { "kustomize.toolkit.fluxcd.io/force": "disabled" } }))).toBe(false);
    expect(asksForRecreation(after.manifest)).toBe(false);
  });

  test("is ours, by our own apply, and was not applied just so before", () => {
    expect(notRecreated(after, liveAfter(before), owner)).toBeUndefined();
    const doubts: readonly [Partial<LiveMetadata> | undefined, string][] = [
      [undefined, "it is not ours, by an apply of this service"],
      [{ managedFields: [] }, "it is not ours, by an apply of this service"],
      [{ labels: {} }, "it is not ours, by an apply of this service"],
      [{ ownerReferences: [{ kind: "Owner", name: "o", controller: true }] }, "another object controls it"],
      [
        { annotations: { ...liveAfter(before).annotations, "gitops.bulkhead.dev/prune": "disabled" } },
        "it says gitops.bulkhead.dev/prune: disabled",
      ],
      [
        { annotations: { ...liveAfter(before).annotations, [APPLIED_ANNOTATION]: after.hash } },
        "it was applied just so before",
      ],
    ];
    for (const [change, why] of doubts)
      expect(notRecreated(after, change && liveAfter(before, change), owner)).toBe(why);
    expect(notRecreated(after, liveAfter(before), { scope: "test", service: "x/b" })).toContain("not ours");
    expect(notRecreated(after, liveAfter(before), { scope: "other", service: "x/a" })).toContain("not ours");
  });

  test.each([
    ["v1", "Namespace"],
    ["v1", "PersistentVolume"],
    ["v1", "PersistentVolumeClaim"],
    ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ])("is never a %s %s", (apiVersion, kind) => {
    const declared = declareAs("x/a", { apiVersion, kind, metadata: { name: "a", namespace: "shop" } });
    expect(notRecreated(declared, liveAfter(declared), owner)).toBe(`a ${kind} is never deleted for that`);
  });

  test.each([
    "a",
    "web-and-more",
    `${"long-".repeat(50)}name`,
    "ends-at-a-dash-just-where-it-is-cut-of-----------------",
  ])("is tried under a name that nobody has: %s", (name) => {
    const other = underAnotherName(declaredBy("x/a", name)).metadata.name;
    expect(other).not.toBe(name);
    expect(other).toMatch(/^[a-z](?:[a-z0-9-]{0,50}[a-z0-9])$/);
    expect(other).not.toContain("--");
  });
});
