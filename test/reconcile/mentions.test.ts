import { expect, test } from "vitest";
import { namesIn } from "../../src/reconcile/mentions.ts";

/** Which object names a text that cannot be built still mentions: they are not deleted from under it. */
test.each([
  ["a manifest", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cart\n  namespace: shop\n", ["cart", "shop"]],
  ["a label that is called name", "metadata:\n  labels: {name: decoy}\n  name: cart\n", ["decoy", "cart"]],
  ["a name far below", `metadata:\n  # ${"a long way ".repeat(500)}\n  name: cart\n`, ["cart"]],
  ["a name with an anchor", "metadata: {name: &name cart}\nspec: {selector: *name}\n", ["cart", "cart"]],
  ["a name with a tag, in a block", "metadata:\n  name: !!str >-\n    cart\n", ["cart"]],
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
  expect(namesIn(source)).toEqual(names);
});

test("every name of a kustomization counts: generators and images are among them", () => {
  const source = "configMapGenerator:\n- name: settings\nimages:\n- name: web\n  newTag: v2\n";
  expect(namesIn(source)).toEqual(["settings", "web"]);
});

/** Everybody waits for this: what takes the square of a text's length would not end here. */
test.each([
  ["a script without spaces", "if(a&&b)"],
  ["anchors alone", "&"],
  ["fields with a tag and no end", ",name:!"],
  ["fields with tags and no name", "name:! !,"],
])("L1 in %s of two megabytes", (_what, part) => {
  const source = part.repeat(Math.ceil(2_000_000 / part.length));
  expect(namesIn(`${source}\n---\nname: cart\n`)).toContain("cart");
});
