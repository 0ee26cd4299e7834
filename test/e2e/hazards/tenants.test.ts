import { afterAll, beforeAll, expect, test } from "vitest";
import type { Changes } from "../../support/git-server-repository.ts";
import { fluxDocument, serviceOf } from "../../support/monorepo.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { map, type SmallFleet, startSmallFleet } from "../../support/small-fleet.ts";

/** How many services of others' are written before a quiet tenant's one is: the API server's audit log tells. */
describeWithCluster("a tenant with very many services", () => {
  const NOISY = 1_000;
  const QUIET = 50;
  const PLACES = 4;
  let fleet: SmallFleet;
  beforeAll(async () => {
    fleet = await startSmallFleet("hazard-tenants");
  });
  afterAll(() => fleet?.close());

  /** By name the noisy one's services come first; all of them write into one namespace. */
  const declares = (tenant: string, name: string, version: string): Changes => {
    const service = serviceOf("dev", tenant, name);
    return {
      [service.document]: fluxDocument(service, { targetNamespace: fleet.namespace }),
      [`${service.folder}/object.yaml`]: map(`${tenant}.${name}`, version),
    };
  };
  const all = (version: string): Changes =>
    Object.assign(
      {},
      ...Array.from({ length: NOISY }, (_, n) => declares("a-noisy", `service-${String(n).padStart(4, "0")}`, version)),
      ...Array.from({ length: QUIET }, (_, n) => declares(`quiet-${String(n).padStart(2, "0")}`, "only", version)),
    ) as Changes;
  /** What was written, in the API server's order: the tenants of the objects. */
  const order = (writes: Awaited<ReturnType<SmallFleet["sync"]>>["writes"]): readonly string[] =>
    writes.filter(({ verb }) => verb === "patch").map(({ objectRef }) => objectRef?.name?.split(".")[0] ?? "");
  const noisyBeforeLastQuiet = (tenants: readonly string[]): number =>
    tenants
      .slice(
        0,
        tenants.findLastIndex((tenant) => tenant !== "a-noisy"),
      )
      .filter((one) => one === "a-noisy").length;

  test("E10 keeps nobody else waiting: the quiet ones' writes are not behind its own", async () => {
    for (const version of ["1", "2"]) {
      await fleet.commit(all(version));
      const { code, writes } = await fleet.sync("--concurrency", String(PLACES));
      expect(code).toBe(0);
      const tenants = order(writes);
      expect(tenants).toHaveLength(NOISY + QUIET);
      // One round, in which it had one turn as everybody, and what had its places when the others came.
      expect(noisyBeforeLastQuiet(tenants), `version ${version}`).toBeLessThanOrEqual(3 * PLACES);
    }
  });

  test("E10 as one tenant with it they would have been last: it is the tenant that counts", async () => {
    await fleet.commit(all("3"), { "clusters/dev/gitops.yaml": SAME_TENANT });
    const { code, writes } = await fleet.sync("--concurrency", String(PLACES));
    expect(code).toBe(0);
    expect(noisyBeforeLastQuiet(order(writes))).toBeGreaterThan(NOISY - 3 * PLACES);
  });
});

const SAME_TENANT = `services:
  - match: "*"
    tenant: everybody
`;
