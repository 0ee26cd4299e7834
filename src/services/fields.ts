import { type FailureCode, isObject, type Json, type JsonObject } from "../model/index.ts";

/** Readers of the fields of a document. A field of the wrong type is reported by its name, and then reads as if it were not there. */
export type Fail = (code: FailureCode, message: string, remedy: string) => void;

export function readString(
  object: JsonObject,
  field: string,
  fail: Fail,
  name: string = `spec.${field}`,
): string | undefined {
  const value = object[field];
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  fail("service/invalid-field", `${name} is no string`, `write ${name} as text, in quotes if need be`);
  return undefined;
}

export function readBoolean(spec: JsonObject, field: string, fail: Fail): boolean | undefined {
  const value = spec[field];
  if (value === undefined || value === null || typeof value === "boolean") return value ?? undefined;
  fail("service/invalid-field", `spec.${field} is neither true nor false`, `write spec.${field}: true or false`);
  return undefined;
}

/** Entries of a list, each with its name; a missing list has none. */
export function readList(
  object: JsonObject,
  field: string,
  fail: Fail,
  name: string = `spec.${field}`,
): readonly { readonly value: Json; readonly name: string }[] {
  const list = object[field] ?? [];
  if (Array.isArray(list)) return list.map((value: Json, index) => ({ value, name: `${name}[${index}]` }));
  fail("service/invalid-field", `${name} is no list`, `write ${name} as a list`);
  return [];
}

/** A map, or undefined when it is missing. With `known` fields, others are refused: they would change nothing. */
export function readMap(
  value: Json | undefined,
  name: string,
  fail: Fail,
  known?: readonly string[],
): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) {
    fail("service/invalid-field", `${name} is no map`, `write ${name} as a map`);
    return undefined;
  }
  for (const field of Object.keys(value)) {
    if (known === undefined || known.includes(field)) continue;
    const message = `${name}.${field} is no field of a Flux Kustomization`;
    fail("service/invalid-field", message, `remove it; known are ${known.join(", ")}`);
  }
  return value;
}

/** The named fields of a map that are text and not empty. */
export function readTexts<F extends string>(
  map: JsonObject,
  fields: readonly F[],
  name: string,
  fail: Fail,
): { readonly [Field in F]?: string } {
  const texts: { [Field in F]?: string } = {};
  for (const field of fields) {
    const value = readString(map, field, fail, `${name}.${field}`);
    if (value !== undefined && value !== "") texts[field] = value;
  }
  return texts;
}
