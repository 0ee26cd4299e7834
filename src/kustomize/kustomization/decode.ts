import { type Json, jsonText, nearest, type Place } from "../../model/index.ts";
import type { Report } from "../report.ts";
import type { MappingNode, YamlNode } from "../yaml/node.ts";

/** Reads documents into typed values as Go's JSON decoder does, and tells where they do not fit. */
export interface Decoding {
  readonly path: string;
  readonly report: Report;
  /** Unknown fields are failures in a kustomization; in a plugin's configuration kustomize leaves them alone. */
  readonly strict: boolean;
  /** Numbers and true or false will do for text: everywhere but in a kustomization itself. */
  readonly coerces?: boolean;
  /** The value of a node in the document's reading. */
  json(node: YamlNode): Json;
}

/** Undefined stands for a null, which leaves the field as if it were not there. */
export type Decoder<T> = (node: YamlNode, field: string, decoding: Decoding) => T | undefined;

/** A value and where it is written. */
export interface Placed<T> {
  readonly value: T;
  readonly at: Place;
}

export function placeOf(node: YamlNode, path: string): Place {
  return node.line > 0 ? { path, line: node.line, column: node.column } : { path };
}

function isNull(node: YamlNode): boolean {
  return node.kind === "scalar" && node.tag === "!!null";
}

function misfit(node: YamlNode, field: string, expected: string, decoding: Decoding): undefined {
  return decoding.report.fail(
    "build/invalid-kustomization",
    placeOf(node, decoding.path),
    `${field === "" ? "the document" : `field ${field}`} must be ${expected}`,
    expected === "text" ? "quote the value" : `write ${expected} here`,
  );
}

export const text: Decoder<string> = (node, field, decoding) => {
  if (isNull(node)) return undefined;
  const value = node.kind === "scalar" ? decoding.json(node) : undefined;
  if (typeof value === "string") return value;
  if (value === undefined || value === null || (decoding.coerces ?? !decoding.strict) === false) {
    return misfit(node, field, "text", decoding);
  }
  return jsonText(value);
};

export const flag: Decoder<boolean> = (node, field, decoding) => {
  if (isNull(node)) return undefined;
  const value = node.kind === "scalar" ? decoding.json(node) : undefined;
  return typeof value === "boolean" ? value : misfit(node, field, "true or false", decoding);
};

export const integer: Decoder<number | bigint> = (node, field, decoding) => {
  if (isNull(node)) return undefined;
  const value = node.kind === "scalar" ? decoding.json(node) : undefined;
  const fits = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
  return fits ? value : misfit(node, field, "a whole number", decoding);
};

/** Any value at all, as its node. */
export const anything: Decoder<YamlNode> = (node) => (isNull(node) ? undefined : node);

export function placed<T>(decoder: Decoder<T>): Decoder<Placed<T>> {
  return (node, field, decoding) => {
    const value = decoder(node, field, decoding);
    return value === undefined ? undefined : { value, at: placeOf(node, decoding.path) };
  };
}

/** A list of objects, or of texts: a null in it is one that says nothing. */
export function list<T>(decoder: Decoder<T>, of: "objects" | "texts" = "objects"): Decoder<readonly T[]> {
  return (node, field, decoding) => {
    if (isNull(node)) return undefined;
    if (node.kind !== "sequence") return misfit(node, field, "a list", decoding);
    return node.items.flatMap((item, index) => {
      const value = decoder(isNull(item) ? nothingAt(item, of) : item, `${field}[${index}]`, decoding);
      return value === undefined ? [] : [value];
    });
  };
}

function nothingAt({ line, column }: YamlNode, of: "objects" | "texts"): YamlNode {
  if (of === "objects") return { kind: "mapping", entries: [], flow: true, line, column };
  return { kind: "scalar", tag: "!!str", value: "", style: "double", line, column };
}

/** A map from text to text; a null value is "". */
export const pairs: Decoder<ReadonlyMap<string, string>> = (node, field, decoding) => {
  if (isNull(node)) return undefined;
  if (node.kind !== "mapping") return misfit(node, field, "a map", decoding);
  const map = new Map<string, string>();
  for (const { key, value } of node.entries) map.set(key.value, text(value, `${field}.${key.value}`, decoding) ?? "");
  return map;
};

type Fields = Readonly<Record<string, Decoder<unknown>>>;
export type Decoded<F extends Fields> = {
  readonly [Key in keyof F]?: F[Key] extends Decoder<infer T> ? T : never;
} & { readonly at: Place };

/** An object of known fields, whose names may be written in any case. */
export function object<F extends Fields>(fields: F): Decoder<Decoded<F>> {
  const byName = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name]));
  return (node, field, decoding) => {
    if (isNull(node)) return undefined;
    if (node.kind !== "mapping") return misfit(node, field, "a map", decoding);
    const decoded: Record<string, unknown> = { at: placeOf(node, decoding.path) };
    for (const { key, value } of node.entries) {
      const name = Object.hasOwn(fields, key.value) ? key.value : byName.get(key.value.toLowerCase());
      const decoder = name === undefined ? undefined : fields[name];
      const inner = field === "" ? key.value : `${field}.${key.value}`;
      if (name === undefined || decoder === undefined) {
        if (decoding.strict) unknownField(key, inner, Object.keys(fields), decoding);
        continue;
      }
      const result = decoder(value, inner, decoding);
      if (result !== undefined) decoded[name] = result;
    }
    return decoded as Decoded<F>;
  };
}

/** Where a field of a mapping is written, in whatever case. */
export function fieldPlace(map: MappingNode | undefined, name: string, path: string): Place | undefined {
  const entry = map?.entries.find(({ key }) => key.value.toLowerCase() === name.toLowerCase());
  return entry === undefined ? undefined : placeOf(entry.key, path);
}

function unknownField(node: YamlNode, field: string, known: readonly string[], decoding: Decoding): void {
  const name = field.slice(field.lastIndexOf(".") + 1);
  const near = nearest(name, known);
  decoding.report.fail(
    "build/unknown-field",
    placeOf(node, decoding.path),
    `there is no field ${field}`,
    near === undefined ? "remove it" : `did you mean ${near}?`,
  );
}
