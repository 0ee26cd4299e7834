import { describe, expect, test } from "vitest";
import { parseYaml, toJson, type YamlMode } from "../../../src/kustomize/yaml/index.ts";

/** The value of the first document, or the failure as `line:column code`. */
function read(text: string, mode: YamlMode): unknown {
  const result = parseYaml(text, { path: "a.yaml", mode });
  if (!result.ok) {
    const [failure] = result.failures;
    return `${failure?.at?.line}:${failure?.at?.column} ${failure?.code}`;
  }
  const root = result.value[0]?.root;
  return root === undefined ? undefined : toJson(root, mode);
}

describe("parseYaml", () => {
  test("the two readings differ in YAML 1.1's booleans and in duplicate keys", () => {
    expect(read("a: yes", "kyaml")).toEqual({ a: "yes" });
    expect(read("a: yes", "kubernetes")).toEqual({ a: true });
    expect(read("a: 1\nb: 2\n  \na: 3\n", "kyaml")).toBe("4:1 build/duplicate-key");
    expect(read("a: 1\nb: 2\n  \na: 3\n", "kubernetes")).toEqual({ a: 3, b: 2 });
  });
});
