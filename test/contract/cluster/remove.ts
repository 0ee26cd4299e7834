import { expect, test } from "vitest";
import type { LiveObject, RemoveOptions } from "../../../src/cluster/index.ts";
import type { Manifest } from "../../../src/model/index.ts";
import { at, configMap, problem, type Subject, value } from "./subject.ts";

const NO_UID = "00000000-0000-4000-8000-000000000000";

/** Deleting: only what was read, as it was read. */
export function removeCases(s: Subject): void {
  const asRead = ({ metadata }: LiveObject, more: Partial<RemoveOptions> = {}): RemoveOptions => ({
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    propagation: "Background",
    ...more,
  });
  const remove = async (manifest: Manifest, options: RemoveOptions) => {
    const { namespace = "", name } = manifest.metadata;
    return await s.cluster.remove(await s.kindOf(manifest), namespace, name, options, s.signal);
  };
  const clear = async (manifest: Manifest) => {
    const { namespace = "", name } = manifest.metadata;
    const patch = { metadata: { finalizers: null } };
    return await s.cluster.patch(
      await s.kindOf(manifest),
      namespace,
      name,
      "application/merge-patch+json",
      patch,
      s.signal,
    );
  };

  test("an object is removed as it was read", async () => {
    const manifest = configMap(await s.namespace(), "removed", { a: "1" });
    expect(value(await remove(manifest, asRead(await s.apply(manifest))))).toBe("removed");
    expect(await s.live(manifest)).toBeUndefined();
  });

  test("one that is not there is gone", async () => {
    const manifest = configMap(await s.namespace(), "never-there", {});
    const options: RemoveOptions = { uid: NO_UID, resourceVersion: "1", propagation: "Background" };
    expect(value(await remove(manifest, options))).toBe("gone");
  });

  test("another uid keeps it", async () => {
    const manifest = configMap(await s.namespace(), "other-uid", { a: "1" });
    const live = await s.apply(manifest);
    expect(problem(await remove(manifest, asRead(live, { uid: NO_UID })))).toMatchObject({
      status: 409,
      reason: "Conflict",
    });
    expect(await s.live(manifest)).toEqual(live);
  });

  test("a change since it was read keeps it", async () => {
    const ns = await s.namespace();
    const first = await s.apply(configMap(ns, "changed", { a: "1" }));
    const second = await s.apply(configMap(ns, "changed", { a: "2" }));
    const manifest = configMap(ns, "changed", {});
    expect(problem(await remove(manifest, asRead(first)))).toMatchObject({
      status: 409,
      reason: "Conflict",
      ambiguous: false,
    });
    expect(await s.live(manifest)).toEqual(second);
  });

  test("an object that was removed and made again is another one", async () => {
    const manifest = configMap(await s.namespace(), "again", { a: "1" });
    const first = await s.apply(manifest);
    value(await remove(manifest, asRead(first)));
    const second = await s.apply(manifest);
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
    expect(problem(await remove(manifest, asRead(first))).status).toBe(409);
  });

  test("a dry run removes nothing", async () => {
    const manifest = configMap(await s.namespace(), "dry", { a: "1" });
    const live = await s.apply(manifest);
    expect(value(await remove(manifest, asRead(live, { dryRun: true })))).toBe("removed");
    expect(await s.live(manifest)).toEqual(live);
  });

  test("a dry run keeps the preconditions", async () => {
    const manifest = configMap(await s.namespace(), "dry-other", { a: "1" });
    const live = await s.apply(manifest);
    expect(problem(await remove(manifest, asRead(live, { uid: NO_UID, dryRun: true }))).status).toBe(409);
  });

  test("a finalizer holds it, terminating, until it is taken off", async () => {
    const manifest = configMap(await s.namespace(), "held", {}, { finalizers: ["example.com/hold"] });
    expect(value(await remove(manifest, asRead(await s.apply(manifest))))).toBe("terminating");
    const held = await s.metadata(manifest);
    expect(held.deletionTimestamp).toMatch(/^\d{4}-.*Z$/);
    expect(held.finalizers).toEqual(["example.com/hold"]);
    await clear(manifest);
    expect(await s.live(manifest)).toBeUndefined();
  });

  test("one that is terminating can be asked again, and can still be applied to", async () => {
    const ns = await s.namespace();
    const manifest = configMap(ns, "twice", { a: "1" }, { finalizers: ["example.com/hold"] });
    value(await remove(manifest, asRead(await s.apply(manifest))));
    const held = await s.apply(configMap(ns, "twice", { a: "2" }, { finalizers: ["example.com/hold"] }));
    expect(at(held, "metadata.deletionTimestamp")).toBeDefined();
    expect(value(await remove(manifest, asRead(held)))).toBe("terminating");
    await clear(manifest);
  });

  test("no new finalizer can be put on one that is terminating", async () => {
    const manifest = configMap(await s.namespace(), "closing", {}, { finalizers: ["example.com/hold"] });
    value(await remove(manifest, asRead(await s.apply(manifest))));
    const more = {
      ...manifest,
      metadata: { ...manifest.metadata, finalizers: ["example.com/hold", "example.com/more"] },
    };
    expect(await s.refused(more)).toMatchObject({ status: 422, reason: "Invalid" });
    await clear(manifest);
  });

  test("nothing new comes into a namespace that is terminating", async () => {
    const ns = await s.namespace();
    const namespace: Manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name: ns } };
    const live = await s.live(namespace);
    expect(live).toBeDefined();
    if (live !== undefined) value(await remove(namespace, asRead(live)));
    const late = await s.refused(configMap(ns, "late", {}));
    expect([403, 404]).toContain(late.status); // 404 where it is gone already
  });
}
