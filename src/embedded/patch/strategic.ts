import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { equal } from "../merge/equal.ts";
import type { Field, MapType, Type } from "../schema/type.ts";

const DIRECTIVE = "$patch";
const RETAIN = "$retainKeys";
const ORDER = "$setElementOrder/";
const REMOVE = "$deleteFromPrimitiveList/";

export type StrategicPatch = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly why: string };

/** Strategic merge patch: maps are merged, lists by their merge key where the type has one, else replaced. */
export function strategicPatch(type: Type, target: JsonObject, patch: JsonObject): StrategicPatch {
  const problems: string[] = [];
  const value = mergeMap(type, target, patch, problems);
  return problems[0] === undefined ? { ok: true, value } : { ok: false, why: problems[0] };
}

function mergeMap(type: Type | undefined, target: JsonObject, patch: JsonObject, problems: string[]): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === "replace") return plain(patch);
  if (directive === "delete") return {};
  const retained = patch[RETAIN];
  const kept = Array.isArray(retained) ? new Set(retained.map(String)) : undefined;
  const out: Record<string, Json> = {};
  for (const [key, value] of Object.entries(target)) if (kept === undefined || kept.has(key)) out[key] = value;
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER)) continue;
    if (key.startsWith(REMOVE)) {
      removeItems(out, key.slice(REMOVE.length), value);
      continue;
    }
    const field = fieldAt(type?.map, key);
    if (value === null) delete out[key];
    else out[key] = mergeField(field, out[key], value, problems);
  }
  for (const name of new Set(
    Object.keys(patch).map((key) => (key.startsWith(ORDER) ? key.slice(ORDER.length) : key)),
  )) {
    const [list, before, field] = [out[name], target[name], fieldAt(type?.map, name)];
    const order = patch[`${ORDER}${name}`] ?? patch[name];
    const merges = field?.strategy?.split(",").includes("merge") === true;
    if (merges && Array.isArray(list) && Array.isArray(before) && Array.isArray(order))
      out[name] = ordered(list, before, order, field.mergeKey);
  }
  return out;
}

function fieldAt(map: MapType | undefined, key: string): Field | undefined {
  const known = map?.fields.get(key);
  if (known !== undefined || map?.values === undefined) return known;
  return { type: map.values, required: false, pointer: false, omitEmpty: true, omitZero: false };
}

function mergeField(field: Field | undefined, target: Json | undefined, patch: Json, problems: string[]): Json {
  if (isObject(patch)) {
    if (patch[DIRECTIVE] === "replace" || field?.strategy === "replace") return plain(patch);
    return mergeMap(field?.type, isObject(target) ? target : {}, patch, problems);
  }
  if (!Array.isArray(patch)) return patch;
  const merges = field?.strategy?.split(",").includes("merge") === true;
  if (!merges) return patch;
  const list = Array.isArray(target) ? (target as readonly Json[]) : [];
  if (field.mergeKey === undefined) {
    const added = (patch as readonly Json[]).filter((item) => !list.some((one) => equal(one, item)));
    return [...list, ...added.filter((item, index) => added.findIndex((one) => equal(one, item)) === index)];
  }
  return mergeList(field.type.list?.items, list, patch, field.mergeKey, problems);
}

function mergeList(
  type: Type | undefined,
  target: readonly Json[],
  patch: readonly Json[],
  key: string,
  problems: string[],
): Json {
  if (patch.some((item) => isObject(item) && item[DIRECTIVE] === "replace" && Object.keys(item).length === 1))
    return patch.filter((item) => !(isObject(item) && item[DIRECTIVE] === "replace" && Object.keys(item).length === 1));
  let out = [...target];
  for (const item of patch) {
    if (!isObject(item)) continue;
    const id = item[key];
    if (id === undefined) {
      problems.push(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
      continue;
    }
    const same = (one: Json): boolean => isObject(one) && equal(one[key], id);
    if (item[DIRECTIVE] === "delete") {
      out = out.filter((one) => !same(one));
      continue;
    }
    const index = out.findIndex(same);
    const found = out[index];
    if (index < 0 || !isObject(found)) out.push(plain(item));
    else out[index] = item[DIRECTIVE] === "replace" ? plain(item) : mergeMap(type, found, item, problems);
  }
  return out;
}

/** The patch's items in its order, and the others among them where the list had them; new ones come first. */
function ordered(
  list: readonly Json[],
  before: readonly Json[],
  order: readonly Json[],
  key: string | undefined,
): Json {
  const idOf = (item: Json): Json => (key !== undefined && isObject(item) ? (item[key] ?? null) : item);
  const place = (where: readonly Json[], item: Json): number => where.findIndex((one) => equal(idOf(one), idOf(item)));
  const patched = list.filter((item) => place(order, item) >= 0).sort((a, b) => place(order, a) - place(order, b));
  const others = list.filter((item) => place(order, item) < 0);
  const out: Json[] = [];
  let next = 0;
  for (const item of others) {
    const at = place(before, item);
    while (next < patched.length) {
      const one = patched[next] ?? null;
      const there = place(before, one);
      if (there >= 0 && at >= 0 && at < there) break;
      out.push(one);
      next++;
    }
    out.push(item);
  }
  return [...out, ...patched.slice(next)];
}

function removeItems(out: Record<string, Json>, name: string, values: Json): void {
  const list = out[name];
  if (!Array.isArray(list) || !Array.isArray(values)) return;
  out[name] = list.filter((item: Json) => !values.some((value: Json) => equal(value, item)));
}

/** A value of a patch without directives and nulls. */
function plain(value: JsonObject): JsonObject {
  const out: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key.startsWith("$") || item === null) continue;
    out[key] = isObject(item) ? plain(item) : item;
  }
  return out;
}
