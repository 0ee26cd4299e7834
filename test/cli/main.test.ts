import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { ok, type PassOutcome } from "../../src/model/index.ts";
import { COMMIT, MISSING, MIXED, pass, service, step, UNREACHABLE } from "../report/examples.ts";
import { passing, run, type Script, scratch, start } from "./scripted.ts";

const folders: ReturnType<typeof scratch>[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) folder.free();
});
function cacheDir(): string {
  const folder = scratch();
  folders.push(folder);
  return folder.path;
}

const exitOf = async (args: readonly string[], outcome: PassOutcome): Promise<number> =>
  (await run(args, { engine: passing(outcome) })).exit;

describe("exit codes", () => {
  const good = service("dev/api", "synced", { steps: [step("create", "api")] });
  const held = service("dev/old", "held", { steps: [step("held", "old")] });
  const failed = service("dev/pay", "failed", { failures: [MISSING] });
  const planned = service("dev/pay", "planned", { steps: [step("update", "pay", { result: "planned" })] });
  const same = service("dev/web", "unchanged", { steps: [step("unchanged", "web"), step("kept", "web-old")] });

  test.each([
    ["all is as git says", pass([good, same]), 0],
    ["some service failed", pass([good, failed, held]), 1],
    ["a dependency is not ready", pass([service("dev/b", "blocked")]), 1],
    ["it could not run", pass([], { failures: [UNREACHABLE] }), 2],
    ["deletes are held", pass([good, held]), 3],
  ])("sync: %s", async (_, outcome, code) => {
    expect(await exitOf(["sync"], outcome)).toBe(code);
    expect(await exitOf(["sync", "--dry-run"], outcome)).toBe(code);
    expect(await exitOf(["sync", "-o", "json"], outcome)).toBe(code);
  });

  test.each([
    ["no differences", pass([same]), 0],
    ["a difference", pass([same, planned]), 1],
    ["a held delete is a difference", pass([held]), 1],
    ["a service could not be compared", pass([planned, failed]), 2],
    ["nothing could be compared", pass([], { failures: [UNREACHABLE] }), 2],
  ])("diff: %s", async (_, outcome, code) => {
    expect(await exitOf(["diff"], outcome)).toBe(code);
  });

  test("no command at all is not understood, and shows help", async () => {
    const { exit, stdout, stderr } = await run([]);
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: gitops");
  });
});

describe("output for programs", () => {
  test.each([["sync"], ["diff"], ["services"], ["status"], ["build", "x"]])(
    "%s: stdout is one JSON document",
    async (...args) => {
      const engine = {
        ...passing(MIXED),
        discover: () => Promise.resolve({ ok: false as const, failures: [UNREACHABLE] }),
        owned: () => Promise.resolve(ok(new Map<string, number>())),
      };
      const { stdout, exit } = await run([...args, "-o", "json"], { engine });
      expect(JSON.parse(stdout)).toMatchObject({ schema: 1, exit });
    },
  );

  test("the format may come from the environment, also for what is not understood", async () => {
    const { stdout } = await run(["nonsense"], { env: { GITOPS_OUTPUT: "json" } });
    expect(JSON.parse(stdout)).toMatchObject({ kind: "Error", exit: 2 });
  });

  test("progress goes to stderr", async () => {
    const events = [{ type: "discovered", services: 4, broken: 0 } as const];
    const { stdout, stderr } = await run(["sync", "-o", "json"], { engine: passing(MIXED, events) });
    expect(stderr).toContain("4 services");
    expect(stdout).not.toContain("4 services");
  });
});

describe("stopping", () => {
  const waiting: Script = {
    engine: {
      pass: (_, __, signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve(pass([service("dev/api", "interrupted")])));
        }),
    },
  };

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s: the pass ends at a safe point, its outcome is printed, exit %i", async (name, code) => {
    const running = start(["sync"], waiting);
    await running.clock.advance(0);
    running.signal(name);
    const { exit, stdout, stderr } = await running.done;
    expect(exit).toBe(code);
    expect(stdout).toContain("dev/api  interrupted");
    expect(stderr).toContain("stopping at a safe point");
    expect(running.exits).toEqual([]);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s before anything was changed: the document says exit %i, too", async (name, code) => {
    const interrupted = { code: "reconcile/interrupted", message: "told to stop", remedy: "run again" } as const;
    for (const end of [() => pass([], { failures: [interrupted] }), () => Promise.reject(new Error("aborted"))]) {
      const engine: Script["engine"] = {
        pass: (_, __, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(end()))),
      };
      for (const command of ["sync", "diff"]) {
        const running = start([command, "-o", "json"], { engine });
        await running.clock.advance(0);
        running.signal(name);
        const { exit, stdout } = await running.done;
        expect([exit, JSON.parse(stdout)]).toMatchObject([code, { kind: "Error", exit: code }]);
      }
    }
  });

  test("the second signal ends at once", async () => {
    const running = start(["sync"], { engine: { pass: () => new Promise(() => {}) } });
    await running.clock.advance(0);
    running.signal("SIGINT");
    running.signal("SIGINT");
    expect(running.exits).toEqual([130]);
  });

  test("the time is up: the pass is told, and the exit says that it is not done", async () => {
    const running = start(["sync", "--timeout", "90s"], waiting);
    await running.clock.advance(89_000);
    expect(running.stderr()).not.toContain("interrupted");
    await running.clock.advance(1_000);
    const { exit, stdout } = await running.done;
    expect(exit).toBe(1);
    expect(stdout).toContain("interrupted");
  });

  test("run: SIGTERM is its regular end, and all it prints is JSON", async () => {
    const engine = {
      latest: () => Promise.resolve(ok("a")),
      pass: () => Promise.resolve(pass([service("dev/api", "unchanged")])),
    };
    const running = start(["run", "--listen", "127.0.0.1:0"], { engine });
    while (!running.stderr().includes("pass ended")) await new Promise((resolve) => setImmediate(resolve));
    running.signal("SIGTERM");
    const { exit, stderr } = await running.done;
    expect(exit).toBe(0);
    const messages = stderr
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { message: string }).message);
    expect(messages).toEqual(["serving", "pass begins", "pass ended", "stopping at a safe point", "stopped"]);
  });

  test("run: 20 seconds after SIGTERM it is over at the latest", async () => {
    const engine = { latest: () => Promise.resolve(ok("a")), pass: () => new Promise<PassOutcome>(() => {}) };
    const running = start(["run", "--listen", "127.0.0.1:0"], { engine });
    while (!running.stderr().includes("pass begins")) await new Promise((resolve) => setImmediate(resolve));
    running.signal("SIGTERM");
    await running.clock.advance(19_000);
    expect(running.exits).toEqual([]);
    await running.clock.advance(1_000);
    expect(running.exits).toEqual([143]);
  });
});

describe("the live line of a terminal", () => {
  test("is one line, never wider than the terminal, and gone at the end", async () => {
    const gate: { open?: () => void } = {};
    const running = start(["sync"], {
      terminal: true,
      engine: {
        async pass(_, onEvent) {
          onEvent({ type: "discovered", services: 4, broken: 0 });
          onEvent({ type: "phase", phase: "apply" });
          onEvent({ type: "started", service: `dev/${"long".repeat(40)}` });
          await new Promise<void>((resolve) => (gate.open = resolve));
          return MIXED;
        },
      },
    });
    await running.clock.advance(1_000);
    expect(frames(running.stderr()).at(-1)).toContain("apply  0/4 services  1 running  1.0 s  dev/long");
    running.resize(30);
    expect(
      Math.max(
        ...frames(running.stderr())
          .slice(-1)
          .map((frame) => frame.length),
      ),
    ).toBeLessThan(30);
    gate.open?.();
    await running.clock.advance(100);
    const { stderr } = await running.done;
    expect(stderr.endsWith("\r\u001b[2K")).toBe(true);
    expect(Math.max(...frames(stderr).map((frame) => frame.length))).toBeLessThan(80);
  });

  test("is not drawn in CI, where lines stay", async () => {
    const events = [{ type: "discovered", services: 4, broken: 0 } as const];
    const { stderr } = await run(["sync"], {
      terminal: true,
      env: { CI: "true", NO_COLOR: "1" },
      engine: passing(MIXED, events),
    });
    expect(stderr).toMatch(/^4 services\n/);
  });
});

/** What stood on the live line, frame by frame, without colours. */
function frames(text: string): readonly string[] {
  return text.split("\r\u001b[2K").map((frame) => (frame.split("\n").at(-1) ?? "").replaceAll(/\p{Cc}\[\d+m/gu, ""));
}

describe("colours", () => {
  const coloured = async (script: Script, ...flags: string[]): Promise<boolean> =>
    (await run(["sync", ...flags], { engine: passing(MIXED), ...script })).stdout.includes("\u001b[");

  test("on a terminal, unless it or the user says no", async () => {
    expect(await coloured({ terminal: true })).toBe(true);
    expect(await coloured({ terminal: false })).toBe(false);
    expect(await coloured({ terminal: true, env: { NO_COLOR: "1" } })).toBe(false);
    expect(await coloured({ terminal: true }, "--no-color")).toBe(false);
    expect(await coloured({ terminal: true, env: { TERM: "dumb" } })).toBe(false);
    expect(await coloured({ terminal: false, env: { FORCE_COLOR: "1" } })).toBe(true);
    expect(await coloured({ terminal: true, env: { FORCE_COLOR: "0" } })).toBe(false);
  });
});

describe("status", () => {
  test("shows what the last sync left, and what the cluster holds now", async () => {
    const cache = cacheDir();
    await run(["sync"], { cacheDir: cache, engine: passing(MIXED) });
    const owned = new Map([
      ["dev/api", 2],
      ["dev/lost", 1],
    ]);
    const { exit, stdout } = await run(["status", "-o", "json"], {
      cacheDir: cache,
      engine: { owned: () => Promise.resolve(ok(owned)) },
    });
    expect(exit).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      scope: "default",
      services: [
        { service: "dev/api", state: "synced", objects: 2, owned: 2, lastSuccessRevision: COMMIT },
        { service: "dev/lost", state: "unknown", owned: 1 },
        { service: "dev/old", state: "held", owned: 0 },
        { service: "dev/pay", state: "failed", failures: [{ code: "build/missing-resource" }] },
        { service: "dev/web", state: "unchanged" },
      ],
    });
  });

  test("is 0 when all is well, and 1 when that was too long ago", async () => {
    const cache = cacheDir();
    const engine = {
      ...passing(pass([service("dev/api", "synced")])),
      owned: () => Promise.resolve(ok(new Map<string, number>())),
    };
    await run(["sync"], { cacheDir: cache, engine });
    expect((await run(["status"], { cacheDir: cache, engine })).exit).toBe(0);
    const late = start(["status", "--stale-after", "1m"], {
      cacheDir: cache,
      engine: { owned: () => late.clock.advance(61_000).then(() => ok(new Map())) },
    });
    const { exit, stdout } = await late.done;
    expect(exit).toBe(1);
    expect(stdout).toContain("stale");
  });

  test("another scope has another record", async () => {
    const cache = cacheDir();
    await run(["sync"], { cacheDir: cache, engine: passing(MIXED) });
    const engine = { owned: () => Promise.resolve(ok(new Map<string, number>())) };
    expect((await run(["status", "--scope", "other"], { cacheDir: cache, engine })).stdout).toContain(
      "nothing is known here",
    );
  });

  test("a cluster that cannot be asked is said, and the record still shown", async () => {
    const cache = cacheDir();
    await run(["sync"], { cacheDir: cache, engine: passing(pass([service("dev/api", "synced")])) });
    const engine = { owned: () => Promise.resolve({ ok: false as const, failures: [UNREACHABLE] }) };
    const { exit, stdout } = await run(["status"], { cacheDir: cache, engine });
    expect(exit).toBe(1);
    expect(stdout).toContain("dev/api");
    expect(stdout).toContain("source/unreachable");
  });

  test("a dry run leaves no record", async () => {
    const cache = cacheDir();
    await run(["sync", "--dry-run"], { cacheDir: cache, engine: passing(MIXED) });
    const engine = { owned: () => Promise.resolve(ok(new Map<string, number>())) };
    expect((await run(["status"], { cacheDir: cache, engine })).stdout).toContain("nothing is known here");
  });
});

test("the version is package.json's", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect((await run(["version"])).stdout).toMatch(new RegExp(`^gitops ${version.replaceAll(".", "\\.")} `));
  expect((await run(["--version"])).stdout).toBe(`${version}\n`);
});
