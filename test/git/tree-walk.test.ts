import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommit } from "../../src/git/commit.ts";
import { extentsOf, mostOf } from "../../src/git/extent.ts";
import type { ObjectReader } from "../../src/git/object-reader.ts";
import { parseTree, type Row, type Trees, walkTrees } from "../../src/git/tree-walk.ts";
import { createRepository } from "../support/git-server-repository.ts";
import { patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";
import { treeBomb } from "../support/tree-bomb.ts";

const ID = "1234567890123456789012345678901234567890";
const row = (mode: string, name: string | Buffer, id = ID): Buffer =>
  Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(id, "hex")]);

describe("a raw tree", () => {
  test("has rows of four kinds", () => {
    const bytes = Buffer.concat([
      row("40000", "dir"),
      row("100644", "file"),
      row("100755", "run"),
      row("100664", "old"),
      row("120000", "link"),
      row("160000", "module"),
    ]);
    expect(parseTree(bytes, 20)?.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      "dir: tree",
      "file: blob",
      "run: blob",
      "old: blob",
      "link: symlink",
      "module: gitlink",
    ]);
  });

  test("keeps two names apart that are no UTF-8", () => {
    const names = [[0xe8], [0xe9], [...Buffer.from("é")], [...Buffer.from("caf"), 0xe9]];
    const rows = parseTree(Buffer.concat(names.map((bytes) => row("100644", Buffer.from(bytes)))), 20);
    expect(rows?.map(({ name }) => name)).toEqual(["\ufffde8", "\ufffde9", "é", "caf\ufffde9"]);
  });

  test.each([
    ["an empty name", row("100644", "")],
    ["the name .", row("40000", ".")],
    ["the name ..", row("40000", "..")],
    ["a slash in a name", row("100644", "../../etc/passwd")],
    ["a name twice", Buffer.concat([row("100644", "a"), row("100644", "a")])],
    ["an unknown mode", row("777", "a")],
    ["a cut id", row("100644", "a").subarray(0, -1)],
    ["no end of a name", Buffer.from("100644 a")],
    ["something else", Buffer.from("tree of life")],
  ])("is refused with %s", (_name, bytes) => {
    expect(parseTree(bytes, 20)).toBeUndefined();
  });

  test("never throws, whatever the bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseTree(Buffer.from(bytes), 20)));
  });
});

test("a raw commit is parsed, or refused, whatever its bytes", () => {
  const raw = `tree ${ID}\nparent ${ID}\nauthor Ångström <a@example.org> 1750000000 +0200\ncommitter B <b@example.org> 1750000060 +0200\ngpgsig -----BEGIN\n tree of lies\n\nsubject line\n\nbody\n`;
  const parse = (text: string) => parseCommit("x", Buffer.from(text), Buffer.byteLength(text));
  expect(parse(raw)).toEqual({
    id: "x",
    tree: ID,
    parents: [ID],
    author: "Ångström",
    email: "a@example.org",
    subject: "subject line",
    message: "subject line\n\nbody\n",
    timeMs: 1_750_000_060_000,
  });
  expect(parse("no commit")).toBeUndefined();
  fc.assert(fc.property(fc.string(), (text) => void parse(text)));
});

/** A reader over trees that are made up: ids are names. */
function readerOf(trees: Readonly<Record<string, Buffer>>): ObjectReader {
  return {
    read: async (_wanted, ids) =>
      ids.map((id) => {
        const bytes = trees[id];
        return bytes === undefined ? "missing" : { type: "tree", bytes, size: bytes.length };
      }),
    sizes: async (ids) => ids.map(() => 0),
    close() {},
  };
}

const idOf = (level: number): string => String(level).padStart(40, "0");

test("D6 trees that use each other to have more paths than atoms are walked at once, and not listed", async () => {
  const levels = 60;
  const trees = Object.fromEntries(
    Array.from({ length: levels }, (_, level) => [
      idOf(level),
      level === levels - 1
        ? row("100644", "leaf")
        : Buffer.concat(Array.from({ length: 10 }, (_, index) => row("40000", `d${index}`, idOf(level + 1)))),
    ]),
  );
  const walked = await walkTrees(readerOf(trees), idOf(0), new Map(), patient);
  expect("trees" in walked && walked.trees.size).toBe(levels);
});

test("folders nested without end are refused", async () => {
  const endless: ObjectReader = {
    ...readerOf({}),
    read: async (_wanted, ids) =>
      ids.map((id) => {
        const bytes = row("40000", "d", idOf(Number(id) + 1));
        return { type: "tree", bytes, size: bytes.length };
      }),
  };
  expect(await walkTrees(endless, idOf(0), new Map(), patient)).toMatchObject({ broken: { reason: "too-large" } });
});

test("D6 a bomb of nested trees is refused before anybody walks it, and what is next is read", async () => {
  const repository = await createRepository(join(scratch(), "bomb.git"));
  await repository.commit({ "good/a": "1", "worse/b": "2" }, "first");
  await repository.commit({ "worse/bomb": { tree: await treeBomb(repository, "good") } }, "a bomb");
  const source = await sourceOf({ repo: repository.path });
  const refused = await source.fetch(patient);
  expect(refused).toMatchObject({ ok: false, failures: [{ code: "source/too-large" }] });
  expect(JSON.stringify(refused)).toContain(
    "2,111,111,111,115 paths, more than can be looked through, most of it in worse/bomb",
  );
  await repository.commit({ "worse/bomb": null }, "it is taken out");
  const after = valueOf(await source.fetch(patient));
  expect(after.files("")?.map(({ path }) => path)).toEqual(["good/a", "worse/b"]);
});

describe("how far trees extend", () => {
  const rows = (count: number, of?: string): readonly Row[] =>
    Array.from({ length: count }, (_, n) =>
      of === undefined ? { name: `f${n}`, kind: "blob", id: ID } : { name: `d${n}`, kind: "tree", id: of },
    );
  const level = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })), { maxLength: 3 });

  test("is what walking them comes to", () => {
    fc.assert(
      fc.property(fc.array(level, { maxLength: 5 }), (levels) => {
        const trees: Map<string, readonly Row[]> = new Map([["0", rows(2)]]);
        for (const [index, uses] of levels.entries()) {
          const made = uses.flatMap(([back, count], at) =>
            rows(count, String(Math.max(0, index - back))).map((row) => ({ ...row, name: `${at}${row.name}` })),
          );
          trees.set(String(index + 1), made);
        }
        const top = String(levels.length);
        const seen = { paths: 0, characters: 0, depth: 0 };
        const walk = (id: string, prefix: string, depth: number): void => {
          for (const row of trees.get(id) ?? []) {
            seen.paths += 1;
            seen.characters += prefix.length + row.name.length + 1;
            if (row.kind !== "tree") continue;
            seen.depth = Math.max(seen.depth, depth + 1);
            walk(row.id, `${prefix}${row.name}/`, depth + 1);
          }
        };
        walk(top, "", 0);
        expect(extentsOf(top, trees).get(top)).toEqual(seen);
      }),
    );
  });

  test("is found for chains of any length, and where most of it is", () => {
    const length = 20_000;
    const trees: Map<string, readonly Row[]> = new Map([[String(length), rows(1)]]);
    for (let at = 0; at < length; at += 1) trees.set(String(at), [{ name: "d", kind: "tree", id: String(at + 1) }]);
    const extents = extentsOf("0", trees);
    expect(extents.get("0")).toMatchObject({ paths: length + 1, depth: length });
    const forest: Trees = new Map([
      ["top", [...rows(9), { name: "a", kind: "tree", id: "small" }, { name: "b", kind: "tree", id: "large" }]],
      ["small", rows(10)],
      ["large", [{ name: "deep", kind: "tree", id: "wide" }]],
      ["wide", rows(100)],
    ]);
    expect(mostOf("top", forest, extentsOf("top", forest))).toBe("b/deep");
  });
});

describe("against git itself", () => {
  const name = fc.constantFrom("a", "b", "c.yaml", "d-1", "e.f", "é");
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
  const tree = fc.dictionary(path, fc.constantFrom("", "22", "three"), { maxKeys: 12 });

  test("the listing is that of ls-tree", async () => {
    const repository = await createRepository(join(scratch(), "random.git"));
    const source = await sourceOf({ repo: repository.path });
    await repository.commit({}, "none");
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        const all = (await repository.git("ls-tree", "-r", "--name-only", "-z", "main")).split("\0").filter(Boolean);
        const gone = Object.fromEntries(all.map((file) => [file, null]));
        await repository.commit({ ...gone, ...Object.fromEntries(Object.entries(files)) }, "random");
        const snapshot = valueOf(await source.fetch(patient));
        const listed = (await repository.git("ls-tree", "-r", "-z", "--long", "main")).split("\0").filter(Boolean);
        const theirs = listed.map((line) => line.replace(/^\d+ blob (\w+) +(\d+)\t/, "$1 $2 "));
        const ours = (snapshot.files("") ?? []).map((file) => `${file.entry.id} ${file.entry.size} ${file.path}`);
        expect([...ours].sort()).toEqual(theirs.sort());
        for (const { path: file, entry } of snapshot.files("") ?? []) {
          expect(snapshot.tree.entry(file)).toEqual(entry);
          for (const odd of [
            `/${file}`,
            `${file}/`,
            `./${file}`,
            file.replace("/", "//").concat(file.includes("/") ? "" : "/"),
          ])
            expect([snapshot.tree.entry(odd), snapshot.tree.list(odd)], odd).toEqual([undefined, undefined]);
        }
      }),
      { numRuns: 15 },
    );
  });
});
