import { isObject, type Json, type JsonObject, jsonText } from "../../model/index.ts";

/**
 * A set of field paths, as a tree. A path element is written as fieldsV1 writes it: `f:name`, `k:{"name":"a"}`,
 * `v:"x"`. A path may be a member, a way to members below it, or both. Sets are not changed once they are shared.
 */
export interface FieldSet {
  readonly members: Set<string>;
  readonly children: Map<string, FieldSet>;
}

export function emptySet(): FieldSet {
  return { members: new Set(), children: new Map() };
}

/** The subtree below an element, made when missing: for building only. */
export function descend(set: FieldSet, element: string): FieldSet {
  const known = set.children.get(element);
  if (known !== undefined) return known;
  const made = emptySet();
  set.children.set(element, made);
  return made;
}

/** Adds a path; the empty path is the object itself, which nobody owns. */
export function insert(set: FieldSet, path: readonly string[]): void {
  const last = path.at(-1);
  if (last === undefined) return;
  path
    .slice(0, -1)
    .reduce((node, element) => descend(node, element), set)
    .members.add(last);
}

export function isEmpty(set: FieldSet): boolean {
  if (set.members.size > 0) return false;
  for (const child of set.children.values()) if (!isEmpty(child)) return false;
  return true;
}

export function has(set: FieldSet, path: readonly string[]): boolean {
  const last = path.at(-1);
  if (last === undefined) return false;
  const node = path.slice(0, -1).reduce<FieldSet | undefined>((at, element) => at?.children.get(element), set);
  return node?.members.has(last) === true;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const mine = children.get(element);
    children.set(element, mine === undefined ? child : union(mine, child));
  }
  return { members: new Set([...a.members, ...b.members]), children };
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const members = new Set([...a.members].filter((element) => b.members.has(element)));
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    const both = other === undefined ? undefined : intersection(child, other);
    if (both !== undefined && !isEmpty(both)) children.set(element, both);
  }
  return { members, children };
}

/** `a` without the paths of `b`; what lies below a path of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const members = new Set([...a.members].filter((element) => !b.members.has(element)));
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    const rest = other === undefined ? child : difference(child, other);
    if (!isEmpty(rest)) children.set(element, rest);
  }
  return { members, children };
}

/** `a` without the paths of `b` and all that lies below them. */
export function without(a: FieldSet, b: FieldSet): FieldSet {
  const members = new Set([...a.members].filter((element) => !b.members.has(element)));
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    if (b.members.has(element)) continue;
    const other = b.children.get(element);
    const rest = other === undefined ? child : without(child, other);
    if (!isEmpty(rest)) children.set(element, rest);
  }
  return { members, children };
}

/** Every path, members before what is below them. */
export function paths(set: FieldSet, prefix: readonly string[] = []): readonly (readonly string[])[] {
  return [
    ...[...set.members].sort(compareElements).map((element) => [...prefix, element]),
    ...[...set.children.keys()].sort(compareElements).flatMap((element) => {
      const child = set.children.get(element);
      return child === undefined ? [] : paths(child, [...prefix, element]);
    }),
  ];
}

/** The paths given as fields, such as `["metadata", "labels"]`. */
export function setOf(...fields: readonly (readonly string[])[]): FieldSet {
  const set = emptySet();
  for (const path of fields)
    insert(
      set,
      path.map((name) => `f:${name}`),
    );
  return set;
}

/** fieldsV1 JSON (metav1.FieldsV1): `.` is the path itself, elements sorted. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const fields: Record<string, Json> = {};
  const elements = new Set([...set.members, ...set.children.keys()]);
  for (const element of [...elements].sort(compareElements)) {
    const child = set.children.get(element);
    const below = child === undefined || isEmpty(child) ? {} : toFieldsV1(child);
    const hasBelow = Object.keys(below).length > 0;
    if (!hasBelow && !set.members.has(element)) continue;
    fields[element] = hasBelow && set.members.has(element) ? { ".": {}, ...below } : below;
  }
  return fields;
}

export function fromFieldsV1(fields: JsonObject): FieldSet {
  const set = emptySet();
  for (const [element, below] of Object.entries(fields)) {
    if (element === "." || !isObject(below)) continue;
    const names = Object.keys(below);
    if (names.length === 0 || names.includes(".")) set.members.add(element);
    if (names.some((name) => name !== ".")) set.children.set(element, fromFieldsV1(below));
  }
  return set;
}

/** The order of elements: fields, then items by their keys' values, then set members; numbers by size. */
function compareElements(a: string, b: string): number {
  if (a.startsWith("f:") || b.startsWith("f:") || a[0] !== b[0]) return a < b ? -1 : a > b ? 1 : 0;
  const [left, right] = [valuesOf(a), valuesOf(b)];
  const at = left.findIndex((value, index) => value !== right[index]);
  if (at < 0) return left.length - right.length;
  const [x, y] = [left[at] ?? "", right[at] ?? ""];
  if (typeof x === typeof y) return x < y ? -1 : 1;
  return typeof x === "number" ? -1 : 1;
}

/** Names and values of a key, one after the other; the value of a set member. */
function valuesOf(element: string): readonly (string | number | boolean)[] {
  const value: unknown = JSON.parse(element.slice(2));
  if (typeof value === "object" && value !== null) return Object.entries(value).flat() as (string | number)[];
  return [value as string];
}

/** A scalar as it stands in a `k:` or `v:` element; Go's JSON writer escapes HTML. */
export function elementText(value: Json): string {
  return jsonText(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** How conflicts name a path: `.spec.ports[port=80].name`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementPathText).join("");
}

function elementPathText(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith("f:")) return `.${rest}`;
  if (element.startsWith("v:")) return `[=${rest}]`;
  const keys: unknown = JSON.parse(rest);
  const pairs = Object.entries(keys as Record<string, Json>).map(([key, value]) => `${key}=${jsonText(value)}`);
  return `[${pairs.join(",")}]`;
}
