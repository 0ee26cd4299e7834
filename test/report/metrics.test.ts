import { describe, expect, test } from "vitest";
import type { LiveStats } from "../../src/model/index.ts";
import { METRIC_DESCRIPTIONS, type Metrics, newMetrics, passResult } from "../../src/report/index.ts";
import { MISSING, MIXED, pass, service, step, UNREACHABLE } from "./examples.ts";

const T0 = Date.UTC(2026, 0, 1);
const SECONDS = T0 / 1000;

const LIVE: LiveStats = {
  objects: 900,
  watched: 14,
  listed: 40,
  doubtful: 1,
  relists: { ended: 3, interval: 54 },
  watchesEnded: 5,
  regressions: 1,
  hints: 7,
  quietMs: 61_500,
};

async function lines(metrics: Metrics): Promise<readonly string[]> {
  const { text } = await metrics.expose();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("metrics", () => {
  test("every metric that is exposed is described, and every described one exposed", async () => {
    const metrics = await newMetrics("1.2.3", () => undefined);
    metrics.source(true);
    metrics.event({ type: "built", service: "dev/api", ok: true, durationMs: 30 });
    metrics.pass(MIXED, T0);
    const { text } = await metrics.expose();
    const exposed = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`).sort();
    expect(exposed).toEqual(METRIC_DESCRIPTIONS.map(({ name, type }) => `${name} ${type}`).sort());
    expect(text).toContain('gitops_info{version="1.2.3"');
  });

  test("one state of a service is 1", async () => {
    const metrics = await newMetrics("1", () => undefined);
    metrics.pass(MIXED, T0);
    const of = (await lines(metrics)).filter((line) => line.startsWith('gitops_service_state{service="dev/pay"'));
    expect(of.filter((line) => line.endsWith(" 1"))).toEqual([
      'gitops_service_state{service="dev/pay",state="failed"} 1',
    ]);
  });

  test("success is dated, and a failure later leaves the date", async () => {
    const metrics = await newMetrics("1", () => undefined);
    metrics.pass(pass([service("dev/api", "synced")]), T0);
    metrics.pass(pass([service("dev/api", "failed", { failures: [MISSING] })]), T0 + 60_000);
    const all = await lines(metrics);
    expect(all).toContain(`gitops_last_success_timestamp_seconds{service="dev/api"} ${SECONDS}`);
    expect(all).toContain('gitops_failures_total{code="build/missing-resource"} 1');
  });

  test("a pass that could not run keeps the last picture and counts the failure", async () => {
    const metrics = await newMetrics("1", () => undefined);
    metrics.pass(pass([service("dev/api", "synced")]), T0);
    metrics.pass({ services: [], failures: [UNREACHABLE], builds: 0, durationMs: 5 }, T0 + 60_000);
    const all = await lines(metrics);
    expect(all).toContain('gitops_service_state{service="dev/api",state="synced"} 1');
    expect(all).toContain(`gitops_last_pass_timestamp_seconds ${SECONDS}`);
    expect(all).toContain('gitops_passes_total{result="error"} 1');
  });

  test("a service that left git leaves the metrics", async () => {
    const metrics = await newMetrics("1", () => undefined);
    metrics.pass(pass([service("dev/api", "synced"), service("dev/old", "synced")]), T0);
    const { at: _, ...gone } = service("dev/old", "synced", { steps: [step("delete", "old")] });
    metrics.pass(pass([service("dev/api", "unchanged"), gone]), T0);
    metrics.pass(pass([service("dev/api", "unchanged")]), T0);
    expect((await lines(metrics)).filter((line) => line.includes("dev/old"))).toEqual([]);
  });

  test("a service that was renamed leaves the metrics: what it owned is another's, and nobody speaks of it", async () => {
    const metrics = await newMetrics("1", () => undefined);
    metrics.pass(pass([service("dev/api", "synced"), service("dev/old", "synced")]), T0);
    metrics.pass(pass([service("dev/api", "unchanged"), service("dev/new", "synced")]), T0);
    expect((await lines(metrics)).filter((line) => line.includes("dev/old"))).toEqual([]);
    metrics.pass({ services: [], failures: [UNREACHABLE], builds: 0, durationMs: 5 }, T0);
    expect(await lines(metrics)).toContain(`gitops_last_success_timestamp_seconds{service="dev/new"} ${SECONDS}`);
  });

  test("when a service that failed is tried again, and for how often it failed, until it works", async () => {
    const metrics = await newMetrics("1", () => undefined);
    const retry = { attempts: 3, nextAtMs: T0 + 120_000 };
    metrics.pass(pass([service("dev/api", "backoff", { retry }), service("dev/web", "synced")]), T0);
    const of = async () => (await lines(metrics)).filter((line) => line.startsWith("gitops_service_retry_"));
    expect(await of()).toEqual([
      `gitops_service_retry_at_seconds{service="dev/api"} ${SECONDS + 120}`,
      'gitops_service_retry_attempts{service="dev/api"} 3',
    ]);
    metrics.pass(pass([service("dev/api", "synced"), service("dev/web", "unchanged")]), T0);
    expect(await of()).toEqual([]);
  });

  test("warnings are counted by code, and are no failures", async () => {
    const metrics = await newMetrics("1", () => undefined);
    const warned = service("dev/api", "synced", { warnings: [{ ...MISSING, code: "drift/flapping" }] });
    metrics.pass(pass([warned]), T0);
    metrics.pass(pass([warned]), T0);
    const all = await lines(metrics);
    expect(all).toContain('gitops_warnings_total{code="drift/flapping"} 2');
    expect(all.filter((line) => line.startsWith("gitops_failures_total{"))).toEqual([]);
  });

  test("what the watches see is as it is now, and their totals are told once", async () => {
    let stats: LiveStats | undefined;
    const metrics = await newMetrics("1", () => stats);
    const of = async () =>
      (await lines(metrics)).filter((line) => /^gitops_(?:live|relists|watch|cluster_re|hints)/.test(line));
    expect(await of()).toContain("gitops_live_objects 0");
    stats = LIVE;
    const told = [
      "gitops_live_objects 900",
      'gitops_live_kinds{state="watched"} 14',
      'gitops_live_kinds{state="listed"} 40',
      'gitops_live_kinds{state="doubtful"} 1',
      'gitops_relists_total{reason="ended"} 3',
      'gitops_relists_total{reason="interval"} 54',
      "gitops_watches_ended_total 5",
      "gitops_watch_quiet_seconds 61.5",
      "gitops_cluster_regressions_total 1",
      "gitops_hints_total 7",
    ];
    expect(await of()).toEqual(told);
    expect(await of()).toEqual(told);
    const { quietMs: _, ...none } = { ...LIVE, watched: 0, hints: 8 };
    stats = none;
    expect(await of()).toContain("gitops_watch_quiet_seconds 0");
    expect(await of()).toContain("gitops_hints_total 8");
  });

  test("two runs share nothing", async () => {
    const one = await newMetrics("1", () => undefined);
    const two = await newMetrics("1", () => undefined);
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
