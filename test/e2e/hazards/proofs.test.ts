import { afterAll, beforeAll, expect, test } from "vitest";
import type { Changes } from "../../support/git-server-repository.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { codes, map, type SmallFleet, startSmallFleet, steps } from "../../support/small-fleet.ts";

/** Objects that left git and are still not to be deleted, or not yet: a delete is proven, never inferred (law L2). */
describeWithCluster("what stands between a delete and an object", () => {
  let fleet: SmallFleet;
  beforeAll(async () => {
    fleet = await startSmallFleet("hazard-proofs");
    const others = ["one", "two"].map((name) =>
      fleet.declares(name, Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`${name}-${n}`, map(`${name}-${n}`)]))),
    );
    await fleet.commit(...others);
    expect((await fleet.sync()).code).toBe(0);
  });
  afterAll(() => fleet?.close());

  /** A sync of the services whose names begin so: no test depends on what another one left. */
  const syncOf = (name: string, ...more: readonly string[]) =>
    fleet.sync("--service", fleet.service(`${name}*`).id, ...more);
  const gone = (service: string): Changes => ({
    [fleet.service(service).document]: null,
    [fleet.service(service).folder]: null,
  });
  const merge = "application/merge-patch+json";
  const names = (writes: Awaited<ReturnType<SmallFleet["sync"]>>["writes"]): readonly string[] =>
    writes.map(({ verb, objectRef, responseStatus }) => `${verb} ${objectRef?.name} ${responseStatus?.code}`);

  test("A8 a Namespace is held until it is confirmed, and never goes while somebody declares objects in it", async () => {
    const namespace = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;
    const inside = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inside, namespace: hazard-inner}\n";
    // One of them was there before: declaring it makes it ours, but it is not ours to take away.
    await fleet.ask("POST", "/api/v1/namespaces", { metadata: { name: "hazard-earlier" } });
    const free = { targetNamespace: null };
    const three = ["inner", "earlier", "spare"] as const;
    const spaces = Object.fromEntries(three.map((name) => [name, namespace(`hazard-${name}`)]));
    await fleet.commit(
      fleet.declares("spaces", { ...spaces, stay: inside.replace("inside", "stay") }, free),
      fleet.declares("inhabitant", { inside }, free),
    );
    expect((await fleet.sync()).code).toBe(0);
    const commit = await fleet.commit(fleet.declares("spaces", { inner: null, earlier: null, spare: null }, free));
    const held = await fleet.sync();
    expect(held.code).toBe(3);
    expect(steps(held)).toEqual(["held hazard-inner", "held hazard-spare", "kept hazard-earlier"]);
    expect(held.writes).toEqual([]);
    const confirmed = await fleet.sync("--confirm", commit.slice(0, 12));
    expect(confirmed.code).toBe(3);
    expect(steps(confirmed)).toEqual(["delete hazard-spare", "held hazard-inner", "kept hazard-earlier"]);
    expect(names(confirmed.writes)).toEqual(["delete hazard-spare 200"]);
  });

  test("A9 a CustomResourceDefinition that left git is held, with everybody's objects of it", async () => {
    const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.proofs.example.org}
spec:
  group: proofs.example.org
  scope: Namespaced
  names: {kind: Lamp, plural: lamps}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`;
    await fleet.commit(fleet.declares("kinds", { crd, plain: map("plain") }));
    expect((await syncOf("kinds")).code).toBe(0);
    const lamps = fleet.path("", "proofs.example.org/v1/lamps").slice(0, -1);
    const lamp = { apiVersion: "proofs.example.org/v1", kind: "Lamp" };
    for (const name of ["a", "b", "c"]) await fleet.ask("POST", lamps, { ...lamp, metadata: { name } });
    const commit = await fleet.commit(fleet.declares("kinds", { crd: null }));
    const held = await syncOf("kinds");
    expect(held.code).toBe(3);
    expect(steps(held)).toEqual(["held lamps.proofs.example.org"]);
    expect(held.writes).toEqual([]);
    expect(await fleet.ask("GET", `${lamps}/b`)).toBeDefined();
    const confirmed = await syncOf("kinds", "--confirm", commit.slice(0, 12));
    expect(names(confirmed.writes)).toEqual(["delete lamps.proofs.example.org 200"]);
  });

  test("A10 what a controller made with copies of our marks stays when its parent leaves git", async () => {
    await fleet.commit(fleet.declares("parent", { parent: map("parent"), sibling: map("sibling") }));
    await syncOf("parent");
    const { labels, annotations, uid } = (await fleet.ask("GET", fleet.path("parent")))?.metadata ?? {};
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "parent", uid };
    const children = [
      { name: "copied" },
      { name: "copied-and-owned", ownerReferences: [owner] },
      { name: "copied-and-controlled", ownerReferences: [{ ...owner, controller: true }] },
    ];
    for (const child of children) {
      await fleet.ask("POST", fleet.path(""), { metadata: { ...child, labels, annotations } });
    }
    // Even one that our own apply wrote is not ours any more once a controller has it.
    await fleet.ask(
      "PATCH",
      fleet.path("sibling"),
      { metadata: { ownerReferences: children[2]?.ownerReferences } },
      merge,
    );
    await fleet.commit(fleet.declares("parent", { parent: null, sibling: null, last: map("last") }));
    const { code, writes, pass } = await syncOf("parent");
    expect(code).toBe(0);
    expect(names(writes)).toEqual(["patch last 201", "delete parent 200"]);
    expect(pass.counts.kept).toBe(children.length + 1);
    for (const { name } of children) expect(await fleet.uid(name), name).toBeDefined();
    expect(await fleet.uid("sibling")).toBeDefined();
  });

  test("A12 an object that is re-created right before its delete is not deleted", async () => {
    await fleet.commit(
      fleet.declares("race", { early: map("early"), late: map("late"), calm: map("calm"), stay: map("stay") }),
    );
    await syncOf("race");
    const before = await fleet.uid("late");
    await fleet.commit(fleet.declares("race", { early: null, late: null, calm: null }));
    const recreate = (name: string) => async (): Promise<void> => {
      const { labels, annotations } = (await fleet.ask("GET", fleet.path(name)))?.metadata ?? {};
      await fleet.ask("DELETE", fleet.path(name));
      await fleet.ask("POST", fleet.path(""), { metadata: { name, labels, annotations } });
    };
    const raced = await fleet.proxied(async (proxy, flags) => {
      // After the list and before the last look at it; after that look and before the delete.
      proxy.add({
        method: "GET",
        path: /configmaps\/early/,
        matches: [1],
        fault: { kind: "meanwhile", act: recreate("early") },
      });
      proxy.add({
        method: "DELETE",
        path: /configmaps\/late/,
        matches: [1],
        fault: { kind: "meanwhile", act: recreate("late") },
      });
      return await syncOf("race", ...flags);
    });
    expect(raced.code).toBe(1);
    expect(codes(raced)).toEqual(["prune/changed-since-read", "prune/changed-since-read"]);
    expect(names(raced.writes).toSorted()).toEqual(["delete calm 200", "delete late 409"]);
    expect(await fleet.uid("late")).not.toBe(before);
    const next = await syncOf("race");
    expect(next.code).toBe(0);
    expect(next.writes).toEqual([]);
    expect(await fleet.uid("early")).toBeDefined();
  });

  test("A13 an object whose apiVersion changes in git is the same object", async () => {
    const version = (name: string, storage: boolean): string =>
      `{name: ${name}, served: true, storage: ${storage}, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}`;
    const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: doors.proofs.example.org}
spec:
  group: proofs.example.org
  scope: Namespaced
  names: {kind: Door, plural: doors}
  versions: [${version("v1beta1", false)}, ${version("v1", true)}]
`;
    const door = (apiVersion: string, width: number): string =>
      `apiVersion: proofs.example.org/${apiVersion}\nkind: Door\nmetadata: {name: front}\nspec: {width: ${width}}\n`;
    await fleet.commit(fleet.declares("doors", { crd, door: door("v1beta1", 1) }));
    expect((await syncOf("doors")).code).toBe(0);
    const at = fleet.path("front", "proofs.example.org/v1/doors");
    const uid = (await fleet.ask("GET", at))?.metadata.uid;
    await fleet.commit(fleet.declares("doors", { door: door("v1", 2) }));
    const moved = await syncOf("doors");
    expect(moved.code).toBe(0);
    expect(steps(moved)).toEqual(["update front"]);
    expect(names(moved.writes)).toEqual(["patch front 200"]);
    expect((await fleet.ask("GET", at))?.metadata.uid).toBe(uid);
    expect((await syncOf("doors")).writes).toEqual([]);
  });

  test("A13 an object that the server shows in two groups is one: changing the group deletes nothing", async () => {
    const event = (apiVersion: string): string => `apiVersion: ${apiVersion}
kind: Event
metadata: {name: opening}
reason: Opened
${apiVersion === "v1" ? "reportingComponent" : "reportingController"}: proofs.example.org/tests
reportingInstance: tests-1
type: Normal
${apiVersion === "v1" ? "involvedObject" : "regarding"}: {kind: ConfigMap, name: one-1, namespace: ${fleet.namespace}}
${apiVersion === "v1" ? "message" : "note"}: told
eventTime: "2025-01-01T00:00:00.000000Z"
action: Opening
`;
    await fleet.commit(fleet.declares("events", { event: event("v1"), plain: map("beside") }));
    expect(codes(await syncOf("events"))).toEqual([]);
    const uid = (await fleet.ask("GET", fleet.path("opening", "events")))?.metadata.uid;
    expect(uid).toBeDefined();
    await fleet.commit(fleet.declares("events", { event: event("events.k8s.io/v1") }));
    const moved = await syncOf("events");
    expect(moved.writes.filter(({ verb }) => verb === "delete")).toEqual([]);
    expect((await fleet.ask("GET", fleet.path("opening", "events")))?.metadata.uid).toBe(uid);
  });

  test("A21 objects whose apply was never answered are not forgotten when the next commit drops them", async () => {
    await fleet.commit(fleet.declares("unheard", { "unheard-1": map("unheard-1"), "unheard-2": map("unheard-2") }));
    const unheard = await fleet.proxied(async (proxy, flags) => {
      proxy.add({ method: "PATCH", path: /unheard/, fault: { kind: "reset", forward: true } });
      return await syncOf("unheard", ...flags);
    });
    expect(unheard.code).toBe(1);
    expect(await fleet.uid("unheard-1")).toBeDefined();
    await fleet.commit(gone("unheard"));
    const dropped = await syncOf("unheard");
    expect(dropped.code).toBe(0);
    expect(names(dropped.writes).toSorted()).toEqual(["delete unheard-1 200", "delete unheard-2 200"]);
    expect((await syncOf("unheard")).writes).toEqual([]);
  });

  test("A22 a delete that a policy refuses is told, holds up no other, and is tried again", async () => {
    const policies = "/apis/admissionregistration.k8s.io/v1";
    const resourceRules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["DELETE"], resources: ["configmaps"] }];
    await fleet.ask("POST", `${policies}/validatingadmissionpolicies`, {
      metadata: { name: "hazard-keep" },
      spec: {
        matchConstraints: { resourceRules },
        validations: [{ expression: "!oldObject.metadata.name.startsWith('guarded')", message: "kept by the archive" }],
      },
    });
    await fleet.ask("POST", `${policies}/validatingadmissionpolicybindings`, {
      metadata: { name: "hazard-keep" },
      spec: {
        policyName: "hazard-keep",
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": fleet.namespace } } },
      },
    });
    const objects = { "guarded-1": map("guarded-1"), "free-1": map("free-1"), "free-2": map("free-2") };
    await fleet.commit(fleet.declares("archive", { ...objects, current: map("current") }));
    await syncOf("archive");
    const refuses = (): Promise<boolean> =>
      fleet.ask("DELETE", `${fleet.path("guarded-1")}?dryRun=All`).then(
        () => false,
        () => true,
      );
    await expect.poll(refuses, { timeout: 20_000 }).toBe(true);
    await fleet.commit(fleet.declares("archive", { "guarded-1": null, "free-1": null, "free-2": null }));
    const refused = await syncOf("archive");
    expect(refused.code).toBe(1);
    expect(codes(refused)).toEqual(["prune/failed"]);
    const [failure] = refused.pass.services.flatMap(({ failures }) => failures);
    expect(failure?.object).toContain("guarded-1");
    expect(`${failure?.message} ${failure?.remedy}`).toContain("hazard-keep");
    expect(names(refused.writes).toSorted()).toEqual([
      "delete free-1 200",
      "delete free-2 200",
      "delete guarded-1 422",
    ]);
    await fleet.ask("DELETE", `${policies}/validatingadmissionpolicybindings/hazard-keep`);
    await fleet.ask("DELETE", `${policies}/validatingadmissionpolicies/hazard-keep`);
    await expect.poll(refuses, { timeout: 20_000 }).toBe(false);
    const next = await syncOf("archive");
    expect(next.code).toBe(0);
    expect(names(next.writes)).toEqual(["delete guarded-1 200"]);
  });
});
