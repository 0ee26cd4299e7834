import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../cluster-lab/process-record.ts";
import { named } from "../support/fleet.ts";
import { fluxDocument } from "../support/monorepo.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";
import { codes, map, type SmallFleet, startSmallFleet, steps } from "../support/small-fleet.ts";

const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "laters.pending.example.org" },
  spec: {
    group: "pending.example.org",
    scope: "Namespaced",
    names: { kind: "Later", plural: "laters" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
const LATER = "apiVersion: pending.example.org/v1\nkind: Later\nmetadata: {name: later}\nspec: {size: 3}\n";

/** What is not there yet holds up only what needs it, and goes on by itself when it appears. */
describeWithCluster("services that need what is not there yet", () => {
  let fleet: SmallFleet;
  beforeAll(async () => {
    fleet = await startSmallFleet("pending");
  });
  afterAll(() => fleet?.close());
  const stateOf = (synced: Awaited<ReturnType<SmallFleet["sync"]>>, name: string) =>
    synced.pass.services.find(({ service }) => service === fleet.service(name).id)?.state;

  test("a kind: the rest of the service is applied, nothing of it is deleted, and then it continues", async () => {
    await fleet.commit(fleet.declares("kind", { first: map("first"), left: map("left") }));
    expect((await fleet.sync()).code).toBe(0);
    await fleet.commit(fleet.declares("kind", { first: map("first", "2"), left: null, later: LATER }));
    const waits = await fleet.sync();
    expect(waits.code).toBe(1);
    expect(stateOf(waits, "kind")).toBe("pending");
    expect(codes(waits)).toEqual(["plan/unknown-kind"]);
    expect(named(waits.writes)).toEqual(["patch configmaps pending/first"]);
    expect(await fleet.uid("left")).toBeDefined();
    expect((await fleet.sync()).writes).toEqual([]);

    await fleet.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION);
    const laters = fleet.path("", "pending.example.org/v1/laters").replace(/\/$/, "");
    const served = () =>
      fleet.ask("GET", laters).then(
        (list) => list !== undefined,
        () => false,
      );
    expect(await until(served, 20_000)).toBe(true);
    const goesOn = await fleet.sync();
    expect(goesOn.code).toBe(0);
    expect(steps(goesOn)).toEqual(["create later", "delete left"]);
  });

  test("a namespace: the others go on, and it continues", async () => {
    const { document, folder } = fleet.service("elsewhere");
    await fleet.commit({
      [document]: fluxDocument(fleet.service("elsewhere"), { targetNamespace: "pending-later" }),
      [`${folder}/map.yaml`]: map("waits"),
      ...fleet.declares("beside", { map: map("beside") }),
    });
    const waits = await fleet.sync();
    expect(waits.code).toBe(1);
    expect([stateOf(waits, "elsewhere"), stateOf(waits, "beside")]).toEqual(["pending", "synced"]);
    expect(codes(waits)).toEqual(["apply/missing-namespace"]);
    await fleet.ask("POST", "/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "pending-later" },
    });
    const goesOn = await fleet.sync();
    expect(goesOn.code).toBe(0);
    expect(stateOf(goesOn, "elsewhere")).toBe("synced");
  });

  test("D22 a namespace that is going away holds up what is in it, and nothing else", async () => {
    // Nothing finishes the deletion here: there is no namespace controller in this cluster.
    const going = "apiVersion: v1\nkind: Namespace\nmetadata: {name: pending-going}\n";
    const inside = (value: string): string =>
      map("inside", value).replace("name: inside", "name: inside, namespace: pending-going");
    const { document, folder } = fleet.service("going");
    const files = (value: string) => ({
      [document]: fluxDocument(fleet.service("going"), { targetNamespace: null }),
      [`${folder}/namespace.yaml`]: going,
      [`${folder}/inside.yaml`]: inside(value),
      [`${folder}/new.yaml`]: value === "2" ? inside("1").replace("name: inside", "name: new") : null,
    });
    await fleet.commit(files("1"));
    expect((await fleet.sync()).code).toBe(0);
    await fleet.ask("DELETE", "/api/v1/namespaces/pending-going");
    await fleet.commit(files("2"), fleet.declares("beside", { map: map("beside", "2") }));
    const waits = await fleet.sync();
    expect(waits.code).toBe(1);
    expect([stateOf(waits, "going"), stateOf(waits, "beside")]).toEqual(["pending", "synced"]);
    expect(waits.pass.services.flatMap(({ failures }) => failures.map(({ message }) => message))).toContainEqual(
      expect.stringMatching(/^Namespace pending-going is terminating since /),
    );
    expect(waits.writes.filter(({ verb }) => verb.startsWith("delete"))).toEqual([]);
  });
});
