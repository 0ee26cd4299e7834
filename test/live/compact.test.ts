import { describe, expect, test } from "vitest";
import { newCompactor } from "../../src/live/compact.ts";
import type { JsonObject, LiveMetadata } from "../../src/model/index.ts";
import { declaredBy, liveAfter } from "../plan/objects.ts";

const status = {
  manager: "kube-controller-manager",
  operation: "Update",
  apiVersion: "v1",
  time: "2026-01-01T00:00:00Z",
  subresource: "status",
  fieldsV1: { "f:status": { "f:phase": {} } },
} as const;
const long = { "example.dev/notes": "x".repeat(1_000), "example.dev/short": "x" };

/** An object as the server has it, with an entry and annotations of others. */
function live(name: string, change: Partial<LiveMetadata> = {}): LiveMetadata {
  const ours = liveAfter(declaredBy("shop/cart", name));
  return {
    ...ours,
    annotations: { ...ours.annotations, ...long },
    managedFields: [...ours.managedFields, status],
    ...change,
  };
}

describe("records of objects", () => {
  test("hold of ours what plans are made of, and not what others keep in long annotations and in the status", () => {
    const object = live("cart");
    const record = newCompactor().compact(object, undefined);
    const { "example.dev/notes": _notes, ...annotations } = object.annotations;
    const { fieldsV1: _fields, ...entry } = status;
    expect(record).toEqual({ ...object, annotations, managedFields: [...object.managedFields.slice(0, 1), entry] });
  });

  test("are whole where our apply did not write the label: such an object may come to be adopted", () => {
    const object = live("cart", { managedFields: [status] });
    expect(newCompactor().compact(object, undefined)).toEqual(object);
  });

  test("share what they have in common", () => {
    const compactor = newCompactor();
    const [a, b] = [compactor.compact(live("a"), undefined), compactor.compact(live("b"), undefined)];
    expect(a.managedFields[0]?.fieldsV1).toBe(b.managedFields[0]?.fieldsV1);
    expect(a.labels).toBe(b.labels);
  });

  test("are not taken for others whose fields have names that read the same", () => {
    const compactor = newCompactor();
    const fieldsOf = (name: string, fieldsV1: JsonObject) =>
      compactor.compact(live(name, { managedFields: [{ ...status, subresource: "scale", fieldsV1 }] }), undefined)
        .managedFields[0]?.fieldsV1;
    const two = { "f:a": {}, "f:b": {} };
    for (const between of ["\n1\n", " 1 3 "]) fieldsOf(between, { [`f:a${between}f:b`]: {} });
    expect(fieldsOf("two", two)).toEqual(two);
  });

  test("share with their own past after the rest was let go of", () => {
    const compactor = newCompactor();
    const before = compactor.compact(live("a"), undefined);
    compactor.forget();
    const after = compactor.compact(live("a", { resourceVersion: "2" }), before);
    expect(after.resourceVersion).toBe("2");
    expect(after.managedFields[0]?.fieldsV1).toBe(before.managedFields[0]?.fieldsV1);
    expect(after.ref).toBe(before.ref);
    expect(after.labels).toBe(before.labels);
  });

  test("a name of a label that every object inherits is no trouble", () => {
    const record = newCompactor().compact(live("a", { labels: { constructor: "x", toString: "y" } }), undefined);
    expect([record.labels["constructor"], record.labels["hasOwnProperty"]]).toEqual(["x", undefined]);
  });
});
