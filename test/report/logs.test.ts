import { describe, expect, test } from "vitest";
import { type LogLevel, newLog } from "../../src/report/index.ts";
import { MISSING, MIXED, pass, service, step, UNREACHABLE } from "./examples.ts";

async function logged(level: LogLevel, work: (log: Awaited<ReturnType<typeof newLog>>) => void) {
  const lines: string[] = [];
  work(
    await newLog(
      (line) => lines.push(line),
      () => Date.UTC(2026, 0, 1),
      level,
    ),
  );
  return lines;
}

describe("logs", () => {
  test("one JSON object a line, with level, time and message", async () => {
    const lines = await logged("info", (log) => log.line("info", "serving", { port: 8080 }));
    expect(lines).toEqual(['{"level":"info","time":"2026-01-01T00:00:00.000Z","port":8080,"message":"serving"}\n']);
  });

  test("a pass is one line, with what is not zero", async () => {
    const [line = ""] = await logged("info", (log) => log.pass(MIXED));
    expect(JSON.parse(line)).toMatchObject({
      level: "warn",
      message: "pass ended",
      result: "failed",
      services: { synced: 1, unchanged: 1, held: 1, failed: 1 },
      objects: { created: 2, updated: 1, unchanged: 1, deleted: 1, held: 2, failed: 1 },
      builds: 2,
    });
  });

  test("why a pass could not run is an error with code and remedy", async () => {
    const lines = await logged("error", (log) => log.pass(pass([], { failures: [UNREACHABLE] })));
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ code: "source/unreachable", remedy: UNREACHABLE.remedy });
  });

  test("what was done is told; what was not needed is told only to those who ask for all", async () => {
    const told = (level: LogLevel) =>
      logged(level, (log) => {
        log.event({ type: "step", service: "dev/api", step: step("create", "api") });
        log.event({ type: "step", service: "dev/api", step: step("unchanged", "same") });
        log.event({ type: "finished", outcome: service("dev/web", "unchanged") });
        log.event({ type: "finished", outcome: service("dev/pay", "failed", { failures: [MISSING] }) });
      });
    const info = (await told("info")).map((line) => (JSON.parse(line) as { message: string }).message);
    expect(info).toEqual(["create", "service ended", MISSING.message]);
    expect(await told("debug")).toHaveLength(4);
  });

  test("drift that is only reported, what is pending and what is not right are warnings", async () => {
    const drift = [{ path: "spec.replicas", manager: "kubectl-edit" }];
    const flapping = { code: "drift/flapping", message: "changed back each time", remedy: "agree" } as const;
    const missing = { code: "apply/missing-namespace", message: "no namespace", remedy: "add it" } as const;
    const texts = await logged("info", (log) => {
      log.event({ type: "step", service: "dev/pay", step: step("drifted", "pay", { drift }) });
      log.event({ type: "finished", outcome: service("dev/pay", "drifted", { warnings: [flapping] }) });
      log.event({ type: "finished", outcome: service("dev/api", "pending", { failures: [missing] }) });
    });
    const lines = texts.map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>);
    expect(lines.map(({ level, message }) => `${String(level)} ${String(message)}`)).toEqual([
      "warn drifted",
      "warn service ended",
      "warn changed back each time",
      "warn service ended",
      "warn no namespace",
    ]);
    expect(lines[0]).toMatchObject({ drift });
    expect(lines[2]).toMatchObject({ code: "drift/flapping", remedy: "agree" });
  });

  test("what is waited for is told to those who ask for all, object by object", async () => {
    const ref = { group: "apps", kind: "Deployment", namespace: "dev", name: "api" };
    const objects = [{ ref, why: "1 of 2 replicas are ready" }];
    const told = (level: LogLevel) =>
      logged(level, (log) => log.event({ type: "waiting", service: "dev/api", objects }));
    expect(await told("info")).toEqual([]);
    expect(JSON.parse((await told("debug"))[0] ?? "")).toMatchObject({
      message: "waits for health",
      service: "dev/api",
      object: "apps/Deployment/dev/api",
      why: "1 of 2 replicas are ready",
    });
  });

  test("control characters are escaped", async () => {
    const [line = ""] = await logged("info", (log) => log.line("info", "a\u009bb\u202ec"));
    expect(line).toContain("a\\u009bb\\u202ec");
  });
});
