import { describe, expect, test } from "vitest";
import { buildOurs } from "../../../scripts/conformance/engine.ts";
import { memoryTree } from "../../support/disk-tree.ts";

const objects = `apiVersion: v1
kind: ConfigMap
metadata:
  name: one
  labels: {app: web}
data: {a: x}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: two
  annotations: {keep: "yes"}
data: {a: y}
`;

/** The built text, or each failure as `code path:line message`. */
function built(kustomization: string, files: Readonly<Record<string, string>> = {}): string {
  const tree = memoryTree({
    "app/objects.yaml": objects,
    "app/kustomization.yaml": `resources: [objects.yaml]\n${kustomization}`,
    ...files,
  });
  const answer = buildOurs(tree, "app");
  if (answer.ok) return answer.yaml;
  return answer.failures
    .map(({ code, at, message }) => `${code} ${at?.path ?? ""}:${at?.line ?? 0} ${message}`)
    .join("\n");
}

const merge = (name: string, rest: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${rest}\n`;

describe("patches", () => {
  test("a patch without target goes to the object that it names; several documents to several", () => {
    const text = built("patches: [{path: p.yaml}]\n", {
      "app/p.yaml": `${merge("one", "data: {a: 1st}")}---\n${merge("two", "data: {b: 2nd}")}`,
    });
    expect(text).toContain("a: 1st");
    expect(text).toContain('a: "y"\n  b: 2nd');
  });

  test.each([
    ["kind: ConfigMap", 2],
    ["name: one", 1],
    ["name: one|two", 2],
    ["name: o", 0],
    ["name: o.*", 1],
    ["labelSelector: app=web", 1],
    ["annotationSelector: '!keep'", 1],
    ["namespace: default", 2],
    ["version: v1, group: ''", 2],
    ["group: apps", 0],
  ])("target {%s} selects %i", (target, count) => {
    const text = built(
      `patches:\n- target: {${target}}\n  patch: '[{"op": "add", "path": "/data/new", "value": "n"}]'\n`,
    );
    expect(text.split("new:").length - 1).toBe(count);
  });

  test("what nothing selects is no failure; an empty patch does nothing", () => {
    expect(built("patches: [{path: p.yaml}]\n", { "app/p.yaml": "# nothing\n" })).toBe(built(""));
  });

  test("name and kind stay, unless the patch may change them", () => {
    const patch = (options: string): string =>
      built(`patches:\n- target: {name: one}\n  options: {${options}}\n  path: p.yaml\n`, {
        "app/p.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: other}\ndata: {a: null}\n",
      });
    expect(patch("")).toContain("kind: ConfigMap\nmetadata:\n  labels:\n    app: web\n  name: one\n");
    expect(patch("allowNameChange: true")).toContain("name: other");
    expect(patch("allowKindChange: true")).toContain("kind: Secret");
  });

  test("an object is deleted by its patch", () => {
    expect(built("patches: [{path: p.yaml}]\n", { "app/p.yaml": merge("one", "$patch: delete") })).not.toContain(
      "name: one",
    );
  });

  test("a null label of a patch with a target becomes text, and without one removes the label", () => {
    const patch = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, labels: {app: null}}\n";
    const files = { "app/p.yaml": patch };
    expect(built("patches: [{path: p.yaml, target: {name: one}}]\n", files)).toContain('app: "null"');
    expect(built("patches: [{path: p.yaml}]\n", files)).not.toContain("app:");
  });

  test("a JSON patch may add the first annotation in patches", () => {
    const patch = `[{"op": "add", "path": "/metadata/annotations/new", "value": 5}]`;
    expect(built(`patches:\n- {target: {name: one}, patch: '${patch}'}\n`)).toContain('annotations:\n    new: "5"');
  });

  test.each([
    [
      "no such object",
      "patches: [{path: p.yaml}]",
      merge("none", ""),
      "build/patch-target-not-found app/p.yaml:1 the patch names ConfigMap.v1.[noGrp]/none.[noNs], which is not among the resources",
    ],
    [
      "an operation that fails",
      "patches: [{path: p.yaml, target: {name: one}}]",
      "- op: test\n  path: /data/a\n  value: x\n- op: remove\n  path: /data/no\n",
      "build/invalid-patch app/p.yaml:4 operation 2 (remove /data/no) cannot be applied: the object has no place /data/no",
    ],
    [
      "a JSON patch without target",
      "patches: [{path: p.yaml}]",
      "- {op: remove, path: /data}\n",
      "build/invalid-patch app/p.yaml:0 a JSON patch needs a target",
    ],
    [
      "two documents and a target",
      "patches: [{path: p.yaml, target: {name: one}}]",
      `${merge("one", "")}---\n${merge("two", "")}`,
      "build/invalid-patch app/p.yaml:6 a patch with a target has more than one document",
    ],
    [
      "a pattern that is none",
      "patches: [{path: p.yaml, target: {name: '['}}]",
      merge("one", ""),
      'build/invalid-selector app/kustomization.yaml:2 the selector\'s name "[" cannot be used: a [ is not closed',
    ],
    [
      "a selector that is none",
      "patches: [{path: p.yaml, target: {labelSelector: a b}}]",
      merge("one", ""),
      'build/invalid-selector app/kustomization.yaml:2 the selector\'s labelSelector "a b" cannot be read: found "b" where =, ==, !=, in, notin, < or > was expected',
    ],
    [
      "sorts that do not fit",
      "patches: [{path: p.yaml}]",
      merge("one", "data: [1]"),
      "build/invalid-patch app/p.yaml:4 the patch has a list where the object has a map, at data",
    ],
    [
      "almost JSON",
      "patches: [{path: p.yaml, target: {name: one}}]",
      "[{op: remove}]",
      "build/invalid-patch app/p.yaml:0 the patch begins like JSON but is none",
    ],
    [
      "an operation in patchesJson6902 without a name",
      "patchesJson6902: [{path: p.yaml, target: {kind: ConfigMap}}]",
      "- {op: remove, path: /data}\n",
      "build/invalid-patch app/p.yaml:0 a patch in patchesJson6902 needs the target's name",
    ],
    [
      "two objects of one name",
      "patches: [{path: p.yaml, target: {name: two}, options: {allowNameChange: true}}]",
      merge("one", ""),
      "build/duplicate-object app/p.yaml:0 after the patch more than one object is ConfigMap.v1.[noGrp]/one.[noNs]",
    ],
  ])("%s", (_, kustomization, patch, failure) => {
    expect(built(`${kustomization}\n`, { "app/p.yaml": patch })).toBe(failure);
  });
});
