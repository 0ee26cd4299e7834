import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommit } from "../../src/git/commit.ts";
import type { ObjectReader } from "../../src/git/object-reader.ts";
import { parseTree, walkTrees } from "../../src/git/tree-walk.ts";
import { createRepository } from "../support/git-server-repository.ts";
import { patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";

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
    const rows = parseTree(Buffer.concat([row("100644", Buffer.from([0xe8])), row("100644", Buffer.from([0xe9]))]), 20);
    expect(rows?.map(({ name }) => name)).toEqual(["è", "é"]);
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
  expect(parseCommit("x", Buffer.from(raw))).toEqual({
    id: "x",
    tree: ID,
    parents: [ID],
    author: "Ångström",
    email: "a@example.org",
    subject: "subject line",
    message: "subject line\n\nbody\n",
    timeMs: 1_750_000_060_000,
  });
  expect(parseCommit("x", Buffer.from("no commit"))).toBeUndefined();
  fc.assert(fc.property(fc.string(), (text) => void parseCommit("x", Buffer.from(text))));
});

/** A reader over trees that are made up: ids are names. */
function readerOf(trees: Readonly<Record<string, Buffer>>): ObjectReader {
  return {
    read: async (ids) => ids.map((id) => (trees[id] === undefined ? "missing" : { type: "tree", bytes: trees[id] })),
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
    read: async (ids) => ids.map((id) => ({ type: "tree", bytes: row("40000", "d", idOf(Number(id) + 1)) })),
  };
  expect(await walkTrees(endless, idOf(0), new Map(), patient)).toMatchObject({ broken: { reason: "too-large" } });
});

test("D6 a bomb of nested trees can be read where it does no harm, and its listing is refused", async () => {
  const repository = await createRepository(join(scratch(), "bomb.git"));
  await repository.commit({ "good/a": "1", leaf: "1" }, "first");
  const good = await repository.git("rev-parse", "main:good");
  const file = join(scratch(), "tree");
  const write = async (rows: readonly Buffer[]): Promise<string> => {
    writeFileSync(file, Buffer.concat(rows));
    return repository.git("hash-object", "-t", "tree", "-w", file);
  };
  let bomb = good;
  for (let level = 0; level < 12; level++)
    bomb = await write(Array.from({ length: 10 }, (_, index) => row("40000", `d${index}`, bomb)));
  const root = await write([row("40000", "bomb", bomb), row("40000", "good", good)]);
  const commit = await repository.git(
    "-c",
    "user.name=A",
    "-c",
    "user.email=a@example.org",
    "commit-tree",
    "-m",
    "bomb",
    root,
  );
  await repository.git("update-ref", "refs/heads/main", commit);
  const snapshot = valueOf(await (await sourceOf({ repo: repository.path })).fetch(patient));
  expect(snapshot.files("")).toBeUndefined();
  expect(snapshot.files("good")?.map(({ path }) => path)).toEqual(["good/a"]);
  expect((await snapshot.load(() => true, patient)).ok).toBe(false);
  valueOf(await snapshot.load(["good/a"], patient));
});

describe("against git itself", () => {
  const name = fc.constantFrom("a", "b", "c.yaml", "d-1", "e.f", "é");
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
  const tree = fc.dictionary(path, fc.constantFrom("1", "2", "3"), { maxKeys: 12 });

  test("the listing is that of ls-tree, the changes are those of diff-tree", async () => {
    const repository = await createRepository(join(scratch(), "random.git"));
    const source = await sourceOf({ repo: repository.path });
    await repository.commit({}, "none");
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        const before = await repository.git("rev-parse", "main");
        const all = (await repository.git("ls-tree", "-r", "--name-only", "-z", "main")).split("\0").filter(Boolean);
        const gone = Object.fromEntries(all.map((file) => [file, null]));
        await repository.commit({ ...gone, ...Object.fromEntries(Object.entries(files)) }, "random");
        const snapshot = valueOf(await source.fetch(patient));
        const listed = (await repository.git("ls-tree", "-r", "-z", "--long", "main")).split("\0").filter(Boolean);
        const theirs = listed.map((line) => line.replace(/^\d+ blob (\w+) +(\d+)\t/, "$1 $2 "));
        const ours = (snapshot.files("") ?? []).map((file) => `${file.entry.id} ${file.entry.size} ${file.path}`);
        expect([...ours].sort()).toEqual(theirs.sort());
        const changed = await repository.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, "main");
        expect(valueOf(await snapshot.changedPaths(before, patient))).toEqual(
          changed.split("\0").filter(Boolean).sort(),
        );
      }),
      { numRuns: 15 },
    );
  });
});
