import { describe, expect, test } from "vitest";
import { type BuildOptions, build, newParseCache } from "../../src/kustomize/index.ts";
import { type Failure, placeText, type Tree } from "../../src/model/index.ts";
import { limits } from "../support/build-limits.ts";
import { memoryTree } from "../support/disk-tree.ts";

type Files = Parameters<typeof memoryTree>[0];

function failuresOf(tree: Tree, folder: string, options: Partial<BuildOptions> = {}): readonly Failure[] {
  const result = build(tree, folder, { cache: newParseCache(), limits, loadRestrictions: "rootOnly", ...options });
  return result.ok ? [] : result.failures;
}

/** `code place message` of every failure. */
function told(files: Files, folder = "", options: Partial<BuildOptions> = {}): readonly string[] {
  return failuresOf(memoryTree(files), folder, options).map(
    ({ code, at, message }) => `${code} ${at === undefined ? "" : placeText(at)} ${message}`,
  );
}

const CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
const DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n";

describe("a kustomization", () => {
  test("must be there", () => {
    expect(told({ "a.yaml": CONFIG })).toEqual([
      "build/missing-kustomization  the root folder has no kustomization.yaml",
    ]);
    expect(told({ "a.yaml": CONFIG }, "b")).toEqual(["build/missing-kustomization b there is no folder b"]);
  });

  test("must be there once", () => {
    expect(told({ "kustomization.yaml": "resources: []", Kustomization: "resources: []" })).toEqual([
      "build/ambiguous-kustomization  the root folder has kustomization.yaml and Kustomization",
    ]);
  });

  test.each([
    ["", "build/invalid-kustomization kustomization.yaml the file is empty"],
    ["kind: Kustomization\n", "build/invalid-kustomization kustomization.yaml the kustomization says nothing"],
    ["- a\n", "build/invalid-kustomization kustomization.yaml:1:1 the document must be a map"],
    ["namePrefix: 1\n", "build/invalid-kustomization kustomization.yaml:1:13 field namePrefix must be text"],
    ["resources: a.yaml\n", "build/invalid-kustomization kustomization.yaml:1:12 field resources must be a list"],
    ["resource: [a.yaml]\n", "build/unknown-field kustomization.yaml:1:1 there is no field resource"],
    ["images:\n- name: a\n  tag: b\n", "build/unknown-field kustomization.yaml:3:3 there is no field images[0].tag"],
    ["namePrefix: a\nkind: Service\n", "build/invalid-kustomization kustomization.yaml:2:1 kind is Service"],
    [
      "namePrefix: a\napiVersion: v1\n",
      "build/invalid-kustomization kustomization.yaml:2:1 apiVersion of a Kustomization is v1",
    ],
    ["helmCharts:\n- name: a\n", "build/unsupported-helm kustomization.yaml:1:1 helmCharts would run helm"],
    [
      "resources: [https://example.com/a.yaml]\n",
      "build/unsupported-remote kustomization.yaml:1:13 https://example.com/a.yaml is not in this repository",
    ],
    [
      "resources:\n- github.com/org/repo//deploy?ref=v1\n",
      "build/unsupported-remote kustomization.yaml:2:3 github.com/org/repo//deploy?ref=v1 is not in this repository",
    ],
    ["components: [none]\n", "build/missing-resource kustomization.yaml:1:14 none is not in this commit"],
    ["resources: [../a]\n", "build/path-outside-repository kustomization.yaml:1:13 ../a leads out of the repository"],
    ["resources: [/etc]\n", "build/path-outside-repository kustomization.yaml:1:13 /etc is an absolute path"],
    [
      "replicas:\n- {name: web, count: 2}\n",
      "build/invalid-transformer kustomization.yaml:2:3 replicas names web, but no object of that name has replicas",
    ],
    [
      "configMapGenerator:\n- literals: [a=b]\n",
      "build/invalid-generator kustomization.yaml:2:3 a ConfigMap generator needs a name",
    ],
    [
      "configMapGenerator:\n- name: a\n  literals: [a=b, a=c, d]\n",
      "build/invalid-generator kustomization.yaml:3:19 key a comes twice",
    ],
    [
      "configMapGenerator:\n- name: a\n  behavior: merge\n",
      "build/invalid-generator kustomization.yaml:2:3 there is no ConfigMap.v1.[noGrp]/a.[noNs] to merge",
    ],
    [
      "transformers:\n- |-\n  apiVersion: example.com/v1\n  kind: Own\n  metadata: {name: x}\n",
      "build/unsupported-plugin kustomization.yaml:2:3 Own.v1.example.com/x.[noNs] would run a program",
    ],
    [
      "openapi: {version: v1.0.0}\n",
      "build/invalid-kustomization kustomization.yaml:1:1 there is no schema v1.0.0 here",
    ],
    [
      "sortOptions: {order: random}\n",
      "build/invalid-kustomization kustomization.yaml:1:14 sortOptions.order must be legacy or fifo",
    ],
  ])("%j", (text, failure) => {
    expect(told({ "kustomization.yaml": text })[0]).toBe(failure);
  });

  test("an unknown field near a known one is corrected", () => {
    const [failure] = failuresOf(memoryTree({ "kustomization.yaml": "resource: []\n" }), "");
    expect(failure?.remedy).toBe("did you mean resources?");
  });
});

describe("a resource", () => {
  test.each([
    ["kind: [\n", /^build\/malformed-yaml a\.yaml:\d/],
    ["a: b\n", /^build\/invalid-object a\.yaml:1:1 the object has no kind/],
    ["kind: ConfigMap\nmetadata: {}\n", /^build\/invalid-object a\.yaml:1:1 the object has no metadata\.name/],
    ["- a\n", /^build\/invalid-object a\.yaml:1:1 the document is no Kubernetes object/],
    [`${CONFIG}---\n${CONFIG}`, /^build\/duplicate-object a\.yaml:6 ConfigMap.* defined twice, first in a\.yaml:1/],
  ])("%j", (text, failure) => {
    expect(told({ "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": text })[0]).toMatch(failure);
  });

  test("may not be renamed to nothing, and then be given a name again", () => {
    const files = {
      "kustomization.yaml": `resources: [a.yaml]
namePrefix: p-
patches:
  - target: {kind: ConfigMap}
    patch: '[{"op": "replace", "path": "/metadata/name", "value": ""}]'
`,
      "a.yaml": CONFIG,
    };
    expect(told(files)[0]).toMatch(/^build\/invalid-object a\.yaml:1 for a while the object's name/);
  });

  test("for local use may not come to have the id of another", () => {
    const local = CONFIG.replace(
      /name: \w+/,
      'name: other\n  annotations: {config.kubernetes.io/local-config: "true"}',
    );
    const files = {
      "kustomization.yaml": `resources: [a.yaml]
patches:
  - target: {kind: ConfigMap}
    patch: '[{"op": "replace", "path": "/metadata/name", "value": 9}]'
`,
      "a.yaml": `${CONFIG}---\n${local}`,
    };
    expect(told(files)).toEqual([
      "build/duplicate-object a.yaml:6 more than one object is ConfigMap.v1.[noGrp]/9.[noNs], and one of them is for local use",
    ]);
  });

  test("must be in or below the folder, unless load restrictions are off", () => {
    const files = { "app/kustomization.yaml": "resources: [../a.yaml]\n", "a.yaml": CONFIG };
    expect(told(files, "app")).toEqual([
      "build/path-outside-repository app/kustomization.yaml:1:13 ../a.yaml is not in or below the folder of the kustomization",
    ]);
    expect(told(files, "app", { loadRestrictions: "none" })).toEqual([]);
  });

  test("all that is wrong is told at once, with the folders that led there", () => {
    const failures = failuresOf(
      memoryTree({
        "top/kustomization.yaml": "resources: [../base, none.yaml]\nnamespaces: x\n",
        "base/kustomization.yaml": "resources: [gone.yaml, bad.yaml]\n",
        "base/bad.yaml": "kind: X\n",
      }),
      "top",
    );
    expect(failures.map(({ code, at }) => [code, at?.path, at?.line])).toEqual([
      ["build/unknown-field", "top/kustomization.yaml", 2],
    ]);
    const deeper = failuresOf(
      memoryTree({
        "top/kustomization.yaml": "resources: [../base, none.yaml]\n",
        "base/kustomization.yaml": "resources: [gone.yaml, bad.yaml]\n",
        "base/bad.yaml": "kind: X\n",
      }),
      "top",
    );
    expect(deeper.map(({ code, at, chain }) => [code, at?.path, chain?.map((place) => placeText(place))])).toEqual([
      ["build/missing-resource", "base/kustomization.yaml", ["top/kustomization.yaml:1:13"]],
      ["build/invalid-object", "base/bad.yaml", ["top/kustomization.yaml:1:13"]],
      ["build/missing-resource", "top/kustomization.yaml", undefined],
    ]);
  });

  test("each failure says what to do", () => {
    for (const text of ["resources: [a]\n", "helmCharts: [{name: x}]\n", "x: 1\n", "patches: [{patch: '- a'}]\n"]) {
      for (const failure of failuresOf(memoryTree({ "kustomization.yaml": text }), "")) {
        expect(failure.remedy).not.toBe("");
        expect(failure.message).not.toMatch(/\n|\.$/);
      }
    }
  });
});

describe("what leads elsewhere", () => {
  const link = (target: string): Files => ({
    "kustomization.yaml": "resources: [a.yaml]\n",
    "a.yaml": { symlink: target },
    "real/b.yaml": CONFIG,
  });

  test("a symlink in the repository is followed", () => {
    expect(told(link("real/b.yaml"))).toEqual([]);
    expect(told(link("./real/../real/b.yaml"))).toEqual([]);
  });

  test.each(["/etc/passwd", "../outside.yaml", "real/../../outside.yaml"])("a symlink to %s is refused", (target) => {
    expect(told(link(target))).toEqual([
      "build/symlink-outside-repository kustomization.yaml:1:13 the symlink a.yaml leads out of the repository",
    ]);
  });

  test("a circle of symlinks ends", () => {
    const files = { ...link("c.yaml"), "c.yaml": { symlink: "a.yaml" } };
    expect(told(files)).toEqual(["build/cycle kustomization.yaml:1:13 symlinks at a.yaml lead in a circle"]);
  });

  test("a symlink does not get around load restrictions", () => {
    const files = {
      "app/kustomization.yaml": "resources: [a.yaml]\n",
      "app/a.yaml": { symlink: "../b.yaml" },
      "b.yaml": CONFIG,
    };
    expect(told(files, "app")[0]).toMatch(/^build\/path-outside-repository app\/kustomization.yaml:1:13 /);
  });

  test("a submodule is refused", () => {
    const tree = memoryTree({ "kustomization.yaml": "resources: [sub/base]\n" });
    const withModule: Tree = {
      ...tree,
      entry: (path) => (path === "sub" ? { kind: "gitlink", id: "c0ffee", size: 0 } : tree.entry(path)),
    };
    expect(failuresOf(withModule, "")[0]?.code).toBe("build/gitlink");
  });

  test("D4 folders that lead to each other are a cycle", () => {
    const files = { "a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n" };
    expect(told(files, "a")).toEqual(["build/cycle b/kustomization.yaml:1:13 folders lead in a circle: a → b → a"]);
    expect(
      told({ "a/kustomization.yaml": "resources: [..]\n", "kustomization.yaml": "resources: [a]\n" }, "a")[0],
    ).toMatch(/^build\/cycle/);
  });
});

describe("a build that asks for too much ends", () => {
  const small = { fileBytes: 1000, totalBytes: 3000, objects: 20, files: 50, depth: 5 };

  test("D6 a large file", () => {
    const files = {
      "kustomization.yaml": "resources: [a.yaml]\n",
      "a.yaml": `${CONFIG}data: {a: ${"x".repeat(1000)}}\n`,
    };
    expect(told(files, "", { limits: small })[0]).toMatch(/^build\/too-large kustomization.yaml:1:13 a.yaml has/);
  });

  test("D6 many objects", () => {
    const many = Array.from({ length: 21 }, (_, i) => `kind: A\nmetadata: {name: n${i}}\n`).join("---\n");
    const files = { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": many };
    expect(told(files, "", { limits: small })).toEqual([
      "build/too-large kustomization.yaml:1:13 the build loads more than 20 objects",
    ]);
  });

  test("D4 a long chain of folders", () => {
    const files = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`f${i}/kustomization.yaml`, `resources: [../f${i + 1}]\n`]),
    );
    expect(told(files, "f0", { limits: small })[0]).toMatch(/^build\/too-large f4\/kustomization.yaml:1:13 /);
  });

  test("D4 diamonds on diamonds", () => {
    // each layer takes the next one twice: 2^40 folders, were they all built
    const files: Record<string, string> = { "z/kustomization.yaml": "namePrefix: x\n" };
    for (let i = 0; i < 40; i += 1) {
      const next = i === 39 ? "z" : `l${i + 1}a`;
      files[`l${i}a/kustomization.yaml`] = `resources: [../l${i}b, ../l${i}c]\n`;
      files[`l${i}b/kustomization.yaml`] = `resources: [../${next}]\n`;
      files[`l${i}c/kustomization.yaml`] = `resources: [../${next}]\n`;
    }
    expect(told(files, "l0a").some((line) => line.startsWith("build/too-large"))).toBe(true);
  });

  test("D3 a document too deep, and one that expands without end", () => {
    const deep = `${CONFIG}data: ${"[".repeat(5000)}${"]".repeat(5000)}\n`;
    expect(told({ "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": deep }).length).toBe(1);
    const laughs = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}, *a${i}]`);
    const bomb = `${CONFIG}a0: &a0 lol\n${laughs.join("\n")}\n`;
    expect(told({ "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": bomb }).length).toBe(1);
  });
});

describe("patches and values that miss", () => {
  const base = { "kustomization.yaml": "", "a.yaml": DEPLOYMENT };
  test.each([
    [
      "resources: [a.yaml]\npatches:\n- patch: |-\n    kind: Deployment\n    metadata: {name: x}\n",
      "build/patch-target-not-found",
    ],
    ["resources: [a.yaml]\npatches:\n- path: none.yaml\n", "build/missing-resource"],
    [
      "resources: [a.yaml]\npatches:\n- target: {kind: '['}\n  patch: '- {op: remove, path: /a}'\n",
      "build/invalid-selector",
    ],
    ["resources: [a.yaml]\npatches:\n- {}\n", "build/invalid-patch"],
    [
      "resources: [a.yaml]\nreplacements:\n- source: {kind: X}\n  targets: [{select: {kind: Deployment}}]\n",
      "build/replacement",
    ],
    ["resources: [a.yaml]\nvars:\n- {name: A, objref: {kind: X, apiVersion: v1, name: none}}\n", "build/variable"],
  ])("%j", (text, code) => {
    expect(told({ ...base, "kustomization.yaml": text })[0]?.split(" ")[0]).toBe(code);
  });
});
