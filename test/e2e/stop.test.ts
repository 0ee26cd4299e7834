import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { type Fleet, isOfServices, named, startFleet } from "../support/fleet.ts";
import { flagsOf, start, sync } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

describeWithCluster("a sync that is told to stop", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await startFleet({ services: 6, namespaces: 1 });
    expect((await fleet.sync()).code).toBe(0);
  });
  afterAll(() => fleet?.close());

  test("D25 SIGTERM ends a sync at a safe point; the next one finishes it", async () => {
    const changes = fleet.monorepo.services.map(({ folder, name }) => [
      `${folder}/configmap.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {VERSION: after}\n`,
    ]);
    await fleet.monorepo.commit(Object.fromEntries(changes), "change all");
    const since = fleet.cluster.mark();
    const written = () => fleet.cluster.audit({ since, userAgent: "gitops/" }).filter(isOfServices);
    // Each write takes a while, so that the signal comes in the middle, however fast the machine is.
    const proxy = await startFaultProxy(fleet.cluster);
    proxy.add({ method: "PATCH", fault: { kind: "delay", ms: 400 } });
    const kubeconfig = join(fleet.monorepo.path, "../proxied.kubeconfig");
    const direct = readFileSync(fleet.target.kubeconfig, "utf8");
    writeFileSync(kubeconfig, direct.replace(fleet.cluster.url, proxy.url));
    const child = start(["sync", ...flagsOf({ ...fleet.target, kubeconfig }), "--concurrency", "1", "-o", "json"]);
    const exited = once(child, "exit");
    while (written().length === 0 && child.exitCode === null) await new Promise((resolve) => setImmediate(resolve));
    child.kill("SIGTERM");
    const [code] = (await exited) as [number | null];
    await proxy.close();
    expect(code).toBe(143);
    expect(written().every(({ responseStatus }) => (responseStatus?.code ?? 500) < 300)).toBe(true);
    const rest = await sync(fleet.target);
    expect(rest.code).toBe(0);
    expect(named(written())).toHaveLength(fleet.monorepo.services.length);
  });

  test("D25 SIGTERM at requests all along a sync, once and twice: what comes after converges", async () => {
    const kubeconfig = join(fleet.monorepo.path, "../proxied-again.kubeconfig");
    const direct = readFileSync(fleet.target.kubeconfig, "utf8");
    let stopped = 0;
    for (let nth = 1, ended = false; !ended; nth += 11) {
      const changes = fleet.monorepo.services.map(({ folder, name }) => [
        `${folder}/configmap.yaml`,
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {VERSION: "stopped at ${nth}"}\n`,
      ]);
      await fleet.monorepo.commit(Object.fromEntries(changes), `change all, ${nth}`);
      const since = fleet.cluster.mark();
      const proxy = await startFaultProxy(fleet.cluster);
      writeFileSync(kubeconfig, direct.replace(fleet.cluster.url, proxy.url));
      const child = start(["sync", ...flagsOf({ ...fleet.target, kubeconfig }), "--concurrency", "1", "-o", "json"]);
      const exited = once(child, "exit");
      let signals = 0;
      const stop = async (): Promise<void> => {
        signals += 1;
        child.kill("SIGTERM");
        if (nth % 2 === 0) child.kill("SIGTERM");
      };
      proxy.add({ matches: [nth], fault: { kind: "meanwhile", act: stop } });
      const [code] = (await exited) as [number | null];
      await proxy.close();
      ended = signals === 0;
      stopped += signals;
      expect(code, `at request ${nth}`).toBe(ended ? 0 : 143);
      const written = fleet.cluster.audit({ since, userAgent: "gitops/" }).filter(isOfServices);
      expect(new Set(named(written)).size, `at request ${nth}`).toBe(written.length);
    }
    expect(stopped).toBeGreaterThan(3);
    const rest = await sync(fleet.target);
    expect(rest.code).toBe(0);
    expect(rest.pass.counts).toMatchObject({ failed: 0, deleted: 0 });
    const idle = await fleet.sync();
    expect(idle.writes).toEqual([]);
  });
});
