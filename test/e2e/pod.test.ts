import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../../src/model/index.ts";
import { type Fleet, startFleet } from "../support/fleet.ts";
import { send } from "../support/https.ts";
import { release, removal } from "../support/monorepo.ts";
import { flagsOf, start, sync, type Target } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

const USER = "system:serviceaccount:gitops-system:gitops";
const COLLECTIONS: Readonly<Record<string, string>> = {
  Namespace: "api/v1/namespaces",
  ServiceAccount: "api/v1/namespaces/gitops-system/serviceaccounts",
  ClusterRole: "apis/rbac.authorization.k8s.io/v1/clusterroles",
  ClusterRoleBinding: "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  Role: "apis/rbac.authorization.k8s.io/v1/namespaces/gitops-system/roles",
  RoleBinding: "apis/rbac.authorization.k8s.io/v1/namespaces/gitops-system/rolebindings",
  Deployment: "apis/apps/v1/namespaces/gitops-system/deployments",
};

/** `docs/pod.yaml` on a real API server: it is taken as it is, and its service account may do all that the program does. */
describeWithCluster("the manifest for running in a cluster", () => {
  let fleet: Fleet;
  let pod: Target;

  beforeAll(async () => {
    fleet = await startFleet({ services: 6, namespaces: 2 });
  });
  afterAll(() => fleet?.close());

  const ask = (method: string, path: string, body: object, contentType = "application/json") => {
    const { url, ca, token } = fleet.cluster;
    return send(`${url}/${path}`, { method, ca, token, body, contentType });
  };
  /** What the service account asked for, reads too, and what of it was refused. */
  const asked = () => fleet.cluster.audit({ reads: true }).filter(({ user }) => user.username === USER);
  const refused = () => asked().filter(({ responseStatus }) => responseStatus?.code === 403);

  test("every object of it is taken, with no field that the server does not know", async () => {
    const documents = parseAllDocuments(readFileSync("docs/pod.yaml", "utf8")).map((one) => one.toJS() as Manifest);
    expect(documents).toHaveLength(7);
    for (const document of documents) {
      const path = `${COLLECTIONS[document.kind]}/${document.metadata.name}?fieldManager=test&fieldValidation=Strict`;
      const answer = await ask("PATCH", path, document, "application/apply-patch+yaml");
      expect([200, 201], answer.body).toContain(answer.status);
    }
    const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const given = await ask("POST", "api/v1/namespaces/gitops-system/serviceaccounts/gitops/token", request);
    expect(given.status, given.body).toBe(201);
    const { token } = (JSON.parse(given.body) as { readonly status: { readonly token: string } }).status;
    pod = { ...fleet.target, kubeconfig: join(fleet.target.cacheDir, "..", "pod-kubeconfig") };
    writeFileSync(pod.kubeconfig, kubeconfig(fleet.cluster.url, fleet.cluster.ca, token), { mode: 0o600 });
  });

  test("its service account may apply, delete, and keep status and Events", async () => {
    const first = await sync(pod);
    expect(first.stderr).not.toContain("status");
    expect(first.code).toBe(0);
    await fleet.monorepo.commit(removal([fleet.service(5)]), "retire one");
    const second = await sync(pod);
    expect(second.code).toBe(0);
    expect(asked().map(({ verb }) => verb)).toEqual(expect.arrayContaining(["patch", "delete"]));
    expect(asked().filter(({ objectRef }) => objectRef?.namespace === "gitops-system").length).toBeGreaterThan(0);
    expect(refused()).toEqual([]);
  });

  test("and watch", async () => {
    const args = ["--poll", "1s", "--listen", "127.0.0.1:0"];
    const child = start(["run", ...flagsOf(pod), ...args]);
    try {
      while (!asked().some(({ verb }) => verb === "watch")) await sleep(50);
      const mark = fleet.cluster.mark();
      await fleet.monorepo.commit(release(fleet.service(0), "9.9.9"), "a release");
      const writes = () => fleet.cluster.audit({ since: mark }).filter(({ user }) => user.username === USER);
      while (!writes().some(({ objectRef }) => objectRef?.resource === "deployments")) await sleep(50);
      expect(refused()).toEqual([]);
    } finally {
      child.kill("SIGKILL");
    }
  });
});

function kubeconfig(server: string, ca: string, token: string): string {
  const cluster = { server, "certificate-authority-data": Buffer.from(ca).toString("base64") };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "here", cluster }],
    users: [{ name: "pod", user: { token } }],
    contexts: [{ name: "pod", context: { cluster: "here", user: "pod" } }],
    "current-context": "pod",
  });
}
