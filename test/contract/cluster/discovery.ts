import { expect, test } from "vitest";
import { define, type Subject, unique, value } from "./subject.ts";

/** What is served. */
export function discoveryCases(s: Subject): void {
  test("a kind has its group, versions, plural, scope, verbs and short names", async () => {
    expect(await s.kind("Deployment", "apps")).toEqual({
      group: "apps",
      version: "v1",
      versions: ["v1"],
      kind: "Deployment",
      resource: "deployments",
      namespaced: true,
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
      shortNames: ["deploy"],
    });
    expect(await s.kind("Namespace")).toMatchObject({
      group: "",
      version: "v1",
      resource: "namespaces",
      namespaced: false,
    });
  });

  test("a kind with several versions is met in the preferred one", async () => {
    const { version, versions } = await s.kind("HorizontalPodAutoscaler", "autoscaling");
    expect({ version, versions }).toEqual({ version: "v2", versions: ["v2", "v1"] });
  });

  test("the kinds of a plain cluster are all there, once each, without subresources", async () => {
    const { kinds, failedGroups } = value(await s.cluster.kinds(s.signal));
    expect(failedGroups).toEqual([]);
    const keys = kinds.map(({ group, resource }) => `${group}/${resource}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => key.split("/").length !== 2)).toEqual([]);
    expect(keys).toEqual(
      expect.arrayContaining([
        "/configmaps",
        "/secrets",
        "/services",
        "/serviceaccounts",
        "/persistentvolumeclaims",
        "apps/statefulsets",
        "batch/cronjobs",
        "networking.k8s.io/ingresses",
        "policy/poddisruptionbudgets",
        "rbac.authorization.k8s.io/clusterroles",
        "storage.k8s.io/storageclasses",
        "apiextensions.k8s.io/customresourcedefinitions",
        "coordination.k8s.io/leases",
      ]),
    );
  });

  test("a defined kind is served once it is established, in all its versions", async () => {
    const group = `${unique("d")}.example.com`;
    const kind = await define(s, {
      group,
      plural: "gadgets",
      kind: "Gadget",
      scope: "Cluster",
      versions: ["v1", "v1beta1"],
      spec: { type: "object" },
    });
    expect(kind).toMatchObject({
      group,
      version: "v1",
      versions: ["v1", "v1beta1"],
      resource: "gadgets",
      namespaced: false,
    });
  });

  test("the cluster's identity is its kube-system namespace, always the same", async () => {
    const identity = value(await s.cluster.identity(s.signal));
    expect(identity).toMatch(/^[0-9a-f-]{36}$/);
    const namespace = await s.metadata({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } });
    expect(namespace.uid).toBe(identity);
  });
}
