import { describe, expect, test } from "vitest";
import { buildOurs } from "../../../scripts/conformance/engine.ts";
import { expand, type VarValue } from "../../../src/kustomize/replace/expand.ts";
import { memoryTree } from "../../support/disk-tree.ts";

const values = new Map<string, VarValue>([
  ["A", "a"],
  ["EMPTY", ""],
  ["REF", "$(A)"],
  ["N", 5n],
  ["F", { float: 1_500_000 }],
  ["YES", true],
]);

describe("expanding $(NAME)", () => {
  test.each<[string, VarValue]>([
    ["plain", "plain"],
    ["$(A)", "a"],
    ["x-$(A)-$(A)", "x-a-a"],
    ["$(NONE)", "$(NONE)"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$a"],
    ["$(REF)", "$(A)"],
    ["x$(EMPTY)y", "xy"],
    ["$(A", "$(A"],
    ["${A} $A $", "${A} $A $"],
    ["$(A$(A))", "$(A$(A))"],
    ["$(N)", 5n],
    ["n=$(N)", "n=5"],
    ["$(YES)", true],
    ["$(F)", { float: 1_500_000 }],
    ["f=$(F)", "f=1.5e+06"],
  ])("%s", (text, expected) => {
    expect(expand(text, (name) => values.get(name))).toEqual(expected);
  });
});

const pod = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: web
    image: nginx
    args: ["--name=$(NAME)", "$(OTHER)"]
    env: [{name: A, value: $(NAME)}]
`;
const map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: names}\ndata: {n: '5', flag: yes}\n";

/** The built text, or each failure as \`code path:line message\`. */
function built(vars: string, files: Readonly<Record<string, string>> = {}): string {
  const tree = memoryTree({
    "app/pod.yaml": pod,
    "app/map.yaml": map,
    "app/kustomization.yaml": `resources: [pod.yaml, map.yaml]\nnamePrefix: p-\nvars:\n${vars}\n`,
    ...files,
  });
  const answer = buildOurs(tree, "app");
  if (answer.ok) return answer.yaml;
  return answer.failures
    .map(({ code, at, message }) => `${code} ${at?.path ?? ""}:${at?.line ?? 0} ${message}`)
    .join("\n");
}

const names = "objref: {apiVersion: v1, kind: ConfigMap, name: names}";

describe("vars", () => {
  test("are replaced by the final name of the object that they refer to; what is no var stays", () => {
    const text = built(`- {name: NAME, ${names}}`);
    expect(text).toContain("- --name=p-names\n    - $(OTHER)\n    env:\n    - name: A\n      value: p-names\n");
  });

  test("or by a field of it", () => {
    expect(built(`- {name: NAME, ${names}, fieldref: {fieldpath: data.n}}`)).toContain("--name=5");
  });

  test("of a base hold above it", () => {
    const over = "resources: [../app]\nnameSuffix: -s\n";
    const tree = { "over/kustomization.yaml": over };
    const files = memoryTree({
      ...tree,
      "app/pod.yaml": pod,
      "app/map.yaml": map,
      "app/kustomization.yaml": `resources: [pod.yaml, map.yaml]\nvars:\n- {name: NAME, ${names}}\n`,
    });
    const answer = buildOurs(files, "over");
    expect(answer.ok && answer.yaml).toContain("--name=names-s");
  });

  test.each([
    [
      `- {name: NAME, ${names}}\n- {name: NAME, ${names}}`,
      "build/variable app/kustomization.yaml:5 the var NAME is defined twice",
    ],
    [
      "- {name: NAME, objref: {apiVersion: v1, kind: Secret, name: names}}",
      "build/variable app/kustomization.yaml:4 the var NAME refers to Secret.v1.[noGrp]/names.[noNs], which is not among the resources",
    ],
    [
      `- {name: NAME, ${names}, fieldref: {fieldPath: data.none}}`,
      "build/variable app/kustomization.yaml:4 the var NAME refers to the field data.none, which ConfigMap.v1.[noGrp]/p-names.[noNs] does not have",
    ],
  ])("%s", (vars, failure) => {
    expect(built(vars)).toBe(failure);
  });

  test("that could refer to several objects are refused", () => {
    const two = `${map}---\n${map.replace("name: names", "name: names, namespace: other")}`;
    expect(built(`- {name: NAME, ${names}}`, { "app/map.yaml": two })).toBe(
      "build/variable app/kustomization.yaml:4 the var NAME refers to 2 resources (ConfigMap.v1.[noGrp]/names.[noNs])",
    );
  });
});
