import { describe, expect, test } from "vitest";
import { type BuildOptions, build, newParseCache, readDocuments } from "../../src/kustomize/index.ts";
import { limits } from "../support/build-limits.ts";
import { memoryTree } from "../support/disk-tree.ts";

const named = (kind: string, name: string): string => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}}\n`;

function builtAs(files: Parameters<typeof memoryTree>[0], folder: string, options: Partial<BuildOptions> = {}) {
  const defaults = { cache: newParseCache(), limits, loadRestrictions: "rootOnly" as const, generate: true };
  const result = build(memoryTree(files), folder, { ...defaults, ...options });
  if (!result.ok) return result.failures.map(({ code }) => code);
  return result.objects.map(({ manifest, at }) => {
    const { name, namespace = "" } = manifest.metadata;
    return `${namespace}/${name} ${at.path}:${at.line ?? 0}`;
  });
}

describe("a folder without a kustomization, as Flux reads it", () => {
  const files = {
    "app/a.yaml": named("ConfigMap", "a"),
    "app/z.yml": `# first\n---\n${named("ConfigMap", "z1")}---\n${named("ConfigMap", "z2")}`,
    "app/notes.txt": "not: yaml",
    "app/below/b.yaml": named("ConfigMap", "b"),
    "app/own/kustomization.yaml": "resources: [c.yaml]\nnamePrefix: own-\n",
    "app/own/c.yaml": named("ConfigMap", "c"),
    "app/own/ignored.yaml": named("ConfigMap", "ignored"),
    "other/d.yaml": named("ConfigMap", "d"),
  };

  test("lists every manifest in and below it, and folders with a kustomization of their own", () => {
    expect(builtAs(files, "app")).toEqual([
      "/a app/a.yaml:1",
      "/b app/below/b.yaml:1",
      "/own-c app/own/c.yaml:1",
      "/z1 app/z.yml:3",
      "/z2 app/z.yml:7",
    ]);
  });

  test("is only made up when that is asked for", () => {
    expect(builtAs(files, "app", { generate: false })).toEqual(["build/missing-kustomization"]);
  });

  test("may be empty", () => {
    expect(builtAs({ "app/readme.md": "nothing" }, "app")).toEqual([]);
  });

  test("is broken by one file that is no manifest", () => {
    expect(builtAs({ ...files, "app/values.yaml": "replicas: 1\n" }, "app")).toEqual(["build/invalid-object"]);
  });

  test("a target namespace goes before the kustomization's own", () => {
    const withOwn = {
      "kustomization.yaml": "namespace: own\nresources: [a.yaml]\n",
      "a.yaml": named("ConfigMap", "a"),
    };
    expect(builtAs(withOwn, "", { namespace: "target" })).toEqual(["target/a a.yaml:1"]);
    expect(builtAs(withOwn, "")).toEqual(["own/a a.yaml:1"]);
    expect(builtAs(files, "other", { namespace: "target" })).toEqual(["target/d other/d.yaml:1"]);
  });

  test("the footprint has the folders that were listed, and names that were not there", () => {
    const tree = memoryTree(files);
    const { footprint } = build(tree, "app", {
      cache: newParseCache(),
      limits,
      loadRestrictions: "rootOnly",
      generate: true,
    });
    expect(footprint.get("app")).toBe(tree.entry("app")?.id);
    expect(footprint.get("app/below")).toBe(tree.entry("app/below")?.id);
    expect(footprint.get("app/kustomization.yaml")).toBe("absent");
    expect(footprint.get("app/a.yaml")).toBe(tree.entry("app/a.yaml")?.id);
    expect(footprint.has("other/d.yaml")).toBe(false);
  });
});

test("the documents of a file are read as Kubernetes reads them, each with its line", () => {
  const read = readDocuments("# c\na: yes\n---\n---\nb: 1\n", "x.yaml");
  expect(read).toEqual({
    ok: true,
    value: [
      { value: { a: true }, at: { path: "x.yaml", line: 2 } },
      { value: { b: 1 }, at: { path: "x.yaml", line: 5 } },
    ],
  });
});
