import { execFileSync } from "node:child_process";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { openSource } from "../../src/git/index.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { createRepository, type Repository } from "../support/git-server-repository.ts";
import { contentOf, failureOf, patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";

let repository: Repository;
let root: string;
let server: GitServer;

beforeEach(async () => {
  root = scratch();
  repository = await createRepository(join(root, "config.git"));
  server = await startGitServer({ root });
  onTestFinished(() => server.close());
});

/** The same repository over each transport that needs no login. */
const ways = ["http", "file", "path"] as const;
const address = (way: (typeof ways)[number]): string =>
  ({ http: `${server.origin}/config.git`, file: `file://${repository.path}`, path: repository.path })[way];

describe.each(ways)("over %s", (way) => {
  test("a revision is read whole, with its kinds, sizes and texts", async () => {
    const commit = await repository.commit(
      {
        "a.yaml": "a: 1\n",
        "dir/b.yaml": "b: 2\n",
        "dir/deep/ü ☃.yaml": "c\n",
        link: { symlink: "dir/b.yaml" },
        vendored: { gitlink: "1".repeat(40) },
      },
      "the first\n\nmore words",
    );
    const source = await sourceOf({ repo: address(way) });
    expect(valueOf(await source.latest(patient))).toEqual({ ref: "main", commit });
    const snapshot = valueOf(await source.fetch(patient));
    expect(snapshot.revision).toEqual({ ref: "main", commit });
    expect(snapshot.commit).toMatchObject({ id: commit, author: "Ada Nilsson", subject: "the first", parents: [] });
    expect(snapshot.tree.list("")).toEqual(["a.yaml", "dir", "link", "vendored"]);
    expect(snapshot.tree.list("dir")).toEqual(["b.yaml", "deep"]);
    expect(snapshot.tree.list("a.yaml")).toBeUndefined();
    expect(snapshot.tree.list("nowhere")).toBeUndefined();
    expect(snapshot.tree.entry("a.yaml")).toMatchObject({ kind: "blob", size: 5 });
    expect(snapshot.tree.entry("link")).toMatchObject({ kind: "symlink", size: 10 });
    expect(snapshot.tree.entry("vendored")).toEqual({ kind: "gitlink", id: "1".repeat(40), size: 0 });
    expect(snapshot.tree.entry("a.yaml/b")).toBeUndefined();
    expect(snapshot.tree.entry("dir/../a.yaml")).toBeUndefined();
    expect(snapshot.files("dir")?.map((file) => file.path)).toEqual(["dir/b.yaml", "dir/deep/ü ☃.yaml"]);
    valueOf(await snapshot.load(["a.yaml", "link", "dir", "vendored", "nowhere"], patient));
    const text = (path: string): string => {
      const entry = snapshot.tree.entry(path);
      return entry === undefined ? "none" : Buffer.from(snapshot.tree.read(entry)).toString();
    };
    expect([text("a.yaml"), text("link")]).toEqual(["a: 1\n", "dir/b.yaml"]);
    expect(() => text("dir/b.yaml")).toThrow("not loaded");
  });

  test("a new commit is seen, with what it changed", async () => {
    await repository.commit({ "a/x": "1", "a/y": "1", "b/x": "1", c: "1" }, "first");
    const source = await sourceOf({ repo: address(way) });
    valueOf(await source.fetch(patient));
    const second = await repository.commit({ "a/x": "2", "b/x": null, "b/z": "1", c: null, "c/d": "1" }, "second");
    expect(valueOf(await source.latest(patient)).commit).toBe(second);
    const snapshot = valueOf(await source.fetch(patient));
    expect(await contentOf(snapshot)).toEqual({ "a/x": "2", "a/y": "1", "b/z": "1", "c/d": "1" });
  });

  test("A18 a branch that was rewritten, to unrelated history too, is taken as it is", async () => {
    await repository.commit({ a: "1" }, "first");
    const source = await sourceOf({ repo: address(way) });
    valueOf(await source.fetch(patient));
    const other = await repository.commit({ b: "2" }, "unrelated", "other");
    await repository.git("update-ref", "refs/heads/main", other);
    const snapshot = valueOf(await source.fetch(patient));
    expect(snapshot.revision.commit).toBe(other);
    expect(await contentOf(snapshot)).toEqual({ b: "2" });
  });

  test("branches, tags, annotated tags, full refs, HEAD and commits are found", async () => {
    const first = await repository.commit({ a: "1" }, "first");
    await repository.git("tag", "light", first);
    await repository.git(
      "-c",
      "user.name=A",
      "-c",
      "user.email=a@example.org",
      "tag",
      "-a",
      "-m",
      "words",
      "heavy",
      first,
    );
    await repository.git("update-ref", "refs/pull/7/head", first);
    const second = await repository.commit({ a: "2" }, "second");
    const found = async (ref: string): Promise<string> => {
      const source = await sourceOf({ repo: address(way), ref });
      const snapshot = valueOf(await source.fetch(patient));
      expect(valueOf(await source.latest(patient))).toEqual(snapshot.revision);
      return snapshot.revision.commit;
    };
    expect(await found("main")).toBe(second);
    expect(await found("HEAD")).toBe(second);
    expect(await found("light")).toBe(first);
    expect(await found("heavy")).toBe(first);
    expect(await found("refs/tags/heavy")).toBe(first);
    expect(await found("refs/pull/7/head")).toBe(first);
    expect(await found(first)).toBe(first);
  });

  test("A18 HEAD is named for its branch, and for itself where it is on none", async () => {
    const first = await repository.commit({ a: "1" }, "first", "release/1.2");
    await repository.git("symbolic-ref", "HEAD", "refs/heads/release/1.2");
    const source = await sourceOf({ repo: address(way), ref: "HEAD" });
    expect(valueOf(await source.fetch(patient)).revision).toEqual({ ref: "release/1.2", commit: first });
    await repository.git("branch", "main", first);
    await repository.git("symbolic-ref", "HEAD", "refs/heads/main");
    expect(valueOf(await source.latest(patient))).toEqual({ ref: "main", commit: first });
    expect(valueOf(await source.fetch(patient)).revision).toEqual({ ref: "main", commit: first });
    await repository.git("update-ref", "--no-deref", "HEAD", first);
    expect(valueOf(await source.fetch(patient)).revision).toEqual({ ref: "HEAD", commit: first });
  });

  test("a branch goes before a tag of the same name", async () => {
    const first = await repository.commit({ a: "1" }, "first");
    await repository.git("tag", "main", first);
    const second = await repository.commit({ a: "2" }, "second");
    expect(valueOf(await (await sourceOf({ repo: address(way) })).latest(patient)).commit).toBe(second);
  });

  test("a missing ref and an empty repository are failures, and not the same one", async () => {
    const source = await sourceOf({ repo: address(way) });
    expect(failureOf(await source.latest(patient)).code).toBe("source/empty-repository");
    expect(failureOf(await source.fetch(patient)).code).toBe("source/empty-repository");
    await repository.commit({ a: "1" }, "first", "trunk");
    expect(failureOf(await source.latest(patient))).toMatchObject({
      code: "source/ref-not-found",
      remedy: expect.stringContaining("trunk"),
    });
    expect(failureOf(await source.fetch(patient)).code).toBe("source/ref-not-found");
  });

  test("the beginning of a commit is no ref, and how to get the rest of it is said; a branch may be named like one", async () => {
    const commit = await repository.commit({ a: "1" }, "first");
    const short = commit.slice(0, 12);
    const source = await sourceOf({ repo: address(way), ref: short });
    const failure = failureOf(await source.fetch(patient));
    expect(failure).toMatchObject({ code: "source/ref-not-found" });
    expect(failure.remedy).toContain(`git rev-parse ${short}`);
    await repository.git("update-ref", `refs/heads/${short}`, commit);
    expect(valueOf(await source.fetch(patient)).revision).toEqual({ ref: short, commit });
  });

  test("A18 a deleted branch is a failure, and what was read before stays", async () => {
    const first = await repository.commit({ a: "1" }, "first");
    await repository.git("update-ref", "refs/heads/other", first);
    const source = await sourceOf({ repo: address(way) });
    const snapshot = valueOf(await source.fetch(patient));
    await repository.git("update-ref", "-d", "refs/heads/main");
    expect(failureOf(await source.fetch(patient)).code).toBe("source/ref-not-found");
    expect(await contentOf(snapshot)).toEqual({ a: "1" });
  });

  test("a commit that is not there is a failure", async () => {
    await repository.commit({ a: "1" }, "first");
    const source = await sourceOf({ repo: address(way), ref: "1".repeat(40) });
    expect(failureOf(await source.fetch(patient)).code).toBe("source/ref-not-found");
  });

  test("a commit without any file is an empty tree, which is not the same as none", async () => {
    await repository.commit({}, "nothing");
    const snapshot = valueOf(await (await sourceOf({ repo: address(way) })).fetch(patient));
    expect(snapshot.tree.list("")).toEqual([]);
    expect(snapshot.files("")).toEqual([]);
    expect(snapshot.files("nowhere")).toBeUndefined();
  });

  test("a file over the cap is left out of what is loaded, and the others are there", async () => {
    await repository.commit({ small: "1", huge: "x".repeat(5000) }, "first");
    const snapshot = valueOf(await (await sourceOf({ repo: address(way), blobBytesMax: 4096 })).fetch(patient));
    valueOf(await snapshot.load(() => true, patient));
    const id = (path: string): string => snapshot.tree.entry(path)?.id ?? "";
    expect(snapshot.tree.entry("huge")?.size).toBe(5000);
    expect(snapshot.content(id("huge"))).toBeUndefined();
    expect(snapshot.content(id("small"))).toEqual(Buffer.from("1"));
  });

  test("D6 more bytes than the cap of all is a failure", async () => {
    await repository.commit({ a: "x".repeat(500), b: "y".repeat(600) }, "first");
    const snapshot = valueOf(await (await sourceOf({ repo: address(way), totalBytesMax: 1000 })).fetch(patient));
    expect(failureOf(await snapshot.load(() => true, patient)).code).toBe("source/unreadable-object");
  });

  test("a repository of sha256 ids is read the same", async () => {
    const other = await createRepository(join(root, "sha256.git"), { sha256: true });
    await other.commit({ a: "1", "b/c": "2" }, "first");
    const repo = address(way).replace("config.git", "sha256.git");
    const snapshot = valueOf(await (await sourceOf({ repo })).fetch(patient));
    expect(snapshot.revision.commit).toHaveLength(64);
    expect(await contentOf(snapshot)).toEqual({ a: "1", "b/c": "2" });
  });
});

describe("a mirror", () => {
  test("is made once, and not fetched into when nothing moved", async () => {
    await repository.commit({ a: "1" }, "first");
    const cacheDir = scratch();
    valueOf(await (await sourceOf({ repo: address("http"), cacheDir })).fetch(patient));
    const before = server.asked.length;
    valueOf(await (await sourceOf({ repo: address("http"), cacheDir })).fetch(patient));
    const posts = server.asked.slice(before).filter((asked) => asked.method === "POST");
    expect(posts).toHaveLength(1); // the ref listing; no pack
  });

  test("is shallow: history is not fetched", async () => {
    for (let index = 0; index < 20; index++) await repository.commit({ a: String(index) }, `commit ${index}`);
    const cacheDir = scratch();
    valueOf(await (await sourceOf({ repo: address("http"), cacheDir })).fetch(patient));
    const [name = ""] = readdirSync(cacheDir);
    const count = execFileSync("git", ["-C", join(cacheDir, name, "repository"), "count-objects", "-v"]).toString();
    expect(/in-pack: (\d+)/.exec(count)?.[1]).toBe("3"); // a commit, a tree, a blob
  });

  test("a commit that the server does not give by id is found in a full fetch, before and after a shallow one", async () => {
    const first = await repository.commit({ a: "1" }, "first");
    await repository.commit({ a: "2" }, "second");
    const old = await startGitServer({ root, old: true });
    onTestFinished(() => old.close());
    const repo = `${old.origin}/config.git`;
    const fresh = await sourceOf({ repo, ref: first });
    expect(await contentOf(valueOf(await fresh.fetch(patient)))).toEqual({ a: "1" });
    const cacheDir = scratch();
    valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient));
    const shared = await sourceOf({ repo, cacheDir, ref: first });
    expect(await contentOf(valueOf(await shared.fetch(patient)))).toEqual({ a: "1" });
    expect(failureOf(await (await sourceOf({ repo, ref: "1".repeat(40) })).fetch(patient)).code).toBe(
      "source/ref-not-found",
    );
  });

  test("takes many commits without keeping a pack of each for ever", async () => {
    const cacheDir = scratch();
    const source = await sourceOf({ repo: address("file"), cacheDir });
    for (let index = 0; index < 50; index++) {
      const commit = await repository.commit({ a: String(index), [`f${index}`]: "1" }, `commit ${index}`);
      const snapshot = valueOf(await source.fetch(patient));
      expect(snapshot.revision.commit).toBe(commit);
      expect(snapshot.tree.list("")).toHaveLength(index + 2);
    }
    const [name = ""] = readdirSync(cacheDir);
    const packs = readdirSync(join(cacheDir, name, "repository/objects/pack")).filter((file) => file.endsWith(".pack"));
    expect(packs.length).toBeLessThan(45);
  });

  test("loses nothing to configuration, hooks and alternates that someone put into it", async () => {
    await repository.commit({ a: "1" }, "first");
    const cacheDir = scratch();
    const source = await sourceOf({ repo: address("file"), cacheDir });
    valueOf(await source.fetch(patient));
    const [name = ""] = readdirSync(cacheDir);
    const gitDir = join(cacheDir, name, "repository");
    const canary = join(root, "canary");
    execFileSync("git", ["-C", gitDir, "config", "core.fsmonitor", `touch ${canary}`]);
    execFileSync("git", ["-C", gitDir, "config", "core.sshCommand", `touch ${canary}`]);
    execFileSync("git", ["-C", gitDir, "config", `url./nowhere/.insteadOf`, "file://"]);
    execFileSync("mkdir", ["-p", join(gitDir, "hooks")]);
    writeFileSync(join(gitDir, "hooks/reference-transaction"), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    writeFileSync(join(gitDir, "objects/info/alternates"), "/nowhere/objects\n");
    await repository.commit({ a: "2" }, "second");
    expect(await contentOf(valueOf(await source.fetch(patient)))).toEqual({ a: "2" });
    expect(() => statSync(canary)).toThrow("ENOENT");
  });
});

describe("a local repository", () => {
  const git = (folder: string, ...args: string[]): string =>
    execFileSync("git", ["-C", folder, "-c", "user.name=A", "-c", "user.email=a@example.org", ...args])
      .toString()
      .trim();

  test("is read in place: work trees and linked work trees too, and only what is committed", async () => {
    await repository.commit({ a: "1" }, "first");
    const tree = join(root, "tree");
    git(root, "clone", "--quiet", repository.path, tree);
    writeFileSync(join(tree, "a"), "not committed");
    writeFileSync(join(tree, "new"), "not committed");
    const linked = join(root, "linked");
    git(tree, "worktree", "add", "--quiet", "-b", "topic", linked);
    writeFileSync(join(linked, "b"), "2");
    git(linked, "add", "b");
    git(linked, "commit", "--quiet", "-m", "second");
    const read = async (repo: string): Promise<unknown> =>
      contentOf(valueOf(await (await sourceOf({ repo, ref: "HEAD" })).fetch(patient)));
    expect(await read(tree)).toEqual({ a: "1" });
    expect(await read(linked)).toEqual({ a: "1", b: "2" });
  });

  test("is not written to", async () => {
    await repository.commit({ a: "1" }, "first");
    const tree = join(root, "tree");
    git(root, "clone", "--quiet", repository.path, tree);
    const listing = (): unknown =>
      readdirSync(tree, { recursive: true, encoding: "utf8" })
        .sort()
        .map((name) => [name, statSync(join(tree, name)).mtimeMs]);
    const before = listing();
    await contentOf(valueOf(await (await sourceOf({ repo: tree })).fetch(patient)));
    expect(listing()).toEqual(before);
  });

  test("runs nothing that its configuration names", async () => {
    await repository.commit({ a: "1", ".gitattributes": "* filter=evil diff=evil" }, "first");
    const tree = join(root, "tree");
    git(root, "clone", "--quiet", repository.path, tree);
    const canary = join(root, "canary");
    for (const key of ["core.fsmonitor", "core.pager", "diff.external", "filter.evil.smudge", "diff.evil.textconv"])
      git(tree, "config", key, `touch ${canary};`);
    git(tree, "config", "extensions.partialClone", "origin");
    git(tree, "config", "remote.origin.uploadpack", `touch ${canary};`);
    const source = await sourceOf({ repo: tree });
    const snapshot = valueOf(await source.fetch(patient));
    await contentOf(snapshot);
    const missing = "1".repeat(40); // which a partial clone would fetch
    const known = await source.ancestry(snapshot.revision.commit, [missing], patient);
    expect(known.get(missing)).toEqual({ kind: "stranger" });
    expect(() => statSync(canary)).toThrow("ENOENT");
  });

  test.each(["nowhere", "config.git/objects"])("there is none at %s", async (path) => {
    const options = { repo: join(root, path), ref: "main", cacheDir: root, timeoutMs: 5000 };
    expect(failureOf(await openSource(options, systemClock(), patient)).code).toBe("usage/invalid-repository");
  });
});

test("a git that cannot be started is a failure that says so", async () => {
  const options = { repo: repository.path, ref: "main", cacheDir: root, timeoutMs: 5000, gitPath: "/nowhere/git" };
  expect(failureOf(await openSource(options, systemClock(), patient)).message).toContain("cannot be started");
});

test("an aborted call rejects with the signal's reason", async () => {
  await repository.commit({ a: "1" }, "first");
  server.misbehave(() => "hang");
  const source = await sourceOf({ repo: address("http") });
  const stop = new AbortController();
  const asked = source.fetch(stop.signal);
  stop.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
});
