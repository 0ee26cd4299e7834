import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { sshWords } from "../../src/git/credentials.ts";
import { sshCommand } from "../../src/git/environment.ts";
import { createRepository, type Repository } from "../support/git-server-repository.ts";
import { contentOf, failureOf, patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";
import { hasSshd, makeKey, type SshServer, startSshServer } from "../support/git-server-ssh.ts";

// without a server there is nothing to test against: a developer is told, a build fails
describe.skipIf(!hasSshd && process.env["CI"] !== "true")("over ssh, to a real sshd", () => {
  let folder: string;
  let server: SshServer;
  let repository: Repository;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "gitops-ssh-"));
    server = await startSshServer(folder);
    repository = await createRepository(join(folder, "config.git"));
  });

  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const key = () => ({ from: "ssh-key", keyFile: server.keyFile, knownHosts: server.knownHosts }) as const;

  test("a repository is read and followed with a key", async () => {
    const first = await repository.commit({ a: "1" }, "first");
    const source = await sourceOf({ repo: `${server.origin}${repository.path}`, credentials: key() });
    expect(valueOf(await source.fetch(patient)).revision.commit).toBe(first);
    const second = await repository.commit({ a: "2" }, "second");
    expect(valueOf(await source.latest(patient)).commit).toBe(second);
    expect(await contentOf(valueOf(await source.fetch(patient)))).toEqual({ a: "2" });
  });

  test("an unknown host key is refused", async () => {
    const knownHosts = join(scratch(), "known_hosts");
    writeFileSync(knownHosts, "");
    const source = await sourceOf({
      repo: `${server.origin}${repository.path}`,
      credentials: { ...key(), knownHosts },
    });
    expect(failureOf(await source.latest(patient))).toMatchObject({
      code: "source/authentication",
      remedy: expect.stringContaining("known_hosts"),
    });
  });

  test("another host key than the known one is refused", async () => {
    const own = scratch();
    const knownHosts = join(own, "known_hosts");
    writeFileSync(knownHosts, `[127.0.0.1]:${server.port} ${readFileSync(`${makeKey(own, "other")}.pub`, "utf8")}`);
    const source = await sourceOf({
      repo: `${server.origin}${repository.path}`,
      credentials: { ...key(), knownHosts },
    });
    expect(failureOf(await source.latest(patient)).code).toBe("source/authentication");
  });

  test.each([
    ["a key that it does not know", () => makeKey(scratch(), "stranger")],
    ["a key that is not there", () => "/nowhere/key"],
  ])("%s is refused", async (_name, keyFile) => {
    const credentials = { ...key(), keyFile: keyFile() };
    const source = await sourceOf({ repo: `${server.origin}${repository.path}`, credentials });
    expect(failureOf(await source.latest(patient)).code).toBe("source/authentication");
  });

  test("a repository that is not there is a failure", async () => {
    const source = await sourceOf({ repo: `${server.origin}/nowhere.git`, credentials: key() });
    expect(failureOf(await source.latest(patient)).code).toBe("source/unreachable");
  });
});

test("D8 a server that accepts and says nothing is a failure in time, and no ssh is left", async () => {
  const callers = (): readonly string[] =>
    readdirSync("/proc").flatMap((pid) => (/^\d+$/.test(pid) ? [commandLine(pid)] : []));
  let during: readonly string[] = [];
  const mute = createServer(() => {
    during = callers();
  });
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void mute.close());
  const { port } = mute.address() as AddressInfo;
  const source = await sourceOf({ repo: `ssh://git@127.0.0.1:${port}/a.git`, timeoutMs: 700 });
  expect(failureOf(await source.latest(patient)).code).toBe("source/timeout");
  const isOurs = (line: string): boolean => line.includes(`\0${port}\0`);
  expect(during.filter(isOurs)).not.toEqual([]);
  expect(callers().filter(isOurs)).toEqual([]);
});

test("ssh is called so that it never asks, never trusts a new host and runs nothing of a key's path", () => {
  const words = sshWords({ from: "ssh-key", keyFile: "/keys/it's $(touch x)" });
  expect(words).toContain("StrictHostKeyChecking=yes");
  expect(words).toContain("BatchMode=yes");
  expect(sshCommand(words)).toContain(`'/keys/it'\\''s $(touch x)'`);
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return ""; // it has ended
  }
}
