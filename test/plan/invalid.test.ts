import { describe, expect, test } from "vitest";
import type { JsonObject, Manifest } from "../../src/model/index.ts";
import { declare, objectProblem } from "../../src/plan/index.ts";

const sound = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cart" } } as const;
const meta = (more: JsonObject): JsonObject => ({ ...sound, metadata: { ...sound.metadata, ...more } });
const secret = (more: JsonObject): JsonObject => ({ ...sound, kind: "Secret", ...more });

describe("what is no object", () => {
  test.each<[string, JsonObject]>([
    [
      "apiVersion is missing: it has to be a version like v1 or apps/v1",
      { kind: "ConfigMap", metadata: { name: "a" } },
    ],
    ["apiVersion is null, and has to be a version like v1 or apps/v1", { ...sound, apiVersion: null }],
    ["apiVersion is a number, and has to be a version like v1 or apps/v1", { ...sound, apiVersion: 1 }],
    ["kind is a number, and has to be a kind like ConfigMap", { ...sound, kind: 5 }],
    ["kind is empty, and has to be a kind like ConfigMap", { ...sound, kind: "" }],
    ["metadata is missing: it has to be a map with a name", { apiVersion: "v1", kind: "AllowList" }],
    ["metadata.name is a number, and has to be a name", meta({ name: 12 })],
    ["metadata.namespace is a boolean, and has to be a name", meta({ namespace: true })],
    ["metadata.labels is a list, and has to be a map of texts", meta({ labels: ["a"] })],
    [
      "metadata.labels.version is a number, and has to be a text: put it into quotes",
      meta({ labels: { version: 1.1 } }),
    ],
    ["metadata.annotations.a is a map, and has to be a text: put it into quotes", meta({ annotations: { a: {} } })],
    ["stringData.PORT is a number, and has to be a text: put it into quotes", secret({ stringData: { PORT: 5432 } })],
    ["stringData.on is a boolean, and has to be a text: put it into quotes", secret({ stringData: { on: true } })],
    ["data is a list, and has to be a map", secret({ data: ["a"], stringData: { user: "me" } })],
  ])("%s", (why, manifest) => {
    expect(objectProblem(manifest)).toBe(why);
  });

  test("never tells a value, which may be secret", () => {
    expect(objectProblem(secret({ stringData: { PIN: 987654 } }))).not.toContain("987654");
  });
});

test.each<JsonObject>([
  sound,
  meta({ namespace: null, labels: null, annotations: { a: null, b: "1" } }),
  secret({ data: null, stringData: { a: null } }),
  { ...sound, apiVersion: "example.org/v1", kind: "Secret", stringData: { a: 1 } },
])("%j is an object", (manifest) => {
  expect(objectProblem(manifest)).toBeUndefined();
});

test("a null in labels, annotations and stringData is the empty text, as the API server reads it", () => {
  const manifest = {
    ...secret({ stringData: { a: null, b: "x" } }),
    metadata: { name: "cart", creationTimestamp: null, labels: { a: null }, annotations: { b: null } },
  } as unknown as Manifest;
  const stamp = { scope: "main", service: "shop/cart", flux: false, prune: true };
  const declared = declare(manifest, { path: "a.yaml" }, { namespaced: true }, stamp, "default");
  expect(declared.manifest).toMatchObject({
    metadata: { labels: { a: "" }, annotations: { b: "" } },
    data: { a: "", b: "eA==" },
  });
  expect(declared.manifest.metadata).not.toHaveProperty("creationTimestamp");
});
