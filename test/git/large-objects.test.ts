import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { KEPT_BYTES_MAX } from "../../src/git/object-reader.ts";
import { confirmedByTrailer } from "../../src/status/orders.ts";
import { createRepository, type Repository } from "../support/git-server-repository.ts";
import { failureOf, patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";

const KEPT = KEPT_BYTES_MAX.commit;
const FILES = { "a/x": "1", "b/y": "1" };

async function scene() {
  const repository = await createRepository(join(scratch(), "large.git"));
  await repository.commit(FILES, "first");
  const read = async (ref = "main") =>
    valueOf(await (await sourceOf({ repo: `file://${repository.path}`, ref })).fetch(patient));
  return { repository, read };
}

/** Writes an object as it stands, unchecked, and answers its id. */
function write({ path }: Repository, type: string, text: string | Buffer): string {
  const args = ["-C", path, "hash-object", "-t", type, "-w", "--stdin", "--literally"];
  const { status, stdout, stderr } = spawnSync("git", args, { input: text });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout.toString().trim();
}

describe("a commit that is longer than anybody reads", () => {
  const confirms = "Gitops-Confirm: all";
  /** So long that the part that is read ends in the middle of it. */
  const long = `${"lorem ipsum\n".repeat(4)}\n`.repeat(Math.ceil((4 * KEPT) / 49));

  test("D6 tells its subject, and confirms nothing: neither what is at its end nor what it looks like when it is cut", async () => {
    const { repository, read } = await scene();
    await repository.commit({ "a/x": "2" }, `short\n\nand good\n\n${confirms}\n`);
    expect(confirmedByTrailer((await read()).commit.message)).toEqual(["**"]);

    await repository.commit({ "a/x": "3" }, `long\n\n${long}\n\n${confirms}\n`);
    const atItsEnd = await read();
    expect(atItsEnd.commit).toMatchObject({ subject: "long", author: "Ada Nilsson", message: "" });
    expect(atItsEnd.tree.list("")).toEqual(["a", "b"]);

    // What is read of it ends with a trailer, and the paragraph goes on with other words.
    const headers = Number(await repository.git("cat-file", "-s", "main")) - `long\n\n${long}\n\n${confirms}\n`.length;
    const filler = "x".repeat(KEPT - headers - `long\n\n\n\n${confirms}\n`.length);
    const beginning = `long\n\n${filler}\n\n${confirms}\n`;
    expect(confirmedByTrailer(beginning)).toEqual(["**"]);
    const id = await repository.commit({ "a/x": "4" }, `${beginning}${long}`);
    expect((await repository.git("cat-file", "commit", id)).slice(0, KEPT).endsWith(`\n\n${confirms}\n`)).toBe(true);
    expect(confirmedByTrailer((await read()).commit.message)).toEqual([]);
  });

  test("D6 of history: who last changed a file is told as of any other", async () => {
    const { repository, read } = await scene();
    const changed = await repository.commit({ "a/x": "2" }, `it changed\n\n${long}`);
    await repository.commit({ "b/y": "2" }, `it did not\n\n${long}`);
    const { commit, exact } = await (await sourceAt(repository)).lastChange(["a/x"], patient);
    expect([commit.id, commit.subject, commit.message, exact]).toEqual([changed, "it changed", "", true]);
    expect((await read()).commit.parents).toEqual([changed]);
  });

  test("D6 before its message is refused, for parents may be among what is not read; what is next is read", async () => {
    const { repository, read } = await scene();
    const [tree, parent] = [
      await repository.git("rev-parse", "main^{tree}"),
      await repository.git("rev-parse", "main"),
    ];
    const who = (name: string): string => `author ${name} <a@example.org> 1750000000 +0000\n`;
    const headers = `tree ${tree}\nparent ${parent}\n`;
    const by = who("Ada").replace("author", "committer");
    const huge = write(repository, "commit", `${headers}${who("A".repeat(KEPT))}${by}\nsubject\n`);
    await repository.git("update-ref", "refs/heads/huge", huge);
    const source = await sourceOf({ repo: `file://${repository.path}`, ref: "huge" });
    const failure = failureOf(await source.fetch(patient));
    expect(failure).toMatchObject({ code: "source/too-large" });
    expect(failure.message).toContain(`commit ${huge} has more than ${KEPT} bytes before its message`);

    const next = write(repository, "commit", `tree ${tree}\nparent ${huge}\n${who("A".repeat(9000))}${by}\nnext\n`);
    await repository.git("update-ref", "refs/heads/huge", next);
    const { commit } = valueOf(await source.fetch(patient));
    expect([commit.subject, commit.author.length, commit.author.slice(-2)]).toEqual(["next", 200, "A…"]);
    // What came before it is not known.
    const local = await sourceAt(repository, "huge");
    expect(await local.lastChange(["a/x"], patient)).toMatchObject({ exact: false, commit: { id: next } });
    expect((await read()).commit.id).toBe(parent);
  });

  async function sourceAt(repository: Repository, ref = "main") {
    return valueOf(await (await sourceOf({ repo: repository.path, ref })).fetch(patient));
  }
});

test("D6 what a commit names as its tree or its parent is not read when it is something else, however large", async () => {
  const { repository } = await scene();
  const blob = write(repository, "blob", "x".repeat(1 << 20));
  const tree = await repository.git("rev-parse", "main^{tree}");
  const who = "Ada <a@example.org> 1750000000 +0000";
  for (const [ref, text] of [
    ["parent", `tree ${tree}\nparent ${blob}\n`],
    ["tree", `tree ${blob}\n`],
  ] as const) {
    const commit = write(repository, "commit", `${text}author ${who}\ncommitter ${who}\n\n${ref}\n`);
    writeFileSync(join(repository.path, "refs/heads", ref), commit);
  }
  const odd = await sourceOf({ repo: repository.path, ref: "parent" });
  expect(await valueOf(await odd.fetch(patient)).lastChange(["a"], patient)).toMatchObject({ exact: false });
  expect(failureOf(await (await sourceOf({ repo: repository.path, ref: "tree" })).fetch(patient))).toMatchObject({
    code: "source/damaged",
  });
});

test("D6 a folder of a million files, and a file of a hundred megabytes, are told by their names and sizes", {
  timeout: 60_000,
}, async () => {
  const { repository, read } = await scene();
  const id = Buffer.from(await repository.git("rev-parse", "main:a/x"), "hex");
  const rows = Array.from({ length: 1_000_000 }, (_, index) => {
    const name = `100644 f${String(index).padStart(7, "0")}\0`;
    return name + id.toString("latin1");
  });
  const tree = write(repository, "tree", Buffer.from(rows.join(""), "latin1"));
  await repository.commit({ wide: { tree }, "huge.yaml": new Uint8Array(100_000_000) }, "wide");
  const snapshot = await read();
  expect(snapshot.tree.list("wide")).toHaveLength(1_000_000);
  expect(snapshot.tree.entry("huge.yaml")?.size).toBe(100_000_000);
  valueOf(await snapshot.load(["huge.yaml", "b/y"], patient));
  expect(snapshot.content(snapshot.tree.entry("huge.yaml")?.id ?? "")).toBeUndefined();
  expect(Buffer.from(snapshot.content(snapshot.tree.entry("b/y")?.id ?? "") ?? []).toString()).toBe("1");
});

test("D6 a tag of a tag of a tag, each with a long message, is the commit at its end", async () => {
  const { repository, read } = await scene();
  let id = await repository.git("rev-parse", "main");
  for (let depth = 0; depth < 60; depth += 1) {
    const of = depth === 0 ? "commit" : "tag";
    const text = `object ${id}\ntype ${of}\ntag t${depth}\ntagger Ada <a@example.org> 1750000000 +0000\n\n`;
    id = write(repository, "tag", text + "x".repeat(KEPT));
  }
  await repository.git("update-ref", "refs/tags/deep", id);
  expect((await read("deep")).commit.subject).toBe("first");
});
