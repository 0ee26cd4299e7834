import type { Json } from "../../model/index.ts";
import type { Type } from "../schema/type.ts";
import { type FieldSet, isEmpty } from "./field-set.ts";
import { asList, asMap, elementOf, shapeOf, typeAt } from "./walk.ts";

/** A value without the paths of a set. Undefined when nothing of a list or map is left. */
export function removeFields(type: Type, value: Json, set: FieldSet): Json | undefined {
  switch (shapeOf(type, value)) {
    case "scalar":
      return value;
    case "list":
      return removeFromList(type, value, set);
    case "map":
      return removeFromMap(type, value, set);
  }
}

function removeFromList(type: Type, value: Json, set: FieldSet): Json | undefined {
  const [list, items] = [type.list, asList(value)];
  if (list === undefined || items === undefined || items.length === 0) return undefined;
  if (list.relation === "atomic") return undefined;
  const kept = items.flatMap((item) => {
    const at = elementOf(list, item);
    if (!at.ok) return [item];
    if (set.members.has(at.element)) return [];
    const below = set.children.get(at.element);
    return below === undefined || isEmpty(below) ? [item] : [removeFields(list.items, item, below) ?? null];
  });
  return kept.length > 0 ? kept : undefined;
}

function removeFromMap(type: Type, value: Json, set: FieldSet): Json | undefined {
  const [map, object] = [type.map, asMap(value)];
  if (map === undefined || object === undefined || map.atomic) return undefined;
  const kept: Record<string, Json> = {};
  for (const [key, item] of Object.entries(object)) {
    const element = `f:${key}`;
    if (set.members.has(element)) continue;
    const below = set.children.get(element);
    const itemType = typeAt(map, key);
    kept[key] =
      below === undefined || isEmpty(below) || itemType === undefined
        ? item
        : (removeFields(itemType, item, below) ?? null);
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}
