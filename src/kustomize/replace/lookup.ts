import { findElement } from "../merge/index.ts";
import { valueAt } from "../resource.ts";
import type { YamlNode } from "../yaml/node.ts";
import { isBracketed, itemCondition, listIndex } from "./path.ts";

/** What a path leads to: a node, nothing, or a reason why it cannot be followed. */
export type Found = YamlNode | undefined | { readonly problem: string };

export function isProblem(found: unknown): found is { readonly problem: string } {
  return typeof found === "object" && found !== null && "problem" in found;
}

/** Follows a path to one place, as kyaml's lookup does: `-` is the last item, and of several items that fit the first. */
export function lookup(node: YamlNode, path: readonly string[]): Found {
  let current: YamlNode = node;
  for (const untrimmed of path) {
    const part = untrimmed.trim();
    if (part === "") continue;
    const next = step(current, part);
    if (next === undefined || isProblem(next)) return next;
    current = next;
  }
  return current;
}

function step(node: YamlNode, part: string): Found {
  if (node.kind === "scalar" && node.tag === "!!null") return undefined;
  const index = listIndex(part);
  if (index !== undefined || part === "-") {
    if (node.kind !== "sequence") return { problem: `"${part}" asks for an item, but there is no list` };
    return index === undefined ? node.items.at(-1) : node.items[index];
  }
  if (part === "*") return { problem: "* cannot be used here" };
  if (isBracketed(part)) {
    const condition = itemCondition(part);
    if (condition === undefined) return { problem: `${part} must have the form [field=value]` };
    if (node.kind !== "sequence") return { problem: `${part} asks for an item, but there is no list` };
    return findElement(node, [condition.field], [condition.value]);
  }
  if (node.kind !== "mapping") return { problem: `"${part}" asks for a field, but there is no map` };
  return valueAt(node, part);
}
