import { describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS, type Failure, type Service, type ServiceOutcome } from "../../src/model/index.ts";
import { newMemory } from "../../src/reconcile/memory.ts";
import { tryService } from "../../src/reconcile/trial.ts";

const SECOND = 1000;
const service: Service = {
  id: "shop/cart",
  origin: "flux",
  folder: "cart",
  at: { path: "clusters/cart.yaml", line: 1 },
  why: "",
  settings: { ...DEFAULT_SETTINGS, retryMs: 30 * SECOND },
};
const refused: Failure = { code: "apply/webhook", message: "refused by policy", remedy: "mend it" };
const ended = (state: ServiceOutcome["state"]): ServiceOutcome => ({
  service: service.id,
  state,
  built: false,
  steps: [],
  failures: state === "failed" ? [refused] : [],
  durationMs: 1,
});

/** A service through the passes of one process; `at` is in seconds. */
function passes() {
  const memory = newMemory(() => 0);
  return (at: number, state: ServiceOutcome["state"], changed: Partial<Service["settings"]> = {}) => {
    const pass_ = {
      io: { memory, clock: { nowMs: () => at * SECOND, monotonicMs: () => at * SECOND } },
      request: { mode: "sync" },
    };
    const now = { ...service, settings: { ...service.settings, ...changed } };
    const plan = { service: service.id, present: true, steps: [], failures: [] };
    const trial = tryService(pass_ as never, now, plan, []);
    if (trial.left !== undefined) return { state: trial.left.state, retryAt: inSeconds(trial.left.retry) };
    return { state, retryAt: inSeconds(trial.ended(ended(state)).retry) };
  };
}
const inSeconds = (retry: ServiceOutcome["retry"]): number | undefined => retry && retry.nextAtMs / SECOND;

describe("a service that fails in a process that stays", () => {
  test("is tried again after its retry time, then after twice as long each time, up to a quarter of an hour", () => {
    const pass = passes();
    expect(pass(0, "failed")).toEqual({ state: "failed", retryAt: 30 });
    expect(pass(10, "failed")).toEqual({ state: "backoff", retryAt: 30 });
    expect(pass(30, "failed")).toEqual({ state: "failed", retryAt: 90 });
    expect(pass(89, "failed")).toEqual({ state: "backoff", retryAt: 90 });
    let at = 90;
    for (let tries = 0; tries < 20; tries += 1) at = pass(at, "failed").retryAt ?? 0;
    expect(pass(at, "failed").retryAt).toBe(at + 900);
  });

  test("D15 is tried again in time though the wall clock is set back by hours, and says so in wall time", () => {
    const memory = newMemory(() => 0);
    const at = (seconds: number, wall: number): string | undefined => {
      const clock = { nowMs: () => wall * SECOND, monotonicMs: () => seconds * SECOND };
      const plan = { service: service.id, present: true, steps: [], failures: [] };
      const trial = tryService({ io: { memory, clock }, request: { mode: "sync" } } as never, service, plan, []);
      const { state, retry } = trial.left ?? { state: "failed", ...trial.ended(ended("failed")) };
      return `${state} until ${inSeconds(retry)}`;
    };
    expect(at(0, 7200)).toBe("failed until 7230");
    expect(at(10, 0)).toBe("backoff until 20");
    expect(at(30, 20)).toBe("failed until 80");
  });

  test("is tried at once when anything that it is made of changes", () => {
    const pass = passes();
    pass(0, "failed");
    expect(pass(1, "failed", { timeoutMs: 1 })).toEqual({ state: "failed", retryAt: 31 });
  });

  test("is the same try when half of it was done meanwhile, and another when an object changes", () => {
    const memory = newMemory(() => 0);
    const at = (nowMs: number, action: "create" | "unchanged", hash: string) => {
      const ref = { group: "", kind: "ConfigMap", namespace: "shop", name: "cart" };
      const steps = [{ action, why: "", declared: { ref, hash } }];
      const pass_ = {
        io: { memory, clock: { nowMs: () => nowMs, monotonicMs: () => nowMs } },
        request: { mode: "sync" },
      };
      return tryService(
        pass_ as never,
        service,
        { service: service.id, present: true, steps, failures: [] } as never,
        [],
      );
    };
    at(0, "create", "one").ended(ended("failed"));
    expect(at(1, "unchanged", "one").left?.state).toBe("backoff");
    expect(at(1, "unchanged", "two").left).toBeUndefined();
  });

  test("is forgotten when it succeeds", () => {
    const pass = passes();
    pass(0, "failed");
    expect(pass(30, "synced")).toEqual({ state: "synced", retryAt: undefined });
    expect(pass(31, "failed")).toEqual({ state: "failed", retryAt: 61 });
  });

  test("and only waits for what is not there yet is looked at evenly", () => {
    const pass = passes();
    pass(0, "pending");
    expect(pass(30, "pending")).toEqual({ state: "pending", retryAt: 60 });
  });
});
