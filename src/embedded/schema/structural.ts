import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { type FieldError, invalidValue, required, tooLong, unsupported, valueText } from "../api/status.ts";
import { scalarText } from "../kinds/draft.ts";
import { equal } from "../merge/equal.ts";
import { type Field, type Mutable, type Type, untypedType } from "./type.ts";

/** A CRD version's structural schema (apiextensions v1), made ready. */
export interface CustomSchema {
  readonly type: Type;
  /** Without what the schema does not name, nor nulls that it does not allow and has no default for; also the names that went. */
  prune(object: JsonObject): { readonly object: JsonObject; readonly unknown: readonly string[] };
  /** With the schema's defaults where nothing is. */
  fill(object: JsonObject): JsonObject;
  errors(object: JsonObject): readonly FieldError[];
}

/** `meta` is the type of ObjectMeta, which every custom resource has. */
export function customSchema(schema: JsonObject | undefined, meta: Type): CustomSchema {
  const root = schema ?? { "x-kubernetes-preserve-unknown-fields": true, type: "object" };
  const fields = new Map(typeOf(root, false).map?.fields ?? []);
  for (const [name, type] of [
    ["apiVersion", { scalar: "string" }],
    ["kind", { scalar: "string" }],
    ["metadata", meta],
  ] as const)
    fields.set(name, plainField(type));
  const open = root["x-kubernetes-preserve-unknown-fields"] === true;
  return {
    type: { map: { fields, values: open ? untypedType("deduced") : undefined, atomic: false } },
    prune(object) {
      const unknown: string[] = [];
      const { apiVersion = "", kind = "", metadata = {}, ...rest } = object;
      const pruned = pruneValue(root, rest, "", unknown);
      const settled = withoutNulls(root, pruned);
      return { object: { apiVersion, kind, metadata, ...(isObject(settled) ? settled : {}) }, unknown };
    },
    fill: (object) => fillValue(root, object) as JsonObject,
    errors: (object) => {
      const { apiVersion: _, kind: __, metadata: ___, ...rest } = object;
      return errorsOf(root, rest, "");
    },
  };
}

function plainField(type: Type): Field {
  return { type, required: false, pointer: true, omitEmpty: true, omitZero: false };
}

/** The structured-merge type of a schema node. */
function typeOf(schema: JsonObject, inherited: boolean): Type {
  const preserve = inherited || schema["x-kubernetes-preserve-unknown-fields"] === true;
  switch (scalarText(schema["type"])) {
    case "object":
      return { map: mapOf(schema, preserve) };
    case "array":
      return { list: listOf(schema, preserve) };
    case "integer":
    case "number":
      return { scalar: "numeric" };
    case "boolean":
      return { scalar: "boolean" };
    case "string":
      return { scalar: schema["format"] === undefined || schema["format"] === "byte" ? "string" : "untyped" };
    default:
      if (schema["x-kubernetes-int-or-string"] === true) return { scalar: "untyped" };
      return { scalar: "untyped", map: mapOf(schema, preserve), list: listOf(schema, preserve) };
  }
}

function mapOf(schema: JsonObject, preserve: boolean): NonNullable<Type["map"]> {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const fields = new Map<string, Field>();
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    const field: Mutable<Field> = plainField(typeOf(property, preserve));
    if (property["default"] !== undefined) field.default = property["default"];
    fields.set(name, field);
  }
  const additional = schema["additionalProperties"];
  const values = isObject(additional)
    ? typeOf(additional, preserve)
    : additional === true || (additional === undefined && (preserve || fields.size === 0))
      ? untypedType("deduced")
      : undefined;
  return { fields, values, atomic: schema["x-kubernetes-map-type"] === "atomic" };
}

function listOf(schema: JsonObject, preserve: boolean): NonNullable<Type["list"]> {
  const items = isObject(schema["items"]) ? typeOf(schema["items"], preserve) : untypedType("atomic");
  const kind = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"];
  return {
    items,
    relation: kind === "map" || kind === "set" ? kind : "atomic",
    keys: Array.isArray(keys) ? keys.map(String) : [],
  };
}

function pruneValue(schema: JsonObject, value: Json, path: string, unknown: string[]): Json {
  if (Array.isArray(value)) {
    const items = schema["items"];
    return isObject(items)
      ? value.map((item: Json, index) => pruneValue(items, item, `${path}[${index}]`, unknown))
      : value;
  }
  if (!isObject(value)) return value;
  if (schema["x-kubernetes-embedded-resource"] === true) return value;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const additional = schema["additionalProperties"];
  const preserve = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const out: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    const property = properties[key];
    if (isObject(property)) out[key] = pruneValue(property, item, at, unknown);
    else if (isObject(additional)) out[key] = pruneValue(additional, item, at, unknown);
    else if (additional === true || preserve) out[key] = item;
    else unknown.push(at);
  }
  return out;
}

function withoutNulls(schema: JsonObject | undefined, value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => withoutNulls(childOf(schema, "items"), item));
  if (!isObject(value)) return value;
  const properties = childOf(schema, "properties") ?? {};
  const out: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    const property = key in properties ? childOf(properties, key) : childOf(schema, "additionalProperties");
    if (refusesNull(property, item) && property?.["default"] === undefined) continue;
    out[key] = withoutNulls(property, item);
  }
  return out;
}

function childOf(schema: JsonObject | undefined, key: string): JsonObject | undefined {
  const child = schema?.[key];
  return isObject(child) ? child : undefined;
}

function refusesNull(schema: JsonObject | undefined, value: Json | undefined): boolean {
  return value === null && schema !== undefined && schema["nullable"] !== true;
}

/** Only what has a default is filled: a null without one stays, for the validation to refuse. */
function fillValue(schema: JsonObject, value: Json): Json {
  const filled = (below: JsonObject, item: Json): Json =>
    fillValue(below, refusesNull(below, item) ? (below["default"] ?? null) : item);
  if (Array.isArray(value)) {
    const items = childOf(schema, "items");
    return items === undefined ? value : value.map((item: Json) => filled(items, item));
  }
  if (!isObject(value)) return value;
  const properties = childOf(schema, "properties") ?? {};
  const additional = childOf(schema, "additionalProperties");
  const out: Record<string, Json> = { ...value };
  for (const [key, property] of Object.entries(properties))
    if (isObject(property) && out[key] === undefined && property["default"] !== undefined)
      out[key] = property["default"];
  for (const [key, item] of Object.entries(out)) {
    const below = key in properties ? childOf(properties, key) : additional;
    if (below !== undefined) out[key] = filled(below, item);
  }
  return out;
}

function errorsOf(schema: JsonObject, value: Json, path: string): readonly FieldError[] {
  if (value === null) return schema["nullable"] === true || path === "" ? [] : [typeError(schema, value, path)];
  if (!hasType(schema, value)) return [typeError(schema, value, path)];
  const own = [...enumErrors(schema, value, path), ...boundErrors(schema, value, path)];
  if (Array.isArray(value)) return [...own, ...listErrors(schema, value, path)];
  if (isObject(value)) return [...own, ...mapErrors(schema, value, path)];
  return own;
}

function hasType(schema: JsonObject, value: Json): boolean {
  if (schema["x-kubernetes-int-or-string"] === true)
    return typeof value === "string" || (typeof value === "number" && Number.isInteger(value));
  switch (scalarText(schema["type"])) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
    case "number":
      return typeof value === "number" || typeof value === "bigint";
    default:
      return true;
  }
}

function typeError(schema: JsonObject, value: Json, path: string): FieldError {
  const name = Array.isArray(value)
    ? "array"
    : isObject(value)
      ? "object"
      : value === null
        ? "null"
        : scalarName(value);
  const want = schema["x-kubernetes-int-or-string"] === true ? "integer,string" : scalarText(schema["type"]);
  return {
    reason: "FieldValueTypeInvalid",
    field: path === "" ? "<nil>" : path,
    message: `Invalid value: ${JSON.stringify(name)}: ${path} in body must be of type ${want}: ${JSON.stringify(name)}`,
  };
}

function scalarName(value: Json): string {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "boolean";
  return typeof value === "bigint" || Number.isInteger(value) ? "integer" : "number";
}

function enumErrors(schema: JsonObject, value: Json, path: string): readonly FieldError[] {
  const allowed = schema["enum"];
  if (!Array.isArray(allowed) || allowed.some((one: Json) => equal(one, value))) return [];
  return [unsupported(path, value, allowed.map(String))];
}

/** Bounds of numbers, lengths and sizes. */
function boundErrors(schema: JsonObject, value: Json, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const limit = (key: string): number | undefined => (typeof schema[key] === "number" ? schema[key] : undefined);
  const add = (text: string): void => void errors.push(invalidValue(path, value, `${path} in body ${text}`));
  const tooFew = (size: number, key: string, what: string): void => {
    const min = limit(key);
    if (min !== undefined && size < min) add(`should ${what}`);
  };
  const [min, max] = [limit("minimum"), limit("maximum")];
  if (typeof value === "number") {
    if (min !== undefined && (schema["exclusiveMinimum"] === true ? value <= min : value < min))
      add(`should be greater than ${schema["exclusiveMinimum"] === true ? "" : "or equal to "}${min}`);
    if (max !== undefined && (schema["exclusiveMaximum"] === true ? value >= max : value > max))
      add(`should be less than ${schema["exclusiveMaximum"] === true ? "" : "or equal to "}${max}`);
  }
  if (typeof value === "string") {
    const length = Array.from(value).length;
    tooFew(length, "minLength", `be at least ${limit("minLength") ?? 0} chars long`);
    const most = limit("maxLength");
    if (most !== undefined && length > most) errors.push(tooLong(path, most));
    const pattern = schema["pattern"];
    if (typeof pattern === "string" && !new RegExp(pattern, "u").test(value)) add(`should match '${pattern}'`);
  }
  if (Array.isArray(value)) {
    tooFew(value.length, "minItems", `have at least ${limit("minItems") ?? 0} items`);
    const most = limit("maxItems");
    if (most !== undefined && value.length > most)
      errors.push({
        reason: "FieldValueTooMany",
        field: path,
        message: `Too many: ${value.length}: must have at most ${most} items`,
      });
  }
  return errors;
}

function listErrors(schema: JsonObject, value: readonly Json[], path: string): readonly FieldError[] {
  const items = schema["items"];
  const errors = isObject(items) ? value.flatMap((item, index) => errorsOf(items, item, `${path}[${index}]`)) : [];
  const kind = schema["x-kubernetes-list-type"];
  const keys = Array.isArray(schema["x-kubernetes-list-map-keys"])
    ? schema["x-kubernetes-list-map-keys"].map(String)
    : [];
  const seen: Json[] = [];
  const repeats = value.flatMap((item, index) => {
    const key: Json =
      kind === "map" && isObject(item) ? Object.fromEntries(keys.map((name) => [name, item[name] ?? null])) : item;
    if (kind !== "map" && kind !== "set") return [];
    const again = seen.some((one) => equal(one, key));
    seen.push(key);
    const at = `${path}[${index}]`;
    return again
      ? [{ reason: "FieldValueDuplicate" as const, field: at, message: `Duplicate value: ${valueText(key)}` }]
      : [];
  });
  return [...errors, ...repeats];
}

function mapErrors(schema: JsonObject, value: JsonObject, path: string): readonly FieldError[] {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  const missing = (Array.isArray(schema["required"]) ? schema["required"] : [])
    .map(String)
    .filter((key) => value[key] === undefined && !(path === "" && ["metadata", "apiVersion", "kind"].includes(key)))
    .map((key) => required(at(key)));
  const additional = schema["additionalProperties"];
  const below = Object.entries(value).flatMap(([key, item]) => {
    const property = properties[key];
    if (isObject(property)) return errorsOf(property, item, at(key));
    return isObject(additional) ? errorsOf(additional, item, at(key)) : [];
  });
  return [...missing, ...below];
}
