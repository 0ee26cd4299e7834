import { expect, test } from "vitest";
import { namesIn } from "../../src/reconcile/mentions.ts";

/** Which object names a text that cannot be built still mentions: they are not deleted from under it. */
test.each([
  ["a manifest", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cart\ndata: {name: other}\n", ["cart"]],
  ["flow style", 'kind: ConfigMap\nmetadata: {labels: {a: b}, name: "cart"}\n', ["cart"]],
  ["JSON", '{"kind":"ConfigMap","metadata":{"name":"cart"}}', ["cart"]],
  ["several documents", "metadata:\n  name: a\n---\nmetadata:\n  name: 'b'\n", ["a", "b"]],
  ["text that is no YAML", "kind: [\nmetadata:\n  name: cart\n: :", ["cart"]],
  [
    "a pod template's own metadata",
    "metadata:\n  name: web\nspec:\n  template:\n    metadata:\n      labels: {}\n",
    ["web"],
  ],
  ["a patch that renames", "- op: replace\n  path: /metadata/name\n  value: renamed\n", ["renamed"]],
  ["nothing of the kind", "replicas: 3\n", []],
])("in %s", (_what, source, names) => {
  expect(namesIn(source, false)).toEqual(names);
});

test("every name of a kustomization counts: generators and images are among them", () => {
  const source = "configMapGenerator:\n- name: settings\nimages:\n- name: web\n  newTag: v2\n";
  expect(namesIn(source, true)).toEqual(["settings", "web"]);
});
