import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Received, send } from "../support/https.ts";
import type { LabFiles } from "./config-files.ts";
import { until } from "./process-record.ts";

export async function readyAt(url: string, files: LabFiles): Promise<boolean> {
  if (!existsSync(join(files.certificates, "apiserver.crt"))) return false;
  const reply = await call(url, files, "GET", "/readyz").catch(() => undefined);
  return reply?.status === 200;
}

/**
 * `viewer` may read everything. The ClusterRole view will not do: the controller manager fills it, which may not run.
 */
export async function bindViewer(url: string, files: LabFiles): Promise<void> {
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const apiVersion = "rbac.authorization.k8s.io/v1";
  await create(url, files, `${rbac}/clusterroles`, {
    apiVersion,
    kind: "ClusterRole",
    metadata: { name: "lab-viewer" },
    rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }],
  });
  await create(url, files, `${rbac}/clusterrolebindings`, {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name: "lab-viewer" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "lab-viewer" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "viewer" }],
  });
}

/** A node that KWOK makes ready, and without the taint that keeps pods off a node until then. */
export async function addSimulatedNode(url: string, files: LabFiles, limitMs: number): Promise<void> {
  const room = { cpu: "1000", memory: "1Ti", pods: "10000" };
  await create(url, files, "/api/v1/nodes", {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "simulated-0", labels: { "kubernetes.io/hostname": "simulated-0", type: "kwok" } },
    status: { allocatable: room, capacity: room },
  });
  const ready = await until(async () => {
    const { body } = await call(url, files, "GET", "/api/v1/nodes/simulated-0");
    const node = JSON.parse(body) as {
      readonly spec: { readonly taints?: readonly unknown[] };
      readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
    };
    const isReady = node.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
    return isReady && (node.spec.taints ?? []).length === 0;
  }, limitMs);
  if (!ready) throw new Error("the simulated node did not become ready");
}

async function create(url: string, files: LabFiles, path: string, body: unknown): Promise<void> {
  const { status, body: answer } = await call(url, files, "POST", path, body);
  if (status !== 201 && status !== 409) throw new Error(`POST ${path}: ${status} ${answer}`);
}

function call(url: string, files: LabFiles, method: string, path: string, body?: unknown): Promise<Received> {
  const ca = readFileSync(join(files.certificates, "apiserver.crt"), "utf8");
  return send(`${url}${path}`, { method, ca, token: files.tokenOf("admin"), body, userAgent: "cluster-lab" });
}
