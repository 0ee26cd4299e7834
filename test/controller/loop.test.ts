import { afterEach, describe, expect, test } from "vitest";
import { type ControllerSettings, runController } from "../../src/controller/index.ts";
import { failed, ok, type PassOutcome, type Result } from "../../src/model/index.ts";
import { newLog, newMetrics } from "../../src/report/index.ts";
import { MISSING, pass, service, UNREACHABLE } from "../report/examples.ts";
import { manualClock } from "../support/manual-clock.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const SETTINGS: ControllerSettings = {
  pollMs: 15 * SECOND,
  intervalMs: 5 * MINUTE,
  stuckAfterMs: 15 * MINUTE,
  listen: { host: "127.0.0.1", port: 0 },
};

const GOOD = [service("dev/api", "synced")];
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A controller over a scripted source and scripted passes; the clock is moved by hand and there is no jitter. */
async function begin(script: {
  latest: () => Result<string>;
  pass?: (commit: string, signal: AbortSignal, cancelWaits: AbortSignal) => Promise<PassOutcome>;
  settings?: Partial<ControllerSettings>;
  heard?: (outcome: PassOutcome) => void;
  live?: () => undefined;
}) {
  const clock = manualClock();
  const stop = new AbortController();
  const lines: { message: string; level: string; port?: number; code?: string }[] = [];
  const passes: { commit: string; atMs: number }[] = [];
  const outcomes: PassOutcome[] = [];
  const hint: { now: (why: "drift" | "asked") => void } = { now: () => undefined };
  const io = {
    clock,
    random: () => 0,
    log: await newLog(
      (line) => lines.push(JSON.parse(line)),
      () => clock.nowMs(),
      "info",
    ),
    metrics: await newMetrics("test", script.live ?? (() => undefined)),
    latest: () => Promise.resolve(script.latest()),
    onHint: (listener: typeof hint.now) => {
      hint.now = listener;
      return () => void (hint.now = () => undefined);
    },
    pass: async (_: unknown, signal: AbortSignal, cancelWaits: AbortSignal) => {
      const latest = script.latest();
      const commit = latest.ok ? latest.value : "";
      passes.push({ commit, atMs: clock.monotonicMs() });
      return script.pass?.(commit, signal, cancelWaits) ?? pass(GOOD, { revision: { ref: "main", commit } });
    },
    onOutcome: (outcome: PassOutcome) => {
      outcomes.push(outcome);
      return Promise.resolve(outcome).then((one) => script.heard?.(one));
    },
  };
  const ended = runController(io, { ...SETTINGS, ...script.settings }, stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  stops.push(end);
  // The server listens outside the clock.
  while (!lines.some(({ message }) => message === "serving")) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(0);
  const port = lines.find(({ message }) => message === "serving")?.port ?? 0;
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  return { clock, lines, passes, outcomes, get, end, stop, hint };
}

describe("when passes run", () => {
  test("at once, and then only when the ref moves", async () => {
    const ref = { commit: "a" };
    const { clock, passes } = await begin({ latest: () => ok(ref.commit) });
    expect(passes).toEqual([{ commit: "a", atMs: 0 }]);
    await clock.advance(MINUTE);
    expect(passes).toHaveLength(1);
    ref.commit = "b";
    await clock.advance(15 * SECOND);
    expect(passes.map(({ commit }) => commit)).toEqual(["a", "b"]);
  });

  test("at the interval although the ref stands still, for drift", async () => {
    const { clock, passes } = await begin({ latest: () => ok("a") });
    await clock.advance(10 * MINUTE);
    expect(passes.map(({ atMs }) => atMs)).toEqual([0, 5 * MINUTE, 10 * MINUTE]);
  });

  test("E8 commits that come during a pass are one pass, of the newest", async () => {
    const ref = { commit: "a" };
    const gate: { open?: () => void } = {};
    const { clock, passes } = await begin({
      latest: () => ok(ref.commit),
      pass: async (commit) => {
        if (commit === "a") await new Promise<void>((resolve) => (gate.open = resolve));
        return pass(GOOD, { revision: { ref: "main", commit } });
      },
    });
    for (ref.commit of ["b", "c", "d"]) await clock.advance(MINUTE);
    expect(passes).toHaveLength(1); // they never overlap
    gate.open?.();
    await clock.advance(0);
    expect(passes.map(({ commit }) => commit)).toEqual(["a", "d"]);
  });

  test("a ref that moved on while it was fetched is not passed over twice, and back is a move, too", async () => {
    const ref = { commit: "a" };
    const fetched = { commit: "b" };
    const { clock, passes } = await begin({
      latest: () => ok(ref.commit),
      pass: () => Promise.resolve(pass(GOOD, { revision: { ref: "main", commit: fetched.commit } })),
    });
    await clock.advance(MINUTE); // the answer of the ref lags behind
    ref.commit = "b";
    await clock.advance(MINUTE);
    expect(passes).toHaveLength(1);
    fetched.commit = "a";
    ref.commit = "a";
    await clock.advance(MINUTE);
    expect(passes).toHaveLength(2);
  });

  test("a service that failed is tried again sooner than the interval, and less and less often", async () => {
    const outcome = pass([service("dev/pay", "failed", { failures: [MISSING] })], {
      revision: { ref: "main", commit: "a" },
    });
    const { clock, passes } = await begin({ latest: () => ok("a"), pass: () => Promise.resolve(outcome) });
    await clock.advance(20 * MINUTE);
    expect(passes.map(({ atMs }) => atMs / SECOND)).toEqual([0, 30, 90, 210, 450, 750, 1050]);
  });

  test("as soon as somebody changes something of ours, and for many changes once", async () => {
    const { clock, passes, hint } = await begin({ latest: () => ok("a") });
    await clock.advance(10 * SECOND);
    for (let count = 0; count < 100; count += 1) hint.now("drift");
    await clock.advance(0);
    expect(passes.map(({ atMs }) => atMs / SECOND)).toEqual([0, 10]);
    hint.now("drift");
    await clock.advance(0);
    expect(passes).toHaveLength(2); // not at once again
    await clock.advance(SECOND);
    expect(passes.map(({ atMs }) => atMs / SECOND)).toEqual([0, 10, 11]);
  });

  test("when the first of the services that failed wants to be tried again", async () => {
    const retry = { attempts: 1, nextAtMs: manualClock().nowMs() + 40 * SECOND };
    const { clock, passes } = await begin({
      latest: () => ok("a"),
      pass: () => {
        const failing = service("dev/pay", "failed", { failures: [MISSING] });
        const services = [{ ...failing, retry }, ...GOOD];
        return Promise.resolve(pass(services, { revision: { ref: "main", commit: "a" } }));
      },
    });
    await clock.advance(39 * SECOND);
    expect(passes).toHaveLength(1);
    await clock.advance(SECOND);
    expect(passes[1]?.atMs).toBe(40 * SECOND);
  });

  /** A pass of commit `a` that waits for health until it is told not to. */
  const waiting = (told: unknown[]) => async (commit: string, _stop: AbortSignal, cancelWaits: AbortSignal) => {
    if (commit === "a" && told.length === 0) {
      await new Promise((resolve) => cancelWaits.addEventListener("abort", resolve, { once: true }));
      told.push(cancelWaits.reason);
    }
    return pass(GOOD, { revision: { ref: "main", commit } });
  };

  test("at once when a newer commit comes while a pass waits for the health of an older one", async () => {
    const ref = { commit: "a" };
    const told: unknown[] = [];
    const { clock, passes } = await begin({ latest: () => ok(ref.commit), pass: waiting(told) });
    await clock.advance(MINUTE);
    expect(passes).toHaveLength(1);
    ref.commit = "b";
    await clock.advance(15 * SECOND);
    expect(told).toEqual(["commit"]);
    expect(passes.map(({ commit }) => commit)).toEqual(["a", "b"]);
  });

  test("soon when somebody changes something while a pass waits for health", async () => {
    const told: unknown[] = [];
    const { clock, passes, hint } = await begin({ latest: () => ok("a"), pass: waiting(told) });
    await clock.advance(MINUTE);
    hint.now("drift");
    await clock.advance(2 * SECOND);
    expect(told).toEqual(["drift"]);
    expect(passes).toHaveLength(2);
  });

  test("soon when people asked for something", async () => {
    const { clock, passes, lines, hint } = await begin({ latest: () => ok("a") });
    await clock.advance(2 * SECOND);
    hint.now("asked");
    await clock.advance(SECOND);
    expect(passes).toHaveLength(2);
    expect(lines.filter(({ message }) => message === "pass begins").at(-1)).toMatchObject({ because: "asked" });
  });

  test("D18 a bug in one pass ends that pass only", async () => {
    const ref = { commit: "a" };
    const { clock, lines, outcomes } = await begin({
      latest: () => ok(ref.commit),
      pass: (commit) =>
        commit === "a"
          ? Promise.reject(new TypeError("x is not a function"))
          : Promise.resolve(pass(GOOD, { revision: { ref: "main", commit } })),
    });
    expect(lines.find(({ code }) => code === "reconcile/bug")?.message).toContain("x is not a function");
    ref.commit = "b";
    await clock.advance(15 * SECOND);
    expect(outcomes.at(-1)?.services).toEqual(GOOD);
  });

  test("D18 a bug of whoever hears the outcome ends nothing, and is told", async () => {
    const ref = { commit: "a" };
    const heard = (): void => {
      throw new TypeError("service is null");
    };
    const { clock, lines, passes } = await begin({ latest: () => ok(ref.commit), heard });
    expect(lines.find(({ code }) => code === "reconcile/bug")?.message).toContain("service is null");
    ref.commit = "b";
    await clock.advance(15 * SECOND);
    expect(passes.map(({ commit }) => commit)).toEqual(["a", "b"]);
  });
});

describe("a source that does not answer", () => {
  test("is asked again, less and less often, and no pass runs on what is not known", async () => {
    const source = { up: true, asked: [] as number[] };
    const { clock, passes, lines } = await begin({
      latest: () => {
        source.asked.push(0);
        return source.up ? ok("a") : failed(UNREACHABLE);
      },
    });
    source.up = false;
    source.asked = [];
    await clock.advance(30 * MINUTE);
    expect(passes).toHaveLength(1);
    // after 15 s, then 15, 30, 60, 120, 240 s apart, then every 5 minutes
    expect(source.asked.length).toBeGreaterThanOrEqual(9);
    expect(source.asked.length).toBeLessThanOrEqual(11);
    expect(lines.filter(({ code }) => code === "source/unreachable")).toHaveLength(source.asked.length);
    source.up = true;
    await clock.advance(5 * MINUTE);
    expect(lines.some(({ message }) => message === "the source answers again")).toBe(true);
    expect(passes).toHaveLength(2); // the drift pass that was due
  });
});

describe("probes", () => {
  test("ready after the first pass that ran from end to end", async () => {
    const ref = { commit: "a" };
    const { clock, get } = await begin({
      latest: () => ok(ref.commit),
      pass: (commit) =>
        Promise.resolve(
          commit === "a" ? pass([], { failures: [UNREACHABLE] }) : pass(GOOD, { revision: { ref: "main", commit } }),
        ),
    });
    expect((await get("/readyz")).status).toBe(503);
    ref.commit = "b";
    await clock.advance(15 * SECOND);
    expect((await get("/readyz")).status).toBe(200);
  });

  test("healthy while the loop turns, whatever the passes say; not when nothing moves for too long", async () => {
    const ref = { commit: "a" };
    const { clock, get } = await begin({
      latest: () => ok(ref.commit),
      pass: (commit, signal) =>
        commit === "a"
          ? Promise.resolve(pass([], { failures: [UNREACHABLE] }))
          : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    await clock.advance(2 * 60 * MINUTE);
    expect((await get("/healthz")).status).toBe(200);
    ref.commit = "b";
    await clock.advance(30 * SECOND);
    expect((await get("/healthz")).status).toBe(200);
    await clock.advance(16 * MINUTE);
    expect((await get("/healthz")).status).toBe(503);
  });

  test("metrics are served; nothing else is", async () => {
    const { get } = await begin({ latest: () => ok("a") });
    const metrics = await get("/metrics");
    expect(metrics.headers.get("content-type")).toContain("text/plain");
    expect(await metrics.text()).toContain('gitops_service_state{service="dev/api",state="synced"} 1');
    expect((await get("/")).status).toBe(404);
    expect((await get("/metrics", { method: "POST" })).status).toBe(405);
    expect((await get("/healthz", { method: "HEAD" })).status).toBe(200);
  });

  test("D10 metrics that cannot be made are an answer, and end nothing", async () => {
    const live = (): undefined => {
      throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
    };
    const { get } = await begin({ latest: () => ok("a"), live });
    const answer = await get("/metrics");
    expect([answer.status, await answer.text()]).toEqual([500, "metrics cannot be made now\n"]);
    expect((await get("/healthz")).status).toBe(200);
  });

  test("an address that is taken is a failure, and nothing runs", async () => {
    const { get, lines } = await begin({ latest: () => ok("a") });
    await get("/healthz");
    const port = lines.find(({ message }) => message === "serving")?.port ?? 0;
    const clock = manualClock();
    const io = {
      clock,
      random: () => 0,
      log: await newLog(
        () => undefined,
        () => 0,
        "info",
      ),
      metrics: await newMetrics("test", () => undefined),
      latest: () => Promise.reject(new Error("must not be asked")),
      pass: () => Promise.reject(new Error("must not run")),
      onOutcome: () => Promise.resolve(),
    };
    const ended = await runController(
      io,
      { ...SETTINGS, listen: { host: "127.0.0.1", port } },
      new AbortController().signal,
    );
    expect(ended).toMatchObject({ ok: false, failures: [{ code: "usage/invalid-settings" }] });
  });
});

describe("stopping", () => {
  test("a pass under way is told, and its outcome is kept", async () => {
    const { stop, end, outcomes, get } = await begin({
      latest: () => ok("a"),
      pass: (commit, signal) =>
        new Promise((resolve) => {
          const interrupted = pass([service("dev/api", "interrupted")], { revision: { ref: "main", commit } });
          signal.addEventListener("abort", () => resolve(interrupted));
        }),
    });
    stop.abort();
    await end();
    expect(outcomes.map(({ services }) => services[0]?.state)).toEqual(["interrupted"]);
    await expect(get("/healthz")).rejects.toThrow();
  });

  test("a sleeping loop ends at once", async () => {
    const { end, clock, lines } = await begin({ latest: () => ok("a") });
    await end();
    expect(clock.sleepers()).toBe(0);
    expect(lines.at(-1)?.message).toBe("stopped");
  });
});
