import { type FailureCode, isObject, type Json, type JsonObject } from "../model/index.ts";

/** Where a field is in a document. */
export type Field = readonly (string | number)[];

/** Readers of the fields of a document. A field of the wrong type is reported by its name, and then reads as if it were not there. */
export type Fail = (code: FailureCode, field: Field, says: string, remedy: string) => void;

/** A field as messages name it, such as `spec.images[0].newTag`. */
export function fieldName(field: Field): string {
  return field.map((step, at) => (typeof step === "number" ? `[${step}]` : at === 0 ? step : `.${step}`)).join("");
}

export function readString(
  object: JsonObject,
  field: string,
  fail: Fail,
  inside: Field = ["spec"],
): string | undefined {
  const value = object[field];
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  noText([...inside, field], fail);
  return undefined;
}

export function noText(field: Field, fail: Fail): void {
  fail("service/invalid-field", field, "is no string", `write ${fieldName(field)} as text, in quotes if need be`);
}

export function readBoolean(spec: JsonObject, field: string, fail: Fail): boolean | undefined {
  const value = spec[field];
  if (value === undefined || value === null || typeof value === "boolean") return value ?? undefined;
  fail("service/invalid-field", ["spec", field], "is neither true nor false", `write spec.${field}: true or false`);
  return undefined;
}

/** Entries of a list, each with its place; a missing list has none. */
export function readList(
  object: JsonObject,
  field: string,
  fail: Fail,
  inside: Field = ["spec"],
): readonly { readonly value: Json; readonly at: Field }[] {
  const list = object[field] ?? [];
  const at = [...inside, field];
  if (Array.isArray(list)) return list.map((value: Json, index) => ({ value, at: [...at, index] }));
  fail("service/invalid-field", at, "is no list", `write ${fieldName(at)} as a list`);
  return [];
}

/** A map, or undefined when it is missing. With `known` fields, others are refused: they would change nothing. */
export function readMap(
  value: Json | undefined,
  at: Field,
  fail: Fail,
  known?: readonly string[],
): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) {
    fail("service/invalid-field", at, "is no map", `write ${fieldName(at)} as a map`);
    return undefined;
  }
  for (const field of Object.keys(value)) {
    if (known === undefined || known.includes(field)) continue;
    const says = "is no field of a Flux Kustomization";
    fail("service/invalid-field", [...at, field], says, `remove it; known are ${known.join(", ")}`);
  }
  return value;
}

/** The named fields of a map that are text and not empty. */
export function readTexts<F extends string>(
  map: JsonObject,
  fields: readonly F[],
  at: Field,
  fail: Fail,
): { readonly [Name in F]?: string } {
  const texts: { [Name in F]?: string } = {};
  for (const field of fields) {
    const value = readString(map, field, fail, at);
    if (value !== undefined && value !== "") texts[field] = value;
  }
  return texts;
}
