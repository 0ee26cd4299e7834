import { child, isObject, type Json, type JsonObject, text } from "../../model/index.ts";
import type { Schema, SchemaKind, SchemaType, Scope } from "./table.ts";

/**
 * What becomes of the built-in schema when a custom one is chosen. kustomize reads it only when it is needed, which decides:
 * it is `absent` when nothing needed it before, the custom one goes `over` it when something was merged, and `under` it
 * when only the scope of a kind was asked for that kustomize does not know by heart.
 */
export type BesideBuiltin = "absent" | "over" | "under";

/**
 * A schema from an OpenAPI v2 document (`openapi.path`), as kustomize reads it: kinds come from the definitions'
 * `x-kubernetes-group-version-kind`, scopes from the paths. Whatever is not understood is left out, as kyaml does; a
 * document that is no map gives an empty schema. A scope that the built-in schema states stays known in any case.
 */
export function customSchema(document: Json, builtin: Schema, beside: BesideBuiltin): Schema {
  const root = isObject(document) ? document : {};
  const definitions = child(root, "definitions") ?? {};
  const types: SchemaType[] = beside === "absent" ? [] : [...builtin.types];
  const numbers = new Map<string, number>();
  if (beside !== "absent")
    for (const [name, number] of Object.entries(builtin.definitions))
      if (beside === "under" || definitions[name] === undefined) numbers.set(referenceTo(name), number);

  const kinds: Record<string, Record<string, SchemaKind>> = Object.create(null);
  const put = (apiVersion: string, kind: string, entry: SchemaKind): void => {
    const ofVersion = (kinds[apiVersion] ??= Object.create(null));
    ofVersion[kind] = { ...ofVersion[kind], ...entry };
  };
  for (const [apiVersion, ofVersion] of Object.entries(builtin.kinds))
    for (const [kind, { type, scope }] of Object.entries(ofVersion)) {
      if (scope !== undefined) put(apiVersion, kind, { scope });
      if (type !== undefined && beside !== "absent") put(apiVersion, kind, { type });
    }
  for (const [name, definition] of Object.entries(definitions)) {
    if (!isObject(definition)) continue;
    const type = typeNumber({ $ref: referenceTo(name) }, definitions, types, numbers);
    if (type === undefined) continue;
    const stated = definition["x-kubernetes-group-version-kind"];
    for (const gvk of Array.isArray(stated) ? stated : []) {
      const named = kindNamed(gvk);
      if (named === undefined) continue;
      if (beside === "under" && kinds[named.apiVersion]?.[named.kind]?.type !== undefined) continue;
      put(named.apiVersion, named.kind, { type });
    }
  }
  for (const [path, entry] of Object.entries(child(root, "paths") ?? {})) {
    if (!isObject(entry)) continue;
    const named = kindNamed(child(entry, "get")?.["x-kubernetes-group-version-kind"]);
    if (named === undefined) continue;
    const scope: Scope = path.includes("namespaces/{namespace}") ? "namespaced" : "cluster";
    if (scope === "namespaced" || kinds[named.apiVersion]?.[named.kind]?.scope === undefined)
      put(named.apiVersion, named.kind, { scope });
  }
  return { types, kinds, definitions: {} };
}

const referenceTo = (name: string): string => `#/definitions/${name}`;

/** The number of an OpenAPI schema in `types`, adding it when it is new; undefined for a reference to nothing. */
function typeNumber(
  schema: JsonObject,
  definitions: JsonObject,
  types: SchemaType[],
  numbers: Map<string, number>,
): number | undefined {
  const ref = text(schema, "$ref");
  if (ref === undefined) return types.push(describe(schema, definitions, types, numbers)) - 1;
  const known = numbers.get(ref);
  if (known !== undefined) return known;
  const name = /^#\/definitions\/([^/]+)$/.exec(ref)?.[1]?.replaceAll("~1", "/").replaceAll("~0", "~");
  const definition = name === undefined ? undefined : child(definitions, name);
  if (definition === undefined) return undefined;
  const number = types.push({}) - 1; // reserved first: a definition may hold itself
  numbers.set(ref, number);
  const target = text(definition, "$ref");
  if (target === undefined) types[number] = describe(definition, definitions, types, numbers);
  else {
    const through = typeNumber(definition, definitions, types, numbers);
    types[number] = (through === undefined ? undefined : types[through]) ?? {};
  }
  return number;
}

function describe(
  schema: JsonObject,
  definitions: JsonObject,
  types: SchemaType[],
  numbers: Map<string, number>,
): SchemaType {
  const numberAt = (value: Json | undefined): number | undefined =>
    isObject(value) ? typeNumber(value, definitions, types, numbers) : undefined;
  const fields: Record<string, number> = Object.create(null);
  for (const [name, field] of Object.entries(child(schema, "properties") ?? {})) {
    const number = numberAt(field);
    // a field that refers to nothing is known to have no type: the map's value type does not apply to it
    fields[name] = number ?? types.push({}) - 1;
  }
  const listKeys = schema["x-kubernetes-list-map-keys"];
  return compact({
    type: text(schema, "type"),
    fields,
    values: numberAt(schema["additionalProperties"]),
    items: numberAt(schema["items"]),
    strategy: text(schema, "x-kubernetes-patch-strategy"),
    mergeKey: text(schema, "x-kubernetes-patch-merge-key"),
    listKeys: Array.isArray(listKeys) ? listKeys.filter((key) => typeof key === "string") : undefined,
    listType: text(schema, "x-kubernetes-list-type"),
    mapType: text(schema, "x-kubernetes-map-type"),
  });
}

function compact(type: { [Key in keyof SchemaType]: SchemaType[Key] | undefined }): SchemaType {
  return Object.fromEntries(Object.entries(type).filter(([, value]) => value !== undefined));
}

function kindNamed(gvk: Json | undefined): { readonly apiVersion: string; readonly kind: string } | undefined {
  if (!isObject(gvk)) return undefined;
  const [group, version, kind] = [text(gvk, "group") ?? "", text(gvk, "version"), text(gvk, "kind")];
  if (version === undefined || kind === undefined) return undefined;
  return { apiVersion: group === "" ? version : `${group}/${version}`, kind };
}
