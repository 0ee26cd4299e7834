import { scalar, untypedScalar } from "../fields.ts";
import { partMatcher } from "../patch/index.ts";
import { valueAt } from "../resource.ts";
import { writeYaml } from "../yaml/index.ts";
import type { MappingNode, ScalarNode, SequenceNode, YamlNode } from "../yaml/node.ts";
import { parseEmbedded } from "./embedded.ts";
import { isBracketed, itemCondition, listIndex } from "./path.ts";

/** How a path is followed to all the places that it means. */
export interface Matching {
  /** What to make of missing fields at the end of the path; undefined makes nothing. */
  readonly create: YamlNode["kind"] | undefined;
}

/** The places, or why the path does not fit the object. */
export type Matches = readonly YamlNode[] | { readonly problem: string };

/**
 * Every place that a path means, as kyaml's path matcher finds them: `*` is every item of a list, `[field=value]` every
 * item whose field matches a regular expression (unanchored, as there), a number one item.
 */
export function matchPath(node: YamlNode, path: readonly string[], matching: Matching): Matches {
  const [part, ...rest] = path;
  if (part === undefined) return [node];
  const index = listIndex(part);
  if (index !== undefined) return matchIndex(node, index, rest, matching);
  if (isBracketed(part)) return matchItems(node, part, rest, matching);
  if (part === "*") return isNull(node) ? [] : matchAll(itemsOf(node, part), rest, matching);
  return matchField(node, part, rest, matching);
}

function matchField(node: YamlNode, name: string, rest: readonly string[], matching: Matching): Matches {
  if (isNull(node)) return matching.create === undefined ? [] : { problem: `"${name}" cannot be made in a null` };
  if (node.kind !== "mapping") return { problem: `"${name}" asks for a field, but there is no map` };
  let field = valueAt(node, name);
  if (field === undefined) {
    if (matching.create === undefined) return [];
    field = make(rest[0], matching);
    node.entries.push({ key: scalar(name), value: field });
  }
  if (field.kind === "scalar" && rest.length > 0) return matchEmbedded(field, rest, matching);
  return matchPath(field, rest, matching);
}

/** kustomize looks into a text for the place but changes a copy, so that a match here has no effect. */
function matchEmbedded(field: ScalarNode, rest: readonly string[], matching: Matching): Matches {
  const root = parseEmbedded(field.value);
  if (root === undefined) return { problem: `"${rest[0] ?? ""}" asks for a field, but there is a text` };
  return matchPath(root, rest, matching);
}

function matchIndex(node: YamlNode, index: number, rest: readonly string[], matching: Matching): Matches {
  const items = isNull(node) ? [] : itemsOf(node, String(index));
  if ("problem" in items) return items;
  if (items.length === index && matching.create !== undefined && node.kind === "sequence")
    node.items.push(make(rest[0], matching));
  const item = node.kind === "sequence" ? node.items[index] : undefined;
  if (item === undefined) return { problem: `item ${index} is asked for, but there are ${items.length}` };
  return matchPath(item, rest, matching);
}

function matchItems(node: YamlNode, part: string, rest: readonly string[], matching: Matching): Matches {
  const condition = itemCondition(part);
  if (condition === undefined) return { problem: `${part} must have the form [field=value]` };
  const { field, value } = condition;
  const items = isNull(node) ? [] : itemsOf(node, part);
  if ("problem" in items) return items;
  const matcher = partMatcher(value);
  if (typeof matcher !== "function") return { problem: `"${value}" cannot be used: ${matcher.problem}` };
  const plain = field === "";
  const fitting = items.filter((item) => {
    const tested = plain ? item : valueAt(item, field);
    return tested !== undefined && matcher(written(tested));
  });
  const found = plain ? fitting : matchAll(fitting, rest, matching);
  if ("problem" in found || found.length > 0 || matching.create === undefined || node.kind !== "sequence") return found;
  const made: YamlNode = plain ? untypedScalar(value) : itemWith(field, value);
  if (!matcher(value)) return { problem: `${part} does not match the item that it would make` };
  node.items.push(made);
  return plain ? [made] : matchPath(made, rest, matching);
}

function matchAll(
  items: readonly YamlNode[] | { readonly problem: string },
  rest: readonly string[],
  matching: Matching,
): Matches {
  if ("problem" in items) return items;
  const all: YamlNode[] = [];
  for (const item of items) {
    const found = matchPath(item, rest, matching);
    if ("problem" in found) return found;
    all.push(...found);
  }
  return all;
}

function itemsOf(node: YamlNode, part: string): readonly YamlNode[] | { readonly problem: string } {
  return node.kind === "sequence" ? node.items : { problem: `${part} asks for items, but there is no list` };
}

/** What a missing place is made as, so that the next part fits: a list for items, a map for a field. */
function make(next: string | undefined, matching: Matching): YamlNode {
  const kind =
    next === undefined ? matching.create : isBracketed(next) || listIndex(next) !== undefined ? "sequence" : "mapping";
  if (kind === "mapping") return emptyMap();
  if (kind === "sequence") return emptyList();
  return untypedScalar("");
}

const emptyMap = (): MappingNode => ({ kind: "mapping", entries: [], flow: false, line: 0, column: 0 });
const emptyList = (): SequenceNode => ({ kind: "sequence", items: [], flow: false, line: 0, column: 0 });

function itemWith(field: string, value: string): MappingNode {
  return { ...emptyMap(), entries: [{ key: scalar(field), value: untypedScalar(value) }] };
}

/** A value as it is written, quotes and all: what kyaml matches against. */
function written(node: YamlNode): string {
  if (node.kind === "scalar" && node.tag === "!!str" && node.style === "plain") return node.value;
  return writeYaml([node]).trim();
}

function isNull(node: YamlNode): boolean {
  return node.kind === "scalar" && node.tag === "!!null";
}
