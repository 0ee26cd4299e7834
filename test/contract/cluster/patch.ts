import { expect, test } from "vitest";
import type { PatchType } from "../../../src/cluster/index.ts";
import type { Json, Manifest } from "../../../src/model/index.ts";
import { at, configMap, deployment, problem, type Subject, value } from "./subject.ts";

const MERGE = "application/merge-patch+json";
const JSON_PATCH = "application/json-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";

/** The three kinds of patch. */
export function patchCases(s: Subject): void {
  const patch = async (manifest: Manifest, type: PatchType, body: Json) => {
    const { namespace = "", name } = manifest.metadata;
    return await s.cluster.patch(await s.kindOf(manifest), namespace, name, type, body, s.signal);
  };

  test("a merge patch sets, and removes what it says null for", async () => {
    const manifest = configMap(await s.namespace(), "merged", { a: "1", b: "2" });
    await s.apply(manifest);
    const live = value(await patch(manifest, MERGE, { data: { a: null, c: "3" }, metadata: { labels: { x: "1" } } }));
    expect(live["data"]).toEqual({ b: "2", c: "3" });
    expect(at(live, "metadata.labels")).toEqual({ x: "1" });
  });

  test("a merge patch replaces lists whole, a strategic one merges them by key", async () => {
    const ns = await s.namespace();
    const containers = [{ name: "sidecar", image: "example.test/sidecar:1" }];
    const body = { spec: { template: { spec: { containers } } } };
    const merged = deployment(ns, "merged");
    await s.apply(merged);
    const after = at(value(await patch(merged, MERGE, body)), "spec.template.spec.containers");
    expect(after).toMatchObject([{ name: "sidecar" }]);
    const strategic = deployment(ns, "strategic");
    await s.apply(strategic);
    const live = value(await patch(strategic, STRATEGIC, body));
    const names = at(live, "spec.template.spec.containers") as readonly { readonly name: string }[];
    expect(new Set(names.map(({ name }) => name))).toEqual(new Set(["web", "sidecar"]));
  });

  test("a JSON patch does its operations in order, all or none", async () => {
    const manifest = configMap(await s.namespace(), "operated", { a: "1" });
    await s.apply(manifest);
    const done = value(
      await patch(manifest, JSON_PATCH, [
        { op: "test", path: "/data/a", value: "1" },
        { op: "add", path: "/data/b", value: "2" },
        { op: "move", from: "/data/a", path: "/data/c" },
      ]),
    );
    expect(done["data"]).toEqual({ b: "2", c: "1" });
    const refused = await patch(manifest, JSON_PATCH, [
      { op: "add", path: "/data/d", value: "4" },
      { op: "test", path: "/data/b", value: "wrong" },
    ]);
    expect(problem(refused)).toMatchObject({ status: 422, reason: "Invalid" });
    expect((await s.live(manifest))?.["data"]).toEqual({ b: "2", c: "1" });
  });

  test("a patch of what is not there is refused", async () => {
    const manifest = configMap(await s.namespace(), "absent", {});
    const answer = await patch(manifest, MERGE, { data: { a: "1" } });
    expect(problem(answer)).toMatchObject({ status: 404, reason: "NotFound", ambiguous: false });
  });

  test("a patch with another resourceVersion is refused", async () => {
    const manifest = configMap(await s.namespace(), "locked", { a: "1" });
    const { metadata } = await s.apply(manifest);
    value(await patch(manifest, MERGE, { data: { a: "2" } }));
    const stale = { metadata: { resourceVersion: metadata.resourceVersion }, data: { a: "3" } };
    expect(problem(await patch(manifest, MERGE, stale))).toMatchObject({ status: 409, reason: "Conflict" });
  });

  test("a patch cannot rename, and what it makes must be valid", async () => {
    const manifest = deployment(await s.namespace(), "kept");
    await s.apply(manifest);
    expect(problem(await patch(manifest, MERGE, { metadata: { name: "other" } })).status).toBe(400);
    expect(problem(await patch(manifest, MERGE, { spec: { replicas: -1 } }))).toMatchObject({
      status: 422,
      reason: "Invalid",
    });
  });
}
