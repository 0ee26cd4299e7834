import { isObject, type Json } from "../../model/index.ts";
import { scalarText } from "../kinds/draft.ts";

/** Equality of values; the order of keys does not count, and 1 equals 1.0. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item: Json, index) => equal(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) {
    return (typeof a === "bigint" || typeof b === "bigint") && scalarText(a) === scalarText(b);
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key], b[key]));
}
