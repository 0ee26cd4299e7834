import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRepository, type Repository } from "../../support/git-server-repository.ts";
import { flagsOf, run } from "../../support/program.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { map, type SmallFleet, startSmallFleet, steps } from "../../support/small-fleet.ts";

/** Two repositories, each with services of its own, that are synced to one cluster under one scope by mistake. */
describeWithCluster("two repositories in one scope", () => {
  let fleet: SmallFleet;
  let second: Repository;
  beforeAll(async () => {
    fleet = await startSmallFleet("hazard-scopes");
    second = await createRepository(join(fleet.repository.path, "..", "second.git"));
  });
  afterAll(() => fleet?.close());

  const named = (prefix: string, count: number) =>
    Object.assign(
      {},
      ...Array.from({ length: count }, (_, n) =>
        fleet.declares(`${prefix}-${n}`, { object: map(`${prefix}-${n}-object`) }),
      ),
    ) as ReturnType<SmallFleet["declares"]>;
  const other = () => ["--repo", `${fleet.server.origin}/second.git`];
  const deletes = ({ writes }: Awaited<ReturnType<SmallFleet["sync"]>>) =>
    writes.filter(({ verb }) => verb !== "patch");

  // One service of the first is less than any breaker holds; a dozen is more.
  test.each([
    [1, 0],
    [12, 3],
  ])(
    "A18 with %i services in the first: neither deletes the other's, however often they take turns",
    async (count, first) => {
      await fleet.commit(named(`first${count}`, count));
      await second.commit(named("second", 1), "its own");
      expect((await fleet.sync()).code).toBe(first);
      for (let turn = 0; turn < 2; turn += 1) {
        for (const flags of [other(), []]) {
          const synced = await fleet.sync(...flags);
          expect(synced.code).toBe(3);
          expect(deletes(synced)).toEqual([]);
          expect(steps(synced).filter((step) => step.startsWith("held")).length).toBeGreaterThan(0);
        }
      }
      const { stdout } = await run(["sync", ...flagsOf(fleet.target), ...fleet.scope, ...other()]);
      expect(stdout).toContain("if they are another repository's or path's: give each a --scope of its own");
    },
  );

  test("A11 with a scope of its own the second is refused what the first owns, and is told whose it is", async () => {
    await second.commit(
      fleet.declares("second-0", { object: map("first1-0-object", "of the second"), own: map("second-own") }),
      "the same object",
    );
    const refused = await fleet.sync(...other(), "--scope", "hazard-scopes/other_one");
    expect(
      refused.pass.services.flatMap(({ failures }) => failures).map(({ code, message }) => `${code} ${message}`),
    ).toEqual([expect.stringMatching(/^plan\/foreign-owner .*first1-0 \(scope hazard-scopes\)/)]);
    expect(deletes(refused)).toEqual([]);
    const trace = await run([
      "trace",
      ...flagsOf(fleet.target),
      ...other(),
      "--scope",
      "hazard-scopes/other_one",
      `configmap/${fleet.namespace}/second-own`,
    ]);
    // As it was given, although a label cannot hold it.
    expect(trace.stdout).toContain("(scope hazard-scopes/other_one)");
  });
});
