import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { strategicMerge } from "../../../src/kustomize/merge/index.ts";
import { builtinSchema } from "../../../src/kustomize/schema/index.ts";
import { parseYaml, writeYaml, type YamlNode } from "../../../src/kustomize/yaml/index.ts";

const schema = builtinSchema();

function read(text: string): YamlNode {
  const parsed = parseYaml(text, { path: "test.yaml", mode: "kyaml" });
  const root = parsed.ok ? parsed.value[0]?.root : undefined;
  if (root === undefined) throw new Error(`not one document:\n${text}`);
  return root;
}

/** The merged text, `deleted`, or the problem. */
function merged(object: string, patch: string): string {
  const outcome = strategicMerge(read(object), read(patch), schema);
  if (!outcome.ok) return `${outcome.problem.message} (line ${outcome.problem.node.line})`;
  return outcome.value === undefined ? "deleted" : writeYaml([outcome.value]);
}

const pod = (spec: string): string => `apiVersion: v1\nkind: Pod\nspec: ${spec}\n`;
const podOut = (spec: string): string => writeYaml([read(pod(spec))]);

describe("strategic merge", () => {
  test.each([
    [
      "fields are set, added and, by null, removed",
      "{a: 1, b: 2, c: {x: 1, y: 2}}",
      "{b: 3, c: {x: null}, d: 4}",
      "{a: 1, b: 3, c: {y: 2}, d: 4}",
    ],
    [
      "containers are merged by name, the patch's first",
      "{containers: [{name: a, image: x}, {name: b}]}",
      "{containers: [{name: c}, {name: b, image: z}]}",
      "{containers: [{name: c}, {name: b, image: z}, {name: a, image: x}]}",
    ],
    [
      "a list without merge key is replaced",
      "{containers: [{name: a, args: [x, y]}]}",
      "{containers: [{name: a, args: [z]}]}",
      "{containers: [{name: a, args: [z]}]}",
    ],
    [
      "an item is deleted by its directive",
      "{containers: [{name: a}, {name: b}]}",
      "{containers: [{name: a, $patch: delete}]}",
      "{containers: [{name: b}]}",
    ],
    [
      "deleting what is not there adds nothing",
      "{containers: [{name: b}]}",
      "{containers: [{name: a, $patch: delete}]}",
      "{containers: [{name: b}]}",
    ],
    [
      "a list is replaced by its directive",
      "{containers: [{name: a}, {name: b}]}",
      "{containers: [{name: c}, {$patch: replace}]}",
      "{containers: [{name: c}]}",
    ],
    [
      "a map is replaced by its directive",
      "{nodeSelector: {a: x, b: y}}",
      "{nodeSelector: {c: z, $patch: replace}}",
      "{nodeSelector: {c: z}}",
    ],
    [
      "ports of one number are told apart by protocol; lists of several keys keep the object's order",
      "{containers: [{name: a, ports: [{containerPort: 1, protocol: TCP}, {containerPort: 1, protocol: UDP}]}]}",
      "{containers: [{name: a, ports: [{containerPort: 1, protocol: UDP, name: u}]}]}",
      "{containers: [{name: a, ports: [{containerPort: 1, protocol: TCP}, {containerPort: 1, protocol: UDP, name: u}]}]}",
    ],
    [
      "a port without protocol is taken for the one with it, and stays as it is",
      "{containers: [{name: a, ports: [{containerPort: 1}]}]}",
      "{containers: [{name: a, ports: [{containerPort: 1, protocol: TCP}]}]}",
      "{containers: [{name: a, ports: [{containerPort: 1}]}]}",
    ],
    [
      "an empty list stays empty",
      "{containers: [{name: a, args: []}]}",
      "{containers: [{name: a, image: x}]}",
      "{containers: [{name: a, args: [], image: x}]}",
    ],
    [
      "other directives mean nothing and stay",
      "{a: 1}",
      "{$retainKeys: [a], $setElementOrder/b: [c]}",
      "{a: 1, $retainKeys: [a], $setElementOrder/b: [c]}",
    ],
  ])("%s", (_, object, patch, expected) => {
    expect(merged(pod(object), pod(patch))).toBe(podOut(expected));
  });

  test("a set of plain values is joined", () => {
    const object = "apiVersion: v1\nkind: Pod\nmetadata: {finalizers: [a, b]}\n";
    expect(merged(object, object.replace("[a, b]", "[c, b]"))).toContain("  - c\n  - b\n  - a\n");
  });

  test("a kind that the schema does not have: its lists are replaced, unless an object inside has a kind of its own", () => {
    const thing = (spec: string): string => `apiVersion: example.com/v1\nkind: Thing\nspec: ${spec}\n`;
    const list = (name: string): string => `{containers: [{name: ${name}}]}`;
    expect(merged(thing(list("a")), thing(list("b")))).not.toContain("name: a");
    const inside = (name: string): string => `{apiVersion: v1, kind: Pod, spec: ${list(name)}}`;
    expect(merged(thing(`{pod: ${inside("a")}}`), thing(`{pod: ${inside("b")}}`))).toContain("name: a");
  });

  test("$patch: delete at the top deletes the object", () => {
    expect(merged(pod("{a: 1}"), "apiVersion: v1\nkind: Pod\n$patch: delete\n")).toBe("deleted");
  });

  test.each([
    ["{a: {b: 1}}", "{a: [1]}", "the patch has a list where the object has a map, at spec.a (line 3)"],
    ["{a: {b: 1}}", "{a: {$patch: remove}}", 'unknown patch directive "remove" at spec.a (line 3)'],
  ])("%s with %s: %s", (object, patch, problem) => {
    expect(merged(pod(object), pod(patch))).toBe(problem);
  });

  test("quotes of what is replaced stay, and so make text of a number", () => {
    expect(merged(pod('{a: "1"}'), pod("{a: 5}"))).toContain('a: "5"');
  });

  test("B13 the name of a prototype is a field like any other", () => {
    const text = merged(pod("{__proto__: {a: 1}, constructor: 1}"), pod("{__proto__: {b: 2}}"));
    expect(text).toContain("  __proto__:\n    a: 1\n    b: 2\n  constructor: 1\n");
    expect(Object.hasOwn(Object.prototype, "b")).toBe(false);
  });
});

interface Case {
  readonly object: string;
  readonly patch: string;
  /** What kyaml's merge2 makes of them. */
  readonly result?: string;
  readonly deleted?: true;
  readonly error?: true;
}

const cases: readonly Case[] = JSON.parse(readFileSync("fixtures/strategic-merge/cases.json", "utf8"));

describe("generated objects and patches, as kyaml merges them", () => {
  test("there are enough of each sort", () => {
    expect(cases.filter(({ result }) => result !== undefined).length).toBeGreaterThan(100);
    expect(cases.filter(({ error }) => error === true).length).toBeGreaterThan(0);
  });

  test.each(cases.map((one, number) => [number, one] as const))("case %i", (_, { object, patch, result, deleted }) => {
    const outcome = strategicMerge(read(object), read(patch), schema);
    if (result !== undefined)
      expect(outcome.ok && outcome.value && writeYaml([outcome.value])).toBe(writeYaml([read(result)]));
    else if (deleted === true) expect(outcome).toEqual({ ok: true, value: undefined });
    else expect(outcome.ok).toBe(false);
  });
});
