import { describe, expect, test } from "vitest";
import {
  type BuildOptions,
  build,
  newParseCache,
  readDocuments,
  readPlacedDocuments,
} from "../../src/kustomize/index.ts";
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

  test("leaves its settings out, and no file of that name further down, which may be a manifest", () => {
    const settings = { "other/gitops.yaml": "prune: false\n", "other/in/gitops.yaml": named("ConfigMap", "g") };
    expect(builtAs({ ...files, ...settings }, "other")).toEqual(["/d other/d.yaml:1", "/g other/in/gitops.yaml:1"]);
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

test("a document of our own tells where each value and key is written; off is a text", () => {
  const read = readPlacedDocuments("# c\na:\n  - b: off\n    c: {d: 1}\n", "x.yaml");
  const [document] = read.ok ? read.value : [];
  expect(document?.value).toEqual({ a: [{ b: "off", c: { d: 1 } }] });
  const placeOf = (path: readonly (string | number)[], of: "key" | "value"): string => {
    const { line = 0, column = 0 } = document?.placeOf(path, of) ?? { path: "" };
    return `${line}:${column}`;
  };
  expect(placeOf(["a", 0, "c", "d"], "value")).toBe("4:12");
  expect(placeOf(["a", 0, "c"], "key")).toBe("4:5");
  expect(placeOf(["a", 0], "value")).toBe("3:5");
  // what is not there is told by what is nearest around it
  expect(placeOf(["a", 0, "e", "d"], "key")).toBe("3:5");
  expect(placeOf(["a", 7], "value")).toBe("3:3");
  expect(placeOf(["a", 0, "b", "c"], "value")).toBe("3:8");
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
