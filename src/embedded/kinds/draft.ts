import { isObject, type Json } from "../../model/index.ts";

/** An object being made ready: fresh, not shared, so it may be changed in place. */
export interface Draft {
  [key: string]: Json;
}

/** The struct at a path of fields, or undefined when one of them is missing. */
export function at(draft: Draft | undefined, ...path: readonly string[]): Draft | undefined {
  let value: Json | undefined = draft;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
  return isObject(value) ? (value as Draft) : undefined;
}

/** The struct at a field, made when missing. */
export function ensure(draft: Draft, key: string): Draft {
  const known = at(draft, key);
  if (known !== undefined) return known;
  const made: Draft = {};
  draft[key] = made;
  return made;
}

/** The structs of a list. */
export function each(draft: Draft | undefined, key: string): readonly Draft[] {
  const list = draft?.[key];
  return Array.isArray(list) ? list.filter((item): item is Draft => isObject(item)) : [];
}

/** Sets fields that are missing. */
export function fill(draft: Draft | undefined, values: Readonly<Record<string, Json>>): void {
  if (draft === undefined) return;
  for (const [key, value] of Object.entries(values))
    if (draft[key] === undefined || draft[key] === null) draft[key] = value;
}

/** A copy of plain data that shares nothing with it. */
export function copy<T extends Json>(value: T): T {
  if (Array.isArray(value)) return value.map((item: Json) => copy(item)) as unknown as T;
  if (!isObject(value)) return value;
  const out: Draft = {};
  for (const [key, item] of Object.entries(value)) out[key] = copy(item);
  return out as unknown as T;
}

/** A scalar as text; anything else is the empty text. */
export function scalarText(value: Json | undefined): string {
  return typeof value === "object" || value === undefined ? "" : String(value);
}
