import { once } from "node:events";
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, startFleet } from "../support/fleet.ts";
import { OBJECTS_PER_SERVICE, release } from "../support/monorepo.ts";
import { flagsOf, start, sync } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/** `kill -9` loses nothing and orphans nothing: ownership arrives in the same write as the object (law L5). */
describeWithCluster("killed while it syncs", () => {
  const ROUNDS = 20;
  const SERVICES = 12;
  const NAMESPACES = 4;
  const OBJECTS = SERVICES * OBJECTS_PER_SERVICE + NAMESPACES;
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await startFleet({ services: SERVICES, namespaces: NAMESPACES });
  });
  afterAll(() => fleet?.close());

  /** Starts a sync and kills it as soon as it wrote so many objects; answers how many it wrote. */
  const killedAfter = async (writes: number): Promise<number> => {
    const since = fleet.cluster.mark();
    const written = (): number => fleet.cluster.audit({ since, userAgent: "gitops/" }).length;
    const child = start(["sync", ...flagsOf(fleet.target)]);
    const exited = once(child, "exit");
    while (written() < writes && child.exitCode === null) await sleep(1);
    child.kill("SIGKILL");
    await exited;
    return written();
  };

  test(`at ${ROUNDS} points of syncing a new release of everything, the next run converges`, async () => {
    const first = await killedAfter(OBJECTS / 2);
    expect(first).toBeGreaterThan(0);
    const interrupted: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // Half of the time nothing is left of the caches, either.
      if (round % 2 === 0) rmSync(fleet.target.cacheDir, { recursive: true, force: true });
      const changes = fleet.monorepo.services.map((service) => release(service, `2.0.${round}`));
      await fleet.monorepo.commit(Object.assign({}, ...changes), `release ${round}`);
      interrupted.push(await killedAfter(1 + Math.floor((round / ROUNDS) * SERVICES * 2)));
      const { code, pass } = await sync(fleet.target);
      expect(code, `round ${round}`).toBe(0);
      expect(pass.counts.unchanged + pass.counts.updated + pass.counts.created).toBe(OBJECTS);
    }
    const settled = await fleet.sync();
    expect(settled.writes).toEqual([]);
    expect(settled.pass.counts.unchanged).toBe(OBJECTS);
    expect(interrupted.some((writes) => writes < SERVICES * 2)).toBe(true);
  });

  test("what a killed run made is not forgotten when the next commit drops it", async () => {
    const service = fleet.service(3);
    const [kustomization, extra] = [`${service.folder}/kustomization.yaml`, `${service.folder}/extra.yaml`];
    const before = `${await fleet.monorepo.git("show", `main:${kustomization}`)}\n`;
    const object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n";
    const more = before.replace("resources:\n", "resources:\n  - extra.yaml\n");
    await fleet.monorepo.commit({ [kustomization]: more, [extra]: object }, "add one");
    expect(await killedAfter(1)).toBe(1);
    await fleet.monorepo.commit({ [kustomization]: before, [extra]: null }, "drop it");
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(0);
    expect(pass.counts.deleted).toBe(1);
    expect(writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["delete extra"]);
  });
});
