import { valueAt } from "./resource.ts";
import type { MappingNode, ScalarNode, ScalarTag, YamlNode } from "./yaml/node.ts";
import { readsAsText } from "./yaml/plain.ts";

/**
 * Edits of nodes as kyaml makes them. A node may hang in two places of one object (kustomize shares the label it adds
 * to a selector and to a template), so that an edit in place shows in both: `overwrite` keeps the node, `setField` on a
 * missing key keeps the value that it was given.
 */

/** A scalar that states its type: a plain text that would read as something else is quoted when it is written. */
export function scalar(value: string, tag: ScalarTag = "!!str"): ScalarNode {
  return { kind: "scalar", tag, value, style: "plain", line: 0, column: 0 };
}

/** A text without a type: written, it is what it looks like, as `4` is a number. */
export function untypedScalar(value: string): ScalarNode {
  return { ...scalar(value), untyped: true };
}

export function mapping(): MappingNode {
  return { kind: "mapping", entries: [], flow: false, line: 0, column: 0 };
}

/** Turns a node into a copy of another, keeping its identity. */
export function overwrite(target: YamlNode, source: YamlNode): void {
  if (target === source) return;
  if (target.kind === "scalar" && source.kind === "scalar") {
    target.tag = source.tag;
    target.value = source.value;
    target.style = source.style;
    target.line = source.line;
    target.column = source.column;
    delete target.explicitTag;
    if (source.untyped === true) target.untyped = true;
    else delete target.untyped;
    return;
  }
  for (const key of Object.keys(target)) Reflect.deleteProperty(target, key);
  Object.assign(target, source);
}

/** Sets a field as kyaml's FieldSetter does: null clears it, and a present value keeps its style. */
export function setField(map: MappingNode, key: string, value: YamlNode): void {
  if (value.kind === "scalar" && value.tag === "!!null") {
    clearField(map, key);
    return;
  }
  const present = valueAt(map, key);
  if (present === undefined) {
    map.entries.push({ key: scalar(key), value });
    return;
  }
  if (present.kind === "scalar" && value.kind === "scalar") value.style = present.style;
  overwrite(present, value);
}

export function setText(map: MappingNode, key: string, value: string): void {
  setField(map, key, scalar(value));
}

/** Removes the first field of that name. */
export function clearField(map: MappingNode, key: string): void {
  const at = map.entries.findIndex((entry) => entry.key.value === key);
  if (at >= 0) map.entries.splice(at, 1);
}

/** The mapping at a key, made when it is missing; undefined when something else is there. */
export function mappingAt(map: MappingNode, key: string): MappingNode | undefined {
  const present = valueAt(map, key);
  if (present === undefined) {
    const made = mapping();
    map.entries.push({ key: scalar(key), value: made });
    return made;
  }
  return present.kind === "mapping" ? present : undefined;
}

/** Labels, annotations or data: text by key, in document order; values that are no scalars read as "". */
export function textMap(node: YamlNode | undefined): Map<string, string> {
  const map = new Map<string, string>();
  if (node?.kind !== "mapping") return map;
  for (const { key, value } of node.entries) map.set(key.value, value.kind === "scalar" ? value.value : "");
  return map;
}

/** Replaces `metadata[field]` by sorted text, or removes it when there is nothing to say. */
export function setMetadataMap(object: MappingNode, field: string, map: ReadonlyMap<string, string>): void {
  const metadata = mappingAt(object, "metadata");
  if (metadata === undefined) return;
  clearField(metadata, field);
  if (map.size === 0) return;
  const value = mapping();
  for (const key of [...map.keys()].sort(byCodeUnit))
    value.entries.push({ key: scalar(key), value: scalar(map.get(key) ?? "") });
  metadata.entries.push({ key: scalar(field), value });
}

/** `sort()` compares by code unit, which is the order of the bytes for all but astral characters. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Changes what a scalar says, and forgets its type but not its quotes: a name that becomes `123` becomes a number, and so
 * does one in whose place something else puts `123` later.
 */
export function setPlainText(node: ScalarNode, value: string): void {
  node.value = value;
  node.tag = "!!str";
  node.untyped = true;
  delete node.explicitTag;
}

/** Sets a field to text as `setPlainText` does where there is one. Where there is none, quotes keep it a string. */
export function setPlainField(map: MappingNode, key: string, value: string): void {
  const present = valueAt(map, key);
  if (present?.kind === "scalar") {
    setPlainText(present, value);
    return;
  }
  const made = untypedScalar(value);
  if (present !== undefined) overwrite(present, made);
  else {
    if (value !== "" && !readsAsText(value)) made.style = "double";
    map.entries.push({ key: scalar(key), value: made });
  }
}

export function renameObject(object: MappingNode, name: string): void {
  const metadata = mappingAt(object, "metadata");
  if (metadata !== undefined) setPlainField(metadata, "name", name);
}
