/** A value of a manifest. Integers that a double cannot hold exactly are bigints. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A Kubernetes object as desired: it has at least apiVersion, kind and metadata.name. */
export interface Manifest extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string; readonly namespace?: string };
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The string at `key`, or undefined when it is missing or no string. */
export function text(object: JsonObject | undefined, key: string): string | undefined {
  const value = object?.[key];
  return typeof value === "string" ? value : undefined;
}

/** The object at `key`, or undefined when it is missing or no object. */
export function child(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = object?.[key];
  return isObject(value) ? value : undefined;
}

/** Labels or annotations: the string values of `metadata[field]`. */
export function stringMap(object: JsonObject | undefined): Readonly<Record<string, string>> {
  const map: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(object ?? {})) if (typeof value === "string") map[key] = value;
  return map;
}

/** JSON text of a value; like JSON.stringify, but bigints are written out exactly and keys may be sorted. */
export function jsonText(value: Json, options: { readonly sortKeys?: boolean } = {}): string {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map((item: Json) => jsonText(item, options)).join(",")}]`;
  if (isObject(value)) {
    const keys = Object.keys(value);
    if (options.sortKeys === true) keys.sort();
    const fields = keys.flatMap((key) => {
      const field = value[key];
      return field === undefined ? [] : [`${JSON.stringify(key)}:${jsonText(field, options)}`];
    });
    return `{${fields.join(",")}}`;
  }
  return JSON.stringify(value);
}
