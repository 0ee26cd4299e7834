import { expect, test } from "vitest";
import { configMap, deployment, ours, owners, type Subject, value } from "./subject.ts";

/** managedFields, exactly: drift and ownership are read from them. */
export function ownershipCases(s: Subject): void {
  test("an apply owns each field it set, and nothing else", async () => {
    const ns = await s.namespace();
    const live = await s.apply(
      configMap(ns, "owned", { a: "1" }, { labels: { x: "1" }, annotations: { "example.com/y": "2" } }),
    );
    expect(owners(live)).toEqual([
      {
        manager: "gitops",
        operation: "Apply",
        apiVersion: "v1",
        fieldsV1: {
          "f:data": { "f:a": {} },
          "f:metadata": { "f:annotations": { "f:example.com/y": {} }, "f:labels": { "f:x": {} } },
        },
      },
    ]);
    expect(owners(await s.metadata(configMap(ns, "owned", {})))).toEqual(owners(live));
  });

  test("list items are owned by key, set members by value, atomic fields whole", async () => {
    const ns = await s.namespace();
    const manifest = deployment(
      ns,
      "owned",
      { replicas: 2 },
      {
        args: ["--one", "--two"],
        ports: [{ containerPort: 80, name: "http" }],
        resources: { limits: { cpu: "1" } },
        env: [{ name: "A", value: "1" }],
      },
    );
    const live = await s.apply({ ...manifest, metadata: { ...manifest.metadata, finalizers: ["example.com/hold"] } });
    expect(ours(live)).toEqual({
      "f:metadata": { "f:finalizers": { 'v:"example.com/hold"': {} } },
      "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
          "f:metadata": { "f:labels": { "f:app": {} } },
          "f:spec": {
            "f:containers": {
              'k:{"name":"web"}': {
                ".": {},
                "f:args": {},
                "f:env": { 'k:{"name":"A"}': { ".": {}, "f:name": {}, "f:value": {} } },
                "f:image": {},
                "f:name": {},
                "f:ports": {
                  'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {}, "f:name": {} },
                },
                "f:resources": { "f:limits": { "f:cpu": {} } },
              },
            },
          },
        },
      },
    });
  });

  test("fields applied with equal values by two managers are owned by both", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "co-owned", { a: "1", b: "2" }));
    const live = await s.apply(configMap(ns, "co-owned", { b: "2" }), { fieldManager: "other", force: false });
    expect(ours(live)).toEqual({ "f:data": { "f:a": {}, "f:b": {} } });
    expect(ours(live, "other")).toEqual({ "f:data": { "f:b": {} } });
  });

  test("a field taken by force leaves its old owner", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "lost", { a: "theirs", b: "2" }), { fieldManager: "other" });
    const live = await s.apply(configMap(ns, "lost", { a: "ours" }));
    expect(ours(live)).toEqual({ "f:data": { "f:a": {} } });
    expect(ours(live, "other")).toEqual({ "f:data": { "f:b": {} } });
  });

  test("a manager that applies nothing any more has no entry left", async () => {
    const ns = await s.namespace();
    await s.apply(configMap(ns, "left", { a: "1" }));
    await s.apply(configMap(ns, "left", { b: "2" }), { fieldManager: "other" });
    const live = await s.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "left", namespace: ns } });
    expect(live["data"]).toEqual({ b: "2" });
    expect(ours(live)).toBeUndefined();
  });

  test("a patched value is the patcher's by Update, and no longer ours", async () => {
    const ns = await s.namespace();
    const manifest = configMap(ns, "edited", { a: "1", b: "2" });
    await s.apply(manifest);
    const kind = await s.kindOf(manifest);
    const type = "application/merge-patch+json";
    const live = value(await s.cluster.patch(kind, ns, "edited", type, { data: { a: "edited" } }, s.signal));
    expect(ours(live)).toEqual({ "f:data": { "f:b": {} } });
    expect(owners(live)).toContainEqual(
      expect.objectContaining({ operation: "Update", apiVersion: "v1", fieldsV1: { "f:data": { "f:a": {} } } }),
    );
  });

  test("a patch to the same value takes nothing", async () => {
    const ns = await s.namespace();
    const manifest = configMap(ns, "touched", { a: "1" });
    const before = await s.apply(manifest);
    const type = "application/merge-patch+json";
    const live = value(
      await s.cluster.patch(await s.kindOf(manifest), ns, "touched", type, { data: { a: "1" } }, s.signal),
    );
    expect(live).toEqual(before);
  });

  test("a removed label, list item or key is no longer ours", async () => {
    const ns = await s.namespace();
    const manifest = deployment(ns, "stripped", { replicas: 2 }, { env: [{ name: "A", value: "1" }] });
    await s.apply({ ...manifest, metadata: { ...manifest.metadata, labels: { x: "1", y: "2" } } });
    const kind = await s.kindOf(manifest);
    const path = "/spec/template/spec/containers/0/env/0";
    const patch = [
      { op: "remove", path: "/metadata/labels/x" },
      { op: "remove", path },
    ];
    value(await s.cluster.patch(kind, ns, "stripped", "application/json-patch+json", patch, s.signal));
    const fields = JSON.stringify(ours(await s.metadata(manifest)));
    expect(fields).toContain('"f:labels":{"f:y":{}}');
    expect(fields).not.toContain("f:env");
  });

  test("foreign labels, annotations and keys leave our fields as they were", async () => {
    const ns = await s.namespace();
    const manifest = configMap(ns, "decorated", { a: "1" }, { labels: { x: "1" } });
    const before = ours(await s.apply(manifest));
    const foreign = { metadata: { labels: { z: "1" }, annotations: { n: "1" } }, data: { other: "1" } };
    const type = "application/merge-patch+json";
    const live = value(await s.cluster.patch(await s.kindOf(manifest), ns, "decorated", type, foreign, s.signal));
    expect(ours(live)).toEqual(before);
  });

  test("managedFields wiped by a patch are gone, and the next apply owns its fields again", async () => {
    const ns = await s.namespace();
    const manifest = configMap(ns, "wiped", { a: "1" });
    await s.apply(manifest);
    const kind = await s.kindOf(manifest);
    const wipe = { metadata: { managedFields: [{}] } };
    const wiped = value(await s.cluster.patch(kind, ns, "wiped", "application/merge-patch+json", wipe, s.signal));
    expect(owners(wiped)).toEqual([]);
    expect(ours(await s.apply(manifest))).toEqual({ "f:data": { "f:a": {} } });
  });

  test("an entry has the time of its last change", async () => {
    const ns = await s.namespace();
    const metadata = await s
      .apply(configMap(ns, "timed", { a: "1" }))
      .then(() => s.metadata(configMap(ns, "timed", {})));
    expect(metadata.managedFields.map(({ time }) => time)).toEqual([expect.stringMatching(/^\d{4}-.*Z$/)]);
  });
}
