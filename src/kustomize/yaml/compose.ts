import type { MappingEntry, MappingNode, ScalarNode, ScalarStyle, YamlNode } from "./node.ts";
import { cloneNode } from "./node.ts";
import { type Reader, refuse } from "./reader.ts";
import { meaningOf, meaningUnder } from "./resolve.ts";
import { NO_PROPERTIES, type Properties, scalarTag } from "./tags.ts";

export interface Spot {
  readonly line: number;
  readonly column: number;
}

/** Makes a scalar of its text, deciding its tag as kyaml does; refuses what has no JSON value in the reader's mode. */
export function scalarOf(r: Reader, value: string, style: ScalarStyle, at: Spot, properties: Properties): ScalarNode {
  count(r, 1);
  const { line, column } = at;
  const { tag: stated } = properties;
  if (stated === undefined && !(properties.bare && r.mode === "kubernetes")) {
    const meaning = style === "plain" ? meaningOf(value, "kyaml") : undefined;
    return { kind: "scalar", tag: meaning?.tag ?? "!!str", value, style, line, column };
  }
  const tag = stated === undefined ? "!!str" : scalarTag(stated);
  const meaning = meaningUnder(tag, value, r.mode);
  if (meaning === undefined) {
    const what = tag === "!!binary" ? "base64" : tag.slice(2);
    refuse(r, `the text is tagged ${tag} and is no ${what}`, "remove the tag, or correct the text", at);
  }
  return { kind: "scalar", tag, value, style, line, column, explicitTag: true };
}

/** Refuses infinity and NaN where a value stands; as keys they are names. */
export function asValue<N extends YamlNode>(r: Reader, node: N): N {
  if (node.kind !== "scalar" || node.tag !== "!!float") return node;
  const meaning = meaningOf(node.value, "kyaml");
  if (typeof meaning?.value === "number" && !Number.isFinite(meaning.value))
    refuse(r, `${node.value} is a number that JSON does not have`, "quote it to make it a string", node);
  return node;
}

export function emptyScalar(r: Reader, at: Spot, properties: Properties = NO_PROPERTIES): ScalarNode {
  return scalarOf(r, "", "plain", at, properties);
}

function count(r: Reader, nodes: number): void {
  r.nodes += nodes;
  if (r.nodes > r.limits.nodes)
    refuse(r, `more than ${r.limits.nodes} nodes`, "split the file", undefined, "build/too-large");
}

/** Enters a collection; false when that is one too deep. */
export function enter(r: Reader): boolean {
  r.depth++;
  r.peak = Math.max(r.peak, r.depth);
  return isShallow(r, r.depth);
}

function isShallow(r: Reader, depth: number): boolean {
  if (depth <= r.limits.depth) return true;
  refuse(r, `more than ${r.limits.depth} collections inside each other`, "flatten it", undefined, "build/too-large");
  return false;
}

/** Where the measuring of an anchored node began. */
export interface Mark {
  readonly nodes: number;
  readonly peak: number;
}

/** Announces an anchor before its node is read, so that a node that holds itself is found. */
export function openAnchor(r: Reader, name: string | undefined): Mark | undefined {
  if (name === undefined) return undefined;
  r.anchors.set(name, { node: undefined, size: 0, height: 0 });
  const mark = { nodes: r.nodes, peak: r.peak };
  r.peak = r.depth;
  return mark;
}

export function closeAnchor(r: Reader, name: string | undefined, node: YamlNode, mark: Mark | undefined): void {
  if (name === undefined || mark === undefined) return;
  r.anchors.set(name, { node, size: r.nodes - mark.nodes, height: r.peak - r.depth });
  r.peak = Math.max(r.peak, mark.peak);
}

/** A copy of what an alias stands for. The share of nodes that come from aliases is bounded as in go-yaml. */
export function expandAlias(r: Reader, name: string, at: Spot): YamlNode {
  const anchor = r.anchors.get(name);
  const missing = anchor === undefined;
  if (missing || anchor.node === undefined) {
    const message = missing ? `the alias *${name} has no anchor` : `the anchor &${name} holds itself`;
    refuse(r, message, missing ? `define &${name} above it` : "remove the alias", at);
    return emptyScalar(r, at);
  }
  r.aliased += anchor.size;
  r.peak = Math.max(r.peak, r.depth + anchor.height);
  if (!isShallow(r, r.depth + anchor.height)) return emptyScalar(r, at);
  count(r, anchor.size);
  if (r.aliased > 100 && r.nodes > 1000 && r.aliased / r.nodes > allowedShare(r.nodes)) {
    refuse(r, "aliases make up almost the whole document", "write the values out", at, "build/too-large");
    return emptyScalar(r, at);
  }
  return cloneNode(anchor.node);
}

/** 99 % of a document of up to 400,000 nodes, falling to 10 % at 4,000,000. */
function allowedShare(nodes: number): number {
  if (nodes <= 400_000) return 0.99;
  return nodes >= 4_000_000 ? 0.1 : 0.99 - 0.89 * ((nodes - 400_000) / 3_600_000);
}

export function isMergeKey(key: ScalarNode, properties: Properties): boolean {
  if (key.value !== "<<") return false;
  return properties.tag === undefined ? key.style === "plain" : properties.tag === "!!merge";
}

/** A mapping under construction. */
export interface Draft {
  readonly node: MappingNode;
  merge: { readonly value: YamlNode; readonly at: ScalarNode } | undefined;
}

export function draftMapping(at: Spot, flow: boolean): Draft {
  const { line, column } = at;
  return { node: { kind: "mapping", entries: [], flow, line, column }, merge: undefined };
}

/**
 * Adds an entry. A merge (`<<`) waits for the end in kyaml's reading; in the Kubernetes one its fields come in where it
 * stands, and whatever comes later wins.
 */
export function addEntry(r: Reader, draft: Draft, key: ScalarNode, isMerge: boolean, value: YamlNode): void {
  if (!isMerge) {
    draft.node.entries.push({ key, value: asValue(r, value) });
    return;
  }
  if (r.mode === "kubernetes") {
    for (const source of mergeSources(r, value, key))
      for (const entry of source.entries) draft.node.entries.push(entry);
  } else if (draft.merge === undefined) draft.merge = { value, at: key };
  else refuseDuplicate(r, draft.merge.at, key);
}

/** Closes a mapping: merges come in, duplicate keys are refused (kyaml) or the last one wins (Kubernetes). */
export function finishMapping(r: Reader, draft: Draft, isRoot: boolean): MappingNode {
  const { node, merge } = draft;
  if (r.mode === "kubernetes") {
    keepLast(node);
    refuseNullKeys(r, node.entries);
    return node;
  }
  const twice = repeated(node.entries);
  if (twice !== undefined) refuseDuplicate(r, ...twice);
  if (merge !== undefined) mergeInto(node.entries, mergeSources(r, merge.value, merge.at));
  if (!isRoot) refuseTypedKeys(r, node.entries);
  return node;
}

function refuseDuplicate(r: Reader, first: ScalarNode, second: ScalarNode): void {
  const message = `the key ${JSON.stringify(second.value)} is already set on line ${first.line}, column ${first.column}`;
  refuse(r, message, "remove one of the two", second, "build/duplicate-key");
}

function repeated(entries: readonly MappingEntry[]): readonly [ScalarNode, ScalarNode] | undefined {
  return entries.length <= 8 ? findPair(entries) : findRepeated(entries);
}

function findPair(entries: readonly MappingEntry[]): readonly [ScalarNode, ScalarNode] | undefined {
  for (let i = 1; i < entries.length; i++) {
    const key = entries[i]?.key;
    for (let j = 0; j < i; j++) {
      const other = entries[j]?.key;
      if (key !== undefined && other !== undefined && other.value === key.value) return [other, key];
    }
  }
  return undefined;
}

function findRepeated(entries: readonly MappingEntry[]): readonly [ScalarNode, ScalarNode] | undefined {
  const seen = new Map<string, ScalarNode>();
  for (const { key } of entries) {
    const other = seen.get(key.value);
    if (other !== undefined) return [other, key];
    seen.set(key.value, key);
  }
  return undefined;
}

/** The last of equal keys wins, in the place of the first. */
function keepLast(node: MappingNode): void {
  if (repeated(node.entries) === undefined) return;
  const last = new Map<string, MappingEntry>();
  for (const entry of node.entries) last.set(entry.key.value, entry);
  node.entries = [...last.values()];
}

/** kyaml turns objects into Go maps of strings, which no number, boolean, null or time can be a key of. */
function refuseTypedKeys(r: Reader, entries: readonly MappingEntry[]): void {
  for (const { key } of entries) {
    if (key.tag === "!!str" || (key.value === "" && key.explicitTag !== true)) continue;
    if (r.flow > 0 && key.tag === "!!timestamp" && key.value.includes(":")) continue;
    refuse(r, `the key ${key.value} reads as ${key.tag.slice(2)}, not as a string`, "quote the key", key);
  }
}

function refuseNullKeys(r: Reader, entries: readonly MappingEntry[]): void {
  for (const { key } of entries) {
    const meaning =
      key.explicitTag === true
        ? meaningUnder(key.tag, key.value, "kubernetes")
        : key.style === "plain"
          ? meaningOf(key.value, "kubernetes")
          : undefined;
    if (meaning?.tag === "!!null" || (typeof meaning?.value === "bigint" && meaning.value > 2n ** 63n - 1n))
      refuse(r, `the key ${key.value === "" ? "(empty)" : key.value} cannot be a name`, "quote the key", key);
  }
}

/** The mappings that a merge names, the one that wins last: of a list that is the first. */
function mergeSources(r: Reader, value: YamlNode, at: ScalarNode): readonly MappingNode[] {
  const sources = value.kind === "sequence" ? [...value.items].reverse() : [value];
  const mappings = sources.filter((source) => source.kind === "mapping");
  if (mappings.length === sources.length) return mappings;
  refuse(r, "<< merges a mapping, or a list of mappings", "quote the key to use it as a name", at);
  return [];
}

/** Brings merged fields in; a mapping's own fields win. */
function mergeInto(own: MappingEntry[], sources: readonly MappingNode[]): void {
  const places = new Map<string, number>();
  const fixed = new Set(own.map((entry) => entry.key.value));
  for (const { entries } of sources) {
    for (const entry of entries) {
      const name = entry.key.value;
      if (fixed.has(name)) continue;
      const place = places.get(name);
      if (place === undefined) {
        places.set(name, own.length);
        own.push(entry);
      } else own[place] = entry;
    }
  }
}
