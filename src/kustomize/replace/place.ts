import { overwrite } from "../fields.ts";
import { cloneNode } from "../yaml/index.ts";
import type { ScalarNode, ScalarTag, YamlNode } from "../yaml/node.ts";
import { isJsonText, parseEmbedded, writeEmbedded } from "./embedded.ts";
import { isProblem, lookup } from "./lookup.ts";
import { matchPath } from "./match.ts";
import { splitFieldPath } from "./path.ts";
import { typeOf } from "./type-of.ts";

/** How a value is put into a field. */
export interface Placing {
  readonly create: boolean;
  /** With a delimiter the value takes the place of one part of the text: below 0 in front, past the end behind. */
  readonly delimiter: string;
  readonly index: number;
  /** Told of a scalar that was set, and what is wrong with it: a later replacement may put that right. */
  readonly judge: (field: ScalarNode, problem: string | undefined) => void;
}

/** Puts a value at every place that a path means in an object; answers what is wrong, if anything. */
export function place(object: YamlNode, fieldPath: string, value: YamlNode, placing: Placing): string | undefined {
  const path = splitFieldPath(fieldPath);
  if (placeInText(object, path, value, placing)) return undefined;
  const matching = { create: placing.create ? value.kind : undefined };
  const found = matchPath(object, path, matching);
  if ("problem" in found) return `field ${fieldPath} cannot be ${verb(placing)}: ${found.problem}`;
  if (found.length === 0) return `field ${fieldPath} cannot be ${verb(placing)}`;
  for (const field of found) {
    const problem = put(field, value, placing);
    const message = problem === undefined ? undefined : `field ${fieldPath} cannot be set: ${problem}`;
    if (field.kind === "scalar") placing.judge(field, message);
    else if (message !== undefined) return message;
  }
  return undefined;
}

function verb(placing: Placing): string {
  return placing.create ? "found or made" : "found";
}

/**
 * Where a path leads into a text that holds JSON or YAML, changes it there. False when it does not, and then nothing is
 * changed.
 */
function placeInText(object: YamlNode, path: readonly string[], value: YamlNode, placing: Placing): boolean {
  const holder = textOnTheWay(object, path);
  if (holder === undefined) return false;
  const root = parseEmbedded(holder.node.value);
  if (root === undefined || root.kind === "scalar") return false;
  const matching = { create: placing.create ? value.kind : undefined };
  const found = matchPath(root, path.slice(holder.depth), matching);
  if ("problem" in found || found.length === 0) return false;
  for (const field of found) {
    const misfit = put(field, value, placing);
    if (misfit === undefined) continue;
    // A value that does not fit has no JSON; kustomize then leaves the text as it is. In YAML it states the type.
    if (field.kind !== "scalar") return false;
    if (isJsonText(holder.node.value)) return true;
  }
  holder.node.value = writeEmbedded(root, holder.node.value);
  return true;
}

/** The first scalar before the end of the path whose text is YAML, and how many parts lead to it. */
function textOnTheWay(
  object: YamlNode,
  path: readonly string[],
): { readonly node: ScalarNode; readonly depth: number } | undefined {
  for (let depth = 1; depth < path.length; depth += 1) {
    const found = lookup(object, path.slice(0, depth));
    if (found === undefined || isProblem(found) || found.kind !== "scalar") continue;
    if (parseEmbedded(found.value) !== undefined) return { node: found, depth };
  }
  return undefined;
}

function put(field: YamlNode, value: YamlNode, placing: Placing): string | undefined {
  let text = textOf(value);
  if (placing.delimiter !== "") {
    if (field.kind !== "scalar") return "it is no text, so a delimiter cannot split it";
    const parts = field.value.split(placing.delimiter);
    if (placing.index < 0) parts.unshift(text);
    else if (placing.index >= parts.length) parts.push(text);
    else parts[placing.index] = text;
    text = parts.join(placing.delimiter);
  }
  if (field.kind === "scalar") return setValue(field, text);
  overwrite(field, value.kind === "scalar" ? { ...cloneNode(value), value: text } : cloneNode(value));
  return undefined;
}

/** A scalar keeps its type, so the text must be one of it; one that has none takes the text's. */
function setValue(field: ScalarNode, text: string): string | undefined {
  field.value = text;
  if (field.tag === "!!str" || field.tag === "!!binary") return undefined;
  const type = typeOf(text);
  if (type === field.tag || (type === "!!int" && field.tag === "!!float")) return undefined;
  return `it holds a ${TYPES[field.tag]}, which "${text}" is not`;
}

const TYPES: Readonly<Record<ScalarTag, string>> = {
  "!!str": "text",
  "!!binary": "text",
  "!!int": "whole number",
  "!!float": "number",
  "!!bool": "boolean",
  "!!null": "null",
  "!!timestamp": "time",
};

function textOf(value: YamlNode): string {
  return value.kind === "scalar" && value.tag !== "!!null" ? value.value : "";
}
