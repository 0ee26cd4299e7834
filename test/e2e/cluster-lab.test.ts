import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findBinaries } from "../cluster-lab/binaries.ts";
import { launch, readLab } from "../cluster-lab/launch.ts";
import { isAlive } from "../cluster-lab/process-record.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { send } from "../support/https.ts";
import { describeWithCluster, sharedCluster } from "../support/shared-cluster.ts";

/** One request as kubectl would send it. */
async function api(cluster: TestCluster, method: string, path: string, body?: unknown, token = cluster.token) {
  const reply = await send(`${cluster.url}${path}`, { method, ca: cluster.ca, token, body });
  return { status: reply.status, body: JSON.parse(reply.body) as Record<string, unknown> };
}

const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

describeWithCluster("the test cluster", () => {
  test("logs a write with its verb, object, user and status by the time that it is answered", async () => {
    const cluster = sharedCluster();
    const since = cluster.mark();
    await api(cluster, "POST", CONFIG_MAPS, configMap("audited"));
    await api(cluster, "DELETE", `${CONFIG_MAPS}/audited`);
    await api(cluster, "DELETE", `${CONFIG_MAPS}/audited`);
    const events = cluster.audit({ since, userAgent: "test-client" });
    expect(
      events.map(({ verb, objectRef, user, responseStatus }) => [
        verb,
        objectRef?.resource,
        objectRef?.name,
        user.username,
        responseStatus?.code,
      ]),
    ).toEqual([
      ["create", "configmaps", "audited", "admin", 201],
      ["delete", "configmaps", "audited", "admin", 200],
      ["delete", "configmaps", "audited", "admin", 404],
    ]);
  });

  test("has users with fewer rights", async () => {
    const cluster = sharedCluster();
    const as = (user: "viewer" | "nobody", method: string, body?: unknown) =>
      api(cluster, method, CONFIG_MAPS, body, cluster.tokenOf(user)).then(({ status }) => status);
    expect(await as("viewer", "GET")).toBe(200);
    expect(await as("viewer", "POST", configMap("refused"))).toBe(403);
    expect(await as("nobody", "GET")).toBe(403);
    expect((await api(cluster, "GET", CONFIG_MAPS, undefined, "wrong")).status).toBe(401);
  });

  test("a second one runs beside it, survives kill -9 of its API server with its objects, and ends whole", async () => {
    const [shared, own] = [sharedCluster(), await startCluster()];
    const processes = readLab(own.dir)?.processes ?? [];
    try {
      expect(own.url).not.toBe(shared.url);
      await api(own, "POST", CONFIG_MAPS, configMap("kept"));
      await own.killApiServer();
      await expect(api(own, "GET", CONFIG_MAPS)).rejects.toThrow(/ECONNREFUSED/);
      await own.startApiServer();
      expect((await api(own, "GET", `${CONFIG_MAPS}/kept`)).status).toBe(200);
      expect((await api(shared, "GET", `${CONFIG_MAPS}/kept`)).status).toBe(404);
    } finally {
      await own.stop();
    }
    expect(processes.map(({ name }) => name)).toEqual(["etcd", "kube-apiserver"]);
    expect(processes.filter(isAlive)).toEqual([]);
    expect(existsSync(own.dir)).toBe(false);
    expect((await api(shared, "GET", "/version")).status).toBe(200);
  });

  test("a start that fails says why, and leaves nothing running", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gitops-failed-start-"));
    const binaries = await findBinaries(false, () => undefined);
    if (!binaries.found) throw new Error(binaries.why);
    writeFileSync(join(dir, "audit-policy.yaml"), "no policy");
    try {
      await expect(launch(dir, binaries, false)).rejects.toThrow(/kube-apiserver ended at once:[^]*audit/);
      expect(readLab(dir)).toBeUndefined();
      expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test("with rollouts, a Deployment of three replicas becomes 3/3 and a deleted namespace goes away", async () => {
    const cluster = await startCluster({ rollouts: true });
    try {
      const labels = { app: "web" };
      await api(cluster, "POST", "/apis/apps/v1/namespaces/default/deployments", {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web" },
        spec: {
          replicas: 3,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "example.test/web:1" }] } },
        },
      });
      const status = async () => {
        const { body } = await api(cluster, "GET", "/apis/apps/v1/namespaces/default/deployments/web");
        return body["status"];
      };
      await expect.poll(status, { timeout: 60_000 }).toMatchObject({ readyReplicas: 3, availableReplicas: 3 });
      await api(cluster, "POST", "/api/v1/namespaces", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "brief" },
      });
      await api(cluster, "DELETE", "/api/v1/namespaces/brief");
      const code = async () => (await api(cluster, "GET", "/api/v1/namespaces/brief")).status;
      await expect.poll(code, { timeout: 60_000 }).toBe(404);
    } finally {
      await cluster.stop();
    }
  });
});
