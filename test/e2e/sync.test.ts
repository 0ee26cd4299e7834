import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuditEvent, startCluster, type TestCluster } from "../support/cluster.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { createMonorepo, type Monorepo, OBJECTS_PER_SERVICE, release, removal } from "../support/monorepo.ts";
import { type Synced, sync, type Target } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/**
 * A repository of 250 services, served by git over HTTP, and a real API server, from its first sync on. Each test goes on
 * from where the one before ended; the API server's audit log is the judge of what was written.
 */
describeWithCluster("a monorepo of 250 services", () => {
  const SERVICES = 250;
  const NAMESPACES = 10;
  const OBJECTS = SERVICES * OBJECTS_PER_SERVICE + NAMESPACES;
  let cluster: TestCluster;
  let server: GitServer;
  let monorepo: Monorepo;
  let target: Target;

  /** A sync, and what it made the API server write. */
  const judged = async (...more: readonly string[]): Promise<Synced & { readonly writes: readonly AuditEvent[] }> => {
    const since = cluster.mark();
    const synced = await sync(target, ...more);
    return { ...synced, writes: cluster.audit({ since, userAgent: "gitops/" }) };
  };
  const named = (writes: readonly AuditEvent[]): readonly string[] =>
    writes
      .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource} ${objectRef?.namespace}/${objectRef?.name}`)
      .sort();
  const service = (index: number) => monorepo.services[index] ?? monorepo.namespaces;

  beforeAll(async () => {
    const root = mkdtempSync(join(tmpdir(), "gitops-e2e-"));
    cluster = await startCluster();
    monorepo = await createMonorepo(join(root, "config.git"), { services: SERVICES, namespaces: NAMESPACES });
    server = await startGitServer({ root });
    target = {
      repo: `${server.origin}/config.git`,
      kubeconfig: cluster.kubeconfigPath,
      cacheDir: join(root, "cache"),
      path: "clusters/dev",
    };
  });
  afterAll(async () => {
    await server?.close();
    await cluster?.stop();
  });

  test("the first sync applies everything, each object once", async () => {
    const { code, pass, writes } = await judged();
    expect(pass.services.filter(({ state }) => state !== "synced")).toEqual([]);
    expect(code).toBe(0);
    expect(pass.counts).toMatchObject({ create: OBJECTS, update: 0, delete: 0 });
    expect(writes).toHaveLength(OBJECTS);
    expect(new Set(named(writes)).size).toBe(OBJECTS);
    expect(writes.every(({ verb, responseStatus }) => verb === "patch" && responseStatus?.code === 201)).toBe(true);
  });

  test("the second sync writes nothing and builds nothing", async () => {
    const { code, pass, writes } = await judged();
    expect(code).toBe(0);
    expect(writes).toEqual([]);
    expect(pass.builds).toBe(0);
    expect(pass.counts).toMatchObject({ unchanged: OBJECTS, create: 0, update: 0 });
  });

  test("a commit to one service builds that service and writes its changed objects", async () => {
    const { name, namespace, id } = service(17);
    await monorepo.commit(release(service(17), "1.0.1"), "a release");
    const { code, pass, writes } = await judged();
    expect(code).toBe(0);
    expect(pass.services.filter(({ built }) => built).map((one) => one.service)).toEqual([id]);
    expect(pass.builds).toBe(1);
    expect(named(writes)).toEqual([`patch configmaps ${namespace}/${name}`, `patch deployments ${namespace}/${name}`]);
  });

  test("an object that was removed from git is deleted, with preconditions", async () => {
    const { name, namespace, folder } = service(18);
    const kustomization = `${folder}/kustomization.yaml`;
    const resources = ["configmap", "deployment", "service"].map((file) => `  - ${file}.yaml\n`).join("");
    await monorepo.commit(
      { [kustomization]: `resources:\n${resources}`, [`${folder}/serviceaccount.yaml`]: null },
      "no account",
    );
    const { code, pass, writes } = await judged();
    expect(pass.failures).toEqual([]);
    expect(code).toBe(0);
    const deletes = writes.filter(({ verb }) => verb === "delete");
    expect(named(deletes)).toEqual([`delete serviceaccounts ${namespace}/${name}`]);
    expect(pass.counts.delete).toBe(1);
  });

  test("a service that moved to another namespace's folders keeps nothing behind", async () => {
    const [from, to] = [service(20), service(21)];
    // The object itself moves from one service to the other: same name, same namespace.
    await monorepo.commit(
      {
        [`${from.folder}/kustomization.yaml`]: "resources: [deployment.yaml, service.yaml, serviceaccount.yaml]\n",
        [`${from.folder}/configmap.yaml`]: null,
        [`${to.folder}/kustomization.yaml`]:
          "resources: [configmap.yaml, deployment.yaml, service.yaml, serviceaccount.yaml, moved.yaml]\n",
        [`${to.folder}/moved.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${from.name}, namespace: ${from.namespace}}\n`,
        [to.document]: (await monorepo.git("show", `main:${to.document}`)).replace(/ {2}targetNamespace:.*\n?/, ""),
      },
      "move a config map",
    );
    const { pass, writes } = await judged();
    const moved = pass.services.find(({ service: id }) => id === to.id);
    expect(moved?.steps.find(({ action }) => action === "transfer")).toMatchObject({
      name: from.name,
      why: `moved from ${from.id}`,
    });
    expect(writes.filter(({ verb, objectRef }) => verb === "delete" && objectRef?.name === from.name)).toEqual([]);
  });

  test("services that left git in great numbers are held, and the text says how to confirm", async () => {
    const gone = monorepo.services.slice(100, 250);
    const commit = await monorepo.commit(removal(gone), "remove most of it");
    const { code, pass, writes } = await judged();
    expect(writes).toEqual([]);
    expect(code).toBe(3);
    expect(pass.counts.held).toBe(gone.length * OBJECTS_PER_SERVICE);
    const { stdout } = await import("../support/program.ts").then(({ run, flagsOf }) =>
      run(["sync", ...flagsOf(target)]),
    );
    expect(stdout).toContain(`--confirm ${commit.slice(0, 12)}`);
    const confirmed = await judged("--confirm", commit.slice(0, 12));
    expect(confirmed.code).toBe(0);
    expect(confirmed.pass.counts.delete).toBe(gone.length * OBJECTS_PER_SERVICE);
    expect(confirmed.writes.every(({ verb }) => verb === "delete")).toBe(true);
  });
});
