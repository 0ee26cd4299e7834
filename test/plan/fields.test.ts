import { describe, expect, test } from "vitest";
import type { JsonObject, Manifest } from "../../src/model/index.ts";
import { fieldChanges } from "../../src/plan/index.ts";

const map = (data: JsonObject): Manifest => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data });
/** As it is parsed: a key of its own, whatever it is called. */
const parsed = (text: string): JsonObject => JSON.parse(text) as JsonObject;

describe("keys that every object of the language has", () => {
  test.each(["constructor", "toString", "hasOwnProperty", "__proto__"])("%s is a key as any other", (key) => {
    const desired = map(parsed(`{"${key}":"z"}`));
    const path = `data.${key}`;
    expect(fieldChanges(desired, map({ other: "x" }), undefined)).toEqual([{ path, after: "z" }]);
    expect(fieldChanges(desired, map(parsed(`{"${key}":"y"}`)), undefined)).toEqual([
      { path, before: "y", after: "z" },
    ]);
    expect(fieldChanges(desired, desired, undefined)).toEqual([]);
    const applied = { "f:data": { [`f:${key}`]: {} } };
    expect(fieldChanges(map({}), map({}), applied)).toEqual([]);
    expect(fieldChanges(map({}), desired, applied)).toEqual([{ path, before: "z" }]);
  });
});
