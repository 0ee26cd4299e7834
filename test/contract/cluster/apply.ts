import { expect, test } from "vitest";
import type { Manifest } from "../../../src/model/index.ts";
import { at, configMap, deployment, type Subject, unique, value } from "./subject.ts";

/** Server-side apply: what comes to be, what stays, what is refused. */
export function applyCases(s: Subject): void {
  test("an object that is not there is created, with uid, version and time", async () => {
    const manifest = configMap(await s.namespace(), "new", { a: "1" });
    const kind = await s.kindOf(manifest);
    const applied = value(await s.cluster.apply(kind, manifest, { fieldManager: "gitops", force: true }, s.signal));
    expect(applied.created).toBe(true);
    expect(applied.object).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } });
    expect(applied.object.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(applied.object.metadata.resourceVersion).toMatch(/^\d+$/);
    expect(applied.object.metadata["creationTimestamp"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await s.live(manifest)).toEqual(applied.object);
  });

  test("the same apply again changes nothing, not even the resourceVersion", async () => {
    const manifest = deployment(await s.namespace(), "same", { replicas: 2 });
    const first = await s.apply(manifest);
    const kind = await s.kindOf(manifest);
    const again = value(await s.cluster.apply(kind, manifest, { fieldManager: "gitops", force: true }, s.signal));
    expect(again.created).toBe(false);
    expect(again.object).toEqual(first);
  });

  test("a changed value changes the object and its resourceVersion, and keeps its uid", async () => {
    const ns = await s.namespace();
    const first = await s.apply(configMap(ns, "changing", { a: "1" }));
    const second = await s.apply(configMap(ns, "changing", { a: "2" }));
    expect(second["data"]).toEqual({ a: "2" });
    expect(second.metadata.uid).toBe(first.metadata.uid);
    expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
  });

  test("the generation counts changes of the spec alone", async () => {
    const ns = await s.namespace();
    const manifest = deployment(ns, "counted", { replicas: 1 });
    expect(at(await s.apply(manifest), "metadata.generation")).toBe(1);
    const labelled: Manifest = { ...manifest, metadata: { ...manifest.metadata, labels: { tier: "web" } } };
    expect(at(await s.apply(labelled), "metadata.generation")).toBe(1);
    expect(at(await s.apply(deployment(ns, "counted", { replicas: 2 })), "metadata.generation")).toBe(2);
  });

  test("a field left out is removed when no one else owns it", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "shrinking", { a: "1", b: "2" }, { labels: { x: "1", y: "2" } }));
    const after = await s.apply(configMap(ns, "shrinking", { a: "1" }, { labels: { x: "1" } }));
    expect(after["data"]).toEqual({ a: "1" });
    expect(at(after, "metadata.labels")).toEqual({ x: "1" });
  });

  test("a field left out stays when another manager applied it too", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "shared", { a: "1", b: "2" }));
    await s.apply(configMap(ns, "shared", { b: "2" }), { fieldManager: "other", force: false });
    const after = await s.apply(configMap(ns, "shared", { a: "1" }));
    expect(after["data"]).toEqual({ a: "1", b: "2" });
  });

  test("two managers each own their keys of one map", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "both", { a: "1" }));
    const both = await s.apply(configMap(ns, "both", { b: "2" }), { fieldManager: "other" });
    expect(both["data"]).toEqual({ a: "1", b: "2" });
    const after = await s.apply(configMap(ns, "both", { a: "3" }));
    expect(after["data"]).toEqual({ a: "3", b: "2" });
  });

  test("another manager's value is a conflict without force, naming manager and field", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "contested", { a: "theirs" }), { fieldManager: "other" });
    const problem = await s.refused(configMap(ns, "contested", { a: "ours" }), { force: false });
    expect(problem).toMatchObject({ kind: "status", status: 409, reason: "Conflict", ambiguous: false });
    expect(problem.message).toBe('Apply failed with 1 conflict: conflict with "other": .data.a');
    expect(problem.causes).toEqual([
      { reason: "FieldManagerConflict", field: ".data.a", message: 'conflict with "other"' },
    ]);
    expect(at(await s.live(configMap(ns, "contested", {})), "data.a")).toBe("theirs");
  });

  test("the same value as another manager's is no conflict", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "agreed", { a: "1" }), { fieldManager: "other" });
    await s.apply(configMap(ns, "agreed", { a: "1" }), { force: false });
    expect(at(await s.live(configMap(ns, "agreed", {})), "data.a")).toBe("1");
  });

  test("force takes the field over", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "taken", { a: "theirs", b: "2" }), { fieldManager: "other" });
    const taken = await s.apply(configMap(ns, "taken", { a: "ours" }));
    expect(taken["data"]).toEqual({ a: "ours", b: "2" });
  });

  test("a dry run answers what would be, and writes nothing", async () => {
    const ns = await s.namespace();
    const manifest = configMap(ns, "dry", { a: "1" });
    const kind = await s.kindOf(manifest);
    const options = { fieldManager: "gitops", force: true, dryRun: true };
    const wouldCreate = value(await s.cluster.apply(kind, manifest, options, s.signal));
    expect(wouldCreate.created).toBe(true);
    expect(await s.live(manifest)).toBeUndefined();
    const real = await s.apply(manifest);
    const wouldChange = value(await s.cluster.apply(kind, configMap(ns, "dry", { a: "2" }), options, s.signal));
    expect(wouldChange.created).toBe(false);
    expect(wouldChange.object["data"]).toEqual({ a: "2" });
    expect(await s.live(manifest)).toEqual(real);
  });

  test("a manifest's resourceVersion is an optimistic lock", async () => {
    const ns = await s.namespace();
    const { metadata } = await s.apply(configMap(ns, "locked", { a: "1" }));
    const { resourceVersion } = metadata;
    await s.apply(configMap(ns, "locked", { a: "2" }, { resourceVersion }));
    const problem = await s.refused(configMap(ns, "locked", { a: "3" }, { resourceVersion }));
    expect(problem).toMatchObject({ status: 409, reason: "Conflict" });
    expect(problem.message).toContain("the object has been modified");
    expect(at(await s.live(configMap(ns, "locked", {})), "data.a")).toBe("2");
  });

  test("a manifest's uid must be the object's", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "identified", { a: "1" }));
    const uid = "00000000-0000-4000-8000-000000000000";
    const refused = await s.refused(configMap(ns, "identified", { a: "2" }, { uid }));
    expect(refused).toMatchObject({ status: 422, reason: "Invalid" });
    expect(refused.causes[0]).toMatchObject({
      field: "metadata.uid",
      message: expect.stringContaining("field is immutable"),
    });
    const absent = await s.refused(configMap(ns, "not-there", { a: "2" }, { uid }));
    expect(absent).toMatchObject({ status: 409, reason: "Conflict" });
  });

  test("a manifest that brings managedFields is refused", async () => {
    const manifest = configMap(
      await s.namespace(),
      "managed",
      {},
      { managedFields: [{ manager: "x", operation: "Apply" }] },
    );
    const problem = await s.refused(manifest);
    expect(problem.status).toBe(400);
    expect(problem.message).toBe("metadata.managedFields must be nil");
  });

  test("a list item is found by its key, and the items of others stay", async () => {
    const ns = await s.namespace();
    const sidecar = { name: "sidecar", image: "example.test/sidecar:1" };
    const both = deployment(ns, "listed");
    await s.apply(both);
    const theirs = deployment(ns, "listed", {}, { name: "sidecar", image: "example.test/sidecar:1" });
    await s.apply(theirs, { fieldManager: "other", force: false });
    const after = await s.apply(deployment(ns, "listed", {}, { image: "example.test/web:2" }));
    expect(at(after, "spec.template.spec.containers")).toMatchObject([
      { name: "web", image: "example.test/web:2" },
      sidecar,
    ]);
  });

  test("a list item left out is removed", async () => {
    const ns = await s.namespace();
    const env = (names: readonly string[]) => ({ env: names.map((name) => ({ name, value: "1" })) });
    await s.apply(deployment(ns, "fewer", {}, env(["A", "B", "C"])));
    const after = await s.apply(deployment(ns, "fewer", {}, env(["C", "A"])));
    expect(at(after, "spec.template.spec.containers.0.env")).toEqual([
      { name: "C", value: "1" },
      { name: "A", value: "1" },
    ]);
  });

  test("the server's defaults are added and are no one's", async () => {
    const live = await s.apply(deployment(await s.namespace(), "defaulted"));
    expect(at(live, "spec.replicas")).toBe(1);
    expect(at(live, "spec.template.spec.restartPolicy")).toBe("Always");
    expect(at(live, "spec.template.spec.containers.0.imagePullPolicy")).toBe("IfNotPresent");
  });

  test("an equal quantity written differently is no change", async () => {
    const ns = await s.namespace();
    const limits = (cpu: string) => ({ resources: { limits: { cpu } } });
    const first = await s.apply(deployment(ns, "measured", {}, limits("1")));
    const second = await s.apply(deployment(ns, "measured", {}, limits("1000m")));
    expect(at(second, "spec.template.spec.containers.0.resources.limits.cpu")).toBe("1");
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test("a name that a URL must escape names the object it says", async () => {
    const name = `${unique("System:Node")}:Reader`;
    const role: Manifest = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
    };
    expect((await s.apply(role)).metadata.name).toBe(name);
    expect((await s.metadata(role)).ref).toEqual({
      group: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      namespace: "",
      name,
    });
  });

  test("an object is applied in the version that its manifest names", async () => {
    const ns = await s.namespace();
    const manifest: Manifest = {
      apiVersion: "autoscaling/v1",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "scaled", namespace: ns },
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "x" } },
    };
    const live = await s.apply({
      ...manifest,
      spec: { ...(manifest["spec"] as object), targetCPUUtilizationPercentage: 50 },
    });
    expect(live.apiVersion).toBe("autoscaling/v1");
    expect(at(live, "metadata.managedFields.0.apiVersion")).toBe("autoscaling/v1");
    const seen = await s.live(manifest);
    expect(seen?.apiVersion).toBe("autoscaling/v2"); // the preferred version, in which it is read
    expect(at(seen, "spec.metrics.0.resource.target.averageUtilization")).toBe(50);
  });
}
