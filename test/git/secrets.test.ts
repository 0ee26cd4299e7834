import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { answerTo } from "../../src/git/askpass.ts";
import { withoutSecrets } from "../../src/git/refusal.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { createRepository } from "../support/git-server-repository.ts";
import { contentOf, failureOf, patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";

const CANARY = "c4n4ry/+ %!'\"$(x)s3cret";
const login = { username: "ada", password: CANARY };

let root: string;
let server: GitServer;
let repo: string;

beforeEach(async () => {
  root = scratch();
  const repository = await createRepository(join(root, "config.git"));
  await repository.commit({ a: "1" }, "first");
  server = await startGitServer({ root, login });
  onTestFinished(() => server.close());
  repo = `${server.origin}/config.git`;
});

/** Every form in which a secret could slip out. */
const forms = [
  CANARY,
  encodeURIComponent(CANARY),
  Buffer.from(CANARY).toString("base64"),
  Buffer.from(`ada:${CANARY}`).toString("base64"),
];
const shows = (text: string): boolean => forms.some((form) => text.includes(form));

describe("a login comes from", () => {
  test("a value, such as an environment variable's", async () => {
    const source = await sourceOf({ repo, credentials: { from: "value", ...login } });
    expect(await contentOf(valueOf(await source.fetch(patient)))).toEqual({ a: "1" });
  });

  test.each([
    ["the password alone", `${CANARY}\n`, { username: "ada" }],
    ["user and password", `username=ada\npassword=${CANARY}\n`, {}],
  ])("a file with %s, read anew each time", async (_name, text, options) => {
    const path = join(root, "login");
    writeFileSync(path, "wrong");
    const source = await sourceOf({ repo, credentials: { from: "file", path, ...options } });
    expect(failureOf(await source.latest(patient)).code).toBe("source/authentication");
    writeFileSync(path, text);
    expect(await contentOf(valueOf(await source.fetch(patient)))).toEqual({ a: "1" });
  });

  test("the credential helper that the user has configured", async () => {
    const home = join(root, "home");
    execFileSync("mkdir", [home]);
    writeFileSync(join(home, "answer"), `username=ada\npassword=${CANARY}\n`);
    writeFileSync(join(home, ".gitconfig"), `[credential]\n\thelper = "!f() { cat ${home}/answer; }; f"\n`);
    const source = await sourceOf({
      repo,
      credentials: { from: "helper" },
      environment: { ...process.env, HOME: home },
    });
    expect(await contentOf(valueOf(await source.fetch(patient)))).toEqual({ a: "1" });
  });

  test("the URL", async () => {
    const source = await sourceOf({ repo: repo.replace("http://", `http://ada:${encodeURIComponent(CANARY)}@`) });
    expect(await contentOf(valueOf(await source.fetch(patient)))).toEqual({ a: "1" });
    expect(source.describe()).toBe(repo);
  });
});

describe("a login that is missing or wrong is told", () => {
  test.each([
    ["none", undefined],
    ["a wrong password", { from: "value", username: "ada", password: "wrong-but-secret" }],
    ["an empty password", { from: "value", username: "ada", password: "" }],
    ["a password of two lines", { from: "value", username: "ada", password: "a\nb" }],
    ["a file that is not there", { from: "file", path: "/nowhere/login" }],
    ["a helper without an answer", { from: "helper" }],
  ] as const)("%s", async (_name, credentials) => {
    const environment = { PATH: process.env["PATH"], HOME: root };
    const source = await sourceOf({ repo, environment, ...(credentials === undefined ? {} : { credentials }) });
    const failure = failureOf(await source.fetch(patient));
    expect(failure.code).toBe("source/authentication");
    expect(JSON.stringify(failure)).not.toContain("wrong-but-secret");
  });
});

describe("a login is nowhere but in the answer to git's prompt", () => {
  test("not in arguments or environments of any process while git runs, and not on disk after", async () => {
    const cacheDir = scratch();
    const seen: string[] = [];
    const askpassLeftBefore = readdirSync(tmpdir()).filter((name) => name.startsWith("gitops-askpass-")).length;
    server.misbehave(() => {
      for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid))
        for (const file of ["cmdline", "environ"]) seen.push(readIfThere(`/proc/${pid}/${file}`));
      return undefined;
    });
    const source = await sourceOf({ repo, cacheDir, credentials: { from: "value", ...login } });
    valueOf(await source.fetch(patient));
    expect(server.asked.some((asked) => asked.authorization !== undefined)).toBe(true);
    expect(seen.some((text) => text.includes("ls-remote"))).toBe(true); // git was seen
    expect(seen.filter(shows)).toEqual([]);
    const files = readdirSync(cacheDir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    expect(files.filter((file) => shows(readFileSync(join(file.parentPath, file.name), "latin1")))).toEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("gitops-askpass-")).length).toBeLessThanOrEqual(
      askpassLeftBefore,
    );
  });

  test.each([401, 403, 500])("not in the failure that a %i with its echo makes", async (status) => {
    server.misbehave(() => ({ status }));
    const source = await sourceOf({ repo, credentials: { from: "value", ...login } });
    expect(shows(JSON.stringify(failureOf(await source.fetch(patient))))).toBe(false);
  });

  test("not sent to another host, port or scheme after a redirect", async () => {
    const other = await startGitServer({ root, login });
    onTestFinished(() => other.close());
    server.misbehave(() => ({ redirect: other.origin }));
    const source = await sourceOf({ repo, credentials: { from: "value", ...login } });
    expect(failureOf(await source.fetch(patient)).code).toBe("source/authentication");
    expect(other.asked.length).toBeGreaterThan(0);
    expect(other.asked.filter((asked) => shows(asked.authorization ?? ""))).toEqual([]);
  });

  test.each([
    ["Username for 'https://git.example.org': ", "ada"],
    ["Password for 'https://ada@git.example.org': ", CANARY],
    ["Password for 'http://ada@git.example.org': ", ""],
    ["Password for 'https://ada@git.example.org:8443': ", ""],
    ["Password for 'https://git.example.org@evil.example.org': ", ""],
    ["Password for 'https://evil.example.org/git.example.org': ", ""],
    ["Enter passphrase for key '/root/.ssh/id': ", ""],
  ])("the prompt %j is answered %j", (prompt, answer) => {
    expect(answerTo(prompt, login, "https://git.example.org")).toBe(answer);
  });

  test("what git says loses secrets in every form", () => {
    const said = `fatal: https://ada:x@git.example.org/ ${forms.join(" ")}`;
    expect(shows(withoutSecrets(said, [`ada:${CANARY}`, CANARY]))).toBe(false);
    expect(withoutSecrets(said, [])).toContain("https://git.example.org/");
  });
});

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
