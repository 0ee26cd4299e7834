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
  if (directive === "delete") return {};
  if (directive === "replace") {
    const { [DIRECTIVE]: _, ...rest } = patch;
    return rest;
  }
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
    const merged = value === null ? undefined : mergeField(fieldAt(type?.map, key), out[key], value, problems);
    if (merged === undefined) delete out[key];
    else out[key] = merged;
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

/** Where nothing of the patch's shape is, the patch is taken as it stands, without merging its items among themselves. */
function mergeField(
  field: Field | undefined,
  target: Json | undefined,
  patch: Json,
  problems: string[],
): Json | undefined {
  if (isObject(patch)) {
    if (!isObject(target)) return taken(patch);
    return field?.strategy === "replace" ? patch : mergeMap(field?.type, target, patch, problems);
  }
  if (!Array.isArray(patch)) return patch;
  if (!Array.isArray(target)) return taken(patch);
  const list = target as readonly Json[];
  if (field?.strategy?.split(",").includes("merge") !== true) return patch;
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
  const items = patch.filter(isObject);
  const whole = items.filter((item) => item[DIRECTIVE] === undefined);
  if (items.some((item) => item[DIRECTIVE] === "replace")) return whole;
  const without = items.find((item) => item[key] === undefined);
  if (without !== undefined) {
    problems.push(`map: ${JSON.stringify(without)} does not contain declared merge key: ${key}`);
    return target;
  }
  const same = (a: Json, b: JsonObject): boolean => isObject(a) && equal(a[key], b[key]);
  const deleted = items.filter((item) => item[DIRECTIVE] === "delete");
  const out = target.filter((one) => !deleted.some((item) => same(one, item)));
  for (const item of whole) {
    const index = out.findIndex((one) => same(one, item));
    const found = out[index];
    if (index < 0 || !isObject(found)) out.push(item);
    else out[index] = mergeMap(type, found, item, problems);
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

/** A value of a patch without its nulls, and without what directives are about. */
function taken(value: Json): Json | undefined {
  if (Array.isArray(value)) return value.map((item: Json) => taken(item)).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (value[DIRECTIVE] !== undefined) return undefined;
  const out: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) {
    const kept = item === null ? undefined : taken(item);
    if (kept !== undefined) out[key] = kept;
  }
  return out;
}
