import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { Source } from "../../src/git/index.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { createRepository, type Repository } from "../support/git-server-repository.ts";
import { patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";

let repository: Repository;
let root: string;
let server: GitServer;

beforeEach(async () => {
  root = scratch();
  repository = await createRepository(join(root, "config.git"));
  await repository.git("config", "uploadpack.allowFilter", "true");
  server = await startGitServer({ root });
  onTestFinished(() => server.close());
});

const ways = ["http", "file", "path"] as const;
const address = (way: (typeof ways)[number]): string =>
  ({ http: `${server.origin}/config.git`, file: `file://${repository.path}`, path: repository.path })[way];

/** How earlier commits stand to what the ref is now, after it was fetched as a pass does. */
async function standing(source: Source, ...earlier: readonly string[]): Promise<readonly string[]> {
  const { commit } = valueOf(await source.fetch(patient)).revision;
  const answers = await source.ancestry(commit, earlier, patient);
  return earlier.map((id) => answers.get(id)?.kind ?? "nothing");
}

async function commits(count: number, branch = "main"): Promise<readonly string[]> {
  const made: string[] = [];
  for (let n = 0; n < count; n += 1) made.push(await repository.commit({ [`${branch}-${n}`]: `${n}` }, `${n}`, branch));
  return made;
}

const at = (made: readonly string[], index: number): string => made.at(index) ?? "none";
const moved = (ref: string, to: string): Promise<string> => repository.git("update-ref", `refs/${ref}`, to);

describe.each(ways)("over %s", (way) => {
  test("A18 what a branch was made on top of is its ancestor, and so is it itself", async () => {
    const made = await commits(5);
    const source = await sourceOf({ repo: address(way) });
    expect(await standing(source, at(made, 0), at(made, 3), at(made, 4))).toEqual(Array(3).fill("ancestor"));
    const later = await repository.commit({ more: "1" }, "more");
    expect(await standing(source, at(made, 4), later)).toEqual(["ancestor", "ancestor"]);
  });

  test("A18 rewrite: a commit that was amended away is no ancestor, what both have in common is", async () => {
    const [first = "", second = ""] = await commits(2);
    const source = await sourceOf({ repo: address(way) });
    expect(await standing(source, second)).toEqual(["ancestor"]);
    await moved("heads/main", first);
    await repository.commit({ instead: "2" }, "amended");
    expect(await standing(source, first, second)).toEqual(["ancestor", "stranger"]);
  });

  test("A18 orphan branch: nothing of another beginning is an ancestor", async () => {
    const made = await commits(3);
    const source = await sourceOf({ repo: address(way) });
    valueOf(await source.fetch(patient));
    await moved("heads/main", at(await commits(2, "orphan"), -1));
    expect(await standing(source, ...made)).toEqual(["stranger", "stranger", "stranger"]);
  });

  test("A18 reset −100: the commits that were taken back are no ancestors", async () => {
    const made = await commits(110);
    const source = await sourceOf({ repo: address(way) });
    valueOf(await source.fetch(patient));
    await moved("heads/main", at(made, 9));
    expect(await standing(source, at(made, 109), at(made, 10), at(made, 9), at(made, 0))).toEqual([
      "stranger",
      "stranger",
      "ancestor",
      "ancestor",
    ]);
  }, 60_000);

  test("A18 delete and re-create: a branch is what it is made of, not what it is called", async () => {
    const made = await commits(3);
    const source = await sourceOf({ repo: address(way) });
    valueOf(await source.fetch(patient));
    await repository.git("update-ref", "-d", "refs/heads/main");
    expect((await source.fetch(patient)).ok).toBe(false);
    await moved("heads/main", at(made, 2));
    expect(await standing(source, at(made, 2), at(made, 1))).toEqual(["ancestor", "ancestor"]);
    await repository.git("update-ref", "-d", "refs/heads/main");
    await commits(2, "main");
    expect(await standing(source, at(made, 2))).toEqual(["stranger"]);
  });

  test("A18 tag moved: on is fine, back and away is not", async () => {
    const made = await commits(3);
    await moved("tags/live", at(made, 1));
    const source = await sourceOf({ repo: address(way), ref: "live" });
    valueOf(await source.fetch(patient));
    await moved("tags/live", at(made, 2));
    expect(await standing(source, at(made, 1))).toEqual(["ancestor"]);
    await moved("tags/live", at(made, 0));
    expect(await standing(source, at(made, 2))).toEqual(["stranger"]);
    await moved("tags/live", at(await commits(1, "other"), 0));
    expect(await standing(source, at(made, 0))).toEqual(["stranger"]);
  });

  test("A18 default branch renamed: the same commits under another name", async () => {
    const made = await commits(2);
    const source = await sourceOf({ repo: address(way), ref: "HEAD" });
    valueOf(await source.fetch(patient));
    await repository.git("branch", "-m", "main", "trunk");
    await repository.git("symbolic-ref", "HEAD", "refs/heads/trunk");
    const later = await repository.commit({ more: "1" }, "more", "trunk");
    expect(await standing(source, at(made, 1), later)).toEqual(["ancestor", "ancestor"]);
  });

  test("a commit that never was, and a word that is none, are no ancestors", async () => {
    await commits(2);
    const source = await sourceOf({ repo: address(way) });
    expect(await standing(source, "1".repeat(40))).toEqual(["stranger"]);
    expect(await standing(source, "--all")).toEqual(["unknown"]);
  });
});

describe("what it costs, and what may go wrong", () => {
  /** The folder of commits alone. */
  const historyIn = (cacheDir: string): string => join(cacheDir, readdirSync(cacheDir)[0] ?? "", "history/repository");

  test("nobody asks the server about the revision itself, or twice about the same", async () => {
    const made = await commits(3);
    const source = await sourceOf({ repo: address("http") });
    valueOf(await source.fetch(patient));
    const before = server.asked.length;
    expect((await source.ancestry(at(made, 2), [at(made, 2)], patient)).get(at(made, 2))?.kind).toBe("ancestor");
    expect(server.asked.length).toBe(before);
    await source.ancestry(at(made, 2), [at(made, 0)], patient);
    const asked = server.asked.length;
    expect(asked).toBeGreaterThan(before);
    expect((await source.ancestry(at(made, 2), [at(made, 0)], patient)).get(at(made, 0))?.kind).toBe("ancestor");
    expect(server.asked.length).toBe(asked);
  });

  test("commits are fetched without any file, and another process finds them there", async () => {
    const made = await commits(3);
    const cacheDir = scratch();
    const source = await sourceOf({ repo: address("http"), cacheDir });
    expect(await standing(source, at(made, 0))).toEqual(["ancestor"]);
    const objects = await repository.git(
      `--git-dir=${historyIn(cacheDir)}`,
      "cat-file",
      "--batch-all-objects",
      "--batch-check=%(objecttype)",
    );
    expect(objects.split("\n")).toEqual(["commit", "commit", "commit"]);
    const other = await sourceOf({ repo: address("http"), cacheDir });
    valueOf(await other.fetch(patient));
    const before = server.asked.length;
    expect((await other.ancestry(at(made, 2), [at(made, 1)], patient)).get(at(made, 1))?.kind).toBe("ancestor");
    expect(server.asked.length).toBe(before);
  });

  test("a server that sends no commits without files is asked for all", async () => {
    await repository.git("config", "uploadpack.allowFilter", "false");
    const made = await commits(3);
    const source = await sourceOf({ repo: address("http") });
    expect(await standing(source, at(made, 0), "1".repeat(40))).toEqual(["ancestor", "stranger"]);
  });

  test("a server of the old protocol that gives no commit by its id is asked for its branches", async () => {
    const old = await startGitServer({ root, old: true });
    onTestFinished(() => old.close());
    const made = await commits(3);
    const source = await sourceOf({ repo: `${old.origin}/config.git` });
    const { commit } = valueOf(await source.fetch(patient)).revision;
    await repository.commit({ meanwhile: "1" }, "the branch moved on");
    const answers = await source.ancestry(commit, [at(made, 0), "1".repeat(40)], patient);
    expect([...answers.values()].map(({ kind }) => kind)).toEqual(["ancestor", "stranger"]);
  });

  test("what is further back than the first look is found; a history that is cut says nothing of what is not in it", async () => {
    const source = await sourceOf({ repo: address("file") });
    const lines = Array.from(
      { length: 1100 },
      (_, n) => `commit refs/heads/main
mark :${n + 1}
committer Ada <ada@example.org> ${1_750_000_000 + n} +0000
data 1
x
${n === 0 ? "" : `from :${n}\n`}`,
    );
    const stream = join(root, "stream");
    writeFileSync(stream, `${lines.join("")}\n`);
    await repository.git("-c", `alias.import=!git fast-import --quiet --force < '${stream}'`, "import");
    const first = await repository.git("rev-list", "--max-parents=0", "main");
    expect(await standing(source, first)).toEqual(["ancestor"]);
    expect(await standing(source, "1".repeat(40))).toEqual(["stranger"]);
    await repository.git("clone", "--quiet", "--bare", "--depth=5", `file://${repository.path}`, join(root, "cut.git"));
    const cut = await sourceOf({ repo: join(root, "cut.git") });
    const near = await repository.git("rev-parse", "main~3");
    expect(await standing(cut, first, near)).toEqual(["unknown", "ancestor"]);
  });

  test("a server that fails, or hangs, makes it unknown and says why; when it is back the answer comes", async () => {
    const made = await commits(2);
    const source = await sourceOf({ repo: address("http"), timeoutMs: 2000 });
    const commit = valueOf(await source.fetch(patient)).revision.commit;
    for (const [fault, why] of [
      [{ status: 503 }, "the server is not well"],
      ["hang", "2000 ms"],
    ] as const) {
      server.misbehave(() => fault);
      const answer = (await source.ancestry(commit, [at(made, 0)], patient)).get(at(made, 0));
      expect(answer).toEqual({ kind: "unknown", why: expect.stringContaining(why) });
    }
    server.misbehave(undefined);
    expect(await standing(source, at(made, 0))).toEqual(["ancestor"]);
  });

  test("commits that were damaged on disk are fetched anew", async () => {
    const made = await commits(3);
    const cacheDir = scratch();
    expect(await standing(await sourceOf({ repo: address("http"), cacheDir }), at(made, 0))).toEqual(["ancestor"]);
    const packs = join(historyIn(cacheDir), "objects/pack");
    for (const name of readdirSync(packs)) {
      const file = join(packs, name);
      const { size } = statSync(file);
      rmSync(file);
      writeFileSync(file, Buffer.alloc(size));
    }
    const source = await sourceOf({ repo: address("http"), cacheDir });
    expect(await standing(source, at(made, 0))).toEqual(["ancestor"]);
  });
});
