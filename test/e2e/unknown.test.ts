import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { type Fleet, isOfServices, startFleet } from "../support/fleet.ts";
import { createRepository } from "../support/git-server-repository.ts";
import { configMap, KUSTOMIZATION, OBJECTS_PER_SERVICE } from "../support/monorepo.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/** What cannot be fetched, read or listed is unknown, and unknown is never empty (law L3). */
describeWithCluster("with 12 services in place", () => {
  let fleet: Fleet;
  let mark: number;

  beforeAll(async () => {
    fleet = await startFleet({ services: 12, namespaces: 2 });
    const { code } = await fleet.sync();
    expect(code).toBe(0);
  });
  afterAll(() => fleet?.close());
  beforeEach(() => {
    mark = fleet.cluster.mark();
  });
  const deletes = () => fleet.cluster.audit({ since: mark }).filter(({ verb }) => verb.startsWith("delete"));
  const writes = () => fleet.cluster.audit({ since: mark, userAgent: "gitops/" }).filter(isOfServices);

  test.each([
    ["hangs up", "reset", "source/unreachable"],
    ["answers 500", { status: 500 }, "source/unreachable"],
    ["answers a web page", "html", "source/unreachable"],
    ["answers no refs", "no-refs", "source/empty-repository"],
    ["cuts its answers", { cutAfter: 20 }, "source/unreachable"],
  ] as const)("A1 a git server that %s changes nothing", async (_name, fault, code) => {
    fleet.server.misbehave(() => fault);
    const { code: exit, pass } = await fleet.sync().finally(() => fleet.server.misbehave(undefined));
    expect(exit).toBe(2);
    expect(pass.failures.map((failure) => failure.code)).toEqual([code]);
    expect(writes()).toEqual([]);
  });

  test("A1 a git server that is not there changes nothing", async () => {
    const { code, pass } = await fleet.sync("--repo", "http://127.0.0.1:9/config.git");
    expect(code).toBe(2);
    expect(pass.failures.map((failure) => failure.code)).toEqual(["source/unreachable"]);
    expect(writes()).toEqual([]);
  });

  test("A1 an empty repository changes nothing", async () => {
    await createRepository(join(fleet.monorepo.path, "../empty.git"));
    const { code, pass } = await fleet.sync("--repo", `${fleet.server.origin}/empty.git`);
    expect(code).toBe(2);
    expect(pass.failures.map((failure) => failure.code)).toEqual(["source/empty-repository"]);
    expect(writes()).toEqual([]);
  });

  test.each([
    ["a path that is not there", "clusters/elsewhere"],
    ["a path that is a file", "README.md"],
  ])("A3 %s changes nothing", async (_name, path) => {
    const { code, pass } = await fleet.sync("--path", path, "--scope", "clusters/dev");
    expect(code).toBe(2);
    expect(pass.failures.map((failure) => failure.code)).toEqual(["source/path-not-found"]);
    expect(writes()).toEqual([]);
  });

  test("A18 a ref that is gone changes nothing", async () => {
    const { code, pass } = await fleet.sync("--ref", "release/gone");
    expect(code).toBe(2);
    expect(pass.failures.map((failure) => failure.code)).toEqual(["source/ref-not-found"]);
    expect(writes()).toEqual([]);
  });

  test("A3 a service whose folder was emptied fails and keeps what it has", async () => {
    const service = fleet.service(0);
    await fleet.monorepo.commit({ [service.folder]: null }, "empty a folder");
    const { code, pass } = await fleet.sync();
    expect(code).toBe(1);
    const outcome = pass.services.find((one) => one.service === service.id);
    expect(outcome?.failures.map((failure) => failure.code)).toEqual(["service/folder-not-found"]);
    expect(outcome?.failures[0]?.at?.path).toBe(service.document);
    expect(deletes()).toEqual([]);
  });

  test("A2 a service that builds to nothing is held", async () => {
    const service = fleet.service(2);
    await fleet.monorepo.commit({ [`${service.folder}/kustomization.yaml`]: null, [service.folder]: null }, "clear");
    await fleet.monorepo.commit({ [`${service.folder}/artifact.json`]: "{}\n" }, "no manifests");
    const { code, pass } = await fleet.sync("--service", service.id);
    expect(code).toBe(3);
    expect(pass.counts.held).toBe(OBJECTS_PER_SERVICE);
    expect(deletes()).toEqual([]);
  });

  test("A6 a definition that cannot be read keeps every service that is missing", async () => {
    const [broken, gone] = [fleet.service(4), fleet.service(6)];
    await fleet.monorepo.commit(
      { [broken.document]: "kind: [kustomize.toolkit.fluxcd.io\n", [gone.document]: null },
      "break",
    );
    const { code } = await fleet.sync();
    expect(code).toBe(1);
    expect(deletes()).toEqual([]);
  });

  test.each([
    ["is forbidden", { kind: "status", code: 403, reason: "Forbidden" }],
    ["fails", { kind: "status", code: 500, reason: "InternalError" }],
    ["is cut off", { kind: "truncate", bytes: 300 }],
    ["never comes", { kind: "hang" }],
  ] as const)("A17 a kind whose list %s holds the services that have it, and the others go on", async (name, fault) => {
    const [withAccount, changed] = [fleet.service(8), fleet.service(10)];
    await fleet.monorepo.commit(
      {
        [`${withAccount.folder}/kustomization.yaml`]: `${KUSTOMIZATION}resources: [serviceaccount.yaml, service.yaml]\n`,
        [`${changed.folder}/kustomization.yaml`]: `${KUSTOMIZATION}resources: [service.yaml, configmap.yaml, deployment.yaml]\n`,
        [`${changed.folder}/configmap.yaml`]: configMap(changed.name, name),
      },
      "drop objects",
    );
    const proxy = await startFaultProxy(fleet.cluster);
    const kubeconfig = join(fleet.monorepo.path, "../proxied.kubeconfig");
    const direct = readFileSync(fleet.target.kubeconfig, "utf8");
    writeFileSync(kubeconfig, direct.replace(fleet.cluster.url, proxy.url));
    proxy.add({ method: "GET", path: /^\/api\/v1\/serviceaccounts\?/, fault });
    const only = ["--service", withAccount.id, "--service", changed.id];
    const { code, pass } = await fleet.sync("--kubeconfig", kubeconfig, ...only);
    await proxy.close();
    expect(code).toBe(1);
    const outcome = pass.services.find((one) => one.service === withAccount.id);
    expect(outcome?.failures.map((failure) => failure.code)).toEqual(["cluster/list-failed"]);
    expect(outcome?.steps.filter(({ action }) => action === "held").length).toBeGreaterThan(0);
    expect(deletes()).toEqual([]);
    const other = pass.services.find((one) => one.service === changed.id);
    expect(other?.failures).toEqual([]);
    expect(other?.counts.updated).toBeGreaterThan(0);
  });
});
