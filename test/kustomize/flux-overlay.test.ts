import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { build, buildText, newParseCache } from "../../src/kustomize/index.ts";
import type { Failure, Service, Tree } from "../../src/model/index.ts";
import { buildJob } from "../../src/reconcile/index.ts";
import { discover } from "../../src/services/index.ts";
import { limits } from "../support/build-limits.ts";
import { diskTree, memoryTree } from "../support/disk-tree.ts";

const ROOT = "fixtures/flux";

/** The one service that the documents below `clusters` define. */
function serviceOf(tree: Tree): Service {
  const step = discover(tree, "clusters", () => true);
  if (step.kind !== "done") throw new Error("everything is loaded");
  const [service] = step.discovery.services;
  if (service === undefined) throw new Error(JSON.stringify(step.discovery.broken));
  return service;
}

/** Builds it with the options that a pass hands to its build threads. */
function built(tree: Tree, cache = newParseCache()): ReturnType<typeof build> {
  const files = { key: "", listing: "", blobs: () => Promise.resolve(new Map<string, Uint8Array>()) };
  const { folder, options } = buildJob({ files }, serviceOf(tree));
  return build(tree, folder, { ...options, cache, limits });
}

describe("a Flux Kustomization builds to what Flux makes of it", () => {
  const names = readdirSync(ROOT);

  test("there are cases", () => {
    expect(names.length).toBeGreaterThan(10);
  });

  test.each(names)("%s", (name) => {
    const tree = diskTree(`${ROOT}/${name}/in`);
    const cache = newParseCache();
    const result = built(tree, cache);
    expect(result.ok ? [] : result.failures).toEqual([]);
    expect(result.ok && buildText(result)).toBe(readFileSync(`${ROOT}/${name}/want.yaml`, "utf8"));
    // what was parsed before is not changed by building with it
    const again = built(tree, cache);
    expect(again.ok && buildText(again)).toBe(result.ok && buildText(result));
  });
});

describe("what fails in a Flux Kustomization's own entries is told to be theirs, with the document's place", () => {
  const document = (spec: string): string =>
    `# first\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1beta2\nkind: Kustomization\nmetadata: {name: shop}\nspec:\n  path: app\n${spec}`;
  const failuresOf = (spec: string, files: Readonly<Record<string, string>> = {}): readonly Failure[] => {
    const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    const result = built(
      memoryTree({
        "clusters/shop.yaml": document(spec),
        "app/kustomization.yaml": "resources: [a.yaml]\n",
        "app/a.yaml": configMap,
        ...files,
      }),
    );
    return result.ok ? [] : result.failures;
  };

  test.each([
    ["  patches:\n    - patch: 'a: ['\n", "build/malformed-yaml", "spec.patches[0]"],
    ["  patches:\n    - patch: 'just text'\n", "build/invalid-object", "spec.patches[0]"],
    [
      "  patches:\n    - patch: ''\n    - {patch: '[{op: replace, path: /data/a, value: b}]', target: {kind: ConfigMap}}\n",
      "build/invalid-patch",
      "spec.patches[0]",
    ],
    [
      "  patches:\n    - patch: |\n        - {op: replace, path: /data/a, value: b}\n      target: {kind: ConfigMap}\n",
      "build/invalid-patch",
      "spec.patches[0]",
    ],
    [
      "  patches:\n    - patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}'\n",
      "build/patch-target-not-found",
      "spec.patches[0]",
    ],
    [
      "  patchesStrategicMerge:\n    - {apiVersion: v1, kind: ConfigMap, metadata: {name: other}}\n",
      "build/patch-target-not-found",
      "spec.patchesStrategicMerge[0]",
    ],
    [
      "  patchesJson6902:\n    - target: {version: v1, kind: ConfigMap, name: a}\n      patch: [{op: remove, path: /data/a}]\n",
      "build/invalid-patch",
      "spec.patchesJson6902[0]",
    ],
    ["  components: [../gone]\n", "build/missing-resource", "spec.components[0]"],
    [
      "  components: [../../gone]\n  ignoreMissingComponents: true\n",
      "build/path-outside-repository",
      "spec.components[0]",
    ],
  ])("%s", (spec, code, entry) => {
    const [first] = failuresOf(spec);
    expect(first).toMatchObject({ code, at: { path: "clusters/shop.yaml", line: 3 } });
    expect(first?.message).toMatch(`${entry} of the Flux Kustomization: `);
  });

  test("two entries that fail alike are two failures", () => {
    const twice = "    - patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}'\n".repeat(2);
    expect(failuresOf(`  patches:\n${twice}`)).toHaveLength(2);
  });

  test("a component's own failure names its file, and the document that led there", () => {
    const component = "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nresources: [none.yaml]\n";
    expect(failuresOf("  components: [../extra]\n", { "extra/kustomization.yaml": component })).toMatchObject([
      {
        code: "build/missing-resource",
        message: "none.yaml is not in this commit",
        at: { path: "extra/kustomization.yaml", line: 3 },
        chain: [{ path: "clusters/shop.yaml", line: 3 }],
      },
    ]);
  });

  test("a kustomization that says nothing is a failure as long as the document adds nothing", () => {
    const empty = { "app/kustomization.yaml": "kind: Kustomization\n" };
    expect(failuresOf("  commonMetadata: {labels: {a: b}}\n", empty)).toMatchObject([
      { code: "build/invalid-kustomization", at: { path: "app/kustomization.yaml" } },
    ]);
    expect(failuresOf("  namePrefix: a-\n", empty)).toEqual([]);
  });
});
