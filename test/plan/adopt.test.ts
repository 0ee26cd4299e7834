import { describe, expect, test } from "vitest";
import type { LiveMetadata, Manifest } from "../../src/model/index.ts";
import { type Taking, taking } from "../../src/plan/adopt.ts";
import { NO_STRANGERS, type Strangers } from "../../src/plan/index.ts";
import { declareAs, declaredBy, liveAfter } from "./objects.ts";

const mine = declaredBy("x/a", "a");
const taker = { scope: "test", service: "x/a", adopt: [] };
/** An object that is there before us. */
const stranger = (change: Partial<LiveMetadata> = {}): LiveMetadata =>
  liveAfter(mine, { labels: {}, annotations: {}, managedFields: [], ...change });
const say = (taken: Taking): string =>
  taken.kind === "ours" ? "ours" : taken.kind === "refused" ? taken.failure.code : `${taken.kind}: ${taken.why}`;
const told = (taken: Taking): string => (taken.kind === "refused" ? taken.failure.message : "");
const owned = (state: "live" | "gone" | "unknown"): Strangers => ({
  ...NO_STRANGERS,
  owners: new Map([
    ["release/shop/web", state],
    ["Kustomization/x/other", state],
  ]),
});

const helm: Partial<LiveMetadata> = {
  labels: { "app.kubernetes.io/managed-by": "Helm" },
  annotations: { "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop" },
};
const controlled = { ownerReferences: [{ kind: "ReplicaSet", name: "r", controller: true }] };

describe("whether a declared object may be written", () => {
  test.each([
    ["it is not there", undefined, "ours"],
    ["our apply wrote its label", liveAfter(mine), "ours"],
    ["our label is on it, and who set what is forgotten", liveAfter(mine, { managedFields: [] }), "ours"],
    ["it is being deleted", stranger({ ...helm, deletionTimestamp: "2026-01-01T00:00:00Z" }), "ours"],
    ["nobody has it", stranger(), "adopt: there already"],
    [
      "kubectl wrote it last",
      stranger({
        managedFields: [
          { manager: "kubectl", operation: "Update", apiVersion: "v1", time: "2026-02-01T00:00:00Z" },
          { manager: "old", operation: "Update", apiVersion: "v1", time: "2026-01-01T00:00:00Z" },
          {
            manager: "kcm",
            operation: "Update",
            apiVersion: "v1",
            time: "2026-03-01T00:00:00Z",
            subresource: "status",
          },
        ],
      }),
      "adopt: there already, last written by kubectl",
    ],
    [
      "another service's label is a copy",
      liveAfter(declaredBy("x/b", "a"), { managedFields: [] }),
      "adopt: there already, with a label of x/b that no apply of ours wrote",
    ],
    [
      "another scope's label is a copy",
      liveAfter(declareAs("x/a", mine.manifest, "elsewhere"), { managedFields: [] }),
      "adopt: there already, with a label of x/a that no apply of ours wrote",
    ],
    ["a controller made it", stranger(controlled), "plan/foreign-owner"],
    [
      "a controller made it with our marks",
      liveAfter(mine, { ...controlled, managedFields: [] }),
      "plan/foreign-owner",
    ],
    ["a controller took it after our apply", liveAfter(mine, controlled), "ours"],
  ])("when %s", (_case, live, want) => {
    expect(say(taking(mine, live, taker, NO_STRANGERS))).toBe(want);
  });

  test.each([
    ["live", "plan/foreign-owner", "ConfigMap shop/a belongs to Helm release shop/web"],
    [
      "unknown",
      "plan/foreign-owner",
      "ConfigMap shop/a may belong to Helm release shop/web, which could not be asked for",
    ],
    ["gone", "adopt: there already, left by Helm release shop/web", ""],
  ] as const)("an owner that is %s", (state, want, message) => {
    const taken = taking(mine, stranger(helm), taker, owned(state));
    expect(say(taken)).toBe(want);
    expect(told(taken)).toBe(message);
  });

  test("an owner that nobody asked about may live", () => {
    expect(say(taking(mine, stranger(helm), taker, NO_STRANGERS))).toBe("plan/foreign-owner");
  });

  test("is taken over from the tools named, and from no other", () => {
    const from = (adopt: readonly ("helm" | "flux")[]): string =>
      say(taking(mine, stranger(helm), { ...taker, adopt }, owned("live")));
    expect(from(["helm"])).toBe("adopt: taken over from Helm release shop/web");
    expect(from(["flux"])).toBe("plan/foreign-owner");
  });

  test("is taken over when git says so on the object, but never from a controller", () => {
    const metadata = { ...mine.manifest.metadata, annotations: { "gitops.bulkhead.dev/adopt": "Enabled" } };
    const asking = declareAs("x/a", { ...mine.manifest, metadata } as Manifest);
    expect(say(taking(asking, stranger(helm), taker, owned("live")))).toBe(
      "adopt: taken over from Helm release shop/web",
    );
    expect(say(taking(asking, stranger(controlled), taker, NO_STRANGERS))).toBe("plan/foreign-owner");
  });

  test("Flux's labels beside ours are our own; others are Flux's", () => {
    const copy = (flux: string): LiveMetadata => {
      const object = liveAfter(declaredBy("x/b", "a"), { managedFields: [] });
      return { ...object, labels: { ...object.labels, "kustomize.toolkit.fluxcd.io/name": flux } };
    };
    const live: Strangers = {
      ...NO_STRANGERS,
      owners: new Map([
        ["Kustomization/x/b", "live"],
        ["Kustomization/x/o", "live"],
      ]),
    };
    expect(say(taking(mine, copy("b"), taker, live))).toMatch(/^adopt/);
    expect(say(taking(mine, copy("o"), taker, live))).toBe("plan/foreign-owner");
  });

  test("is ours to take back when somebody edited its owner label", () => {
    const object = liveAfter(mine);
    const labels = { ...object.labels, "gitops.bulkhead.dev/service": "x_z" };
    const [entry] = object.managedFields;
    const metadata = entry?.fieldsV1?.["f:metadata"] as Record<string, Record<string, object>>;
    const { "f:gitops.bulkhead.dev/service": _taken, ...rest } = metadata["f:labels"] ?? {};
    const fieldsV1 = { ...entry?.fieldsV1, "f:metadata": { ...metadata, "f:labels": rest } };
    const edited = { ...object, labels, managedFields: [{ ...entry, fieldsV1 }] } as LiveMetadata;
    const live: Strangers = { ...NO_STRANGERS, owners: new Map([["Kustomization/x/a", "live"]]) };
    expect(say(taking(mine, edited, taker, live))).toBe(
      "adopt: there already, with a label of x/z that no apply of ours wrote",
    );
  });

  test("is another service's when that applied it after the list", () => {
    const theirs = liveAfter(declaredBy("x/b", "a"));
    const late = { ...NO_STRANGERS, there: new Map([["/ConfigMap/shop/a", theirs]]) };
    expect(say(taking(mine, theirs, taker, late))).toBe("plan/foreign-owner");
    // What a list showed was settled among all that declare it.
    expect(say(taking(mine, theirs, taker, NO_STRANGERS))).toBe("ours");
    const own = liveAfter(mine);
    expect(say(taking(mine, own, taker, { ...late, there: new Map([["/ConfigMap/shop/a", own]]) }))).toBe("ours");
  });

  test("is not written while it is not known whether it is there", () => {
    const strangers = { ...NO_STRANGERS, unknown: new Map([["/ConfigMap/shop/a", "no answer"]]) };
    expect(say(taking(mine, undefined, taker, strangers))).toBe("cluster/list-failed");
  });
});

describe("switches that leave an object as it is", () => {
  const declaring = (marks: object): ReturnType<typeof declareAs> =>
    declareAs("x/a", { ...mine.manifest, metadata: { ...mine.manifest.metadata, ...marks } } as Manifest);
  const flux = "kustomize.toolkit.fluxcd.io";

  test.each([
    [{ [`${flux}/reconcile`]: "disabled" }, true],
    [{ [`${flux}/reconcile`]: "Disabled" }, true],
    [{ [`${flux}/reconcile`]: "enabled" }, false],
    [{ [`${flux}/ssa`]: "Ignore" }, true],
    [{ [`${flux}/ssa`]: "Merge" }, false],
    [{ [`${flux}/ssa`]: "Override" }, false],
    [{ "fluxcd.io/ignore": "true" }, true],
    [{ "flux.weave.works/ignore": "true" }, true],
    [{ "fluxcd.io/ignore": "sync_only" }, false],
    [{ "fluxcd.io/ignore": "false" }, false],
  ])("%o: %s, in git and on the object, as label and as annotation", (marks, left) => {
    const kind = left ? "left" : "ours";
    for (const field of ["labels", "annotations"] as const) {
      const desired = taking(declaring({ [field]: marks }), liveAfter(mine), taker, NO_STRANGERS);
      expect([field, desired.kind]).toEqual([field, kind]);
      const object = liveAfter(mine);
      const marked = { ...object, [field]: { ...object[field], ...marks } };
      expect([field, taking(mine, marked, taker, NO_STRANGERS).kind]).toEqual([field, kind]);
    }
  });

  test("win over whoever else may have the object, and over its not being there", () => {
    const off = declaring({ annotations: { [`${flux}/reconcile`]: "disabled" } });
    expect(say(taking(off, stranger(helm), taker, owned("live")))).toBe(`left: ${flux}/reconcile: disabled`);
    expect(say(taking(off, undefined, taker, NO_STRANGERS))).toBe(`left: ${flux}/reconcile: disabled`);
  });

  test("IfNotPresent creates and then leaves; only git can say it", () => {
    const marks = { annotations: { [`${flux}/ssa`]: "ifNotPresent" } };
    expect(say(taking(declaring(marks), undefined, taker, NO_STRANGERS))).toBe("ours");
    expect(say(taking(declaring(marks), liveAfter(mine), taker, NO_STRANGERS))).toBe(
      `left: ${flux}/ssa: IfNotPresent, and it is there`,
    );
    expect(say(taking(declaring(marks), stranger(), taker, NO_STRANGERS))).toMatch(/^left/);
    const object = liveAfter(mine);
    const left = { ...object, annotations: { ...object.annotations, [`${flux}/ssa`]: "IfNotPresent" } };
    expect(say(taking(mine, left, taker, NO_STRANGERS))).toBe("ours");
  });
});
