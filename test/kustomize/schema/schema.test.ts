import { describe, expect, test } from "vitest";
import {
  builtinSchema,
  customSchema,
  fieldType,
  itemType,
  kindScope,
  kindType,
  mergesItems,
  type Schema,
  type SchemaType,
} from "../../../src/kustomize/schema/index.ts";

const builtin = builtinSchema();

/** The type at a path of fields, `[]` for items. */
function typeAt(schema: Schema, apiVersion: string, kind: string, path: string): SchemaType | undefined {
  return path
    .split(".")
    .reduce<SchemaType | undefined>(
      (type, part) => type && (part === "[]" ? itemType(schema, type) : fieldType(schema, type, part)),
      kindType(schema, apiVersion, kind),
    );
}

describe("the built-in schema", () => {
  test.each([
    ["apps/v1", "Deployment", "spec.template.spec.containers", ["name"]],
    ["apps/v1", "Deployment", "spec.template.spec.containers.[].ports", ["containerPort", "protocol"]],
    ["batch/v1", "CronJob", "spec.jobTemplate.spec.template.spec.volumes", ["name"]],
    ["v1", "Service", "spec.ports", ["port", "protocol"]],
    ["v1", "Pod", "metadata.finalizers", []],
    ["v1", "Pod", "spec.containers.[].args", undefined],
    ["v1", "Pod", "spec.tolerations", undefined],
  ])("%s %s %s", (apiVersion, kind, path, keys) => {
    const type = typeAt(builtin, apiVersion, kind, path);
    expect(type).toBeDefined();
    expect(mergesItems(type)).toBe(keys !== undefined);
    if (keys !== undefined)
      expect(type?.listKeys ?? (type?.mergeKey === undefined ? [] : [type.mergeKey])).toEqual(keys);
  });

  test("a map's fields have the type of its values", () => {
    expect(typeAt(builtin, "v1", "ConfigMap", "data.any")?.type).toBe("string");
  });

  test.each([
    ["v1", "Pod", "namespaced"],
    ["v1", "Namespace", "cluster"],
    ["rbac.authorization.k8s.io/v1", "ClusterRole", "cluster"],
    ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "cluster"],
    ["example.com/v1", "Thing", undefined],
    ["v1", "constructor", undefined],
    ["__proto__", "toString", undefined],
  ])("%s %s is %s", (apiVersion, kind, scope) => {
    expect(kindScope(builtin, apiVersion, kind)).toBe(scope);
  });

  test("names of Object.prototype are no fields", () => {
    expect(typeAt(builtin, "v1", "Pod", "spec.constructor")).toBeUndefined();
  });
});

const gvk = [{ group: "example.com", version: "v1", kind: "Thing" }];
const list = { type: "array", "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "id" };
const document = {
  definitions: {
    Thing: {
      type: "object",
      properties: { spec: { $ref: "#/definitions/Spec" } },
      "x-kubernetes-group-version-kind": gvk,
    },
    Spec: {
      type: "object",
      properties: {
        list: { ...list, items: { $ref: "#/definitions/Spec" } },
        pod: { $ref: "#/definitions/io.k8s.api.core.v1.PodSpec" },
        nothing: { $ref: "#/definitions/Missing" },
      },
    },
  },
  paths: { "/apis/example.com/v1/things": { get: { "x-kubernetes-group-version-kind": gvk[0] ?? null } } },
};

describe("a custom schema", () => {
  test("has its kinds, may refer to itself, and keeps known scopes", () => {
    const schema = customSchema(document, builtin, "absent");
    expect(typeAt(schema, "example.com/v1", "Thing", "spec.list.[].list.[].list")).toMatchObject({ mergeKey: "id" });
    expect(kindScope(schema, "example.com/v1", "Thing")).toBe("cluster");
    expect(kindScope(schema, "v1", "Pod")).toBe("namespaced");
    expect(kindType(schema, "v1", "Pod")).toBeUndefined();
    expect(typeAt(schema, "example.com/v1", "Thing", "spec.nothing.anything")).toBeUndefined();
  });

  test.each(["over", "under"] as const)("%s the built-in one it may refer to its definitions", (beside) => {
    const schema = customSchema(document, builtin, beside);
    expect(mergesItems(typeAt(schema, "example.com/v1", "Thing", "spec.pod.containers"))).toBe(true);
    expect(kindType(schema, "v1", "Pod")).toBeDefined();
  });

  test("what stands over wins", () => {
    const other = {
      definitions: {
        Pod: { properties: { own: {} }, "x-kubernetes-group-version-kind": [{ version: "v1", kind: "Pod" }] },
      },
    };
    expect(typeAt(customSchema(other, builtin, "over"), "v1", "Pod", "own")).toBeDefined();
    expect(typeAt(customSchema(other, builtin, "under"), "v1", "Pod", "own")).toBeUndefined();
  });

  test.each([null, "text", [], { definitions: [] }, { definitions: { A: null, B: { properties: 5 } } }])(
    "%j is an empty schema",
    (value) => {
      expect(kindType(customSchema(value, builtin, "absent"), "v1", "Pod")).toBeUndefined();
    },
  );
});
