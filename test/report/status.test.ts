import { describe, expect, test } from "vitest";
import type { ServiceStanding } from "../../src/model/index.ts";
import {
  isHealthy,
  newPaint,
  type PassRecord,
  recordPass,
  standingReport,
  statusReport,
  statusText,
} from "../../src/report/index.ts";
import { COMMIT, MISSING, pass, service, step, UNREACHABLE } from "./examples.ts";

const T0 = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;
const about = (nowMs: number, some = false) => ({ scope: "clusters/dev", nowMs, some });

const synced = service("dev/api", "synced", { steps: [step("create", "api"), step("delete", "old")] });
const first = recordPass(undefined, pass([synced]), about(T0));

function report(record: PassRecord | undefined, owned: ReadonlyMap<string, number> | undefined, nowMs = T0) {
  return statusReport(record, owned, {
    scope: "clusters/dev",
    nowMs,
    staleAfterMs: HOUR,
    failures: [],
    matches: () => true,
  });
}

describe("the record of passes", () => {
  test("a success is remembered with its commit and the objects in place", () => {
    expect(first.services).toEqual([
      {
        service: "dev/api",
        state: "synced",
        objects: 1,
        lastAttempt: "2026-01-01T12:00:00.000Z",
        revision: COMMIT,
        lastSuccess: "2026-01-01T12:00:00.000Z",
        lastSuccessRevision: COMMIT,
        failures: [],
      },
    ]);
  });

  test("a failure later keeps the last success and says why", () => {
    const later = recordPass(first, pass([service("dev/api", "failed", { failures: [MISSING] })]), about(T0 + HOUR));
    expect(later.services[0]).toMatchObject({
      state: "failed",
      lastAttempt: "2026-01-01T13:00:00.000Z",
      lastSuccess: "2026-01-01T12:00:00.000Z",
      failures: [MISSING],
    });
  });

  test("a pass that could not run changes no service", () => {
    const later = recordPass(
      first,
      { services: [], failures: [UNREACHABLE], builds: 0, durationMs: 1 },
      about(T0 + HOUR),
    );
    expect(later.services).toEqual(first.services);
    expect(later.failures).toEqual([UNREACHABLE]);
  });

  test("a run that could do nothing is not said to be about so many services", () => {
    const later = recordPass(first, { services: [], failures: [UNREACHABLE], builds: 0, durationMs: 1 }, about(T0));
    const told = statusText(report(later, new Map([["dev/api", 1]])), T0, newPaint(false));
    expect(told).toContain("1 service fine when last seen; what is said above is not\n");
  });

  test("a service that left git is forgotten once its objects are gone, and not before", () => {
    const { at: _, ...gone } = synced;
    expect(recordPass(first, pass([{ ...gone, state: "held" }]), about(T0)).services).toHaveLength(1);
    expect(recordPass(first, pass([{ ...gone, state: "synced" }]), about(T0)).services).toHaveLength(0);
    const kept = { ...gone, state: "unchanged", steps: [step("kept", "web")] } as const;
    expect(recordPass(first, pass([kept]), about(T0)).services).toHaveLength(1);
  });

  test("a pass over some services keeps what is known of the others", () => {
    const other = service("dev/pay", "unchanged");
    expect(recordPass(first, pass([other]), about(T0, true)).services.map((one) => one.service)).toEqual([
      "dev/api",
      "dev/pay",
    ]);
    expect(recordPass(first, pass([other]), about(T0)).services.map((one) => one.service)).toEqual(["dev/pay"]);
  });
});

describe("status", () => {
  test("a last success of a time to come, or of no time, is stale: whoever told it knows no better than one that is late", () => {
    const at = (lastSuccess: string): PassRecord => ({
      ...first,
      services: first.services.map((one) => ({ ...one, lastSuccess })),
    });
    const state = (lastSuccess: string) => report(at(lastSuccess), undefined).services[0]?.state;
    expect(state(new Date(T0 + HOUR / 2).toISOString())).toBe("synced"); // clocks differ a little
    expect(state(new Date(T0 + 365 * 24 * HOUR).toISOString())).toBe("stale");
    expect(state("yesterday")).toBe("stale");
  });

  test("late is stale, and stale is not healthy", () => {
    expect(report(first, new Map([["dev/api", 1]])).services[0]?.state).toBe("synced");
    expect(isHealthy(report(first, new Map()))).toBe(true);
    const late = report(first, new Map(), T0 + HOUR + 1);
    expect(late.services[0]?.state).toBe("stale");
    expect(isHealthy(late)).toBe(false);
  });

  test("a service that failed stays failed however late it is", () => {
    const failed = recordPass(first, pass([service("dev/api", "failed", { failures: [MISSING] })]), about(T0));
    expect(report(failed, new Map(), T0 + 9 * HOUR).services[0]?.state).toBe("failed");
  });

  test("objects in the cluster of a service that no record knows are shown as unknown", () => {
    const found = report(undefined, new Map([["dev/lost", 3]]));
    expect(found.services).toEqual([{ service: "dev/lost", state: "unknown", owned: 3, failures: [] }]);
    expect(isHealthy(found)).toBe(false);
  });

  test("nothing known is not healthy", () => {
    expect(isHealthy(report(undefined, new Map()))).toBe(false);
  });

  test("a pass that could not run is not healthy, whatever the services were", () => {
    const later = recordPass(first, { services: [], failures: [UNREACHABLE], builds: 0, durationMs: 1 }, about(T0));
    expect(isHealthy(report(later, new Map()))).toBe(false);
  });

  test("why the last pass did not run is told once, also when it is still in the way", () => {
    const record = recordPass(
      undefined,
      { services: [], failures: [UNREACHABLE], builds: 0, durationMs: 1 },
      about(T0),
    );
    const now = { staleAfterMs: HOUR, failures: [UNREACHABLE], matches: () => true };
    const told = statusReport(record, undefined, { scope: "clusters/dev", nowMs: T0, ...now });
    expect(told.failures).toEqual([UNREACHABLE]);
    expect(statusText(told, T0, newPaint(false))).toContain("nothing is known of any service");
  });

  test("as text: when what failed is tried again, and what warns", () => {
    const attempted = `main@sha1:${COMMIT}`;
    const standing = (attempts: number, nextMs: number) => ({
      attempted,
      conditions: [],
      warnings: [{ ...MISSING, code: "drift/flapping", since: first.lastPass } as const],
      retry: { attempts, nextAt: new Date(nextMs).toISOString() },
      history: [],
    });
    const services = [
      { service: "dev/api", state: "failed", failures: [MISSING], standing: standing(3, T0 + 120_000) },
      { service: "dev/pay", state: "backoff", failures: [], standing: standing(1, T0 - 1) },
    ] as const;
    const told = statusText({ scope: "clusters/dev", from: "cluster", services, failures: [] }, T0, newPaint(false));
    expect(told).toContain(
      "  → add the file, or delete line 7\ndev/api  tried again in 2 min 0 s, 3 failures in a row\n",
    );
    expect(told).toContain("dev/pay  tried again by the next pass, 1 failure in a row\n");
    expect(told).toContain("dev/pay  drift/flapping  dev/releases/pay/kustomization.yaml:7\n");
  });

  test("as text: deletes that no confirmation lets go are not said to wait for one", () => {
    const ready = {
      type: "Ready",
      status: "False",
      reason: "PruneFailed",
      message: "1 held: dev/b lives in it",
    } as const;
    const standing = {
      attempted: `main@sha1:${COMMIT}`,
      conditions: [{ ...ready, lastTransitionTime: first.lastPass }],
      warnings: [],
      unconfirmable: true,
      history: [],
    } as const;
    const services = [{ service: "dev/api", state: "held", failures: [], standing }] as const;
    const told = statusText({ scope: "clusters/dev", from: "cluster", services, failures: [] }, T0, newPaint(false));
    expect(told).toContain("gitops why dev/api says more; no confirmation lets them go, and each pass looks again\n");
    expect(told).not.toContain("gitops confirm");
  });

  test("as text: why deletes are held, at which commit, and what lets them go", () => {
    const ready = { type: "Ready", status: "False", reason: "PruneFailed", message: "6 held: too many" } as const;
    const standing = {
      attempted: `main@sha1:${COMMIT}`,
      conditions: [{ ...ready, lastTransitionTime: first.lastPass }],
      warnings: [],
      history: [],
    };
    const services = [{ service: "dev/api", state: "held", failures: [], standing }] as const;
    const told = statusText({ scope: "clusters/dev", from: "cluster", services, failures: [] }, T0, newPaint(false));
    expect(told).toContain(
      "dev/api  held at 3f2a91c5d0e1: 6 held: too many\n  → gitops why dev/api says which; if they shall go: gitops confirm 3f2a91c5d0e1 --service dev/api\n",
    );
  });

  test.each([
    ["pay", "gitops why pay says", "--service /pay\n"], // legacy/pay has the same last part
    ["dev/it's", "gitops why 'dev/it'\\''s' says", "--service 'dev/it'\\''s'\n"],
    ["dev/$(id) [a]", "gitops why 'dev/$(id) [a]' says", "--service 'dev/$[(]id[)] [[]a]'\n"],
  ])("as text: what lets go of %s is of it alone, and can be pasted", (service, why, flag) => {
    const ready = { type: "Ready", status: "False", reason: "PruneFailed", message: "6 held" } as const;
    const standing = {
      attempted: `main@sha1:${COMMIT}`,
      conditions: [{ ...ready, lastTransitionTime: first.lastPass }],
      warnings: [],
      history: [],
    };
    const services = [{ service, state: "held", failures: [], standing }] as const;
    const told = statusText({ scope: "clusters/dev", from: "cluster", services, failures: [] }, T0, newPaint(false));
    expect(told).toContain(why);
    expect(told).toContain(flag);
  });

  test("as text: the bad ones last, with their failures", () => {
    const record = recordPass(first, pass([service("dev/pay", "failed", { failures: [MISSING] }), synced]), about(T0));
    expect(statusText(report(record, new Map([["dev/api", 1]])), T0 + 90_000, newPaint(false))).toBe(
      `SERVICE  STATE   OBJECTS  OWNED  REVISION      LAST ATTEMPT    LAST SUCCESS
dev/api  synced        1      1  3f2a91c5d0e1  1 min 30 s ago  1 min 30 s ago
dev/pay  failed        0      0  -             1 min 30 s ago  never

dev/pay  build/missing-resource  dev/releases/pay/kustomization.yaml:7
  names ingress.yaml, which is not in this commit
  → add the file, or delete line 7

scope clusters/dev · last pass 1 min 30 s ago · 1 of 2 services need attention
`,
    );
  });
});

describe("status from what is kept in the cluster", () => {
  const time = (ms: number): string => new Date(T0 + ms).toISOString();
  const standing = (service_: string, more: Partial<ServiceStanding> = {}): ServiceStanding => ({
    service: service_,
    state: "synced",
    conditions: [],
    attempted: `main@sha1:${COMMIT}`,
    applied: `main@sha1:${COMMIT}`,
    lastAttempt: time(0),
    lastSuccess: time(0),
    objects: 2,
    failures: [],
    warnings: [],
    history: [],
    ...more,
  });
  const reported = (services: readonly ServiceStanding[], nowMs: number, owned?: ReadonlyMap<string, number>) =>
    standingReport({ services, lastPass: time(0), failures: [] }, owned, {
      scope: "clusters/dev",
      nowMs,
      staleAfterMs: HOUR,
      failures: [],
      matches: () => true,
    });
  const states = (report_: ReturnType<typeof reported>): readonly string[] =>
    report_.services.map(({ service: id, state }) => `${id} ${state}`);

  test("late is stale, whatever it was, but for what failed or is left alone on purpose", () => {
    const asked = { glob: "*", reason: "freeze", author: "Ada", at: time(0) };
    const { lastSuccess: _, ...never } = standing("never");
    const all = [
      standing("fine"),
      standing("broken", { state: "failed" }),
      standing("resting", { suspended: asked }),
      never,
    ];
    expect(states(reported(all, T0 + HOUR))).toEqual([
      "broken failed",
      "fine synced",
      "never synced",
      "resting suspended",
    ]);
    const late = reported(all, T0 + HOUR + 1);
    expect(states(late)).toEqual(["broken failed", "fine stale", "never stale", "resting suspended"]);
    expect(isHealthy(late)).toBe(false);
  });

  test("tells the commit of the last success, and what the cluster says of owned objects", () => {
    const report_ = reported(
      [standing("fine")],
      T0,
      new Map([
        ["fine", 2],
        ["lost", 1],
      ]),
    );
    expect(report_.services[0]).toMatchObject({ service: "fine", owned: 2, lastSuccessRevision: COMMIT });
    expect(report_.services[1]).toEqual({ service: "lost", state: "unknown", owned: 1, failures: [] });
    expect(isHealthy(reported([standing("fine")], T0))).toBe(true);
  });
});
