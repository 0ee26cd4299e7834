import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildOurs, type OurAnswer } from "../../scripts/conformance/engine.ts";
import { newParseCache } from "../../src/kustomize/index.ts";
import { ABSENT, type Tree } from "../../src/model/index.ts";
import { arbitraryKustomization, type KustomizationCase } from "../support/arbitrary-kustomization.ts";
import { memoryTree } from "../support/disk-tree.ts";

/** What a build comes to, as one comparable value. */
const outcome = (answer: OurAnswer): unknown =>
  answer.ok ? { yaml: answer.yaml, objects: answer.objects } : { failures: answer.failures };

const treeOf = (files: Readonly<Record<string, string>>): Tree => memoryTree(files);

/** Changes to a tree: files written anew, emptied, removed or added, in the folders that are there or beside them. */
function arbitraryEdits(): fc.Arbitrary<readonly (readonly [path: string, content: string | undefined])[]> {
  const folder = fc.constantFrom("base", "overlay0", "overlay1", "component", "elsewhere", "base/below");
  const name = fc.constantFrom(
    "kustomization.yml",
    "Kustomization",
    "r0.yaml",
    "r9.yaml",
    "data.txt",
    "some.env",
    "x",
    "r1.yaml",
  );
  const content = fc.constantFrom("", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: other}\n", "A=2\n", undefined);
  return fc.array(
    fc.tuple(
      fc.tuple(folder, name).map((parts) => parts.join("/")),
      content,
    ),
    { minLength: 1, maxLength: 4 },
  );
}

function edited(files: KustomizationCase["files"], edits: readonly (readonly [string, string | undefined])[]): Tree {
  const changed = new Map(Object.entries(files));
  for (const [path, content] of edits) {
    if (content === undefined) changed.delete(path);
    else changed.set(path, content);
  }
  return treeOf(Object.fromEntries(changed));
}

describe("a build", { timeout: 120_000 }, () => {
  test("is a function of its footprint: where that is unchanged, so is the outcome", () => {
    let unchanged = 0;
    fc.assert(
      fc.property(arbitraryKustomization(), arbitraryEdits(), ({ files, folder }, edits) => {
        const before = buildOurs(treeOf(files), folder);
        const after = edited(files, edits);
        const same = [...before.footprint].every(([path, id]) => (after.entry(path)?.id ?? ABSENT) === id);
        if (!same) return;
        unchanged += 1;
        expect(outcome(buildOurs(after, folder))).toEqual(outcome(before));
      }),
      { numRuns: 200 },
    );
    expect(unchanged).toBeGreaterThan(50); // edits that all touch the footprint would prove nothing
  });

  test.each([
    ["a file of a generator", "configMapGenerator: [{name: c, files: [it]}]\n", "it"],
    ["a patch", "resources: [r.yaml]\npatches: [{path: it}]\n", "it"],
    ["a resource", "resources: [it]\n", "it"],
    ["a second kustomization", "resources: [r.yaml]\n", "Kustomization"],
  ])("%s that was a folder and is a file now is seen", (_what, kustomization, name) => {
    const map = (value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: r}\ndata: {a: ${value}}\n`;
    const files = { "app/kustomization.yaml": kustomization, "app/r.yaml": map("one") };
    const before = treeOf({ ...files, [`app/${name}/inside`]: "x" });
    const after = treeOf({ ...files, [`app/${name}`]: map("two") });
    const { footprint } = buildOurs(before, "app");
    expect([...footprint].every(([path, id]) => (after.entry(path)?.id ?? ABSENT) === id)).toBe(false);
    expect([...footprint].every(([path, id]) => (before.entry(path)?.id ?? ABSENT) === id)).toBe(true);
  });

  test("comes out the same twice, and the same from a cache that other builds have filled", () => {
    const cache = newParseCache();
    fc.assert(
      fc.property(arbitraryKustomization(), ({ files, folder }) => {
        const tree = treeOf(files);
        const first = outcome(buildOurs(tree, folder));
        expect(outcome(buildOurs(tree, folder))).toEqual(first);
        expect(outcome(buildOurs(tree, folder, { cache }))).toEqual(first);
        expect(outcome(buildOurs(tree, folder, { cache }))).toEqual(first);
      }),
      { numRuns: 150 },
    );
  });

  test("of a hostile tree ends with an answer, and leaves the process as it was", () => {
    const keys = Object.getOwnPropertyNames(Object.prototype).sort();
    fc.assert(
      fc.property(
        arbitraryKustomization(),
        fc.array(damage(), { minLength: 1, maxLength: 4 }),
        ({ files, folder }, blows) => {
          const damaged = new Map(Object.entries(files));
          for (const { at, hit } of blows) {
            const path = [...damaged.keys()][at % damaged.size] ?? "";
            damaged.set(path, hit(damaged.get(path) ?? ""));
          }
          const answer = buildOurs(treeOf(Object.fromEntries(damaged)), folder);
          if (!answer.ok) {
            expect(answer.failures).not.toEqual([]);
            expect(answer.failures.filter(({ code }) => code === "build/crashed")).toEqual([]);
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(keys);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

interface Blow {
  readonly at: number;
  readonly hit: (text: string) => string;
}

/** Things that are not YAML, not kustomize's, or not kind. */
const POISONS: readonly string[] = [
  "__proto__:\n  polluted: yes\n",
  "constructor:\n  prototype:\n    polluted: yes\n",
  "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n",
  "a: &a\n  b: *a\n",
  `${"[".repeat(5_000)}\n`,
  `${"- ".repeat(3_000)}x\n`,
  "? {a: b}\n: c\n? [d]\n: e\n",
  "--- \n...\n---\n--- |\n text\n",
  "%YAML 1.2\n---\na: !!binary x\nb: !!set {a, b}\nc: !own {}\n<<: *nothing\n",
  "\u0000\u0001\uFEFF",
  "resources: [., ./., .., ../.., /etc/passwd, https://example.com/x.git]\n",
  "resources:\n- kustomization.yaml\n- ../base\n- ../overlay0\n",
  "patches:\n- patch: '[{op: test, path: /a/b/~2, value: {}}]'\n  target: {name: '(a+)+$('}\n",
  "patches:\n- target: {name: '(x+x+)+y', kind: '('}\n  patch: '{'\n",
  "replacements:\n- source: {}\n  targets: [{select: {}, fieldPaths: ['..', 'a.[b=c', '', 'x.-1']}]\n",
  "configMapGenerator: [{name: x, files: [../../../x, '=', 'a=b=c', ''], literals: ['', '=']}]\nnamespace: [1]\n",
  "images: [{name: '*', newTag: ''}, {}]\nreplicas: [{name: a, count: -1}]\nlabels: [{}]\nvars: [{}]\n",
  "kind: List\napiVersion: v1\nitems: [null, 1, {kind: List, apiVersion: v1, items: [{}]}]\n",
  "metadata: {name: 1, labels: [], annotations: x}\nkind: {}\napiVersion: []\nspec: null\n",
  "generators: [{}, 'x: y']\ntransformers: ['{apiVersion: builtin, kind: Nope, metadata: {name: x}}']\nvalidators: [3]\n",
];

function damage(): fc.Arbitrary<Blow> {
  const place = fc.nat(1_000);
  const texts = fc.oneof(fc.constantFrom(...POISONS), fc.string({ unit: "binary", maxLength: 40 }));
  const hits: fc.Arbitrary<Blow["hit"]> = fc.oneof(
    texts.map((poison) => () => poison),
    texts.map((poison) => (text: string) => text + poison),
    fc.tuple(place, texts).map(([at, poison]) => (text: string) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + poison + text.slice(cut);
    }),
    place.map((at) => (text: string) => text.slice(0, at % (text.length + 1))),
    place.map((at) => (text: string) => {
      const lines = text.split("\n");
      lines.splice(at % lines.length, 1);
      return lines.join("\n");
    }),
    place.map((at) => (text: string) => {
      const lines = text.split("\n");
      lines.splice(at % lines.length, 0, lines[(at * 7) % lines.length] ?? "");
      return lines.join("\n");
    }),
  );
  return fc.record({ at: place, hit: hits });
}
