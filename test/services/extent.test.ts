import { describe, expect, test } from "vitest";
import type { Discovery, Failure } from "../../src/model/index.ts";
import { newExtent } from "../../src/services/extent.ts";
import { discover, newDefinitions } from "../../src/services/index.ts";
import { newReader } from "../../src/services/reader.ts";
import { memoryTree } from "../support/disk-tree.ts";

type Files = Readonly<Record<string, string>>;

function step(files: Files, path: string): Discovery | Failure {
  const found = discover(memoryTree(files), path, () => true);
  if (found.kind === "needs") throw new Error("everything is loaded");
  return found.kind === "done" ? found.discovery : found.failure;
}

const flux = (name: string, more = ""): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: flux-system}
spec: {interval: 10m, path: ./apps/a, prune: true, sourceRef: {kind: GitRepository, name: fleet}${more}}
`;
const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const many = (count: number, text: (name: string) => string): string =>
  Array.from({ length: count }, (_, index) => text(`n${index}`)).join("---\n");
/** One file at many paths. */
const everywhere = (paths: number, file: string, content: string): Files =>
  Object.fromEntries(Array.from({ length: paths }, (_, index) => [`fleet/team/copies/c${index}/${file}`, content]));

const APP = { "apps/a/kustomization.yaml": "resources: []\n" };
const HONEST = { ...APP, "fleet/cart.yaml": flux("cart"), "fleet/team/pay.yaml": flux("pay") };

describe("a revision that comes to too much is refused whole, and where most of it is is told", () => {
  const unknown = many(100, (name) => `${name}: 1, `).replaceAll("---\n", "");
  const folders = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`shared/s${index}/kustomization.yaml`, "resources: []\n"]),
  );
  const taken = Array.from({ length: 10_000 }, (_, index) => `../../../../shared/s${index % 100}`);

  test.each<[string, string, Files]>([
    ["definitions of services", "100,000", everywhere(600, "all.yaml", many(200, flux))],
    ["definitions of services", "100,000", everywhere(1100, "all.yaml", flux("x", `, ${unknown}a: 1`))],
    [
      "definitions of services",
      "100,000",
      {
        ...everywhere(499, "all.yaml", many(200, flux)),
        ...Object.fromEntries(Object.entries(folders).map(([file, content]) => [`fleet/other/${file}`, content])),
        ...Object.fromEntries(Object.entries(folders).map(([file, content]) => [`fleet/third/${file}`, content])),
      },
    ],
    ["documents beside definitions", "50,000", everywhere(10_001, "all.yaml", many(200, configMap))],
    [
      "entries of kustomization files",
      "2,000,000",
      { ...folders, ...everywhere(210, "kustomization.yaml", `resources: [${taken.join(", ")}]\n`) },
    ],
  ])("D6 %s: more than %s", (what, most, files) => {
    const found = step({ ...HONEST, ...files }, "fleet");
    expect(found).toMatchObject({
      code: "source/too-large",
      message: `there are more than ${most} ${what} below fleet, most of them in fleet/team/copies`,
      at: { path: "fleet/team/copies" },
    });
  });

  describe("documents beside definitions, of which one service is made, are refused as that one service", () => {
    const broken = (files: Files): Discovery["broken"][number] => {
      const found = step({ ...HONEST, ...files }, "fleet");
      if (!("services" in found)) throw new Error(found.message);
      expect([found.complete, found.services.map(({ id }) => id)]).toEqual([
        true,
        ["flux-system/cart", "flux-system/pay"],
      ]);
      expect(found.broken).toHaveLength(1);
      return found.broken[0] ?? { id: "", at: { path: "" }, failures: [], sources: [] };
    };

    test("D6 of one file of 300 kB, whatever its documents are", () => {
      const files = { "fleet/big.yaml": "a\n---\n".repeat(50_001), "fleet/z/small.yaml": configMap("z") };
      expect(broken({ ...files, "fleet/none.yaml": "" })).toEqual({
        id: "fleet",
        at: { path: "fleet/big.yaml" },
        failures: [
          {
            code: "build/too-large",
            message:
              "there are more than 50,000 documents beside definitions below fleet, most of them in fleet/big.yaml",
            remedy: "take out what is there over and over; what is applied of them stays meanwhile",
            at: { path: "fleet/big.yaml" },
          },
        ],
        sources: ["fleet/big.yaml", "fleet/z/small.yaml"],
      });
    });

    test("D6 every file that an object may be in is a source, also what cannot be read, before and after it was too much", () => {
      const copies = everywhere(9_990, "all.yaml", many(200, configMap));
      const others = {
        "fleet/a.yaml": configMap("a"),
        "fleet/b.yaml": "a: [\n",
        "fleet/y.yaml": `${configMap("y")}---\n${flux("y")}`,
        "fleet/z.yaml": "z: [\n",
      };
      const { failures, sources } = broken({ ...copies, "fleet/a.yaml": others["fleet/a.yaml"] });
      expect([...sources]).toEqual(["fleet/a.yaml", ...Object.keys(copies).sort()]);
      expect(failures).toMatchObject([{ code: "build/too-large", at: { path: "fleet/team/copies/c0/all.yaml" } }]);
      expect(failures[0]?.message).toMatch(/, most of them in fleet\/team\/copies$/);
      const found = step({ ...HONEST, ...everywhere(300, "all.yaml", many(200, configMap)), ...others }, "fleet");
      const all = "broken" in found ? found.broken.find(({ id }) => id === "fleet") : undefined;
      expect(all?.sources).toEqual(expect.arrayContaining(Object.keys(others)));
      expect(all?.sources).toHaveLength(304);
    });

    test("D6 as many files as are not listed refuse the revision, also when none of the last can be read", () => {
      const files = {
        "fleet/big.yaml": "a\n---\n".repeat(50_001),
        ...everywhere(10_000, "wrong.yaml", "a: [\n"),
      };
      expect(step({ ...HONEST, ...files }, "fleet")).toMatchObject({ code: "source/too-large" });
    });

    test("50,000 of them are one service", () => {
      const found = step(
        { ...HONEST, "fleet/big.yaml": `${configMap("a")}---\n${"a\n---\n".repeat(49_998)}a\n` },
        "fleet",
      );
      expect(found).toMatchObject({ broken: [], services: [{}, {}, { id: "fleet" }].reverse() });
    });
  });

  test("D6 values in YAML files: what is beyond them is not parsed any more", () => {
    const tree = memoryTree({
      "a/one.yaml": "a: [1, 2]\n",
      "a/two.yaml": "a: [1, 2, 3]\n",
      "b/one.yaml": "a: [1, 2]\n",
    });
    const extent = newExtent();
    extent.add("values", "a/b/before.yaml", 9_999_990);
    const reader = newReader(tree, () => true, newDefinitions(), extent);
    const counts = ["a/one.yaml", "b/one.yaml", "a/two.yaml", "a/two.yaml", "a/three.yaml"].map((file) => {
      const documents = reader.documents(file);
      return [file, documents.ok && documents.value.length, extent.refusal("a") === undefined];
    });
    // A map, a key, a list and two scalars; the same content counts once.
    expect(counts).toEqual([
      ["a/one.yaml", 1, true],
      ["b/one.yaml", 1, true],
      ["a/two.yaml", 1, false],
      ["a/two.yaml", 1, false],
      ["a/three.yaml", 0, false],
    ]);
    expect(extent.refusal("a")?.message).toBe(
      "there are more than 10,000,000 values in YAML files below a, most of them in a/b",
    );
  });

  test("D6 what is not below its path counts only where a parent takes it in", () => {
    const elsewhere = { ...HONEST, ...everywhere(600, "all.yaml", many(200, flux)) };
    expect(step({ ...elsewhere, "fleet/one/one.yaml": flux("one") }, "fleet/one")).toMatchObject({ services: [{}] });
    const parent = flux("all").replace("./apps/a", "./fleet");
    expect(step({ ...elsewhere, "fleet/one/all.yaml": parent }, "fleet/one")).toMatchObject({
      code: "source/too-large",
    });
  });

  test("what comes to less is found, however much is not looked into", () => {
    const files = { ...HONEST, ...everywhere(400, "all.yaml", many(200, flux)) };
    expect(step(files, "fleet")).toMatchObject({ complete: true, services: [{ id: "flux-system/cart" }, {}] });
    const large = everywhere(2000, "large.yaml", `a: ${"x".repeat(1024)}\n`);
    expect(step({ ...HONEST, ...large }, "fleet")).toMatchObject({ complete: true });
  });
});

test("files of one content define the same as files that differ in a comment alone", () => {
  const documents = [
    flux("fine"),
    flux("patched", ", patches: [{patch: '{}', target: {kind: A}}], components: [../b], suspend: true"),
    flux("wrong", ", wait: 7, images: [{name: a, newTag: 7}], patches: [{patch: '{}'}]"),
    flux("x").replace("name: x, ", ""),
    flux("x").replace("metadata:", "meta:"),
    configMap("beside"),
    "kind: ConfigMap\nmetadata: {name: on}\n",
  ];
  for (const content of [documents.join("---\n"), ...documents, `${flux("fine")}a: [\n`, "a: [\n"]) {
    const twice = (other: string): Discovery | Failure =>
      step({ ...APP, "fleet/a/one.yaml": content, "fleet/b/two.yaml": other }, "fleet");
    expect(twice(content)).toEqual(twice(`${content}# other\n`));
  }
});

test("a broken definition is told once, though a parent takes in all around it, too", () => {
  const files = {
    ...APP,
    "fleet/one/all.yaml": flux("all").replace("./apps/a", "./fleet"),
    "fleet/one/wrong.yaml": flux("wrong", ", wait: 7"),
    "fleet/two/wrong.yaml": flux("other", ", wait: 7"),
  };
  expect(step(files, "fleet/one")).toMatchObject({
    broken: [
      { id: "flux-system/other", failures: [{ code: "service/invalid-field" }] },
      { id: "flux-system/wrong", failures: [{ code: "service/invalid-field" }] },
    ],
  });
});
