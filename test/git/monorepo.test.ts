import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { createRepository, filesBelow } from "../support/git-server-repository.ts";
import { contentOf, patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";
import { createMonorepo, move, OBJECTS_PER_SERVICE, release, removal } from "../support/monorepo.ts";
import { poisons } from "../support/monorepo-poison.ts";

const shape = { services: 6, namespaces: 3 };
const generate = (name = "config.git") => createMonorepo(join(scratch(), name), shape);

const read = async (repo: string): Promise<Readonly<Record<string, string>>> =>
  contentOf(valueOf(await (await sourceOf({ repo })).fetch(patient)));

describe("the generated repository", () => {
  test("is the same every time", async () => {
    expect((await generate()).first).toBe((await generate("other.git")).first);
  });

  test("is laid out by environment, namespace and service", async () => {
    const { path, services, namespaces } = await generate();
    const files = await read(path);
    for (const { document, folder } of [...services, namespaces]) {
      expect(files[document]).toContain(`path: ./${folder}\n`);
      expect(files[`${folder}/kustomization.yaml`]).toContain("resources:");
    }
    expect(new Set(services.map((service) => service.id)).size).toBe(6);
    expect(new Set(services.map((service) => service.namespace)).size).toBe(3);
  });

  test("has four objects a service, of well-formed YAML", async () => {
    const { path, services } = await generate();
    const files = await read(path);
    for (const { folder } of services) {
      const own = Object.entries(files).filter(([file]) => file.startsWith(folder) && file.endsWith(".yaml"));
      const kinds = own.flatMap(([, text]) =>
        parseAllDocuments(text).map((document) => {
          if ("errors" in document) expect(document.errors).toEqual([]);
          return "toJS" in document ? (document.toJS() as { kind: string }).kind : "none";
        }),
      );
      expect(kinds.filter((kind) => kind !== "Kustomization")).toHaveLength(OBJECTS_PER_SERVICE);
    }
  });

  test("takes releases, moves and removals as commits", async () => {
    const monorepo = await generate();
    const { path, services, environment, first } = monorepo;
    const [one, two, three] = services;
    if (one === undefined || two === undefined || three === undefined) throw new Error("too few services");
    const source = await sourceOf({ repo: path });
    await monorepo.commit(release(one, "1.1.0"), "release");
    expect((await monorepo.git("diff-tree", "-r", "--name-only", first, "main")).split("\n")).toEqual([
      `${one.folder}/configmap.yaml`,
      `${one.folder}/deployment.yaml`,
    ]);
    await monorepo.commit({ ...move(environment, two, one.namespace), ...removal([three]) }, "move and remove");
    const { tree } = valueOf(await source.fetch(patient));
    expect([two, three].map(({ document, folder }) => [tree.entry(document), tree.entry(folder)]).flat()).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(tree.entry(`${environment}/releases/${one.namespace}/${two.name}/deployment.yaml`)?.kind).toBe("blob");
  });
});

test("the example in fixtures/monorepo can be committed, and its documents point to folders that are there", async () => {
  const repository = await createRepository(join(scratch(), "example.git"));
  await repository.commit(filesBelow("fixtures/monorepo"), "the example");
  const snapshot = valueOf(await (await sourceOf({ repo: repository.path })).fetch(patient));
  const files = await contentOf(snapshot);
  const documents = Object.entries(files).filter(([path]) => path.startsWith("clusters/"));
  const folders = documents.map(([, text]) => /^ {2}path: \.\/(.*)$/m.exec(text)?.[1] ?? "none");
  expect(folders).toHaveLength(7);
  expect(folders.filter((folder) => snapshot.tree.entry(folder)?.kind !== "tree")).toEqual([]);
});

describe("the poisons", () => {
  test("have names of their own, and say how each must fail", () => {
    expect(new Set(poisons.map(({ name }) => name)).size).toBe(poisons.length);
    expect(poisons.filter(({ codes }) => codes.length === 0)).toEqual([]);
  });

  test("change files of their two services only, and git takes them all", async () => {
    const monorepo = await generate();
    const [victim] = monorepo.services;
    const neighbour = monorepo.services.find((s) => s !== victim && s.namespace === victim?.namespace);
    if (victim === undefined || neighbour === undefined) throw new Error("too few services");
    const own = [victim, neighbour].flatMap(({ document, folder }) => [document, `${folder}/`]);
    for (const poison of poisons) {
      await monorepo.git("update-ref", `refs/heads/${poison.name}`, monorepo.first);
      await monorepo.commit(poison.files(victim, neighbour), "poison", poison.name);
      const snapshot = valueOf(await (await sourceOf({ repo: monorepo.path, ref: poison.name })).fetch(patient));
      const { commit } = snapshot.revision;
      const changed = (await monorepo.git("diff-tree", "-r", "--name-only", monorepo.first, commit)).split("\n");
      expect(changed, poison.name).not.toEqual([""]);
      expect(changed.filter((path) => !own.some((start) => path.startsWith(start)))).toEqual([]);
    }
    await monorepo.git("fsck", "--strict", "--no-dangling");
  });
});
