import { itemType, type SchemaType } from "../schema/index.ts";
import type { SequenceNode, YamlNode } from "../yaml/node.ts";
import { findElement, setElement } from "./elements.ts";
import { type Merging, placeOf } from "./merging.ts";
import { fieldOf, isBlank, isEmptyMap, isNull, stringNode, textOf } from "./nodes.ts";

/**
 * Merges a list whose items have keys (or are plain values of a set). The patch's items come first, in their order, then
 * what only `dest` has. kyaml's quirks are kept, since people's output depends on them: items of several keys are the
 * same when they agree wherever both say something (`port: 80` is `port: 80, protocol: TCP`), empty items vanish, and of
 * items with equal keys one is left.
 */
export function mergeItems(
  at: Merging,
  dest: SequenceNode,
  patch: SequenceNode | undefined,
  type: SchemaType,
): YamlNode | undefined {
  const keys = type.listKeys ?? (type.mergeKey === undefined ? [] : [type.mergeKey]);
  const items = itemType(at.schema, type);
  if (keys.length === 0) return mergeKeyed(at, dest, patch, [""], plainValues(dest, patch), items);
  const [key = "", second] = keys;
  const ours = second === undefined ? itemsByKey(dest, key) : undefined;
  const theirs = patch === undefined || patch === dest ? ours : itemsByKey(patch, key);
  if (ours !== undefined && theirs !== undefined) return mergeDistinct(at, dest, patch, key, ours, theirs, items);
  return mergeKeyed(at, dest, patch, keys, keyValues(dest, patch, keys), items);
}

type ItemsByKey = ReadonlyMap<string, YamlNode>;

/** The items of a list by their one key; undefined unless each is a map that has it, with a value of its own. */
function itemsByKey(list: SequenceNode, key: string): ItemsByKey | undefined {
  const found = new Map<string, YamlNode>();
  for (const item of list.items) {
    const field = fieldOf(item, key);
    const value = field?.kind === "scalar" && !isNull(field) ? field.value : "";
    if (value === "" || found.has(value)) return undefined;
    found.set(value, item);
  }
  return found;
}

/** What `mergeKeyed` comes to when no two items have the same key, in linear time. */
function mergeDistinct(
  at: Merging,
  dest: SequenceNode,
  patch: SequenceNode | undefined,
  key: string,
  ours: ItemsByKey,
  theirs: ItemsByKey,
  type: SchemaType | undefined,
): YamlNode {
  const merged: YamlNode[] = [];
  const add = (name: string, our: YamlNode | undefined, their: YamlNode | undefined): void => {
    const value = at.merge(at, our, their, type);
    if (value === undefined || isEmptyMap(value)) return;
    setKey(value, key, name);
    merged.push(our ?? value); // not the value: `$patch: replace` has no effect on an item that is there
  };
  at.path.push("[]");
  if (patch === undefined) for (const [name, item] of ours) add(name, item, undefined);
  else {
    for (const [name, item] of theirs) add(name, patch === dest ? item : ours.get(name), item);
    if (patch !== dest) for (const [name, item] of ours) if (!theirs.has(name)) add(name, item, undefined);
  }
  at.path.pop();
  dest.items = merged;
  return dest;
}

function mergeKeyed(
  at: Merging,
  dest: SequenceNode,
  patch: SequenceNode | undefined,
  keys: readonly string[],
  found: readonly (readonly string[])[],
  type: SchemaType | undefined,
): YamlNode | undefined {
  if (found.length === 0) return dest;
  const wanted = keys.length > 1 ? unified(found) : found;
  const used = usedKeys(wanted, keys);
  const merged: SequenceNode = { ...dest, items: [] };
  at.path.push("[]");
  for (const all of wanted) {
    const values = used === keys ? all : all.filter((_, i) => used.includes(keys[i] ?? ""));
    const value = mergeOne(at, dest, patch, keys, all, used, values, type);
    if (isEmptyMap(value) || value === undefined) {
      if (!setElement(dest, used, values, undefined)) unfit(at, dest);
      continue;
    }
    for (let i = 0; i < used.length; i++) setKey(value, used[i] ?? "", values[i] ?? "");
    if (!setElement(merged, used, values, value)) unfit(at, dest);
  }
  for (const item of dest.items) appendOne(at, merged, item, used);
  at.path.pop();
  dest.items = merged.items;
  return dest;
}

function mergeOne(
  at: Merging,
  dest: SequenceNode,
  patch: SequenceNode | undefined,
  keys: readonly string[],
  all: readonly string[],
  used: readonly string[],
  values: readonly string[],
  type: SchemaType | undefined,
): YamlNode | undefined {
  const said = all.some((value) => value !== "") ? keys.filter((_, i) => all[i] !== "") : used;
  const saidValues = said === used ? values : all.filter((value) => value !== "");
  const ours = findElement(dest, said, saidValues);
  const theirs = patch === undefined ? undefined : patch === dest ? ours : findElement(patch, said, saidValues);
  return at.merge(at, ours, theirs, type);
}

/** An item that came to its key by way of another item is given it. */
function setKey(item: YamlNode, key: string, value: string): void {
  if (item.kind !== "mapping" || value === "" || fieldOf(item, key) !== undefined) return;
  item.entries.push({ key: stringNode(key), value: stringNode(value) });
}

/** Adds what only the object has, at the end; an item that the patch has too takes the merged one's place. */
function appendOne(at: Merging, list: SequenceNode, item: YamlNode, keys: readonly string[]): void {
  if (keys[0] === "") {
    if (!setElement(list, keys, [textOf(item)], item)) unfit(at, item);
    return;
  }
  if (item.kind !== "mapping" && !isNull(item)) {
    unfit(at, item);
    return;
  }
  const values: string[] = [];
  for (const key of keys) {
    const value = fieldOf(item, key);
    if (value === undefined) list.items.push(item);
    else values.push(textOf(value));
  }
  if (keys.length > 1 && !setElement(list, keys, values, undefined)) unfit(at, item);
  if (!setElement(list, keys, values, item)) unfit(at, item);
}

function unfit(at: Merging, node: YamlNode): void {
  at.problem ??= {
    message: `a list with merge keys has items of different sorts, at ${placeOf(at)}`,
    remedy: "make every item of the list a map with its key, in the object and in the patch",
    node,
  };
}

/** The key values of every item, the patch's first, each once. */
function keyValues(
  dest: SequenceNode,
  patch: SequenceNode | undefined,
  keys: readonly string[],
): readonly (readonly string[])[] {
  const found: string[][] = [];
  const seen = new Set<string>();
  for (const list of patch === undefined || patch === dest ? [dest] : [patch, dest]) {
    for (const item of list.items) {
      const values: string[] = [];
      for (const key of keys) {
        const field = fieldOf(item, key);
        values.push(field === undefined || isBlank(field) ? "" : textOf(field));
      }
      const key = values.length === 1 ? (values[0] ?? "") : JSON.stringify(values);
      if (seen.has(key)) continue;
      seen.add(key);
      found.push(values);
    }
  }
  return found;
}

function plainValues(dest: SequenceNode, patch: SequenceNode | undefined): readonly (readonly string[])[] {
  const seen = new Set<string>();
  for (const list of patch === undefined ? [dest] : [patch, dest])
    for (const item of list.items) seen.add(textOf(item));
  return [...seen].map((value) => [value]);
}

/** The keys that any item has; all of them when none has one. */
function usedKeys(wanted: readonly (readonly string[])[], keys: readonly string[]): readonly string[] {
  const used = keys.filter((_, i) => wanted.some((values) => (values[i] ?? "") !== ""));
  return used.length === 0 || used.length === keys.length ? keys : used;
}

/** Items that agree wherever both have a value, and somewhere do, are one: each gets the other's values. */
function unified(found: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const all = [...found];
  for (let i = 0; i < all.length; i++) {
    const left = all[i] ?? []; // as it was before this round, even when the round changes it
    for (let j = 0; j < all.length; j++) {
      const both = agreed(left, all[j] ?? []);
      if (both !== undefined) {
        all[i] = both;
        all[j] = both;
      }
    }
  }
  return all;
}

function agreed(left: readonly string[], right: readonly string[]): readonly string[] | undefined {
  let common = false;
  for (let i = 0; i < left.length; i++) {
    if (left[i] === right[i]) common = true;
    else if (left[i] !== "" && right[i] !== "") return undefined;
  }
  if (!common) return undefined;
  return left.map((value, i) => (value === "" ? (right[i] ?? "") : value));
}
