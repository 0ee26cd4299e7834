import { clearField, scalar } from "../fields.ts";
import { valueAt } from "../resource.ts";
import { toJson } from "../yaml/index.ts";
import type { MappingNode, SequenceNode, YamlNode } from "../yaml/node.ts";
import { cloneNode } from "../yaml/node.ts";
import { throughJson } from "./json-node.ts";

/** One step of a JSON patch (RFC 6902) as it is written; a value that is not stated is null. */
export interface Operation {
  readonly op: string;
  readonly path: string | undefined;
  readonly from: string | undefined;
  readonly value: YamlNode;
  readonly line: number;
}

export type JsonPatchOutcome =
  | { readonly ok: true; readonly value: MappingNode }
  | { readonly ok: false; readonly problem: string; readonly remedy: string; readonly operation: number };

/** Reads a list of operations; a text says why it is none. Null is a patch without operations. */
export function readOperations(node: YamlNode): readonly Operation[] | string {
  if (node.kind === "scalar" && node.tag === "!!null") return [];
  if (node.kind !== "sequence") return "a JSON patch is a list of operations";
  const operations: Operation[] = [];
  for (const item of node.items) {
    if (item.kind !== "mapping") return "an operation of a JSON patch is a map with op and path";
    const value = valueAt(item, "value");
    operations.push({
      op: textIn(item, "op") ?? "unknown",
      path: textIn(item, "path"),
      from: textIn(item, "from"),
      value: value === undefined ? nullNode() : throughJson(value, "kubernetes"),
      line: item.line,
    });
  }
  return operations;
}

/**
 * Applies a JSON patch as kustomize does (evanphx/json-patch 4.13): `replace` of a missing field adds it, an index may be
 * negative and then counts from the end, a missing field tests equal to null. The object passes through JSON on the way,
 * so that its scalars are what JSON makes of them. Answers a new object.
 */
export function applyJsonPatch(object: MappingNode, operations: readonly Operation[]): JsonPatchOutcome {
  const document = throughJson(object, "kyaml");
  for (const [index, operation] of operations.entries()) {
    const problem = step(document, operation);
    if (problem !== undefined) return { ok: false, ...problem, operation: index };
  }
  return { ok: true, value: document };
}

interface StepProblem {
  readonly problem: string;
  readonly remedy: string;
}

type Container = MappingNode | SequenceNode;

function step(document: MappingNode, operation: Operation): StepProblem | undefined {
  const { op, path, from, value } = operation;
  if (!["add", "remove", "replace", "move", "test", "copy"].includes(op))
    return trouble(`there is no operation "${op}"`, "op is one of add, remove, replace, move, copy and test");
  if (path === undefined) return trouble("an operation has no path", "add a path such as /spec/replicas");
  if (path === "" && op === "replace") return replaceWhole(document, value);
  if (path === "" && op === "test")
    return equal(document, value) ? undefined : trouble("the test of the whole object failed", TEST);

  if (op === "move" || op === "copy") {
    if (from === undefined) return trouble(`${op} has no from`, "add from, the path to take the value from");
    const source = containerOf(document, from);
    if (source === undefined) return missing(from);
    const found = get(source.container, source.key);
    if (found === "no place") return missing(from);
    if (op === "move" && !remove(source.container, source.key)) return missing(from);
    const target = containerOf(document, path);
    const moved = found === undefined ? nullNode() : op === "copy" ? cloneNode(found) : found;
    return target !== undefined && add(target.container, target.key, moved) ? undefined : missing(path);
  }

  const target = containerOf(document, path);
  if (target === undefined) return missing(path);
  const { container, key } = target;
  if (op === "add") return add(container, key, cloneNode(value)) ? undefined : missing(path);
  if (op === "remove") return remove(container, key) ? undefined : missing(path);
  if (op === "replace") return set(container, key, cloneNode(value)) ? undefined : missing(path);
  const found = get(container, key);
  if (found === "no place") return missing(path);
  return equal(found ?? nullNode(), value) ? undefined : trouble(`the test of ${path} failed`, TEST);
}

const TEST = "compare the patch's test with the object's value, or remove the test";

function trouble(problem: string, remedy: string): StepProblem {
  return { problem, remedy };
}

function missing(path: string): StepProblem {
  return trouble(`the object has no place ${path}`, "correct the path, or add its parents first");
}

function replaceWhole(document: MappingNode, value: YamlNode): StepProblem | undefined {
  if (value.kind !== "mapping") return trouble("the whole object can only be replaced by a map", "give a map as value");
  document.entries = cloneNode(value).entries;
  return undefined;
}

/** The map or list that holds the place a pointer names, and its last part. What stands before the first `/` is ignored. */
function containerOf(
  document: MappingNode,
  pointer: string,
): { readonly container: Container; readonly key: string } | undefined {
  const parts = pointer.split("/").slice(1).map(unescape);
  const key = parts.pop();
  if (key === undefined) return undefined;
  let container: Container = document;
  for (const part of parts) {
    const next = get(container, part);
    if (next === undefined || next === "no place" || next.kind === "scalar") return undefined;
    container = next;
  }
  return { container, key };
}

function unescape(part: string): string {
  return part.includes("~") ? part.replace(/~[01]/g, (escape) => (escape === "~1" ? "/" : "~")) : part;
}

/** The value; undefined for a missing field of a map; `no place` for an index that the list does not have. */
function get(container: Container, key: string): YamlNode | undefined | "no place" {
  if (container.kind === "mapping") return valueAt(container, key);
  const index = indexOf(key, container.items.length);
  return (index === undefined ? undefined : container.items[index]) ?? "no place";
}

function add(container: Container, key: string, value: YamlNode): boolean {
  if (container.kind === "mapping") return put(container, key, value);
  const size = container.items.length + 1;
  const index = key === "-" ? size - 1 : indexOf(key, size);
  if (index === undefined) return false;
  container.items.splice(index, 0, value);
  return true;
}

function set(container: Container, key: string, value: YamlNode): boolean {
  if (container.kind === "mapping") return put(container, key, value);
  const index = indexOf(key, container.items.length);
  if (index === undefined) return false;
  container.items[index] = value;
  return true;
}

function remove(container: Container, key: string): boolean {
  if (container.kind === "mapping") {
    if (valueAt(container, key) === undefined) return false;
    clearField(container, key);
    return true;
  }
  const index = indexOf(key, container.items.length);
  if (index === undefined) return false;
  container.items.splice(index, 1);
  return true;
}

function put(map: MappingNode, key: string, value: YamlNode): true {
  const entry = map.entries.find((candidate) => candidate.key.value === key);
  if (entry === undefined) map.entries.push({ key: scalar(key), value });
  else entry.value = value;
  return true;
}

/** An index within `size`; a negative one counts from the end. */
function indexOf(key: string, size: number): number | undefined {
  if (!/^[-+]?\d+$/.test(key)) return undefined;
  const index = Number(key);
  if (index >= size || index < -size) return undefined;
  return index < 0 ? index + size : index;
}

function equal(left: YamlNode, right: YamlNode): boolean {
  if (left.kind === "mapping") {
    if (right.kind !== "mapping" || left.entries.length !== right.entries.length) return false;
    return left.entries.every(({ key, value }) => {
      const other = valueAt(right, key.value);
      return other !== undefined && equal(value, other);
    });
  }
  if (left.kind === "sequence") {
    if (right.kind !== "sequence" || left.items.length !== right.items.length) return false;
    return left.items.every((item, index) => {
      const other = right.items[index];
      return other !== undefined && equal(item, other);
    });
  }
  return right.kind === "scalar" && left.tag === right.tag && left.value === right.value;
}

function textIn(map: MappingNode, key: string): string | undefined {
  const value = valueAt(map, key);
  const text = value?.kind === "scalar" ? toJson(value, "kubernetes") : undefined;
  return typeof text === "string" ? text : undefined;
}

const nullNode = (): YamlNode => scalar("null", "!!null");
