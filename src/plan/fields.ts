import { type FieldChange, isObject, type Json, type JsonObject, jsonText, type Manifest } from "../model/index.ts";
import { APPLIED_ANNOTATION } from "./marks.ts";
import { scalarText } from "./ownership.ts";

/** What stands for a Secret's value, wherever one would show. */
const MASK = "***";

/**
 * What applying `desired` changes on the live object, field by field: fields it sets to something else, and fields that our
 * last apply set (`applied`, fieldsV1) and that it sets no more. Defaults and fields of others do not show. Values of
 * Secrets are masked. `live` undefined: the object is new, and every field is listed.
 */
export function fieldChanges(
  desired: Manifest,
  live: JsonObject | undefined,
  applied: JsonObject | undefined,
): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  compareObject(shown(desired), live ?? {}, "", changes);
  if (live !== undefined && applied !== undefined) findRemoved(applied, desired, live, "", changes);
  const masked = desired.kind === "Secret" ? changes.map(mask) : changes;
  return masked.filter(({ path }) => !path.endsWith(`[${APPLIED_ANNOTATION}]`));
}

function shown({ apiVersion: _apiVersion, kind: _kind, ...rest }: Manifest): JsonObject {
  const { name: _name, namespace: _namespace, ...metadata } = rest.metadata as JsonObject;
  return { ...rest, metadata };
}

function compareObject(desired: JsonObject, live: JsonObject, path: string, changes: FieldChange[]): void {
  for (const [key, after] of Object.entries(desired)) {
    if (after !== null) compareValue(after, field(live, key), fieldPath(path, key), changes);
  }
}

function compareValue(after: Json, before: Json | undefined, path: string, changes: FieldChange[]): void {
  if (isObject(after) && Object.keys(after).length > 0 && (before === undefined || isObject(before))) {
    compareObject(after, before ?? {}, path, changes);
  } else if (Array.isArray(after) && Array.isArray(before) && after.every(isObject) && before.every(isObject)) {
    compareItems(after as readonly JsonObject[], before as readonly JsonObject[], path, changes);
  } else if (before === undefined) changes.push({ path, after });
  else if (!covers(after, before)) changes.push({ path, before, after });
}

/** Items with names are told apart by them, wherever they stand; others by position. */
function compareItems(
  after: readonly JsonObject[],
  before: readonly JsonObject[],
  path: string,
  changes: FieldChange[],
): void {
  const named = [...after, ...before].every((item) => typeof item["name"] === "string");
  after.forEach((item, index) => {
    const other = named ? before.find((candidate) => candidate["name"] === item["name"]) : before[index];
    const at = named ? `${path}[name=${scalarText(item["name"] ?? "")}]` : `${path}[${index}]`;
    compareValue(item, other, at, changes);
  });
}

/** Whether the live value says all that the desired one says; the server may have added defaults. */
function covers(after: Json, before: Json): boolean {
  if (isObject(after) && isObject(before)) {
    return Object.entries(after).every(([key, value]) => value === null || covers(value, field(before, key) ?? null));
  }
  if (Array.isArray(after) && Array.isArray(before)) {
    return after.length === before.length && after.every((item: Json, index) => covers(item, before[index] ?? null));
  }
  return jsonText(after) === jsonText(before);
}

function findRemoved(fields: JsonObject, desired: Json, live: Json, path: string, changes: FieldChange[]): void {
  for (const [key, below] of Object.entries(fields)) {
    if (!isObject(below)) continue;
    if (key.startsWith("f:") && isObject(live)) {
      const name = key.slice(2);
      const before = field(live, name);
      const after = isObject(desired) ? field(desired, name) : undefined;
      if (before === undefined) continue;
      if (after === undefined || after === null) changes.push({ path: fieldPath(path, name), before });
      else findRemoved(below, after, before, fieldPath(path, name), changes);
    } else if (key.startsWith("k:") && Array.isArray(live)) {
      const keys = JSON.parse(key.slice(2)) as JsonObject;
      const before = live.find((item: Json) => matches(item, keys, false));
      const after = Array.isArray(desired) ? desired.find((item: Json) => matches(item, keys, true)) : undefined;
      const at = `${path}[${Object.entries(keys)
        .map(([name, value]) => `${name}=${scalarText(value)}`)
        .join(",")}]`;
      if (before === undefined) continue;
      if (after === undefined) changes.push({ path: at, before });
      else findRemoved(below, after, before, at, changes);
    }
  }
}

/** `loose`: a key that the item leaves out takes its default and is not held against it. */
function matches(item: Json, keys: JsonObject, loose: boolean): boolean {
  if (!isObject(item)) return false;
  return Object.entries(keys).every(([name, value]) => (loose && item[name] === undefined) || item[name] === value);
}

/** What an object has itself: a key may be called `constructor`. */
function field(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function fieldPath(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}

function mask(change: FieldChange): FieldChange {
  if (!/^(?:data|stringData)(?:[.[]|$)|last-applied-configuration/.test(change.path)) return change;
  return {
    path: change.path,
    ...(change.before === undefined ? {} : { before: `${MASK} (before)` }),
    ...(change.after === undefined ? {} : { after: `${MASK} (after)` }),
  };
}
