import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import type { ListType, MapType, Type } from "../schema/type.ts";
import { asList, asMap, elementOf, shapeOf, typeAt } from "./walk.ts";

/** Lays what is applied over what is live: scalars and atomics are replaced, maps and associative lists are merged. */
export function mergeValues(type: Type, live: Json | undefined, applied: Json | undefined): Json | undefined {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const shape = shapeOf(type, applied);
  if (shape === "map" && type.map !== undefined && !type.map.atomic) {
    const [a, b] = [asMap(live), asMap(applied)];
    if (size(a) > 0 || size(b) > 0) return mergeMaps(type.map, a ?? {}, b ?? {});
  }
  if (shape === "list" && type.list !== undefined && type.list.relation !== "atomic") {
    const [a, b] = [asList(live) ?? [], asList(applied) ?? []];
    if (a.length > 0 || b.length > 0) return mergeLists(type.list, a, b);
  }
  return applied;
}

function size(value: Json | undefined): number {
  return isObject(value) ? Object.keys(value).length : 0;
}

function mergeMaps(map: MapType, live: JsonObject, applied: JsonObject): Json {
  const merged: Record<string, Json> = {};
  for (const key of new Set([...Object.keys(live), ...Object.keys(applied)])) {
    const type = typeAt(map, key);
    const value = type === undefined ? (applied[key] ?? live[key]) : mergeValues(type, live[key], applied[key]);
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}

interface Item {
  readonly element: string;
  readonly value: Json;
}

function itemsOf(list: ListType, items: readonly Json[]): readonly Item[] {
  return items.flatMap((value) => {
    const at = elementOf(list, value);
    return at.ok ? [{ element: at.element, value }] : [];
  });
}

/**
 * Items of both sides in the order of what is applied; items only live keep their place relative to the shared ones
 * before them. A repeated live item counts as replaced.
 */
function mergeLists(list: ListType, live: readonly Json[], applied: readonly Json[]): Json {
  const [left, right] = [itemsOf(list, live), itemsOf(list, applied)];
  const repeated = new Set(left.map((i) => i.element).filter((e, index, all) => all.indexOf(e) !== index));
  const leftBy = new Map(left.map((i) => [i.element, repeated.has(i.element) ? null : i.value]));
  const rightBy = new Map(right.map((i) => [i.element, i.value]));
  const shared = right.map((i) => i.element).filter((element) => leftBy.has(element));
  const merged = new Set<string>();
  const out: Json[] = [];
  const take = ({ element, value }: Item): void => {
    merged.add(element);
    const before = leftBy.get(element);
    out.push(mergeValues(list.items, before ?? undefined, value) ?? value);
  };
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    const [a, b] = [left[l], right[r]];
    if (a !== undefined && b !== undefined) {
      if (a.element === b.element) {
        take(b);
        shared.shift();
        l++;
        r++;
        continue;
      }
      if (rightBy.has(a.element) && shared[0] !== undefined && shared[0] !== a.element) {
        l++;
        continue;
      }
    }
    if (a !== undefined) {
      if (!rightBy.has(a.element)) {
        out.push(a.value);
        l++;
        continue;
      }
      if (merged.has(a.element)) l++;
    }
    if (b !== undefined) {
      take(b);
      if (shared[0] === b.element) shared.shift();
      r++;
    }
  }
  return out;
}
