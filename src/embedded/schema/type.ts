import type { Json, JsonObject } from "../../model/index.ts";

/**
 * A type as structured merge sees it (KEP-555): one of scalar, list and map, or several when anything goes there. A
 * value picks the one that fits it.
 */
export interface Type {
  readonly scalar?: ScalarKind;
  readonly format?: Format;
  readonly list?: ListType;
  readonly map?: MapType;
}

export type ScalarKind = "string" | "numeric" | "boolean" | "untyped";

/** Leaves whose Go type has its own spelling. */
export type Format =
  | "quantity"
  | "int-or-string"
  | "time"
  | "micro-time"
  | "bytes"
  | "int32"
  | "int64"
  | "double"
  | "float";

export interface ListType {
  readonly items: Type;
  /** `atomic`: one value as a whole. `set`: each scalar is its own key. `map`: items are found by `keys`. */
  readonly relation: "atomic" | "set" | "map";
  readonly keys: readonly string[];
}

export interface MapType {
  readonly fields: ReadonlyMap<string, Field>;
  /** The type of keys that are no declared field; undefined when there may be none. */
  readonly values: Type | undefined;
  readonly atomic: boolean;
}

export interface Field {
  readonly type: Type;
  readonly required: boolean;
  /** A Go pointer: absent and zero differ. */
  readonly pointer: boolean;
  /** Left out when empty (json `omitempty`). */
  readonly omitEmpty: boolean;
  /** Left out when zero (json `omitzero`), which reaches structs too. */
  readonly omitZero: boolean;
  readonly default?: Json;
  /** Strategic merge patch: `merge`, `retainKeys`, `merge,retainKeys`, `replace`. */
  readonly strategy?: string;
  readonly mergeKey?: string;
}

/** What a schema says nothing about: the value decides; lists are atomic, maps are merged (`deduced`) or atomic. */
export function untypedType(relation: "atomic" | "deduced"): Type {
  const atomic: Mutable<Type> = { scalar: "untyped" };
  atomic.list = { items: atomic, relation: "atomic", keys: [] };
  atomic.map = { fields: new Map(), values: atomic, atomic: true };
  if (relation === "atomic") return atomic;
  const deduced: Mutable<Type> = { scalar: "untyped", list: { items: atomic, relation: "atomic", keys: [] } };
  deduced.map = { fields: new Map(), values: deduced, atomic: false };
  return deduced;
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A node of the generated file (scripts/embedded-kinds.mjs). */
type Node = JsonObject;

const REQUIRED = 1;
const POINTER = 2;
const OMIT_EMPTY = 4;
const OMIT_ZERO = 8;

/** The type graph of a generated file's nodes; types may hold themselves. */
export function readTypes(nodes: readonly Node[]): readonly Type[] {
  const types: Mutable<Type>[] = nodes.map(() => ({}));
  const at = (index: Json | undefined): Type => types[Number(index)] ?? untypedType("deduced");
  nodes.forEach((node, index) => {
    Object.assign(types[index] ?? {}, readNode(node, at));
  });
  return types;
}

function readNode(node: Node, at: (index: Json | undefined) => Type): Type {
  const atomic = node["atomic"] === true;
  if (node["untyped"] !== undefined) return untypedType(node["untyped"] === "atomic" ? "atomic" : "deduced");
  if (node["items"] !== undefined) {
    const relation = node["list"] === "set" || node["list"] === "map" ? node["list"] : "atomic";
    const keys = Array.isArray(node["keys"]) ? node["keys"].map(String) : [];
    return { list: { items: at(node["items"]), relation, keys } };
  }
  if (node["values"] !== undefined) return { map: { fields: new Map(), values: at(node["values"]), atomic } };
  if (node["fields"] !== undefined) {
    const fields = Object.entries(node["fields"] as JsonObject).map(
      ([name, entry]) => [name, readField(entry as readonly Json[], at)] as const,
    );
    return { map: { fields: new Map(fields), values: undefined, atomic } };
  }
  const format = node["format"] === undefined ? {} : { format: node["format"] as Format };
  return { scalar: node["scalar"] as ScalarKind, ...format };
}

function readField(entry: readonly Json[], at: (index: Json | undefined) => Type): Field {
  const [index, bits, more] = entry;
  const flags = Number(bits);
  return {
    type: at(index),
    required: (flags & REQUIRED) !== 0,
    pointer: (flags & POINTER) !== 0,
    omitEmpty: (flags & OMIT_EMPTY) !== 0,
    omitZero: (flags & OMIT_ZERO) !== 0,
    ...(more as Partial<Field> | undefined),
  };
}
