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
    ["objects beside definitions", "50,000", everywhere(300, "all.yaml", many(200, configMap))],
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
