import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../../support/cluster.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { map, type SmallFleet, startSmallFleet, steps } from "../../support/small-fleet.ts";

/** etcd as it was before the last sync, behind an API server that says nothing of it. */
describeWithCluster("a cluster that is restored from a backup", () => {
  let cluster: TestCluster;
  let fleet: SmallFleet;
  beforeAll(async () => {
    cluster = await startCluster();
    fleet = await startSmallFleet("hazard-restored", cluster);
  });
  afterAll(async () => {
    await fleet?.close();
    await cluster?.stop();
  });

  test("A16 a cluster restored while no process looked: the next one deletes nothing for a while", async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`later-${n}`, map(`later-${n}`)]));
    await fleet.commit(fleet.declares("shop", { early: map("early"), stays: map("stays") }));
    expect((await fleet.sync()).code).toBe(0);
    const restore = await cluster.backUp();
    await fleet.commit(fleet.declares("other", many), fleet.declares("shop", { early: null }));
    expect((await fleet.sync()).code).toBe(0);
    expect(await fleet.uid("early")).toBeUndefined();
    await restore();
    expect(await fleet.uid("early")).toBeDefined();

    // What git does not have is back, and one more object goes.
    const restored = await fleet.sync();
    expect(restored.code).toBe(3);
    expect(steps(restored).filter((step) => !step.startsWith("create later-"))).toEqual(["held early"]);
    const [held] = restored.pass.services.flatMap(({ steps: all }) => all.filter(({ action }) => action === "held"));
    expect(held?.why).toMatch(
      /something older than before \(version \d+ after \d+\), as one restored from a backup does/,
    );
    expect(restored.writes.filter(({ verb }) => verb === "delete")).toEqual([]);
    // The rest is as git says, and the pause outlives the process, although versions go on from there.
    expect(restored.pass.counts.created).toBe(40);
    const again = await fleet.sync();
    expect(again.code).toBe(3);
    expect(again.writes).toEqual([]);

    // A machine that never saw it has nothing to compare with.
    rmSync(fleet.target.cacheDir, { recursive: true, force: true });
    expect(steps(await fleet.sync())).toEqual(["delete early"]);
  });
});
