import type { Json, JsonObject } from "../../model/index.ts";
import { apiVersionOf, type Registry, type Served } from "../kinds/registry.ts";
import type { Field, Type } from "../schema/type.ts";

/**
 * OpenAPI v3, as far as kubectl reads it: that PATCH takes `fieldValidation`, how client-side apply merges, and the
 * fields that `kubectl explain` shows. Undefined for any other path.
 */
export function openapiDocument(registry: Registry, path: string): JsonObject | undefined {
  const served = registry.resources().flatMap((resource) => resource.versions);
  const groupVersions = [...new Set(served.map(pathOf))];
  if (path === "/openapi/v3")
    return {
      paths: Object.fromEntries(groupVersions.map((one) => [one, { serverRelativeURL: `/openapi/v3/${one}` }])),
    };
  const wanted = path.startsWith("/openapi/v3/") ? path.slice("/openapi/v3/".length) : undefined;
  if (wanted === undefined || !groupVersions.includes(wanted)) return undefined;
  return document(
    wanted,
    served.filter((one) => pathOf(one) === wanted),
  );
}

function pathOf(served: Served): string {
  return served.group === "" ? `api/${served.version}` : `apis/${served.group}/${served.version}`;
}

function document(base: string, served: readonly Served[]): JsonObject {
  const schemas: Record<string, Json> = {};
  const names = new Map<Type, string>();
  const paths: Record<string, Json> = {};
  for (const one of served) {
    const gvk = { group: one.group, version: one.version, kind: one.kind };
    const name = `${apiVersionOf(one).replaceAll("/", ".")}.${one.kind}`;
    names.set(one.type, name);
    schemas[name] = { ...describe(one.type, schemas, names, one.kind), "x-kubernetes-group-version-kind": [gvk] };
    const space = one.namespaced ? "/namespaces/{namespace}" : "";
    const parameters = ["dryRun", "fieldManager", "fieldValidation", "force"].map((parameter) => ({
      name: parameter,
      in: "query",
      schema: { type: "string" },
    }));
    const operation = { parameters, responses: {}, "x-kubernetes-group-version-kind": gvk };
    paths[`/${base}${space}/${one.resource}/{name}`] = { patch: operation, put: operation };
    paths[`/${base}${space}/${one.resource}`] = { post: operation };
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "embedded" },
    paths,
    components: { schemas },
  };
}

/** A schema node; structs are named, since they may hold themselves. */
function schemaOf(type: Type, schemas: Record<string, Json>, names: Map<Type, string>, hint: string): JsonObject {
  if (type.map === undefined || type.list !== undefined || type.map.fields.size === 0)
    return describe(type, schemas, names, hint);
  const known = names.get(type);
  if (known !== undefined) return { $ref: `#/components/schemas/${known}` };
  const name = nameFor(hint, schemas);
  names.set(type, name);
  schemas[name] = {};
  schemas[name] = describe(type, schemas, names, hint);
  return { $ref: `#/components/schemas/${name}` };
}

function nameFor(hint: string, schemas: Readonly<Record<string, Json>>): string {
  const name = `${hint.slice(0, 1).toUpperCase()}${hint.slice(1)}`;
  for (let count = 1; ; count++) {
    const one = count === 1 ? name : `${name}${count}`;
    if (schemas[one] === undefined) return one;
  }
}

function describe(type: Type, schemas: Record<string, Json>, names: Map<Type, string>, hint: string): JsonObject {
  const { map, list, scalar } = type;
  if (map !== undefined && list !== undefined) return {};
  if (map !== undefined && map.fields.size > 0) {
    const properties = [...map.fields].map(
      ([name, field]) => [name, fieldSchema(name, field, schemas, names)] as const,
    );
    const required = [...map.fields].filter(([, field]) => field.required).map(([name]) => name);
    return {
      type: "object",
      properties: Object.fromEntries(properties),
      ...(required.length === 0 ? {} : { required }),
      ...(map.atomic ? { "x-kubernetes-map-type": "atomic" } : {}),
    };
  }
  if (map !== undefined)
    return {
      type: "object",
      ...(map.values === undefined ? {} : { additionalProperties: schemaOf(map.values, schemas, names, hint) }),
    };
  if (list !== undefined)
    return {
      type: "array",
      items: schemaOf(list.items, schemas, names, hint),
      "x-kubernetes-list-type": list.relation,
      ...(list.relation === "map" ? { "x-kubernetes-list-map-keys": list.keys } : {}),
    };
  if (scalar === "boolean") return { type: "boolean" };
  if (scalar === "numeric") return { type: type.format === "double" ? "number" : "integer" };
  return { type: "string" };
}

function fieldSchema(name: string, field: Field, schemas: Record<string, Json>, names: Map<Type, string>): JsonObject {
  const schema = schemaOf(field.type, schemas, names, name);
  const merging = {
    ...(field.strategy === undefined ? {} : { "x-kubernetes-patch-strategy": field.strategy }),
    ...(field.mergeKey === undefined ? {} : { "x-kubernetes-patch-merge-key": field.mergeKey }),
  };
  return "$ref" in schema ? { allOf: [schema], ...merging } : { ...schema, ...merging };
}
