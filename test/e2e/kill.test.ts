import { once } from "node:events";
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, isOfServices, named, startFleet } from "../support/fleet.ts";
import { send } from "../support/https.ts";
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
    const written = (): number => fleet.cluster.audit({ since, userAgent: "gitops/" }).filter(isOfServices).length;
    const child = start(["sync", ...flagsOf(fleet.target)]);
    const exited = once(child, "exit");
    while (written() < writes && child.exitCode === null) await sleep(1);
    child.kill("SIGKILL");
    await exited;
    return written();
  };

  /** Takes away everything but the namespaces, and the caches: the next sync is a first one. */
  const startOver = async (): Promise<void> => {
    rmSync(fleet.target.cacheDir, { recursive: true, force: true });
    const { url, ca, token } = fleet.cluster;
    for (const resource of [
      "/api/v1/configmaps",
      "/api/v1/services",
      "/api/v1/serviceaccounts",
      "/apis/apps/v1/deployments",
    ]) {
      const listed = await send(`${url}${resource}?labelSelector=gitops.bulkhead.dev/service`, {
        method: "GET",
        ca,
        token,
      });
      const { items } = JSON.parse(listed.body) as { items: { metadata: { namespace: string; name: string } }[] };
      const [, group, plural] = /^(.*)\/([a-z]+)$/.exec(resource) ?? [];
      for (const { metadata } of items) {
        await send(`${url}${group}/namespaces/${metadata.namespace}/${plural}/${metadata.name}`, {
          method: "DELETE",
          ca,
          token,
        });
      }
    }
  };

  test(`A20 at ${ROUNDS} points of a first sync, the next run converges, and nothing is orphaned`, async () => {
    const interrupted: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await startOver();
      interrupted.push(await killedAfter(1 + Math.floor((round / ROUNDS) * SERVICES * OBJECTS_PER_SERVICE)));
      const { code, pass } = await sync(fleet.target);
      expect(code, `round ${round}`).toBe(0);
      expect(pass.counts.unchanged + pass.counts.updated + pass.counts.created).toBe(OBJECTS);
      expect(pass.counts.kept + pass.counts.held + pass.counts.deleted).toBe(0);
    }
    const settled = await fleet.sync();
    expect(settled.writes).toEqual([]);
    expect(settled.pass.counts.unchanged).toBe(OBJECTS);
    expect(
      interrupted.filter((writes) => writes > 0 && writes < SERVICES * OBJECTS_PER_SERVICE).length,
    ).toBeGreaterThan(ROUNDS / 2);
  });

  test("in the middle of a release, the next run finishes it", async () => {
    const changes = fleet.monorepo.services.map((service) => release(service, "2.0.0"));
    await fleet.monorepo.commit(Object.assign({}, ...changes), "release");
    const since = fleet.cluster.mark();
    await killedAfter(1);
    const { code } = await sync(fleet.target);
    expect(code).toBe(0);
    // Not the sum of what each run counted: what was on its way when the first one died may have arrived.
    const written = fleet.cluster.audit({ since, userAgent: "gitops/" }).filter(isOfServices);
    expect(new Set(named(written)).size).toBe(SERVICES * 2);
    expect((await fleet.sync()).writes).toEqual([]);
  });

  test("A20 what a killed run made is not forgotten when the next commit drops it", async () => {
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
