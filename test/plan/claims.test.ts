import { describe, expect, test } from "vitest";
import { type ObjectRef, refKey } from "../../src/model/index.ts";
import { type Claimant, type Desired, declare, resolveClaims } from "../../src/plan/index.ts";
import { declareAs, declaredBy, index, liveAfter } from "./objects.ts";

const known = (...declared: ReturnType<typeof declaredBy>[]): Desired => ({ kind: "known", declared });
const unknown = (...exact: readonly string[]): Desired => ({
  kind: "unknown",
  why: "its build failed",
  names: { exact: new Set(exact), parts: [] },
});
const claimant = (service: string, desired: Desired): Claimant => ({
  service,
  at: { path: `${service}.yaml` },
  desired,
});

const resolve = (claimants: readonly Claimant[], live = index(), complete = true) => {
  const claims = resolveClaims({ scope: "test", claimants, live, complete });
  const names = Object.fromEntries(
    [...claims.granted].map(([id, granted]) => [id, granted.map(({ ref }) => ref.name)]),
  );
  const codes = Object.fromEntries([...claims.refused].map(([id, refused]) => [id, refused.map(({ code }) => code)]));
  return { claims, names, codes };
};

describe("an object has one service", () => {
  test("A11 of two newcomers neither gets it, both are told both places, and their siblings go on", () => {
    const { claims, names } = resolve([
      claimant("x/a", known(declaredBy("x/a", "both"), declaredBy("x/a", "own-a"))),
      claimant("x/b", known(declaredBy("x/b", "both"), declaredBy("x/b", "own-b"))),
    ]);
    expect(names).toEqual({ "x/a": ["own-a"], "x/b": ["own-b"] });
    for (const id of ["x/a", "x/b"]) {
      const [failure] = claims.refused.get(id) ?? [];
      expect(failure?.code).toBe("plan/duplicate-definition");
      expect(failure?.message).toContain("x/a (x/a/both.yaml:1) and x/b (x/b/both.yaml:1)");
    }
  });

  test("D6 of thousands that declare the same each is told of a few others", () => {
    const ids = Array.from({ length: 3000 }, (_, index) => `x/s${index}`);
    const { claims } = resolve(ids.map((id) => claimant(id, known(declaredBy(id, "same")))));
    const messages = ids.map((id) => claims.refused.get(id)?.[0]?.message ?? "");
    expect(messages.filter((message) => !message.includes(" and 2990 more; nobody owns it yet"))).toEqual([]);
    expect(Math.max(...messages.map((message) => message.length))).toBeLessThan(1000);
  });

  test("A11 the one that owns the live object goes on, the newcomer is refused", () => {
    const owned = declaredBy("x/a", "both");
    const { names, codes } = resolve(
      [claimant("x/a", known(owned)), claimant("x/b", known(declaredBy("x/b", "both")))],
      index(liveAfter(owned)),
    );
    expect(names).toEqual({ "x/a": ["both"], "x/b": [] });
    expect(codes).toEqual({ "x/a": [], "x/b": ["plan/duplicate-definition"] });
  });

  test("a copied label makes no owner", () => {
    const copied = liveAfter(declaredBy("x/a", "both"), { managedFields: [] });
    const { names } = resolve(
      [claimant("x/a", known(declaredBy("x/a", "both"))), claimant("x/b", known(declaredBy("x/b", "both")))],
      index(copied),
    );
    expect(names).toEqual({ "x/a": [], "x/b": [] });
  });

  test("E6 twice in one service is a duplicate, too", () => {
    const { names, codes } = resolve([claimant("x/a", known(declaredBy("x/a", "one"), declaredBy("x/a", "one")))]);
    expect(names).toEqual({ "x/a": [] });
    expect(codes["x/a"]).toEqual(["plan/duplicate-definition", "plan/duplicate-definition"]);
  });

  test("what its owner let go of is free for the one that declares it", () => {
    const moved = liveAfter(declaredBy("x/a", "moved"));
    const { names } = resolve(
      [claimant("x/a", known()), claimant("x/b", known(declaredBy("x/b", "moved")))],
      index(moved),
    );
    expect(names["x/b"]).toEqual(["moved"]);
  });

  test.each([
    ["its owner's build failed", [claimant("x/a", unknown())], true, "test"],
    ["its owner may be defined in a file that cannot be read", [], false, "test"],
    ["its owner belongs to another scope", [], true, "other"],
  ] as const)("is not taken over when %s", (_why, others, complete, scope) => {
    const manifest = declaredBy("x/a", "held").manifest;
    const live = liveAfter(declareAs("x/a", manifest, scope));
    const { names, codes } = resolve(
      [...others, claimant("x/b", known(declaredBy("x/b", "held")))],
      index(live),
      complete,
    );
    expect(names["x/b"]).toEqual([]);
    expect(codes["x/b"]).toEqual(["plan/foreign-owner"]);
  });

  test("two that declare what a third let go of are told whose it was, and neither gets it", () => {
    const live = liveAfter(declaredBy("x/gone", "both"));
    const { claims, names } = resolve(
      [claimant("x/a", known(declaredBy("x/a", "both"))), claimant("x/b", known(declaredBy("x/b", "both")))],
      index(live),
    );
    expect(names).toEqual({ "x/a": [], "x/b": [] });
    expect(claims.refused.get("x/a")?.[0]?.message).toMatch(/; x\/gone owned it and declares it no more, so it stays/);
  });

  test("of another scope, it is told how an installation whose path changed keeps what it has", () => {
    const live = liveAfter(declareAs("x/a", declaredBy("x/a", "held").manifest, "clusters/dev"));
    const { refused } = resolveClaims({
      scope: "clusters",
      claimants: [claimant("x/b", known(declaredBy("x/b", "held")))],
      live: index(live),
      complete: true,
    });
    expect(refused.get("x/b")?.[0]?.remedy).toMatch(/with another --path, keep --scope clusters\/dev; else/);
  });

  test("a service that left git has let go of everything", () => {
    const live = liveAfter(declaredBy("x/gone", "kept"));
    expect(resolve([claimant("x/b", known(declaredBy("x/b", "kept")))], index(live)).names["x/b"]).toEqual(["kept"]);
  });
});

describe("what a service declares and cannot have now stays its own", () => {
  const declared = declaredBy("x/a", "old");
  const live = liveAfter(declared);
  const waiting = claimant("x/a", { kind: "known", declared: [], unfit: [declared.ref] });

  test("nobody prunes it", () => {
    const { claims } = resolve([waiting, claimant("x/b", known())], index(live));
    expect(claims.wanted.get(refKey(live.ref))).toEqual(["x/a"]);
  });

  test("A13 not in a group that is not served either: it is the object of that name in the group that is", () => {
    const ingress = {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "web", namespace: "shop" },
    };
    const object = liveAfter(declareAs("x/a", ingress));
    const former = (ref: Partial<ObjectRef>) => {
      const unfit = [{ ...object.ref, group: "extensions", ...ref }];
      const { claims } = resolve(
        [claimant("x/a", known()), claimant("x/b", { kind: "known", declared: [], unfit })],
        index(object),
      );
      return claims.mayBeWanted(object);
    };
    expect(former({})).toBe("x/b may want it, as extensions/Ingress, which is not known to be served");
    expect(former({ name: "other" })).toBeUndefined();
    expect(former({ kind: "IngressClass" })).toBeUndefined();
    expect(former({ namespace: "bank" })).toBeUndefined();
  });

  test("nobody takes it over", () => {
    const { names, codes } = resolve([waiting, claimant("x/b", known(declaredBy("x/b", "old")))], index(live));
    expect(names["x/b"]).toEqual([]);
    expect(codes["x/b"]).toEqual(["plan/duplicate-definition"]);
  });
});

describe("what would take declared objects with it is wanted by whoever declares them", () => {
  const owner = { scope: "test", service: "x/a", flux: true, prune: true };
  const clusterWide = (apiVersion: string, kind: string, name: string) =>
    liveAfter(declare({ apiVersion, kind, metadata: { name } }, { path: "a.yaml" }, { namespaced: false }, owner, ""));
  const inShop = claimant("x/b", known(declaredBy("x/b", "one")));
  const widget = declare(
    { apiVersion: "acme.dev/v1", kind: "Widget", metadata: { name: "w", namespace: "shop" } },
    { path: "b.yaml" },
    { namespaced: true },
    { ...owner, service: "x/b" },
    "",
  );
  test.each([
    ["a namespace with a declared object in it", clusterWide("v1", "Namespace", "shop"), inShop, true],
    ["not another namespace", clusterWide("v1", "Namespace", "other"), inShop, false],
    [
      "a definition with a declared object of its kind",
      clusterWide("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.acme.dev"),
      claimant("x/b", known(widget)),
      true,
    ],
    [
      "not another definition",
      clusterWide("apiextensions.k8s.io/v1", "CustomResourceDefinition", "gadgets.other.dev"),
      claimant("x/b", known(widget)),
      false,
    ],
  ] as const)("%s", (_name, live, other, wanted) => {
    const { claims } = resolve([claimant("x/a", known()), other], index(live));
    expect(claims.mayBeWanted(live) !== undefined).toBe(wanted);
  });
});

describe("what nobody declares may still be wanted", () => {
  const live = liveAfter(declaredBy("x/a", "old"));
  test.each([
    ["by a broken service that mentions it", claimant("x/b", unknown("old")), true],
    ["not by one that mentions other names", claimant("x/b", unknown("new")), false],
    ["by one that cannot be read", claimant("x/b", { kind: "unknown", why: "unreadable", names: undefined }), true],
  ] as const)("%s", (_name, other, wanted) => {
    const { claims } = resolve([claimant("x/a", known()), other], index(live));
    expect(claims.mayBeWanted(live) !== undefined).toBe(wanted);
  });
});
