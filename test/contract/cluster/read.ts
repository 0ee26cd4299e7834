import { describe, expect, test } from "vitest";
import type { Kind, ListOptions } from "../../../src/cluster/index.ts";
import type { Manifest } from "../../../src/model/index.ts";
import { configMap, deployment, problem, type Subject, unique, value } from "./subject.ts";

const UNSERVED: Kind = {
  group: "not-served.example.com",
  version: "v1",
  versions: ["v1"],
  kind: "Thing",
  resource: "things",
  namespaced: true,
  verbs: ["get", "list"],
};

/** Reading: what is there, all of it, and nothing taken for absent that is only unknown. */
export function readCases(s: Subject): void {
  const names = async (kind: Kind, options: ListOptions) =>
    value(await s.cluster.list(kind, options, s.signal)).items.map(({ ref }) => ref.name);

  test("an object that is not there, or its namespace, is undefined", async () => {
    const ns = await s.namespace();
    const kind = await s.kind("ConfigMap");
    expect(value(await s.cluster.get(kind, ns, "nope", s.signal))).toBeUndefined();
    expect(value(await s.cluster.metadata(kind, ns, "nope", s.signal))).toBeUndefined();
    expect(value(await s.cluster.get(kind, unique("no-namespace"), "nope", s.signal))).toBeUndefined();
  });

  test("an object of a kind that is not served is a problem, not absent", async () => {
    const problems = [
      problem(await s.cluster.get(UNSERVED, "default", "x", s.signal)),
      problem(await s.cluster.metadata(UNSERVED, "default", "x", s.signal)),
      problem(await s.cluster.list(UNSERVED, {}, s.signal)),
      problem(await s.cluster.listObjects(UNSERVED, {}, s.signal)),
    ];
    expect(problems.map(({ kind, status }) => ({ kind, status }))).toEqual(
      problems.map(() => ({ kind: "status", status: 404 })),
    );
    const inKnownGroup = { ...(await s.kind("Deployment", "apps")), resource: "things", kind: "Thing" };
    expect(problem(await s.cluster.get(inKnownGroup, "default", "x", s.signal)).status).toBe(404);
    expect(problem(await s.cluster.list(inKnownGroup, {}, s.signal)).status).toBe(404);
  });

  test("metadata is the object's, whole", async () => {
    const ns = await s.namespace();
    const owner = await s.apply(configMap(ns, "owner", {}));
    const ownerReferences = [
      { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid, controller: true },
    ];
    const manifest = deployment(ns, "whole");
    const labels = { app: "whole", "example.com/tier": "" };
    const annotations = { note: "zwölf — 十二" };
    const live = await s.apply({
      ...manifest,
      metadata: { ...manifest.metadata, labels, annotations, ownerReferences },
    });
    const metadata = await s.metadata(manifest);
    expect(metadata).toEqual({
      ref: { group: "apps", kind: "Deployment", namespace: ns, name: "whole" },
      uid: live.metadata.uid,
      resourceVersion: live.metadata.resourceVersion,
      generation: 1,
      creationTimestamp: live.metadata["creationTimestamp"],
      labels,
      annotations,
      finalizers: [],
      ownerReferences: [{ kind: "ConfigMap", name: "owner", controller: true }],
      managedFields: [expect.objectContaining({ manager: "gitops", operation: "Apply", apiVersion: "apps/v1" })],
    });
    const listed = value(await s.cluster.list(await s.kindOf(manifest), { namespace: ns }, s.signal));
    expect(listed.items).toEqual([metadata]);
  });

  test("a list of nothing is empty and has a version", async () => {
    const list = value(await s.cluster.list(await s.kind("ConfigMap"), { namespace: await s.namespace() }, s.signal));
    expect(list.items).toEqual([]);
    expect(list.resourceVersion).toMatch(/^\d+$/);
  });

  test("a list has every object of its namespace, by name, however many pages that takes", async () => {
    const [ns, other] = [await s.namespace(), await s.namespace()];
    const wanted = Array.from({ length: 23 }, (_, index) => `c-${String(index).padStart(2, "0")}`);
    await Promise.all(wanted.toReversed().map((name) => s.apply(configMap(ns, name, {}))));
    await s.apply(configMap(other, "elsewhere", {}));
    expect(await names(await s.kind("ConfigMap"), { namespace: ns })).toEqual(wanted);
  });

  test("a list of whole objects has each as it is read by itself, however many pages that takes", async () => {
    const [ns, other] = [await s.namespace(), await s.namespace()];
    const wanted = Array.from({ length: 23 }, (_, index) => `w-${String(index).padStart(2, "0")}`);
    await Promise.all(wanted.map((name) => s.apply(configMap(ns, name, { name }, { labels: { whole: "yes" } }))));
    await s.apply(configMap(ns, "not-labelled", {}));
    await s.apply(configMap(other, "elsewhere", {}, { labels: { whole: "yes" } }));
    const kind = await s.kind("ConfigMap");
    const listed = value(await s.cluster.listObjects(kind, { namespace: ns, labelSelector: "whole=yes" }, s.signal));
    expect(listed.resourceVersion).toMatch(/^\d+$/);
    const single = await Promise.all(wanted.map(async (name) => value(await s.cluster.get(kind, ns, name, s.signal))));
    expect(listed.items).toEqual(single);
    expect(listed.items[0]).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", data: { name: "w-00" } });
  });

  test("a list without a namespace has those of all", async () => {
    const [one, two, mark] = [await s.namespace(), await s.namespace(), unique("mark")];
    await s.apply(configMap(one, "first", {}, { labels: { mark } }));
    await s.apply(configMap(two, "second", {}, { labels: { mark } }));
    const { items } = value(
      await s.cluster.list(await s.kind("ConfigMap"), { labelSelector: `mark=${mark}` }, s.signal),
    );
    expect(new Set(items.map(({ ref }) => `${ref.namespace}/${ref.name}`))).toEqual(
      new Set([`${one}/first`, `${two}/second`]),
    );
  });

  test("a list sees what was written just before it", async () => {
    const ns = await s.namespace();
    const kind = await s.kind("ConfigMap");
    for (let index = 0; index < 10; index++) {
      const live = await s.apply(configMap(ns, "fresh", { index: String(index) }));
      const { items } = value(await s.cluster.list(kind, { namespace: ns }, s.signal));
      expect(items.map(({ resourceVersion }) => resourceVersion)).toEqual([live.metadata.resourceVersion]);
    }
  });

  test("cluster-scoped objects are listed without a namespace", async () => {
    const mark = unique("mark");
    const role: Manifest = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: mark, labels: { mark } },
      rules: [],
    };
    await s.apply(role);
    const { items } = value(await s.cluster.list(await s.kindOf(role), { labelSelector: `mark=${mark}` }, s.signal));
    expect(items.map(({ ref }) => [ref.namespace, ref.name])).toEqual([["", mark]]);
  });

  describe("label selectors", () => {
    const objects = {
      "a-web": { app: "a", tier: "web" },
      "a-db": { app: "a", tier: "db" },
      "b-web": { app: "b", tier: "web" },
      bare: {},
    };
    test.each([
      ["app=a", ["a-db", "a-web"]],
      ["app==a,tier=web", ["a-web"]],
      ["app!=a", ["b-web", "bare"]],
      ["app in (a,b),tier notin (db)", ["a-web", "b-web"]],
      ["tier", ["a-db", "a-web", "b-web"]],
      ["!tier", ["bare"]],
      ["app=none", []],
    ])("%s", async (labelSelector, wanted) => {
      const ns = await s.namespace();
      for (const [name, labels] of Object.entries(objects)) await s.apply(configMap(ns, name, {}, { labels }));
      expect(await names(await s.kind("ConfigMap"), { namespace: ns, labelSelector })).toEqual(wanted);
    });

    test("one that makes no sense is refused", async () => {
      const answer = await s.cluster.list(await s.kind("ConfigMap"), { labelSelector: "a in b" }, s.signal);
      expect(problem(answer)).toMatchObject({ status: 400, reason: "BadRequest" });
    });
  });

  test("field selectors pick by a kind's few fields, in every list and watch; others are refused", async () => {
    const ns = await s.namespace();
    const kind = await s.kind("ConfigMap");
    const begun = value(await s.cluster.list(kind, { namespace: ns }, s.signal)).resourceVersion;
    for (const name of ["one", "two"]) await s.apply(configMap(ns, name, {}));
    const only = { namespace: ns, fieldSelector: "metadata.name=two" };
    expect(await names(kind, only)).toEqual(["two"]);
    const whole = value(await s.cluster.listObjects(kind, only, s.signal));
    expect(whole.items.map(({ metadata }) => metadata.name)).toEqual(["two"]);
    for await (const event of s.cluster.watch(kind, { ...only, resourceVersion: begun }, s.signal)) {
      if (event.type === "bookmark") continue;
      expect(event).toMatchObject({ type: "added", object: { ref: { name: "two" } } });
      break;
    }
    const unknown = { namespace: ns, fieldSelector: "data.key=x" };
    expect(problem(await s.cluster.list(kind, unknown, s.signal))).toMatchObject({ status: 400 });
    const event = await s.kind("Event");
    const about = { namespace: ns, fieldSelector: "involvedObject.uid=none,reason=FailedCreate" };
    expect(value(await s.cluster.listObjects(event, about, s.signal)).items).toEqual([]);
  });

  test("every verb ends with the signal's reason", async () => {
    const reason = new Error("enough");
    const aborted = AbortSignal.abort(reason);
    const manifest = configMap("default", "x", {});
    const kind = await s.kindOf(manifest);
    const options = { uid: "", resourceVersion: "1", propagation: "Background" } as const;
    await expect(s.cluster.identity(aborted)).rejects.toBe(reason);
    await expect(s.cluster.kinds(aborted)).rejects.toBe(reason);
    await expect(s.cluster.list(kind, {}, aborted)).rejects.toBe(reason);
    await expect(s.cluster.listObjects(kind, {}, aborted)).rejects.toBe(reason);
    await expect(s.cluster.get(kind, "default", "x", aborted)).rejects.toBe(reason);
    await expect(s.cluster.metadata(kind, "default", "x", aborted)).rejects.toBe(reason);
    await expect(s.cluster.apply(kind, manifest, { fieldManager: "gitops", force: true }, aborted)).rejects.toBe(
      reason,
    );
    await expect(s.cluster.patch(kind, "default", "x", "application/merge-patch+json", {}, aborted)).rejects.toBe(
      reason,
    );
    await expect(s.cluster.remove(kind, "default", "x", options, aborted)).rejects.toBe(reason);
    expect(await s.live(manifest)).toBeUndefined();
  });
}
