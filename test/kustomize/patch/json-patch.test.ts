import { describe, expect, test } from "vitest";
import { applyJsonPatch, readOperations } from "../../../src/kustomize/patch/json-patch.ts";
import { parseYaml, writeYaml, type YamlNode } from "../../../src/kustomize/yaml/index.ts";

function read(text: string): YamlNode {
  const parsed = parseYaml(text, { path: "test.yaml", mode: "kyaml" });
  const root = parsed.ok ? parsed.value[0]?.root : undefined;
  if (root === undefined) throw new Error(`not one document: ${text}`);
  return root;
}

/** The patched text, or `operation N: problem`. */
function patched(object: string, patch: string): string {
  const [node, operations] = [read(object), readOperations(read(patch))];
  if (typeof operations === "string") return operations;
  if (node.kind !== "mapping") throw new Error(`no object: ${object}`);
  const outcome = applyJsonPatch(node, operations);
  return outcome.ok ? writeYaml([outcome.value]) : `operation ${outcome.operation}: ${outcome.problem}`;
}

describe("a JSON patch", () => {
  test.each([
    [
      "add sets a field, present or not",
      "{a: 1}",
      "[{op: add, path: /a, value: 2}, {op: add, path: /b, value: {c: 3}}]",
      "{a: 2, b: {c: 3}}",
    ],
    ["add puts an item before an index", "{l: [1, 2]}", "[{op: add, path: /l/1, value: x}]", "{l: [1, x, 2]}"],
    ["- is behind the last item", "{l: [1]}", "[{op: add, path: /l/-, value: 2}]", "{l: [1, 2]}"],
    [
      "an index may count from the end",
      "{l: [1, 2, 3]}",
      "[{op: replace, path: /l/-1, value: x}, {op: remove, path: /l/-3}]",
      "{l: [2, x]}",
    ],
    ["remove takes away", "{a: 1, l: [1, 2]}", "[{op: remove, path: /a}, {op: remove, path: /l/0}]", "{l: [2]}"],
    ["replace adds a field that is missing", "{a: {}}", "[{op: replace, path: /a/b, value: 1}]", "{a: {b: 1}}"],
    ["replace of the whole", "{a: 1}", '[{op: replace, path: "", value: {b: 2}}]', "{b: 2}"],
    [
      "copy and move",
      "{a: {x: 1}, b: 2}",
      "[{op: copy, from: /a, path: /c}, {op: move, from: /b, path: /c/y}]",
      "{a: {x: 1}, c: {x: 1, y: 2}}",
    ],
    [
      "a copy is independent",
      "{a: {x: 1}}",
      "[{op: copy, from: /a, path: /b}, {op: add, path: /b/x, value: 2}]",
      "{a: {x: 1}, b: {x: 2}}",
    ],
    ["copy of a missing field is null", "{a: {}}", "[{op: copy, from: /a/x, path: /b}]", "{a: {}, b: null}"],
    [
      "~1 is a slash and ~0 a tilde",
      "{a/b: 1, c~d: 2}",
      "[{op: remove, path: /a~1b}, {op: add, path: /c~0d, value: 3}]",
      "{c~d: 3}",
    ],
    [
      "a test that holds",
      "{a: {x: [1, b]}}",
      "[{op: test, path: /a, value: {x: [1, b]}}, {op: test, path: /no, value: null}]",
      "{a: {x: [1, b]}}",
    ],
    ["a value that is not stated is null", "{a: 1}", "[{op: add, path: /b}]", "{a: 1, b: null}"],
    ["what stands before the first slash does not count", "{a: 1}", "[{op: add, path: x/a, value: 2}]", "{a: 2}"],
    ["values are read as YAML 1.1", "{}", "[{op: add, path: /a, value: yes}]", "{a: true}"],
    [
      "whole numbers stay exact",
      "{a: 12345678901234567}",
      "[{op: add, path: /b, value: 1000000}]",
      "{a: 12345678901234567, b: 1000000}",
    ],
    ["__proto__ is a field", "{a: 1}", "[{op: add, path: /__proto__, value: {x: 1}}]", '{a: 1, "__proto__": {x: 1}}'],
  ])("%s", (_, object, patch, expected) => {
    expect(patched(object, patch)).toBe(writeYaml([read(expected)]));
  });

  test.each([
    ["{a: 1}", "[{op: remove, path: /b}]", "operation 0: the object has no place /b"],
    [
      "{a: 1}",
      "[{op: test, path: /a, value: 1}, {op: test, path: /a, value: 2}]",
      "operation 1: the test of /a failed",
    ],
    ["{a: 1}", "[{op: add, path: /b/c, value: 1}]", "operation 0: the object has no place /b/c"],
    ["{l: [1]}", "[{op: add, path: /l/3, value: 1}]", "operation 0: the object has no place /l/3"],
    ["{l: [1]}", "[{op: replace, path: /l/-, value: 1}]", "operation 0: the object has no place /l/-"],
    ["{l: [1]}", "[{op: remove, path: /l/x}]", "operation 0: the object has no place /l/x"],
    ["{a: 1}", "[{op: move, from: /b, path: /c}]", "operation 0: the object has no place /b"],
    ["{a: 1}", "[{op: merge, path: /a}]", 'operation 0: there is no operation "merge"'],
    ["{a: 1}", "[{op: add, value: 1}]", "operation 0: an operation has no path"],
    ["{a: 1}", "[{op: copy, path: /a}]", "operation 0: copy has no from"],
    ["{a: 1}", '[{op: add, path: "", value: {}}]', "operation 0: the object has no place "],
    ["{a: 1}", "{op: add}", "a JSON patch is a list of operations"],
    ["{a: 1}", "[add]", "an operation of a JSON patch is a map with op and path"],
  ])("%s with %s: %s", (object, patch, problem) => {
    expect(patched(object, patch)).toBe(problem);
  });
});
