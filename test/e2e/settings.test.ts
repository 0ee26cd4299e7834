import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithCluster } from "../support/shared-cluster.ts";
import { codes, map, type SmallFleet, startSmallFleet, steps } from "../support/small-fleet.ts";

/** What gitops.yaml says is what the API server sees: the audit log is the judge. */
describeWithCluster("settings in the repository", () => {
  let fleet: SmallFleet;
  beforeAll(async () => {
    fleet = await startSmallFleet("settings");
    const both = ["cart", "till"].map((name) =>
      fleet.declares(name, { [`${name}-a`]: map(`${name}-a`), [`${name}-b`]: map(`${name}-b`) }),
    );
    await fleet.commit(...both);
    expect((await fleet.sync()).code).toBe(0);
    // Both lose an object and change the other, and nothing of that is synced yet.
    const less = ["cart", "till"].map((name) =>
      fleet.declares(name, { [`${name}-a`]: map(`${name}-a`, "2"), [`${name}-b`]: null }),
    );
    await fleet.commit(...less);
  });
  afterAll(() => fleet?.close());

  const settings = (text: string | null) => fleet.commit({ "clusters/dev/gitops.yaml": text });

  test("that cannot be read end the run before it writes anything", async () => {
    await settings(`services:\n  - match: ${fleet.namespace}/*\n    suspend: true\nbreakers: {}\n`);
    const refused = await fleet.sync();
    expect(refused.code).toBe(2);
    const at = { path: "clusters/dev/gitops.yaml", line: 4, column: 1 };
    expect(refused.pass.failures).toMatchObject([{ code: "usage/invalid-settings", at }]);
    expect(refused.writes).toEqual([]);
  });

  test("suspend one service and fail another, whose objects stay", async () => {
    const [cart, till] = [fleet.service("cart").id, fleet.service("till").id];
    await settings(`services:\n  - {match: "${cart}", suspend: true}\n  - {match: "${till}", drift: never}\n`);
    const left = await fleet.sync();
    expect(left.code).toBe(1);
    expect(codes(left)).toEqual(["service/invalid-settings"]);
    expect(left.writes).toEqual([]);
  });

  test("protect a kind: what is gone from git is held, and everything else goes on", async () => {
    await settings("protect: [ConfigMap]\n");
    const held = await fleet.sync();
    expect(held.code).toBe(3);
    expect(steps(held)).toEqual(["held cart-b", "held till-b", "update cart-a", "update till-a"]);
    expect(held.writes.map(({ verb }) => verb)).toEqual(["patch", "patch"]);
  });

  test("limit the deletes of one service; a flag goes over the limit of all, not over its own", async () => {
    await settings(`breaker: {service: {max: 0}}\nservices:\n  - {match: till, deleteLimit: {max: 0}}\n`);
    expect(steps(await fleet.sync())).toEqual(["held cart-b", "held till-b"]);
    const given = await fleet.sync("--max-deletes", "5");
    expect(steps(given)).toEqual(["delete cart-b", "held till-b"]);
    expect(given.writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["delete cart-b"]);
  });

  test("gone, everything is as usual again", async () => {
    await settings(null);
    expect(steps(await fleet.sync())).toEqual(["delete till-b"]);
    const again = await fleet.sync();
    expect([again.code, steps(again), again.writes]).toEqual([0, [], []]);
  });
});
