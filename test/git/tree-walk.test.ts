import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommit } from "../../src/git/commit.ts";
import type { ObjectReader } from "../../src/git/object-reader.ts";
import { PATHS_MAX, parseTree, type Row, type Trees, walkTrees } from "../../src/git/tree-walk.ts";
import { vastTrees } from "../../src/git/vast.ts";
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

test("D6 a bomb of nested trees is cut out where it grows, and everything else is there", async () => {
  const repository = await createRepository(join(scratch(), "bomb.git"));
  await repository.commit({ "good/a": "1", "worse/b": "2" }, "first");
  await repository.commit({ "worse/bomb": { tree: await treeBomb(repository, "good") } }, "a bomb");
  const source = await sourceOf({ repo: repository.path });
  const snapshot = valueOf(await source.fetch(patient));
  const { tree } = snapshot;
  expect(snapshot.files("good")?.map(({ path }) => path)).toEqual(["good/a"]);
  const listed = snapshot.files("") ?? [];
  expect(listed.filter(({ entry }) => entry.kind === "blob").map(({ path }) => path)).toEqual(["good/a", "worse/b"]);
  const vast = listed.filter(({ entry }) => entry.kind === "vast").map(({ path }) => path);
  expect(vast.length).toBeGreaterThan(0);
  expect(vast.every((path) => path.startsWith("worse/bomb/d"))).toBe(true);
  const [one = ""] = vast;
  expect([tree.list(one), tree.entry(`${one}/d0`)]).toEqual([undefined, undefined]);
  valueOf(await snapshot.load(() => true, patient));
  const bombed = await repository.git("rev-parse", "main");
  await repository.commit({ "worse/bomb": null }, "it is taken out");
  const after = valueOf(await source.fetch(patient));
  expect(after.files("")?.map(({ path }) => path)).toEqual(["good/a", "worse/b"]);
  expect(await after.changedPaths(bombed, patient)).toEqual({ ok: true, value: undefined });
});

describe("which trees are vast", () => {
  /** A tree of so many rows, all of one file or all of one other tree. */
  const rows = (count: number, of?: string): readonly Row[] =>
    Array.from({ length: count }, (_, n) =>
      of === undefined ? { name: `f${n}`, kind: "blob", id: ID } : { name: `d${n}`, kind: "tree", id: of },
    );
  const copies: readonly (readonly [string, readonly Row[]])[] = [
    ["a", rows(100, "b")],
    ["b", rows(100)],
  ];
  test.each<[string, Trees, readonly string[]]>([
    ["no files at all", new Map([["top", []]]), []],
    ["a million files in one folder", new Map([["top", rows(1_000_000)]]), []],
    ["one more than that", new Map([["top", rows(1_000_001)]]), ["top"]],
    [
      "a thousand copies of a folder of nine hundred files",
      new Map([
        ["top", rows(1000, "leaf")],
        ["leaf", rows(900)],
      ]),
      [],
    ],
    ["a hundred copies of copies of copies", new Map([["top", rows(100, "a")], ...copies]), ["top"]],
    [
      "such a bomb among folders",
      new Map([["top", [...rows(5), { name: "b", kind: "tree", id: "bomb" }]], ["bomb", rows(100, "a")], ...copies]),
      ["bomb"],
    ],
  ])("%s", (_what, trees, vast) => {
    expect([...vastTrees("top", trees)]).toEqual(vast);
  });

  test("what is left of any trees can be walked, and a tree's own answer is the same wherever it is used", () => {
    const level = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 40 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 12 }), (levels) => {
        const trees: Map<string, readonly Row[]> = new Map([["0", rows(3)]]);
        levels.forEach((uses, index) => {
          const made = uses.flatMap(([back, count], at) =>
            rows(count, String(Math.max(0, index - back))).map((row) => ({ ...row, name: `${at}${row.name}` })),
          );
          trees.set(String(index + 1), made);
        });
        const top = String(levels.length);
        const vast = vastTrees(top, trees);
        let walked = 0;
        const walk = (id: string): void => {
          for (const { kind, id: inner } of trees.get(id) ?? []) {
            walked += 1;
            if (kind === "tree" && !vast.has(inner) && walked <= PATHS_MAX) walk(inner);
          }
        };
        if (!vast.has(top)) walk(top);
        expect(walked).toBeLessThanOrEqual(PATHS_MAX);
        for (const id of trees.keys()) {
          const alone = vastTrees(id, trees);
          expect([...alone].every((one) => vast.has(one) || !reaches(trees, top, one))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function reaches(trees: Trees, from: string, to: string): boolean {
  const pending = [from];
  const seen = new Set<string>();
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    for (const row of trees.get(id) ?? []) if (row.kind === "tree") pending.push(row.id);
  }
  return false;
}

describe("against git itself", () => {
  const name = fc.constantFrom("a", "b", "c.yaml", "d-1", "e.f", "é");
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
  const tree = fc.dictionary(path, fc.constantFrom("", "22", "three"), { maxKeys: 12 });

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
        const changed = await repository.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", before, "main");
        expect(valueOf(await snapshot.changedPaths(before, patient))).toEqual(
          changed.split("\0").filter(Boolean).sort(),
        );
      }),
      { numRuns: 15 },
    );
  });
});
