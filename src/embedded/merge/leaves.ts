import { isObject, type Json } from "../../model/index.ts";
import type { Type } from "../schema/type.ts";
import { descend, emptySet, type FieldSet } from "./field-set.ts";
import { asList, asMap, elementOf, shapeOf, typeAt } from "./walk.ts";

/**
 * The paths that a value sets: its leaves, the items of associative lists themselves, keys of maps that are no declared
 * field, and empty maps.
 */
export function fieldsOf(type: Type, value: Json): FieldSet {
  const into = emptySet();
  const self = collect(type, value, into);
  return self ? emptySet() : into;
}

/** Collects what is below; true when the value itself is a leaf. */
function collect(type: Type, value: Json, into: FieldSet): boolean {
  switch (shapeOf(type, value)) {
    case "scalar":
      return true;
    case "list":
      return collectList(type, value, into);
    case "map":
      return collectMap(type, value, into);
  }
}

function collectList(type: Type, value: Json, into: FieldSet): boolean {
  const list = type.list;
  if (list === undefined || list.relation === "atomic") return true;
  const seen = new Set<string>();
  const repeated = new Set<string>();
  const items = (asList(value) ?? []).map((item) => ({ item, at: elementOf(list, item) }));
  for (const { at } of items) {
    if (!at.ok) continue;
    if (seen.has(at.element)) repeated.add(at.element);
    seen.add(at.element);
  }
  for (const { item, at } of items) {
    if (!at.ok) continue;
    into.members.add(at.element);
    if (!repeated.has(at.element)) below(list.items, item, at.element, into);
  }
  return false;
}

function collectMap(type: Type, value: Json, into: FieldSet): boolean {
  const map = type.map;
  if (map === undefined || map.atomic) return true;
  for (const [key, item] of Object.entries(asMap(value) ?? {})) {
    const itemType = typeAt(map, key);
    if (itemType === undefined) continue;
    const element = `f:${key}`;
    const empty = item === null || (isObject(item) && Object.keys(item).length === 0);
    if (below(itemType, item, element, into) || empty || !map.fields.has(key)) into.members.add(element);
  }
  return false;
}

function below(type: Type, value: Json, element: string, into: FieldSet): boolean {
  const child = emptySet();
  const leaf = collect(type, value, child);
  if (child.members.size > 0 || child.children.size > 0) {
    const target = descend(into, element);
    for (const member of child.members) target.members.add(member);
    for (const [name, set] of child.children) target.children.set(name, set);
  }
  return leaf;
}

/** Adds every declared field on the way to a member, so that taking fields away takes the emptied structs too. */
export function withNamedFields(set: FieldSet, type: Type | undefined): FieldSet {
  const members = new Set(set.members);
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const name = element.startsWith("f:") ? element.slice(2) : undefined;
    if (name !== undefined && type?.map?.fields.has(name) === true) members.add(element);
    const below = name === undefined ? type?.list?.items : type?.map && typeAt(type.map, name);
    children.set(element, withNamedFields(child, below));
  }
  return { members, children };
}
