import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { bundleTo } from "../../scripts/bundle.mjs";
import { start as begin, passing, run, scratch } from "./scripted.ts";

const folder = scratch();
const program = join(folder.path, "gitops.cjs");
const children: ChildProcess[] = [];

beforeAll(() => bundleTo(program, {}), 60_000);
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  folder.free();
});
afterEach(() => vi.unstubAllGlobals());

/** The real program, with a home, a folder for temporary files and a working folder that hold nothing. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const home = mkdtempSync(join(folder.path, "home-"));
  for (const name of ["home", "temporary", "here"]) mkdirSync(join(home, name));
  const child = spawn(process.execPath, [program, ...args], {
    cwd: join(home, "here"),
    env: { PATH: process.env["PATH"] ?? "", HOME: join(home, "home"), TMPDIR: join(home, "temporary"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => {
    said.stdout += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    said.stderr += data.toString();
  });
  const ended = once(child, "close").then(([code]) => Number(code));
  return {
    said,
    ended,
    left: () => readdirSync(home, { recursive: true, encoding: "utf8" }).sort(),
    signal: (name: NodeJS.Signals) => child.kill(name),
    /** Waits until it has printed this. */
    async printed(pattern: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const found = pattern.exec(said.stdout);
        if (found !== null) return found;
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said.stdout}${said.stderr}`);
        await once(child.stdout, "data");
      }
    },
  };
}

const NOTHING = ["here", "home", "temporary"];

describe("gitops demo", { timeout: 60_000 }, () => {
  test("shows each thing handled, and leaves nothing behind", async () => {
    const demo = start(["demo"], { GITOPS_SERVICE: "nothing", GITOPS_MAX_DELETES: "0", GITOPS_REF: "nowhere" });
    expect(await demo.ended).toBe(0);
    const calls = demo.said.stdout.split(/^\$ gitops /m).slice(1);
    const seen = (call: number, ...texts: readonly string[]) => {
      for (const text of texts) expect(calls[call]).toContain(text);
    };
    expect(calls).toHaveLength(9);
    seen(0, "7 services, 0 broken", "✓ exit 0");
    seen(
      1,
      "build/missing-resource",
      "build/malformed-yaml",
      "plan/duplicate-definition",
      "3 synced, 4 failed",
      "✓ exit 1",
    );
    seen(2, "3 unchanged, 4 failed", "0 builds", "✓ the API server was sent no write");
    seen(3, '- spec.template.spec.containers[name=web].image: "registry.example.org/ledger:2.3.1"');
    seen(3, '+ spec.template.spec.containers[name=web].image: "registry.example.org/ledger:2.4.0"', "✓ exit 1");
    seen(4, "3 unchanged, 4 synced", "✓ ledger runs registry.example.org/ledger:2.4.0", "✓ exit 0");
    seen(
      5,
      "1 created, 1 updated, 14 unchanged",
      "✓ checkout has 2 replicas",
      "✓ Service payments/ledger-web is there",
    );
    seen(6, "4 held", "gitops sync --confirm", "✓ the API server was sent no write", "✓ exit 3");
    seen(7, "7 unchanged", "✓ the API server was sent no write", "✓ exit 0");
    seen(8, "15 unchanged, 1 deleted", "✓ the API server was sent one write", "every step went as it must");
    expect(demo.said.stdout).not.toContain("✗");
    expect(demo.said.stdout + demo.said.stderr).not.toMatch(/\p{Cc}\[/u);
    expect(demo.left()).toEqual(NOTHING);
    expect(readFileSync(program, "utf8")).not.toContain(process.cwd());
  });

  test("--keep leaves the cluster up to look around, until it is stopped", async () => {
    const demo = start(["demo", "--keep"], { FORCE_COLOR: "1" });
    const [, kubeconfig = ""] = await demo.printed(/kubectl --kubeconfig (\S+) get/);
    const [, flags = ""] = await demo.printed(/gitops sync (--repo .+)\n/);
    expect(demo.said.stdout).toContain("\u001b[1m");
    const { clusters } = JSON.parse(readFileSync(kubeconfig, "utf8")) as {
      clusters: { cluster: { server: string } }[];
    };
    const answer = await fetch(`${clusters[0]?.cluster.server}/apis/apps/v1/namespaces/payments/deployments`);
    const { items } = (await answer.json()) as { items: { metadata: { name: string } }[] };
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["checkout-web", "ledger-web"]);
    const again = start(["sync", ...flags.split(" ")]);
    expect(await again.ended).toBe(0);
    expect(again.said.stdout).toContain("6 unchanged");
    demo.signal("SIGTERM");
    expect(await demo.ended).toBe(0);
    expect(demo.left()).toEqual(NOTHING);
  });

  test("stopped on the way, it takes all away and says that it was stopped", async () => {
    const demo = start(["demo", "--no-color"], { FORCE_COLOR: "1" });
    await demo.printed(/\$ gitops sync/);
    demo.signal("SIGINT");
    expect(await demo.ended).toBe(130);
    expect(demo.said.stdout).not.toContain("every step");
    expect(demo.said.stdout).not.toMatch(/\p{Cc}\[/u);
    expect(demo.left()).toEqual(NOTHING);
  });

  test("without git it cannot run", async () => {
    const demo = start(["demo"], { PATH: "/nonexistent" });
    expect(await demo.ended).toBe(2);
    expect(demo.said.stderr).toContain("install git");
    expect(demo.left()).toEqual(NOTHING);
  });

  test("without a folder for temporary files it cannot run", async () => {
    const demo = start(["demo"], { TMPDIR: "/nonexistent" });
    expect(await demo.ended).toBe(2);
    expect(demo.said.stderr).toContain("set TMPDIR");
  });
});

/** The files that the bundler puts in, for a demo over a scripted engine. */
function withExample(): void {
  const example = "fixtures/monorepo";
  const paths = readdirSync(example, { recursive: true, encoding: "utf8" }).filter((path) => /\.\w+$/.test(path));
  const files = paths.map((path) => [path, readFileSync(join(example, path), "utf8")]);
  vi.stubGlobal("GITOPS_DEMO_FILES", Object.fromEntries(files));
}

test("a step that does not go as it must ends it with 1, and is named", async () => {
  withExample();
  const engine = passing({ services: [], failures: [], builds: 0, durationMs: 0 });
  const { exit, stdout, stderr } = await run(["demo"], { engine });
  expect(exit).toBe(1);
  expect(stdout).toContain("✗ exit 0, not 1");
  expect(stdout).toContain("✗ Deployment payments/checkout-web is there");
  expect(stdout).not.toContain("every step");
  expect(stderr).toContain("not so: Deployment payments/checkout-web is there");
});

test("stopped twice, it ends at once and still takes all away", async () => {
  withExample();
  const hanging = new EventEmitter();
  const engine = { discover: () => once(hanging, "released").then(() => Promise.reject(new Error("released"))) };
  const demo = begin(["demo"], { engine });
  await expect.poll(() => demo.settings.length).toBe(1);
  const cacheDir = demo.settings[0]?.cacheDir ?? "";
  expect(existsSync(dirname(cacheDir))).toBe(true);
  demo.signal("SIGINT");
  demo.signal("SIGINT");
  expect(existsSync(dirname(cacheDir))).toBe(false);
  expect(demo.exits).toContain(130);
  hanging.emit("released");
  expect((await demo.done).exit).toBe(130);
});
