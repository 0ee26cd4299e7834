import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { createRepository, type Repository } from "../support/git-server-repository.ts";
import { contentOf, failureOf, patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";

let repository: Repository;
let server: GitServer;
let repo: string;
let cacheDir: string;

const files = Object.fromEntries(
  Array.from({ length: 30 }, (_, index) => [`dir-${index % 5}/file-${index}`, `text ${index}\n`]),
);

beforeEach(async () => {
  const root = scratch();
  cacheDir = scratch();
  repository = await createRepository(join(root, "config.git"));
  await repository.commit(files, "first");
  server = await startGitServer({ root });
  onTestFinished(() => server.close());
  repo = `${server.origin}/config.git`;
});

const mirrorFolder = (): string => join(cacheDir, readdirSync(cacheDir)[0] ?? "");
const gitDir = (): string => join(mirrorFolder(), "repository");

const mirrorFiles = (): readonly string[] =>
  readdirSync(gitDir(), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(gitDir().length + 1))
    .sort();

const harms: Readonly<Record<string, (path: string) => void>> = {
  removed: (path) => rmSync(path, { force: true }),
  emptied: (path) => writeOver(path, Buffer.alloc(0)),
  halved: (path) => writeOver(path, readFileSync(path).subarray(0, Math.floor(statSync(path).size / 2))),
  zeroed: (path) => writeOver(path, Buffer.alloc(statSync(path).size)),
  flipped: (path) => {
    const bytes = readFileSync(path);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 0x40;
    writeOver(path, bytes);
  },
};

/** In place, so that a process that has the file open meets it too. Packs and objects are read-only files. */
function writeOver(path: string, bytes: Buffer): void {
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}

describe("a mirror heals by itself", () => {
  test.each(Object.keys(harms))("D9 with any one file %s", async (harm) => {
    valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient));
    const names = mirrorFiles();
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      if (!existsSync(join(gitDir(), name))) continue; // a rebuilt mirror has other names
      harms[harm]?.(join(gitDir(), name));
      const source = await sourceOf({ repo, cacheDir });
      expect(await contentOf(valueOf(await source.fetch(patient))), name).toEqual(files);
      await source.close();
    }
  });

  test.each(["objects", "refs", "objects/pack", "."])("with its folder %s gone", async (name) => {
    valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient));
    rmSync(join(gitDir(), name), { recursive: true });
    expect(await contentOf(valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient)))).toEqual(files);
  });

  test.each(Object.keys(harms))("with its pack %s under a snapshot that is not loaded yet", async (harm) => {
    const source = await sourceOf({ repo, cacheDir });
    const snapshot = valueOf(await source.fetch(patient));
    for (const name of mirrorFiles()) if (name.endsWith(".pack")) harms[harm]?.(join(gitDir(), name));
    expect(await contentOf(snapshot)).toEqual(files);
    const next = await repository.commit({ new: "1" }, "second");
    expect(valueOf(await source.fetch(patient)).revision.commit).toBe(next);
  });

  test("D9 with locks and half packs that a killed git left", async () => {
    const source = await sourceOf({ repo, cacheDir });
    valueOf(await source.fetch(patient));
    const litter = ["shallow.lock", "HEAD.lock", "config.lock", "packed-refs.lock", "refs/gitops/current.lock"];
    for (const name of [...litter, "objects/pack/tmp_pack_x"]) writeFileSync(join(gitDir(), name), "half");
    await repository.commit({ new: "1" }, "second");
    expect(await contentOf(valueOf(await source.fetch(patient)))).toEqual({ ...files, new: "1" });
    expect(mirrorFiles().filter((name) => name.endsWith(".lock") || name.includes("tmp_"))).toEqual([]);
  });

  test("but not over a server that cannot give what is missing, which is a failure", async () => {
    const source = await sourceOf({ repo, cacheDir });
    const snapshot = valueOf(await source.fetch(patient));
    for (const name of mirrorFiles()) if (name.endsWith(".pack")) harms["emptied"]?.(join(gitDir(), name));
    server.misbehave(() => ({ status: 500 }));
    expect(failureOf(await snapshot.load(() => true, patient)).code).toBe("source/unreadable-object");
  });
});

test("a local repository with a damaged object is a failure for what needs that object, and for nothing else", async () => {
  const source = await sourceOf({ repo: repository.path, cacheDir });
  const snapshot = valueOf(await source.fetch(patient));
  const id = snapshot.tree.entry("dir-0/file-0")?.id ?? "";
  harms["zeroed"]?.(join(repository.path, "objects", id.slice(0, 2), id.slice(2)));
  valueOf(await snapshot.load(["dir-1/file-1"], patient));
  expect(failureOf(await snapshot.load(() => true, patient)).code).toBe("source/unreadable-object");
  const loaded = Object.keys(files).filter(
    (path) => snapshot.content(snapshot.tree.entry(path)?.id ?? "") !== undefined,
  );
  expect(loaded).toEqual(Object.keys(files).filter((path) => path !== "dir-0/file-0"));
});

test("an object that holds something else than its id says is not taken", async () => {
  const source = await sourceOf({ repo: repository.path, cacheDir });
  const snapshot = valueOf(await source.fetch(patient));
  const file = (path: string): string => {
    const id = snapshot.tree.entry(path)?.id ?? "";
    return join(repository.path, "objects", id.slice(0, 2), id.slice(2));
  };
  writeOver(file("dir-0/file-0"), readFileSync(file("dir-1/file-1"))); // well-formed, and of another blob
  expect(failureOf(await snapshot.load(["dir-0/file-0"], patient)).code).toBe("source/unreadable-object");
});

describe("kill -9 of a process that fetches", () => {
  /** Ends when the process does; `killAt` is called for each request that the server gets. */
  const fetchAndDie = (dies: (request: number) => boolean): Promise<string> => {
    const child = fetcher(["fetch", repo, cacheDir]);
    let requests = 0;
    server.misbehave(() => {
      if (!dies(++requests)) return undefined;
      child.kill("SIGKILL");
      return "hang"; // the git that it started is left behind, in the middle of a call
    });
    return outputOf(child);
  };

  test.each([1, 2, 3, 4])("D9 at its request %i: the next one takes over at once and is right", async (count) => {
    expect(await fetchAndDie((request) => request === count)).toBe("");
    server.misbehave(undefined);
    expect(await contentOf(valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient)))).toEqual(files);
  });

  test("D9 in the middle of the pack, wherever that is", async () => {
    for (let stallAfter = 0; stallAfter < 1200; stallAfter += 150) {
      const child = fetcher(["fetch", repo, cacheDir]);
      let posts = 0;
      const stalled = (): void => void child.kill("SIGKILL");
      server.misbehave((asked) => (asked.method === "POST" && ++posts > 1 ? { stallAfter, stalled } : undefined));
      expect(await outputOf(child)).toBe("");
    }
    server.misbehave(undefined);
    expect(await contentOf(valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient)))).toEqual(files);
  });

  test("while it updates a mirror that was whole", async () => {
    valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient));
    const next = await repository.commit({ new: "1" }, "second");
    expect(await fetchAndDie((request) => request === 4)).toBe("");
    server.misbehave(undefined);
    expect(valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient)).revision.commit).toBe(next);
  });
});

test("processes that fetch into one cache at once are all right", async () => {
  const commit = await repository.git("rev-parse", "main");
  const all = await Promise.all(Array.from({ length: 4 }, () => outputOf(fetcher(["fetch", repo, cacheDir]))));
  expect(all).toEqual([commit, commit, commit, commit]);
  expect(readdirSync(mirrorFolder()).filter((name) => !/^(?:lock\.\d+|repository)$/.test(name))).toEqual([]);
});

test("a mirror that another process holds is a failure after the time that was given", async () => {
  valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient));
  const child = fetcher(["lock", mirrorFolder()]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  const source = await sourceOf({ repo, cacheDir, timeoutMs: 600 });
  expect(failureOf(await source.fetch(patient))).toMatchObject({ code: "source/locked" });
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("close", resolve));
  valueOf(await source.fetch(patient));
});

function fetcher(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", "test/support/git-server-fetcher.ts", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((resolve) => child.once("close", resolve));
  return text.trim();
}
