import { isObject, type Json } from "../../model/index.ts";
import type { ListType, MapType, Type } from "../schema/type.ts";
import { equal } from "./equal.ts";
import { emptySet, type FieldSet, insert } from "./field-set.ts";
import { asList, asMap, itemsByElement, type Shape, shapeOf, typeAt } from "./walk.ts";

/** What changed between two values, as sets of paths. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares by the schema: atomic lists and maps are leaves, other lists are compared item by item. */
export function compare(type: Type, left: Json, right: Json): Comparison {
  const into = { added: emptySet(), modified: emptySet(), removed: emptySet() };
  visit(type, left, right, [], into);
  return into;
}

function visit(
  type: Type,
  left: Json | undefined,
  right: Json | undefined,
  path: readonly string[],
  into: Comparison,
): void {
  if (left === right) return;
  const [first, second] = [shapeOf(type, left), shapeOf(type, right)];
  const shapes: readonly Shape[] =
    right === undefined ? [first] : left === undefined || first === second ? [second] : [first, second];
  let leaf = false;
  for (const shape of shapes) leaf = visitShape(type, shape, left, right, path, into);
  if (leaf) return;
  if (left === undefined) insert(into.added, path);
  else if (right === undefined) insert(into.removed, path);
}

/** True when the value was compared as a leaf. */
function visitShape(
  type: Type,
  shape: Shape,
  left: Json | undefined,
  right: Json | undefined,
  path: readonly string[],
  into: Comparison,
): boolean {
  if (shape === "map" && type.map !== undefined) {
    const [a, b] = [asMap(left), asMap(right)];
    if (!type.map.atomic && (size(a) > 0 || size(b) > 0)) {
      visitMap(type.map, a ?? {}, b ?? {}, path, into);
      return false;
    }
  } else if (shape === "list" && type.list !== undefined) {
    const [a, b] = [asList(left) ?? [], asList(right) ?? []];
    if (type.list.relation !== "atomic" && (a.length > 0 || b.length > 0)) {
      visitList(type.list, a, b, path, into);
      return false;
    }
  }
  if (left === undefined) insert(into.added, path);
  else if (right === undefined) insert(into.removed, path);
  else if (!equal(left, right)) insert(into.modified, path);
  return true;
}

function size(value: Json | undefined): number {
  return isObject(value) ? Object.keys(value).length : 0;
}

function visitMap(
  map: MapType,
  left: { readonly [key: string]: Json },
  right: { readonly [key: string]: Json },
  path: readonly string[],
  into: Comparison,
): void {
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const type = typeAt(map, key);
    if (type !== undefined) visit(type, left[key], right[key], [...path, `f:${key}`], into);
  }
}

/** Repeated items are compared together, as if they were one atomic value. */
function visitList(
  list: ListType,
  left: readonly Json[],
  right: readonly Json[],
  path: readonly string[],
  into: Comparison,
): void {
  const [before, after] = [itemsByElement(list, left), itemsByElement(list, right)];
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const [a, b, at] = [before.get(element) ?? [], after.get(element) ?? [], [...path, element]];
    if (a.length <= 1 && b.length <= 1) visit(list.items, a[0], b[0], at, into);
    else if (a.length > 1 && b.length > 1) {
      if (!equal(a, b)) insert(into.modified, at);
    } else if (a.length > 1) {
      if (b[0] !== undefined) visit(list.items, undefined, b[0], at, into);
      insert(into.removed, at);
    } else {
      if (a[0] !== undefined) visit(list.items, a[0], undefined, at, into);
      insert(into.added, at);
    }
  }
}
