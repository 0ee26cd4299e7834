import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { readBase64 } from "./base64.ts";
import { canonicalQuantity, canonicalResource } from "./quantity.ts";
import type { Field, MapType, Type } from "./type.ts";

/** A value that its type cannot hold; `why` is the server's sentence, where it has one of its own. */
export interface Wrong {
  readonly path: string;
  readonly want: string;
  readonly got: string;
  readonly why?: string;
}

/** How the server words it, the type's own sentence first. */
export function wrongText({ path, want, got, why }: Wrong): string {
  return why ?? `json: cannot unmarshal ${got} into Go struct field ${path} of type ${want}`;
}

const NO_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** What a value could not be read as, and what was not known. Paths as people write them: `spec.ports[0].port`. */
export interface Reading {
  readonly wrong: Wrong[];
  readonly unknown: string[];
}

export function newReading(): Reading {
  return { wrong: [], unknown: [] };
}

/**
 * A value as the server keeps it: read into its Go type and written back. Unknown fields, nulls and what is empty and
 * optional are gone, structs that are no pointers are there even when empty, quantities and times have one spelling.
 */
export function canonical(type: Type, value: Json | undefined, reading: Reading, path = ""): Json {
  const { map, list } = type;
  if (map !== undefined && list !== undefined) return canonicalUntyped(value);
  if (map !== undefined) {
    if (value !== undefined && value !== null && !isObject(value)) {
      reading.wrong.push({ path, want: map.values === undefined ? "object" : "map", got: kindOf(value) });
      return {};
    }
    return map.fields.size > 0
      ? struct(map, isObject(value) ? value : {}, reading, path)
      : stringMap(map, isObject(value) ? value : {}, reading, path);
  }
  if (list !== undefined) {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      reading.wrong.push({ path, want: "array", got: kindOf(value) });
      return [];
    }
    return value.map((item: Json, index) => canonical(list.items, item, reading, `${path}[${index}]`));
  }
  return scalar(type, value ?? null, reading, path);
}

/** Untyped values keep everything; only the request's top level drops nulls. */
function canonicalUntyped(value: Json | undefined): Json {
  return value ?? null;
}

function struct(map: MapType, value: JsonObject, reading: Reading, path: string): Json {
  const out: Record<string, Json> = {};
  for (const key of Object.keys(value))
    if (!map.fields.has(key) && value[key] !== undefined) reading.unknown.push(at(path, key));
  for (const [name, field] of map.fields) {
    const item = structField(field, value[name], reading, at(path, name));
    if (item !== undefined) out[name] = item;
  }
  return out;
}

/** Undefined: left out. */
function structField(field: Field, given: Json | undefined, reading: Reading, path: string): Json | undefined {
  const { type, pointer, omitEmpty } = field;
  const absent = given === undefined || given === null;
  if (pointer) return absent ? (omitEmpty ? undefined : null) : canonical(type, given, reading, path);
  if (type.map !== undefined && type.list !== undefined) return absent ? undefined : canonicalUntyped(given);
  if (type.list !== undefined || (type.map !== undefined && type.map.fields.size === 0)) {
    const value = canonical(type, given, reading, path);
    const empty = Array.isArray(value) ? value.length === 0 : Object.keys(value as JsonObject).length === 0;
    return empty ? (omitEmpty ? undefined : null) : value;
  }
  if (type.map !== undefined) return canonical(type, given, reading, path);
  if (absent && type.format !== undefined && type.format in ZERO) return field.omitZero ? undefined : ZERO[type.format];
  const value = absent ? zeroOf(type) : scalar(type, given, reading, path);
  return omitEmpty && isZero(type, value) ? undefined : value;
}

/** Go structs with their own JSON form are written even when empty. */
const ZERO: Readonly<Record<string, Json>> = { time: null, "micro-time": null, quantity: "0", "int-or-string": 0 };

function zeroOf(type: Type): Json {
  if (type.scalar === "boolean") return false;
  if (type.scalar === "numeric") return 0;
  return "";
}

function isZero(type: Type, value: Json): boolean {
  if (type.format === "quantity" || type.format === "int-or-string") return false;
  return value === "" || value === 0 || value === false || value === null;
}

/** Quantities by name are lists of resources, which know nothing smaller than a thousandth. */
function resource(type: Type, value: Json): Json {
  if (type.format !== "quantity" || (typeof value !== "string" && typeof value !== "number")) return value;
  return canonicalResource(String(value)) ?? value;
}

function stringMap(map: MapType, value: JsonObject, reading: Reading, path: string): Json {
  const out: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    if (map.values === undefined) continue;
    // A null in a map of strings reads as the empty string.
    out[key] =
      item === null && map.values.scalar !== undefined
        ? zeroOf(map.values)
        : canonical(map.values, resource(map.values, item), reading, at(path, key));
  }
  return out;
}

function scalar(type: Type, value: Json, reading: Reading, path: string): Json {
  const refuse = (want: string): Json => {
    reading.wrong.push({ path, want, got: kindOf(value) });
    return zeroOf(type);
  };
  const { format } = type;
  if (format === "quantity") {
    if (typeof value !== "string" && typeof value !== "number") return value === null ? "0" : refuse("Quantity");
    const text = canonicalQuantity(String(value));
    if (text !== undefined) return text;
    reading.wrong.push({ path, want: "Quantity", got: kindOf(value), why: NO_QUANTITY });
    return "0";
  }
  if (format === "int-or-string")
    return typeof value === "string" || (typeof value === "number" && Number.isInteger(value))
      ? value
      : refuse("IntOrString");
  if (format === "time" || format === "micro-time")
    return value === null
      ? null
      : typeof value === "string"
        ? (timeText(value, format) ?? refuse("Time"))
        : refuse("Time");
  if (value === null) return zeroOf(type);
  if (format === "bytes" && typeof value === "string") {
    const read = readBase64(value);
    if ("text" in read) return read.text;
    reading.wrong.push({
      path,
      want: "[]byte",
      got: "string",
      why: `illegal base64 data at input byte ${read.corruptAt}`,
    });
    return "";
  }
  if (type.scalar === "string") return typeof value === "string" ? value : refuse("string");
  if (type.scalar === "boolean") return typeof value === "boolean" ? value : refuse("bool");
  if (type.scalar === "numeric") {
    if (typeof value === "bigint" && format === "int64") return value;
    if (typeof value !== "number") return refuse(format ?? "int64");
    return Number.isInteger(value) || format === "double" ? value : refuse(format ?? "int64");
  }
  return value;
}

const TIME_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/;

/** Undefined when it is no time; times to the microsecond must have all six digits. */
function timeText(value: string, format: "time" | "micro-time"): string | undefined {
  const [match, ms] = [TIME_FORM.exec(value), Date.parse(value)];
  if (match === null || Number.isNaN(ms)) return undefined;
  const seconds = new Date(ms).toISOString().slice(0, 19);
  if (format === "time") return `${seconds}Z`;
  return match[1]?.length === 6 ? `${seconds}.${match[1]}Z` : undefined;
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  return typeof value === "object" ? "object" : "number";
}

function at(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
