import { afterAll, beforeAll, expect, test } from "vitest";
import type { Failure } from "../../src/model/index.ts";
import { type Fleet, startFleet } from "../support/fleet.ts";
import { OBJECTS_PER_SERVICE } from "../support/monorepo.ts";
import { type Poison, poisons } from "../support/monorepo-poison.ts";
import { flagsOf, run } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/** Services broken in every way there is, beside services that are not: the bulkheads hold (law L1). */
describeWithCluster("250 services, some of them poisoned", () => {
  const SERVICES = 250;
  const NAMESPACES = 10;
  let fleet: Fleet;
  /** Each poison has a victim and a neighbour in the same namespace, and no other poison has either. */
  const pairOf = (index: number) => {
    const victim = Math.floor(index / NAMESPACES) * 2 * NAMESPACES + (index % NAMESPACES);
    return [fleet.service(victim), fleet.service(victim + NAMESPACES)] as const;
  };
  const infect = async (some: readonly Poison[], from: number): Promise<ReadonlyMap<string, Poison>> => {
    const victims = new Map<string, Poison>();
    const files = some.map((poison, index) => {
      const [victim, neighbour] = pairOf(from + index);
      victims.set(victim.id, poison);
      if (poison.fails === "both") victims.set(neighbour.id, poison);
      return poison.files(victim, neighbour);
    });
    await fleet.monorepo.commit(Object.assign({}, ...files), "poison");
    return victims;
  };
  const atOnce = poisons.filter(({ when }) => when === "any");
  const later = poisons.filter(({ when }) => when === "later");

  beforeAll(async () => {
    fleet = await startFleet({ services: SERVICES, namespaces: NAMESPACES });
  });
  afterAll(() => fleet?.close());

  test(`D3 a first sync applies everybody but the poisoned, in ${atOnce.length} ways`, async () => {
    expect(atOnce.length).toBeGreaterThanOrEqual(25);
    const victims = await infect(atOnce, 0);
    const { code, pass } = await fleet.sync();
    expect(code).toBe(1);
    // What only lacks a kind or a namespace is pending.
    const poisoned = pass.services.filter(({ state }) => state === "failed" || state === "pending");
    const failed = new Map(poisoned.map((one) => [one.service, one]));
    expect([...failed.keys()].sort()).toEqual([...victims.keys()].sort());
    for (const [id, poison] of victims) expectClear(poison, failed.get(id)?.failures ?? []);
    const healthy = pass.services.filter(({ service }) => !victims.has(service));
    expect(
      healthy.filter(({ state }) => state !== "synced").map(({ service, state }) => `${service} ${state}`),
    ).toEqual([]);
    const created = healthy.reduce((sum, { counts }) => sum + counts.created, 0);
    expect(created).toBe((SERVICES - victims.size) * OBJECTS_PER_SERVICE + NAMESPACES);
  });

  test("the closing text puts failures last, each with service, code, place and remedy", async () => {
    const { code, stdout } = await run(["sync", ...flagsOf(fleet.target)]);
    expect(code).toBe(1);
    for (const [index, poison] of atOnce.entries()) {
      const [victim] = pairOf(index);
      expect(stdout, poison.name).toContain(victim.id);
      expect(
        poison.codes.some((known) => stdout.includes(known)),
        poison.name,
      ).toBe(true);
    }
    const lines = stdout.trimEnd().split("\n");
    const first = lines.findIndex((line) => atOnce.some(({ codes }) => codes.some((known) => line.includes(known))));
    expect(first).toBeGreaterThan(0);
  });

  test("what only shows on top of what is live fails its service alone, too", async () => {
    const victims = await infect(later, atOnce.length + (NAMESPACES - (atOnce.length % NAMESPACES)));
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(1);
    for (const [id, poison] of victims) {
      expectClear(poison, pass.services.find(({ service }) => service === id)?.failures ?? []);
    }
    expect(writes.filter(({ verb }) => verb === "delete")).toEqual([]);
  });
});

/** The failure says what, where and what to do next. */
function expectClear(poison: Poison, failures: readonly Failure[]): void {
  const found = failures.find(({ code }) => poison.codes.includes(code));
  expect(found, `${poison.name} should be ${poison.codes.join(" or ")}, got ${JSON.stringify(failures)}`).toBeDefined();
  expect(found?.message, poison.name).not.toBe("");
  expect(found?.remedy, poison.name).not.toBe("");
  expect(found?.at?.path ?? found?.object, poison.name).toBeDefined();
}
