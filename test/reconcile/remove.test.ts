import { expect, test } from "vitest";
import type { Cluster, Kind } from "../../src/cluster/index.ts";
import type { LiveMetadata } from "../../src/model/index.ts";
import { remove } from "../../src/reconcile/remove.ts";
import { declaredBy, liveAfter } from "../plan/objects.ts";

const planned = liveAfter(declaredBy("x/a", "a", { version: "1" }));
const kind: Kind = {
  group: "",
  version: "v1",
  versions: ["v1"],
  kind: "ConfigMap",
  resource: "configmaps",
  namespaced: true,
  verbs: ["get", "list", "delete"],
};

/** Removes what was planned from a cluster that holds `now`; tells what was sent. */
async function removing(now: LiveMetadata | undefined) {
  const sent: unknown[] = [];
  const cluster: Pick<Cluster, "metadata" | "remove"> = {
    metadata: async () => ({ ok: true, value: now }),
    remove: async (_kind, _namespace, name, options) => {
      sent.push([name, options]);
      return { ok: true, value: "removed" };
    },
  };
  const result = await remove(cluster, kind, planned, false, new AbortController().signal);
  return { result, sent };
}

test("an object is deleted as it was read just now", async () => {
  const { result, sent } = await removing({ ...planned, resourceVersion: "7" });
  expect(result).toEqual({ ok: true, value: "removed" });
  expect(sent).toEqual([["a", { uid: planned.uid, resourceVersion: "7", propagation: "Background" }]]);
});

test("what is gone needs no delete", async () => {
  expect(await removing(undefined)).toEqual({ result: { ok: true, value: "gone" }, sent: [] });
});

test.each([
  ["it was re-created since", { ...planned, uid: "another" }],
  ["its owner changed", liveAfter(declaredBy("x/b", "a", { version: "1" }))],
  ["its owner label is not ours any more", { ...planned, managedFields: [] }],
  ["it was applied again since", liveAfter(declaredBy("x/a", "a", { version: "2" }))],
  ["another object controls it now", { ...planned, ownerReferences: [{ kind: "Job", name: "j", controller: true }] }],
  [
    "its prune was disabled",
    { ...planned, annotations: { ...planned.annotations, "gitops.bulkhead.dev/prune": "disabled" } },
  ],
])("an object stays when %s after it was planned", async (why, now) => {
  const { result, sent } = await removing(now);
  expect(sent).toEqual([]);
  expect(result).toMatchObject({
    ok: false,
    failures: [{ code: "prune/changed-since-read", message: `ConfigMap shop/a was not deleted: ${why}` }],
  });
});
