import { expect, test } from "vitest";
import type { Json, JsonObject, Manifest } from "../../../src/model/index.ts";
import { at, define, ours, type Subject, unique } from "./subject.ts";

/** Kinds that a CustomResourceDefinition defines. */
export function definitionCases(s: Subject): void {
  const thing = (group: string, namespace: string, spec: JsonObject, version = "v1"): Manifest => ({
    apiVersion: `${group}/${version}`,
    kind: "Thing",
    metadata: { name: "it", namespace },
    spec,
  });
  const defineThing = async (
    properties: Record<string, Json>,
    more: JsonObject = {},
    versions: readonly string[] = ["v1"],
  ) => {
    const group = `${unique("c")}.example.com`;
    await define(s, {
      group,
      plural: "things",
      kind: "Thing",
      versions,
      spec: { type: "object", properties, ...more },
    });
    return group;
  };

  test("its objects are applied and owned field by field", async () => {
    const group = await defineThing({
      size: { type: "integer" },
      tags: { type: "object", additionalProperties: { type: "string" } },
    });
    const live = await s.apply(thing(group, await s.namespace(), { size: 3, tags: { a: "1" } }));
    expect(live["spec"]).toEqual({ size: 3, tags: { a: "1" } });
    expect(at(live, "metadata.generation")).toBe(1);
    expect(ours(live)).toEqual({ "f:spec": { "f:size": {}, "f:tags": { "f:a": {} } } });
  });

  test("integers beyond 2^53 come through exactly", async () => {
    const group = await defineThing({ size: { type: "integer", format: "int64" } });
    const manifest = thing(group, await s.namespace(), { size: 9007199254740993n });
    expect(at(await s.apply(manifest), "spec.size")).toBe(9007199254740993n);
    expect(at(await s.live(manifest), "spec.size")).toBe(9007199254740993n);
  });

  test("its defaults are filled in, and are no one's", async () => {
    const group = await defineThing({ size: { type: "integer", default: 7 }, name: { type: "string" } });
    const live = await s.apply(thing(group, await s.namespace(), { name: "x" }));
    expect(live["spec"]).toEqual({ size: 7, name: "x" });
    expect(ours(live)).toEqual({ "f:spec": { "f:name": {} } });
  });

  test("its schema is kept: required, types, ranges, enums", async () => {
    const properties = { size: { type: "integer", minimum: 1 }, mode: { type: "string", enum: ["a", "b"] } };
    const group = await defineThing(properties, { required: ["size"] });
    const ns = await s.namespace();
    const required = await s.refused(thing(group, ns, { mode: "a" }));
    expect(required).toMatchObject({ status: 422, reason: "Invalid" });
    expect(required.causes).toMatchObject([{ reason: "FieldValueRequired", field: "spec.size" }]);
    const wrong = await s.refused(thing(group, ns, { size: 0, mode: "c" }));
    expect(new Set(wrong.causes.map(({ field }) => field))).toEqual(new Set(["spec.size", "spec.mode"]));
    const typed = await s.refused(thing(group, ns, { size: "many" }));
    expect(typed.message).toContain("spec.size");
  });

  test("a field that its schema does not have is refused", async () => {
    const group = await defineThing({ size: { type: "integer" } });
    const manifest = thing(group, await s.namespace(), { size: 1, sise: 2 });
    const refused = await s.refused(manifest);
    expect(refused.message).toContain("sise");
    expect(await s.live(manifest)).toBeUndefined();
  });

  test("what it says may be anything is kept as it is", async () => {
    const group = await defineThing({ any: { type: "object", "x-kubernetes-preserve-unknown-fields": true } });
    const any = { deep: [{ list: [1, "two", null, { three: 3.5 }] }], empty: {} };
    const live = await s.apply(thing(group, await s.namespace(), { any }));
    expect(at(live, "spec.any.deep")).toEqual(any.deep);
  });

  test("its lists merge as it says: by key, as a set, or whole", async () => {
    const item = {
      type: "object",
      required: ["name"],
      properties: { name: { type: "string" }, value: { type: "string" } },
    };
    const group = await defineThing({
      byKey: { type: "array", items: item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] },
      set: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
      whole: { type: "array", items: item },
    });
    const ns = await s.namespace();
    const list = [{ name: "a", value: "1" }];
    await s.apply(thing(group, ns, { byKey: list, set: ["a"], whole: list }));
    const more = { byKey: [{ name: "b", value: "2" }], set: ["b"] };
    const live = await s.apply(thing(group, ns, more), { fieldManager: "other", force: false });
    expect(live["spec"]).toEqual({ byKey: [...list, { name: "b", value: "2" }], set: ["a", "b"], whole: list });
    expect(ours(live)).toEqual({
      "f:spec": {
        "f:byKey": { 'k:{"name":"a"}': { ".": {}, "f:name": {}, "f:value": {} } },
        "f:set": { 'v:"a"': {} },
        "f:whole": {},
      },
    });
    const whole = await s.refused(thing(group, ns, { whole: [] }), { fieldManager: "other", force: false });
    expect(whole.causes).toMatchObject([{ field: ".spec.whole" }]);
  });

  test("its status is not written by an apply of the object", async () => {
    const group = await defineThing({ size: { type: "integer" } });
    const manifest = { ...thing(group, await s.namespace(), { size: 1 }), status: { phase: "Invented" } };
    const live = await s.apply(manifest);
    expect(live["status"]).toBeUndefined();
    expect(JSON.stringify(ours(live))).not.toContain("f:status");
  });

  test("one object is the same in all versions", async () => {
    const group = await defineThing({ size: { type: "integer" } }, {}, ["v1", "v1beta1"]);
    const ns = await s.namespace();
    const first = await s.apply(thing(group, ns, { size: 1 }, "v1beta1"));
    const second = await s.apply(thing(group, ns, { size: 2 }));
    expect(second.metadata.uid).toBe(first.metadata.uid);
    expect(second.apiVersion).toBe(`${group}/v1`);
    expect(second["spec"]).toEqual({ size: 2 });
  });

  test("its generation counts changes of everything but metadata and status", async () => {
    const group = await defineThing({ size: { type: "integer" } });
    const manifest = thing(group, await s.namespace(), { size: 1 });
    await s.apply(manifest);
    const labelled = await s.apply({ ...manifest, metadata: { ...manifest.metadata, labels: { x: "1" } } });
    expect(at(labelled, "metadata.generation")).toBe(1);
    expect(at(await s.apply({ ...manifest, spec: { size: 2 } }), "metadata.generation")).toBe(2);
  });
}
