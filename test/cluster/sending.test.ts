import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { discover } from "../../src/cluster/discovery.ts";
import { limited } from "../../src/cluster/limited.ts";
import type { Problem } from "../../src/cluster/port.ts";
import { retrying } from "../../src/cluster/retrying.ts";
import type { Reply, Request, Send } from "../../src/cluster/send.ts";
import type { Json } from "../../src/model/index.ts";
import { manualClock } from "../support/manual-clock.ts";

const signal = new AbortController().signal;
const get = (path: string): Request => ({ method: "GET", path, accept: "", repeatable: true, secret: false });
const ok = (text = ""): { ok: true; value: Reply } => ({ ok: true, value: { status: 200, text } });
const bad = (problem: Partial<Problem>): { ok: false; problem: Problem } => ({
  ok: false,
  problem: { kind: "status", message: "", causes: [], ambiguous: false, ...problem },
});

describe("requests in flight", () => {
  /** A sender whose requests end when they are told to. */
  const held = () => {
    const started: string[] = [];
    const ends = new Map<string, () => void>();
    const send: Send = ({ path }) =>
      new Promise((resolve) => {
        started.push(path);
        ends.set(path, () => resolve(ok()));
      });
    return { send, started, end: (path: string) => ends.get(path)?.() };
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test("are no more than allowed, and the others follow in order", async () => {
    const { send, started, end } = held();
    const gate = limited(send, { inFlight: 2, patienceMs: 1_000 }, manualClock());
    const all = ["a", "b", "c", "d"].map((path) => gate(get(path), signal));
    await turn();
    expect(started).toEqual(["a", "b"]);
    end("b");
    await turn();
    expect(started).toEqual(["a", "b", "c"]);
    for (const path of ["a", "c"]) end(path);
    await turn();
    end("d");
    await Promise.all(all);
    expect(started).toEqual(["a", "b", "c", "d"]);
  });

  test("one that aborts in line leaves at once, and its place goes to the next", async () => {
    const { send, started, end } = held();
    const gate = limited(send, { inFlight: 1, patienceMs: 1_000 }, manualClock());
    const stop = new AbortController();
    const first = gate(get("a"), signal);
    const second = gate(get("b"), stop.signal);
    const third = gate(get("c"), signal);
    stop.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    end("a");
    await first;
    await turn();
    expect(started).toEqual(["a", "c"]);
    end("c");
    await third;
  });

  test("D11 one that is slow gives its place to the next, and ends by itself", async () => {
    const { send, started, end } = held();
    const clock = manualClock();
    const gate = limited(send, { inFlight: 1, patienceMs: 1_000 }, clock);
    const all = ["hangs", "b", "c"].map((path) => gate(get(path), signal));
    await clock.advance(999);
    expect(started).toEqual(["hangs"]);
    await clock.advance(1);
    expect(started).toEqual(["hangs", "b"]);
    end("hangs");
    await clock.advance(0);
    // Its place was given away once, and only once.
    expect(started).toEqual(["hangs", "b"]);
    end("b");
    await clock.advance(0);
    end("c");
    await Promise.all(all);
    expect(started).toEqual(["hangs", "b", "c"]);
  });

  test("one that fails gives its place back", async () => {
    const gate = limited(
      async ({ path }) => (path === "a" ? Promise.reject(new Error("bug")) : ok()),
      { inFlight: 1, patienceMs: 1_000 },
      manualClock(),
    );
    await expect(gate(get("a"), signal)).rejects.toThrow("bug");
    expect((await gate(get("b"), signal)).ok).toBe(true);
  });
});

describe("trying again", () => {
  const attempt = async (answers: readonly ReturnType<typeof bad>[], request: Request, attempts = 4) => {
    const sleeps: number[] = [];
    const clock = { ...systemClock(), sleep: async (durationMs: number) => void sleeps.push(durationMs) };
    let sent = 0;
    const send: Send = async () => answers[sent++] ?? ok();
    const answer = await retrying(
      send,
      { attempts, baseMs: 100, maxMs: 1_000, random: () => 0.5 },
      clock,
    )(request, signal);
    return { ok: answer.ok, sent, sleeps };
  };
  const apply: Request = { ...get("/x"), method: "PATCH" };
  const patch: Request = { ...apply, repeatable: false };

  test("waits twice as long each time, up to a bound, and gives up in the end", async () => {
    const down = bad({ kind: "network" });
    expect(await attempt([down, down], get("/x"))).toEqual({ ok: true, sent: 3, sleeps: [100, 200] });
    const long = Array.from({ length: 9 }, () => down);
    expect(await attempt(long, get("/x"), 7)).toEqual({ ok: false, sent: 7, sleeps: [100, 200, 400, 800, 1000, 1000] });
  });

  test("waits at least as long as the server asks", async () => {
    const throttled = bad({ status: 429, retryAfterMs: 700 });
    expect(await attempt([throttled], get("/x"))).toEqual({ ok: true, sent: 2, sleeps: [700] });
  });

  test.each([
    ["an apply whose answer was lost", { kind: "network", ambiguous: true }, apply, true],
    ["a patch whose answer was lost", { kind: "network", ambiguous: true }, patch, false],
    ["a patch that was never sent", { kind: "network", ambiguous: false }, patch, true],
    ["a patch that was throttled", { status: 429 }, patch, true],
    ["a patch to a server that is not ready", { status: 503 }, patch, false],
    ["an apply that timed out: a webhook may hang", { kind: "timeout", ambiguous: true }, apply, false],
    ["a read that timed out", { kind: "timeout" }, get("/x"), true],
    ["a read that was cut off", { kind: "decode" }, get("/x"), true],
    ["an apply whose answer was odd", { kind: "decode", ambiguous: true }, apply, false],
    ["etcd without a leader", { status: 500, message: "etcdserver: leader changed", ambiguous: true }, apply, true],
    ["a webhook that failed", { status: 500, message: "failed calling webhook" }, apply, false],
    ["a refusal", { status: 403 }, get("/x"), false],
    ["an invalid object", { status: 422 }, apply, false],
    ["a conflict", { status: 409 }, apply, false],
  ] as const)("%s: %o", async (_what, problem, request, again) => {
    expect((await attempt([bad(problem)], request)).sent).toBe(again ? 2 : 1);
  });
});

describe("discovery", () => {
  /** A server that answers these paths, and 404 elsewhere. */
  const server = (answers: Record<string, Json>): Send => {
    return async ({ path }) => {
      const answer = answers[path];
      return answer === undefined ? bad({ status: 503, message: "no backend" }) : ok(JSON.stringify(answer));
    };
  };
  const resource = (name: string, kind: string) => ({
    resource: name,
    responseKind: { group: "", version: "", kind },
    scope: "Namespaced",
    verbs: ["get", "list"],
  });
  const group = (name: string, versions: readonly Json[]) => ({ metadata: { name }, versions });
  const list = (...items: readonly Json[]) => ({ kind: "APIGroupDiscoveryList", items });
  const core = group("", [{ version: "v1", freshness: "Current", resources: [resource("configmaps", "ConfigMap")] }]);

  test("D2 a group whose server answered long ago is named, and hides no other", async () => {
    const metrics = group("metrics.example.com", [
      { version: "v1", freshness: "Stale", resources: [resource("things", "Thing")] },
    ]);
    const apps = group("apps", [
      { version: "v1", freshness: "Current", resources: [resource("deployments", "Deployment")] },
    ]);
    const answer = await discover(server({ "/api": list(core), "/apis": list(metrics, apps) }), signal);
    expect(answer).toMatchObject({ ok: true, value: { failedGroups: ["metrics.example.com"] } });
    const kinds = answer.ok ? answer.value.kinds.map(({ kind }) => kind) : [];
    expect(kinds).toEqual(expect.arrayContaining(["ConfigMap", "Deployment"]));
  });

  test("D2 a group that failed and lists nothing is named too", async () => {
    const dead = group("dead.example.com", [{ version: "v1", freshness: "Stale" }]);
    const answer = await discover(server({ "/api": list(core), "/apis": list(dead) }), signal);
    expect(answer).toMatchObject({ ok: true, value: { failedGroups: ["dead.example.com"] } });
  });

  const plain = (name: string, kind: string) => ({ name, kind, namespaced: true, verbs: ["get", "list"] });
  const old = {
    "/api": { kind: "APIVersions", versions: ["v1"] },
    "/api/v1": { kind: "APIResourceList", resources: [plain("configmaps", "ConfigMap"), plain("pods/log", "Pod")] },
    "/apis": {
      kind: "APIGroupList",
      groups: [
        {
          name: "scaling",
          preferredVersion: { version: "v2" },
          versions: [{ version: "v1" }, { version: "v2" }],
        },
        { name: "dead.example.com", versions: [{ version: "v1" }] },
      ],
    },
    "/apis/scaling/v1": { kind: "APIResourceList", resources: [plain("scalers", "Scaler"), plain("olds", "Old")] },
    "/apis/scaling/v2": { kind: "APIResourceList", resources: [plain("scalers", "Scaler")] },
  };

  test("D2 a server that does not aggregate is asked group by group; one that fails is named", async () => {
    const answer = await discover(server(old), signal);
    const { kinds, failedGroups } = answer.ok ? answer.value : { kinds: [], failedGroups: ["all"] };
    expect(failedGroups).toEqual(["dead.example.com"]);
    expect(kinds.map(({ group: of, kind, version, versions }) => [of, kind, version, versions])).toEqual([
      ["", "ConfigMap", "v1", ["v1"]],
      ["scaling", "Scaler", "v2", ["v2", "v1"]],
      ["scaling", "Old", "v1", ["v1"]],
    ]);
  });

  test("D2 a failed root, and an answer without the core group, are problems and not an empty cluster", async () => {
    expect((await discover(server({ "/api": list(core) }), signal)).ok).toBe(false);
    expect((await discover(server({ "/api": list(), "/apis": list() }), signal)).ok).toBe(false);
    expect((await discover(server({ "/api": list(core), "/apis": {} }), signal)).ok).toBe(false);
  });
});
