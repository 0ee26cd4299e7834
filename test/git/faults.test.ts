import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type Asked, type Fault, type GitServer, startGitServer } from "../support/git-server.ts";
import { certificate } from "../support/git-server-certificate.ts";
import { createRepository, type Repository } from "../support/git-server-repository.ts";
import { contentOf, failureOf, patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";

let repository: Repository;
let server: GitServer;
let repo: string;

beforeEach(async () => {
  const root = scratch();
  repository = await createRepository(join(root, "config.git"));
  await repository.commit({ a: "1", "b/c": "x".repeat(100_000) }, "first");
  server = await startGitServer({ root });
  onTestFinished(() => server.close());
  repo = `${server.origin}/config.git`;
});

const fatal: readonly (readonly [string, Fault, string])[] = [
  ["no answer", "hang", "source/timeout"],
  ["a reset connection", "reset", "source/unreachable"],
  ["a page of HTML with status 200", "html", "source/unreachable"],
  ["an empty list of refs", "no-refs", "source/empty-repository"],
  ["500", { status: 500 }, "source/unreachable"],
  ["502", { status: 502 }, "source/unreachable"],
  ["503", { status: 503 }, "source/unreachable"],
  ["429", { status: 429 }, "source/unreachable"],
  ["404", { status: 404 }, "source/unreachable"],
  ["401", { status: 401 }, "source/authentication"],
  ["403", { status: 403 }, "source/authentication"],
  ["an answer without end", "trickle", "source/timeout"],
  ["an answer cut at its first byte", { cutAfter: 1 }, "source/unreachable"],
  ["an answer cut in the middle", { cutAfter: 100 }, "source/unreachable"],
];

describe("every answer that is not the truth is a failure, never an empty tree", () => {
  test.each(fatal)("A1 %s", async (_name, fault, code) => {
    server.misbehave(() => fault);
    const source = await sourceOf({ repo, timeoutMs: 1000 });
    for (const answer of [await source.latest(patient), await source.fetch(patient)]) {
      const failure = failureOf(answer);
      expect(failure.code).toBe(code);
      expect(failure.message).toMatch(/^[^\n]+[^.\n]$/);
      expect(failure.remedy).not.toBe("");
    }
  });

  test.each([
    ["cannot write keep file: No space left on device", "ENOSPC"],
    ["could not set 'core.repositoryformatversion' to '0'", "EIO"],
  ])("a disk that is full when the mirror is made is a failure, no bug: %s", async (words, why) => {
    const gitPath = join(scratch(), "git");
    const full = `echo "fatal: ${words}" >&2; exit 128`;
    writeFileSync(gitPath, `#!/bin/sh\ncase "$*" in init*) ${full};; *) exec git "$@";; esac\n`, { mode: 0o755 });
    const source = await sourceOf({ repo, gitPath });
    expect(failureOf(await source.fetch(patient))).toMatchObject({
      code: "source/damaged",
      message: expect.stringMatching(new RegExp(`cannot be written \\(${why}\\)$`)),
    });
  });

  test.each(["", " >&2"])("D6 a git that never ends what it says%s is ended, and little of it kept", async (where) => {
    const gitPath = join(scratch(), "git");
    const endless = `yes "${"1".repeat(40)}\trefs/heads/one"${where}`;
    writeFileSync(gitPath, `#!/bin/sh\ncase "$*" in *ls-remote*) ${endless};; *) exec git "$@";; esac\n`, {
      mode: 0o755,
    });
    const source = await sourceOf({ repo, gitPath, timeoutMs: 60_000 });
    const failure = failureOf(await source.fetch(patient));
    expect(failure).toMatchObject({ code: "source/unreachable" });
    expect(failure.message).toContain("the answer has no end");
  });

  /** The requests of a fetch: advertisement, refs, advertisement again, pack. */
  const nth = (count: number, fault: Fault) => {
    let seen = 0;
    return (): Fault | undefined => (++seen === count ? fault : undefined);
  };

  test.each([1, 2, 3, 4])("A1 whichever request of a fetch it is that breaks (the %ith)", async (count) => {
    for (const fault of ["reset", "html", { status: 500 }, { cutAfter: 20 }] satisfies readonly Fault[]) {
      const source = await sourceOf({ repo });
      let broke = false;
      const choose = nth(count, fault);
      server.misbehave(() => {
        const chosen = choose();
        broke ||= chosen !== undefined;
        return chosen;
      });
      const answer = await source.fetch(patient);
      expect(broke).toBe(true);
      if (answer.ok) expect(await contentOf(answer.value)).toEqual({ a: "1", "b/c": "x".repeat(100_000) });
      else expect(failureOf(answer).code).toBe("source/unreachable");
      server.misbehave(undefined);
      expect(Object.keys(await contentOf(valueOf(await source.fetch(patient))))).toEqual(["a", "b/c"]);
    }
  });

  test("a pack cut anywhere leaves a mirror that the next fetch completes", async () => {
    const packs = (asked: Asked): boolean => asked.method === "POST";
    const cuts: number[] = [];
    for (let cutAfter = 0; ; cutAfter += 60) {
      const source = await sourceOf({ repo });
      let posts = 0;
      server.misbehave((asked) => (packs(asked) && ++posts > 1 ? { cutAfter } : undefined)); // the first lists refs
      const answer = await source.fetch(patient);
      if (answer.ok) break; // the pack was not longer than this
      expect(failureOf(answer).code).toBe("source/unreachable");
      server.misbehave(undefined);
      expect(Object.keys(await contentOf(valueOf(await source.fetch(patient))))).toEqual(["a", "b/c"]);
      cuts.push(cutAfter);
    }
    expect(cuts.length).toBeGreaterThan(3);
  });

  test("a failure later leaves the snapshot before it whole", async () => {
    const source = await sourceOf({ repo });
    const snapshot = valueOf(await source.fetch(patient));
    await repository.commit({ a: "2" }, "second");
    server.misbehave(() => ({ status: 500 }));
    expect(failureOf(await source.fetch(patient)).code).toBe("source/unreachable");
    expect((await contentOf(snapshot))["a"]).toBe("1");
  });
});

describe("hosts that are not there", () => {
  test("a port that nobody listens on", async () => {
    const taken = createServer();
    const port = await listening(taken);
    await new Promise((resolve) => taken.close(resolve));
    const source = await sourceOf({ repo: `http://127.0.0.1:${port}/a.git` });
    expect(failureOf(await source.latest(patient)).code).toBe("source/unreachable");
  });

  test("D8 a server that accepts and says nothing", async () => {
    const mute = createServer(() => {});
    onTestFinished(() => void mute.close());
    const port = await listening(mute);
    const source = await sourceOf({ repo: `http://127.0.0.1:${port}/a.git`, timeoutMs: 500 });
    expect(failureOf(await source.latest(patient)).code).toBe("source/timeout");
  });

  test("a file URL where there is nothing", async () => {
    const source = await sourceOf({ repo: `file://${scratch()}/nothing.git` });
    expect(failureOf(await source.latest(patient)).code).toBe("source/unreachable");
  });
});

describe("redirects", () => {
  test.each(["file:///etc", "ssh://127.0.0.1", "ftp://127.0.0.1", "gopher://127.0.0.1"])(
    "to %s are not followed",
    async (redirect) => {
      server.misbehave(() => ({ redirect }));
      const source = await sourceOf({ repo });
      expect(failureOf(await source.latest(patient)).code).toBe("source/unreachable");
    },
  );
});

describe("over https", () => {
  const secure = async (): Promise<GitServer> => {
    const root = scratch();
    await (await createRepository(join(root, "config.git"))).commit({ a: "1" }, "first");
    const made = await startGitServer({ root, secure: true });
    onTestFinished(() => made.close());
    return made;
  };
  const trusting = (): Readonly<Record<string, string | undefined>> => {
    const file = join(scratch(), "ca.pem");
    writeFileSync(file, certificate);
    return { PATH: process.env["PATH"], SSL_CERT_FILE: file };
  };

  test("a server whose certificate is trusted is read", async () => {
    const source = await sourceOf({
      repo: `${(await secure()).origin}/config.git`,
      allowHttp: false,
      environment: trusting(),
    });
    expect(await contentOf(valueOf(await source.fetch(patient)))).toEqual({ a: "1" });
  });

  test("one whose certificate is not trusted is not", async () => {
    const environment = { PATH: process.env["PATH"] };
    const source = await sourceOf({ repo: `${(await secure()).origin}/config.git`, environment });
    expect(failureOf(await source.fetch(patient))).toMatchObject({
      code: "source/unreachable",
      message: expect.stringContaining("certificate"),
    });
  });

  test("a redirect from https to http is not followed", async () => {
    const from = await secure();
    from.misbehave(() => ({ redirect: server.origin }));
    const source = await sourceOf({ repo: `${from.origin}/config.git`, environment: trusting() });
    expect(failureOf(await source.fetch(patient)).code).toBe("source/unreachable");
    expect(server.asked).toEqual([]);
  });
});

describe("the caller's surroundings", () => {
  test("of the environment git gets a few names only", async () => {
    const hostile = {
      GIT_DIR: "/nowhere",
      GIT_SSH_COMMAND: "false",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "http.proxy",
      GIT_CONFIG_VALUE_0: "http://127.0.0.1:1",
      GIT_EXEC_PATH: "/nowhere",
      LD_PRELOAD: "/nowhere.so",
    };
    const source = await sourceOf({ repo, environment: { PATH: process.env["PATH"], ...hostile } });
    expect((await contentOf(valueOf(await source.fetch(patient))))["a"]).toBe("1");
  });

  test("D10 a cache folder that cannot be written is a failure, and lasts no longer than that", async () => {
    const cacheDir = scratch();
    valueOf(await (await sourceOf({ repo, cacheDir })).fetch(patient));
    const [mirror = ""] = readdirSync(cacheDir);
    rmSync(join(cacheDir, mirror), { recursive: true });
    writeFileSync(join(cacheDir, mirror), "a file in its place");
    const source = await sourceOf({ repo, cacheDir });
    expect(failureOf(await source.fetch(patient)).code).toBe("source/damaged");
    rmSync(join(cacheDir, mirror));
    valueOf(await source.fetch(patient));
  });

  test("who gives up a load does not disturb another", async () => {
    const snapshot = valueOf(await (await sourceOf({ repo })).fetch(patient));
    const stop = new AbortController();
    const given = snapshot.load(["b/c"], stop.signal);
    const kept = snapshot.load(["a"], patient);
    stop.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    valueOf(await kept);
    expect(Buffer.from(snapshot.content(snapshot.tree.entry("a")?.id ?? "") ?? []).toString()).toBe("1");
  });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
