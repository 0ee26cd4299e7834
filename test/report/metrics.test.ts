import { describe, expect, test } from "vitest";
import { METRIC_DESCRIPTIONS, type Metrics, newMetrics, passResult } from "../../src/report/index.ts";
import { MISSING, MIXED, pass, service, step, UNREACHABLE } from "./examples.ts";

const T0 = Date.UTC(2026, 0, 1);
const SECONDS = T0 / 1000;

async function lines(metrics: Metrics): Promise<readonly string[]> {
  const { text } = await metrics.expose();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("metrics", () => {
  test("every metric that is exposed is described, and every described one exposed", async () => {
    const metrics = await newMetrics("1.2.3");
    metrics.source(true);
    metrics.event({ type: "built", service: "dev/api", ok: true, durationMs: 30 });
    metrics.pass(MIXED, T0);
    const { text } = await metrics.expose();
    const exposed = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`).sort();
    expect(exposed).toEqual(METRIC_DESCRIPTIONS.map(({ name, type }) => `${name} ${type}`).sort());
    expect(text).toContain('gitops_info{version="1.2.3"');
  });

  test("one state of a service is 1", async () => {
    const metrics = await newMetrics("1");
    metrics.pass(MIXED, T0);
    const of = (await lines(metrics)).filter((line) => line.startsWith('gitops_service_state{service="dev/pay"'));
    expect(of.filter((line) => line.endsWith(" 1"))).toEqual([
      'gitops_service_state{service="dev/pay",state="failed"} 1',
    ]);
  });

  test("success is dated, and a failure later leaves the date", async () => {
    const metrics = await newMetrics("1");
    metrics.pass(pass([service("dev/api", "synced")]), T0);
    metrics.pass(pass([service("dev/api", "failed", { failures: [MISSING] })]), T0 + 60_000);
    const all = await lines(metrics);
    expect(all).toContain(`gitops_last_success_timestamp_seconds{service="dev/api"} ${SECONDS}`);
    expect(all).toContain('gitops_failures_total{code="build/missing-resource"} 1');
  });

  test("a pass that could not run keeps the last picture and counts the failure", async () => {
    const metrics = await newMetrics("1");
    metrics.pass(pass([service("dev/api", "synced")]), T0);
    metrics.pass({ services: [], failures: [UNREACHABLE], builds: 0, durationMs: 5 }, T0 + 60_000);
    const all = await lines(metrics);
    expect(all).toContain('gitops_service_state{service="dev/api",state="synced"} 1');
    expect(all).toContain(`gitops_last_pass_timestamp_seconds ${SECONDS}`);
    expect(all).toContain('gitops_passes_total{result="error"} 1');
  });

  test("a service that left git leaves the metrics", async () => {
    const metrics = await newMetrics("1");
    metrics.pass(pass([service("dev/api", "synced"), service("dev/old", "synced")]), T0);
    const { at: _, ...gone } = service("dev/old", "synced", { steps: [step("delete", "old")] });
    metrics.pass(pass([service("dev/api", "unchanged"), gone]), T0);
    metrics.pass(pass([service("dev/api", "unchanged")]), T0);
    expect((await lines(metrics)).filter((line) => line.includes("dev/old"))).toEqual([]);
  });

  test("two runs share nothing", async () => {
    const one = await newMetrics("1");
    const two = await newMetrics("1");
    one.pass(MIXED, T0);
    expect((await lines(two)).filter((line) => line.includes("dev/"))).toEqual([]);
  });
});

test("how a pass went is the worst of its services", () => {
  const held = service("dev/old", "held");
  const failed = service("dev/pay", "failed");
  const good = service("dev/api", "synced");
  expect(passResult(pass([good]))).toBe("ok");
  expect(passResult(pass([good, held]))).toBe("held");
  expect(passResult(pass([good, held, failed]))).toBe("failed");
  expect(passResult(pass([service("dev/api", "blocked")]))).toBe("failed");
  expect(passResult(pass([good], { failures: [UNREACHABLE] }))).toBe("error");
  expect(
    passResult(pass([service("dev/api", "failed"), service("dev/b", "synced", { steps: [step("held", "x")] })])),
  ).toBe("failed");
  expect(passResult(pass([service("dev/b", "synced", { steps: [step("held", "x")] })]))).toBe("held");
});
