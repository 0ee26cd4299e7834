import type { MappingEntry, MappingNode, ScalarNode, YamlNode } from "../yaml/node.ts";

/** What merging and lookups ask of nodes, in kyaml's sense of the words. */

export function isNull(node: YamlNode | undefined): boolean {
  return node === undefined || (node.kind === "scalar" && node.tag === "!!null");
}

export function isEmptyMap(node: YamlNode | undefined): boolean {
  return node === undefined || isNull(node) || (node.kind === "mapping" && node.entries.length === 0);
}

/** Null, or a collection without content. */
export function isBlank(node: YamlNode | undefined): boolean {
  return isEmptyMap(node) || (node?.kind === "sequence" && node.items.length === 0);
}

/** A node's own text: only scalars have one. */
export function textOf(node: YamlNode): string {
  return node.kind === "scalar" ? node.value : "";
}

function entryOf(node: MappingNode, name: string): MappingEntry | undefined {
  for (const entry of node.entries) if (entry.key.value === name) return entry;
  return undefined;
}

/** The value of a field; undefined when there is none or the node is no mapping. */
export function fieldOf(node: YamlNode | undefined, name: string): YamlNode | undefined {
  return node?.kind === "mapping" ? entryOf(node, name)?.value : undefined;
}

export function removeField(node: MappingNode, name: string): void {
  const index = node.entries.findIndex((entry) => entry.key.value === name);
  if (index >= 0) node.entries.splice(index, 1);
}

/** Gives `node` the style of the one whose place it takes. */
export function restyle(node: YamlNode, like: YamlNode): void {
  if (node.kind === "scalar") {
    node.style = like.kind === "scalar" ? like.style : "plain";
    if (like.kind === "scalar" && like.explicitTag === true) node.explicitTag = true;
    else delete node.explicitTag;
  } else node.flow = like.kind !== "scalar" && like.flow;
}

export function stringNode(value: string): ScalarNode {
  return { kind: "scalar", tag: "!!str", value, style: "plain", line: 0, column: 0 };
}

export const WORDS: Readonly<Record<YamlNode["kind"], string>> = { mapping: "map", sequence: "list", scalar: "scalar" };
