import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import type { ListType, MapType, Type } from "../schema/type.ts";
import { elementText } from "./field-set.ts";

export type Shape = "map" | "scalar" | "list";

/** Which of a type's readings a value takes; a value that fits none, null and absence leave the type's first. */
export function shapeOf(type: Type, value: Json | undefined): Shape {
  if (value !== null && value !== undefined) {
    if (Array.isArray(value)) {
      if (type.list !== undefined) return "list";
    } else if (isObject(value)) {
      if (type.map !== undefined) return "map";
    } else if (type.scalar !== undefined) return "scalar";
  }
  return type.map !== undefined ? "map" : type.scalar !== undefined ? "scalar" : "list";
}

export function asMap(value: Json | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

export function asList(value: Json | undefined): readonly Json[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** The type of a key: a declared field's, or that of all other keys. */
export function typeAt(map: MapType, key: string): Type | undefined {
  return map.fields.get(key)?.type ?? map.values;
}

export type ElementOf = { readonly ok: true; readonly element: string } | { readonly ok: false; readonly why: string };

/** The path element of an associative list's item. Missing keys take their default, or are left out of the key. */
export function elementOf(list: ListType, item: Json): ElementOf {
  if (list.relation === "set") {
    if (isObject(item)) return refuse("associative list without keys has an element that's a map type");
    if (Array.isArray(item)) return refuse("not supported: associative list with lists as elements");
    if (item === null) return refuse("associative list without keys has an element that's an explicit null");
    return { ok: true, element: `v:${elementText(item)}` };
  }
  if (item === null) return refuse("associative list with keys may not have a null element");
  if (!isObject(item)) return refuse("associative list with keys may not have non-map elements");
  const parts: string[] = [];
  for (const key of [...list.keys].sort()) {
    const value = item[key] ?? list.items.map?.fields.get(key)?.default;
    if (value !== undefined) parts.push(`${JSON.stringify(key)}:${elementText(value)}`);
  }
  if (parts.length === 0) {
    const keys = list.keys.map((key) => JSON.stringify(key)).join(" ");
    return refuse(
      `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`,
    );
  }
  return { ok: true, element: `k:{${parts.join(",")}}` };
}

function refuse(why: string): ElementOf {
  return { ok: false, why };
}

/** Items of an associative list by element, in order; items without one are left out. */
export function itemsByElement(list: ListType, items: readonly Json[]): Map<string, Json[]> {
  const found = new Map<string, Json[]>();
  for (const item of items) {
    const at = elementOf(list, item);
    if (!at.ok) continue;
    const same = found.get(at.element);
    if (same === undefined) found.set(at.element, [item]);
    else same.push(item);
  }
  return found;
}
