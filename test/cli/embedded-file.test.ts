import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bundleTo } from "../../scripts/bundle.mjs";
import type { PassDocument } from "../../src/report/index.ts";
import { createRepository, filesBelow, type Repository } from "../support/git-server-repository.ts";
import { saidBy, scratch } from "./scripted.ts";

const folder = scratch();
const program = join(folder.path, "gitops.cjs");
const children: ChildProcess[] = [];
const state = { test: 0 };
let repository: Repository;
let home: string;

beforeAll(async () => {
  await bundleTo(program, {});
  repository = await createRepository(join(folder.path, "releases.git"));
  await repository.commit(filesBelow("fixtures/monorepo"), "everything that runs in dev");
}, 60_000);
beforeEach(() => {
  home = join(folder.path, `home-${state.test++}`);
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  folder.free();
});

/** The real program over the example, with nothing but what the test gives it; over another repository where it names one. */
function start(args: readonly string[]) {
  const example = args.includes("--repo") ? [] : ["--repo", repository.path, "--path", "clusters/dev"];
  const child = spawn(process.execPath, [program, ...args, ...example], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  return child;
}

async function gitops(...args: readonly string[]) {
  const child = start(args);
  return await saidBy(child);
}

const FINE = ["--service", "platform/*", "--service", "payments/checkout", "--service", "payments/ledger"];

describe("--cluster embedded:FILE", { timeout: 60_000 }, () => {
  test("a second sync over the same file does nothing, and a diff finds nothing", async () => {
    const file = join(folder.path, "second.json");
    const first = await gitops("sync", "--cluster", `embedded:${file}`, ...FINE);
    expect(first.stdout).toContain("3 synced · objects: 9 created");
    const kept = readFileSync(file, "utf8");
    const second = await gitops("sync", "--cluster", `embedded:${file}`, ...FINE);
    expect(second.stdout).toContain("3 unchanged · objects: 9 unchanged");
    expect(second.stdout).toContain("0 builds");
    expect(readFileSync(file, "utf8")).toBe(kept);
    expect((await gitops("diff", "--cluster", `embedded:${file}`, ...FINE)).exit).toBe(0);
  });

  test("what was applied is in the file soon after, whatever then happens to the process", async () => {
    const file = join(folder.path, "long.json");
    const child = start(["run", "--listen", "127.0.0.1:0", "--cluster", `embedded:${file}`, ...FINE]);
    await expect
      .poll(() => existsSync(file) && readFileSync(file, "utf8"), { timeout: 30_000 })
      .toContain("checkout-web");
    child.kill("SIGKILL");
    await once(child, "close");
    expect((await gitops("diff", "--cluster", `embedded:${file}`, ...FINE)).exit).toBe(0);
  });

  test.each([1, 2, 3, 4, 5])(
    "killed when it has said %d lines, it leaves a file that the next sync goes on from",
    async (lines) => {
      const file = join(folder.path, `killed-${lines}.json`);
      const child = start(["sync", "--cluster", `embedded:${file}`, ...FINE]);
      const said = { text: "" };
      child.stderr.on("data", (data: Buffer) => {
        said.text += data.toString();
        if (said.text.split("\n").length > lines) child.kill("SIGKILL");
      });
      await once(child, "close"); // at the last lines it may be done before the signal comes
      expect((await gitops("sync", "--cluster", `embedded:${file}`, ...FINE)).exit).toBe(0);
      expect((await gitops("diff", "--cluster", `embedded:${file}`, ...FINE)).exit).toBe(0);
    },
  );

  test("one process writes to it at a time; another one is told so, reads, and takes over what a dead one had", async () => {
    const file = join(folder.path, "shared.json");
    const at = ["--cluster", `embedded:${file}`];
    const child = start(["run", "--listen", "127.0.0.1:0", ...at, ...FINE]);
    await expect
      .poll(() => existsSync(file) && readFileSync(file, "utf8"), { timeout: 30_000 })
      .toContain("gitops-pass");
    const refused = await gitops("suspend", "payments/*", "--reason", "a look", ...at);
    expect(refused.exit).toBe(2);
    expect(refused.stderr).toContain(`${file} is in use by process ${child.pid}`);
    expect((await gitops("status", ...at)).stdout).toContain("payments/checkout");
    child.kill("SIGKILL");
    await once(child, "close");
    expect((await gitops("suspend", "payments/*", "--reason", "a look", ...at)).exit).toBe(0);
    expect((await gitops("sync", ...at, ...FINE)).stdout).toContain("2 suspended");
    expect(readdirSync(folder.path).filter((name) => name === "shared.json.lock")).toEqual([]);
  });

  /** A lock that root can read, too, is none that a test can be kept from reading: so it is a folder, or of elsewhere. */
  test.each<[string, (lock: string) => void, (file: string) => string]>([
    [
      "that cannot be read",
      (lock) => mkdirSync(lock),
      (file) =>
        `${file} may be in use: its lock ${file}.lock cannot be read (EISDIR); run this as the user who made it, ` +
        `or, when nobody uses it any more: rm -r ${file}.lock`,
    ],
    [
      "of another container",
      (lock) =>
        writeFileSync(
          lock,
          JSON.stringify({ nonce: "a", host: "3f2a", pid: 7, bootId: "", untilMs: Number.MAX_SAFE_INTEGER }),
        ),
      (file) =>
        `${file} is in use by process 7 on host 3f2a, which may be another container and cannot be looked at from here; ` +
        `when nobody uses it any more: rm ${file}.lock`,
    ],
  ])("a lock %s ends the command at once, with what to do about it", async (name, make, message) => {
    const file = join(folder.path, `${name.replaceAll(" ", "-")}.json`);
    make(`${file}.lock`);
    const refused = await gitops("sync", "--cluster", `embedded:${file}`, ...FINE);
    expect([refused.exit, existsSync(file)]).toEqual([1, false]);
    expect(refused.stdout + refused.stderr).toContain(message(file));
    rmSync(`${file}.lock`, { recursive: true });
    expect((await gitops("sync", "--cluster", `embedded:${file}`, ...FINE)).exit).toBe(0);
  });

  test("a file that cannot be read is not told to be something else", async () => {
    const file = join(folder.path, "folder.json");
    mkdirSync(file);
    const refused = await gitops("sync", "--cluster", `embedded:${file}`);
    expect([refused.exit, refused.stderr]).toEqual([2, expect.stringContaining(`${file} cannot be read (EISDIR)`)]);
  });

  test("a diff keeps nothing, and a file that cannot be written stops a sync before it begins", async () => {
    const file = join(folder.path, "diff.json");
    expect((await gitops("diff", "--cluster", `embedded:${file}`, ...FINE)).exit).toBe(1);
    expect(readdirSync(folder.path).filter((name) => name.startsWith("diff.json"))).toEqual([]);
    const sync = await gitops("sync", "--cluster", `embedded:${join(folder.path, "nowhere/file.json")}`);
    expect(sync.exit).toBe(2);
    expect(sync.stderr).toContain("nowhere/file.json cannot be written (ENOENT)");
  });
});

describe("--cluster empty", { timeout: 60_000 }, () => {
  test("shows all that a commit declares as new, without any cluster", async () => {
    const { exit, stdout } = await gitops("diff", "--cluster", "empty", "-o", "json", ...FINE);
    expect(exit).toBe(1);
    const { services } = JSON.parse(stdout) as PassDocument;
    expect(services.flatMap(({ steps }) => steps.map(({ action }) => action))).toEqual(Array(9).fill("create"));
  });

  test("kinds that the commit does not define are new, too: there is no server to say that it has none", async () => {
    const others = await createRepository(join(folder.path, "others.git"));
    await others.commit(
      {
        "apps/web/kustomization.yaml": "resources: [monitor.yaml, issuer.yaml]\n",
        "apps/web/monitor.yaml":
          "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: web, namespace: shop}\n",
        "apps/web/issuer.yaml": "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: web}\n",
      },
      "a monitor and an issuer",
    );
    const at = ["--repo", join(folder.path, "others.git"), "--path", "apps"];
    const { exit, stdout } = await gitops("diff", "--cluster", "empty", ...at);
    expect(exit).toBe(1);
    expect(stdout).toContain("create monitoring.coreos.com/ServiceMonitor shop/web");
    expect(stdout).toContain("create cert-manager.io/ClusterIssuer web");
    expect((await gitops("sync", "--dry-run", "--cluster", "empty", ...at)).exit).toBe(0);
    const sync = await gitops("sync", "--cluster", "embedded", ...at);
    expect(sync.exit).toBe(1);
    expect(sync.stdout).toContain("plan/unknown-kind");
  });

  test("says what is broken in it, and shows the rest", async () => {
    const { exit, stdout } = await gitops("diff", "--cluster", "empty");
    expect(exit).toBe(2);
    expect(stdout).toContain("create apps/Deployment payments/checkout-web");
    expect(stdout).toContain("build/malformed-yaml");
    expect(stdout).toMatch(/ main@[0-9a-f]{12} /);
  });
});
