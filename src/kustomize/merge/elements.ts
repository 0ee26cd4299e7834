import type { SequenceNode, YamlNode } from "../yaml/node.ts";
import { fieldOf, isEmptyMap, isNull, textOf } from "./nodes.ts";

/**
 * Finding and setting items of a list by the values of their key fields, with kyaml's rules: a key named "" means the item
 * itself, an empty wanted value means that the field need only be there.
 */

/** The first item whose key fields have just these values. */
export function findElement(
  list: YamlNode | undefined,
  keys: readonly string[],
  values: readonly string[],
): YamlNode | undefined {
  if (list?.kind !== "sequence") return undefined;
  const first = keys[0] ?? "";
  if (first === "") {
    const wanted = values[0] ?? "";
    return list.items.find((item) => textOf(item) === wanted);
  }
  return list.items.find((item) => {
    for (let i = 0; i < keys.length; i++) {
      const field = fieldOf(item, keys[i] ?? "");
      if (field === undefined || textOf(field) !== values[i]) return false;
    }
    return true;
  });
}

/**
 * Puts `element` in the place of every item that matches, or at the end when none does; without an element, removes them.
 * Null and empty items are dropped on the way, and without values so is all that does not match. Answers false when an
 * item cannot be asked for the keys: a map among plain values, or the other way round.
 */
export function setElement(
  list: SequenceNode,
  keys: readonly string[],
  values: readonly string[],
  element: YamlNode | undefined,
): boolean {
  const ofMaps = (keys[0] ?? "") !== "" && (values[0] ?? "") !== "";
  const kept: YamlNode[] = [];
  let matched = false;
  for (const item of list.items) {
    if (isEmptyMap(item)) continue;
    if (item.kind !== "mapping" && ofMaps) {
      kept.push(item);
      continue;
    }
    const match = matches(item, keys, values);
    if (match === "unfit") return false;
    if (match === "no") {
      if (values.length > 0) kept.push(item);
      continue;
    }
    matched = true;
    if (element !== undefined) kept.push(element);
  }
  list.items = kept;
  if (element !== undefined && !isNull(element) && !matched) list.items.push(element);
  return true;
}

function matches(item: YamlNode, keys: readonly string[], values: readonly string[]): "yes" | "no" | "unfit" {
  let found = false;
  for (let i = 0; i < keys.length; i++) {
    if (i < values.length) {
      const [key = "", value = ""] = [keys[i], values[i]];
      if (key === "") {
        if (item.kind !== "scalar") return "unfit";
        found = item.value === value;
      } else {
        if (item.kind !== "mapping") return "unfit";
        const field = fieldOf(item, key);
        found = field !== undefined && (value === "" || textOf(field) === value);
      }
    }
    if (!found) return "no";
  }
  return "yes";
}
