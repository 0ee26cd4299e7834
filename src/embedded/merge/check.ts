import type { Json } from "../../model/index.ts";
import type { ListType, MapType, ScalarKind, Type } from "../schema/type.ts";
import { asList, asMap, elementOf, shapeOf, typeAt } from "./walk.ts";

/** What keeps a value from being an apply configuration of its type; empty when nothing does. */
export function mismatches(type: Type, value: Json, path = ""): readonly string[] {
  switch (shapeOf(type, value)) {
    case "scalar":
      return value === null || fits(type.scalar ?? "untyped", value)
        ? []
        : [`${path}: expected ${type.scalar ?? ""}, got ${goText(value)}`];
    case "list":
      return type.list === undefined ? [] : inList(type.list, value, path);
    case "map":
      return type.map === undefined ? [] : inMap(type.map, value, path);
  }
}

function fits(scalar: ScalarKind, value: Json): boolean {
  switch (scalar) {
    case "untyped":
      return typeof value !== "object";
    case "numeric":
      return typeof value === "number" || typeof value === "bigint";
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
  }
}

function inList(list: ListType, value: Json, path: string): readonly string[] {
  if (value === null) return [];
  const items = asList(value);
  if (items === undefined) return [`${path}: expected list, got ${goText(value)}`];
  if (list.relation === "atomic")
    return items.flatMap((item, index) => mismatches(list.items, item, `${path}[${index}]`));
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const at = elementOf(list, item);
    if (!at.ok) return [`${path}: element ${index}: ${at.why}`];
    if (seen.has(at.element)) return [`${path}: duplicate entries for key ${keyText(at.element)}`];
    seen.add(at.element);
    return mismatches(list.items, item, `${path}${keyText(at.element)}`);
  });
}

function inMap(map: MapType, value: Json, path: string): readonly string[] {
  if (value === null) return [];
  const object = asMap(value);
  if (object === undefined) return [`${path}: expected map, got ${goText(value)}`];
  return Object.entries(object).flatMap(([key, item]) => {
    const type = typeAt(map, key);
    return type === undefined
      ? [`${path}.${key}: field not declared in schema`]
      : mismatches(type, item, `${path}.${key}`);
  });
}

function keyText(element: string): string {
  if (element.startsWith("v:")) return `[=${element.slice(2)}]`;
  const keys = Object.entries(JSON.parse(element.slice(2)) as Record<string, Json>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
}

/** How Go prints the wrapped value; only its kind matters to a reader. */
function goText(value: Json): string {
  return `&{${typeof value === "object" ? JSON.stringify(value) : String(value)}}`;
}
