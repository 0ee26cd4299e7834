import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { Cluster, Kind } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import { child, type LiveMetadata, type Manifest } from "../../src/model/index.ts";
import { type Declared, FIELD_MANAGER } from "../../src/plan/index.ts";
import { takeOver } from "../../src/reconcile/take-over.ts";
import { declareAs } from "../plan/objects.ts";

const never = new AbortController().signal;
const kind: Kind = {
  group: "",
  version: "v1",
  versions: ["v1"],
  kind: "ConfigMap",
  resource: "configmaps",
  namespaced: true,
  verbs: ["get", "list", "delete", "patch"],
};
const configMap = (data: Record<string, string>): Manifest =>
  ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "default" }, data }) as Manifest;
const declared = (data: Record<string, string>): Declared => declareAs("x/a", configMap(data));

/** A cluster where `manager` has applied an object with `data`. */
async function held(manager: string, data: Record<string, string>) {
  const embedded = createEmbedded({ clock: systemClock() });
  await embedded.apply(kind, configMap(data), { fieldManager: manager, force: true }, never);
  const look = async (): Promise<LiveMetadata | undefined> => {
    const answer = await embedded.metadata(kind, "default", "a", never);
    return answer.ok ? answer.value : undefined;
  };
  const patches: unknown[] = [];
  const cluster: Cluster = {
    ...embedded,
    patch: async (...args) => {
      patches.push(args[4]);
      return await embedded.patch(...args);
    },
  };
  const apply = async ({ manifest }: Declared): Promise<unknown> => {
    const done = await embedded.apply(kind, manifest, { fieldManager: FIELD_MANAGER, force: true }, never);
    return done.ok ? child(done.value.object, "data") : done.problem.message;
  };
  return { cluster, look, patches, apply, embedded };
}

test("E3 what the former manager set goes with its declaration", async () => {
  const { cluster, look, apply } = await held("kubectl", { a: "1", old: "1" });
  expect(await takeOver(cluster, kind, declared({ a: "1", old: "1" }), await look(), never)).toMatchObject({
    ok: true,
  });
  expect(await apply(declared({ a: "1", old: "1" }))).toEqual({ a: "1", old: "1" });
  expect(await apply(declared({ a: "1" }))).toEqual({ a: "1" });
});

test("an object of ours is looked at afresh, as what is kept of it may be cut short", async () => {
  const { cluster, look, apply, patches } = await held("kubectl", { a: "1", old: "1" });
  await apply(declared({ a: "1" }));
  const whole = await look();
  if (whole === undefined) throw new Error("it is not there");
  const cut = {
    ...whole,
    managedFields: whole.managedFields.map(({ fieldsV1, ...entry }) =>
      entry.manager === "kubectl" ? entry : { ...entry, ...(fieldsV1 === undefined ? {} : { fieldsV1 }) },
    ),
  };
  expect(await takeOver(cluster, kind, declared({ a: "1" }), cut, never)).toMatchObject({ ok: true });
  expect(patches).toHaveLength(1);
  expect(await apply(declared({ a: "1" }))).toEqual({ a: "1" });
});

test("A8 a namespace of ours whose marks somebody edited is not taken for one that was there before", async () => {
  const { cluster, patches } = await held("kubectl", {});
  const home = declareAs("x/a", { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } });
  const namespaces: Kind = { ...kind, kind: "Namespace", resource: "namespaces", namespaced: false };
  await cluster.apply(namespaces, home.manifest, { fieldManager: FIELD_MANAGER, force: true }, never);
  const labels = { "gitops.bulkhead.dev/service": "x_z" };
  await cluster.patch(namespaces, "", "n", "application/merge-patch+json", { metadata: { labels } }, never);
  const before = await cluster.metadata(namespaces, "", "n", never);
  if (!before.ok || before.value === undefined) throw new Error("it is not there");
  patches.splice(0);
  expect(await takeOver(cluster, namespaces, home, before.value, never)).toMatchObject({ ok: true });
  expect(patches).toEqual([]);
});

test("nothing is sent for what is new, or nobody's but ours", async () => {
  const { cluster, look, apply, patches } = await held(FIELD_MANAGER, { a: "1" });
  await takeOver(cluster, kind, declared({ a: "1" }), undefined, never);
  await apply(declared({ a: "1" }));
  await takeOver(cluster, kind, declared({ a: "2" }), await look(), never);
  expect(patches).toEqual([]);
});

test("an object that somebody writes to meanwhile is looked at again; after some tries it is left", async () => {
  const { cluster, look, embedded, patches } = await held("kubectl", { a: "1" });
  const before = await look();
  const touch = (n: number) =>
    embedded.patch(
      kind,
      "default",
      "a",
      "application/merge-patch+json",
      { metadata: { labels: { n: `${n}` } } },
      never,
    );
  await touch(0);
  expect(await takeOver(cluster, kind, declared({ a: "1" }), before, never)).toMatchObject({ ok: true });
  expect(patches).toHaveLength(2);

  const busy = await held("kubectl", { a: "1" });
  let touched = 0;
  const raced: Cluster = {
    ...busy.cluster,
    patch: async (...args) => {
      touched += 1;
      await busy.embedded.patch(
        kind,
        "default",
        "a",
        "application/merge-patch+json",
        { metadata: { labels: { n: `${touched}` } } },
        never,
      );
      return await busy.cluster.patch(...args);
    },
  };
  const left = await takeOver(raced, kind, declared({ a: "1" }), await busy.look(), never);
  expect(left).toMatchObject({ ok: false, failures: [{ code: "apply/conflict" }] });
});

test("an object that is gone by now needs no preparation", async () => {
  const { cluster, look, embedded } = await held("kubectl", { a: "1" });
  const before = await look();
  if (before === undefined) throw new Error("it is not there");
  const { uid, resourceVersion } = before;
  await embedded.remove(kind, "default", "a", { uid, resourceVersion, propagation: "Background" }, never);
  expect(await takeOver(cluster, kind, declared({ a: "1" }), before, never)).toMatchObject({ ok: true });
});
