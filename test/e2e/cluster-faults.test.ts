import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { type Cluster, type ClusterConfig, connect, type WatchEvent } from "../../src/cluster/index.ts";
import type { Clock } from "../../src/model/index.ts";
import { kubeconfigText } from "../cluster-lab/config-files.ts";
import { configMap, problem, type Subject, subject, value } from "../contract/cluster/subject.ts";
import { startCluster } from "../support/cluster.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { describeWithCluster, sharedCluster } from "../support/shared-cluster.ts";

describeWithCluster("the way to a real API server", () => {
  let proxy: FaultProxy;
  const open: Cluster[] = [];
  const folder = mkdtempSync(join(tmpdir(), "gitops-faults-"));
  beforeAll(async () => {
    proxy = await startFaultProxy(sharedCluster());
  });
  afterEach(async () => {
    proxy.clear();
    await Promise.all(open.splice(0).map((cluster) => cluster.close()));
  });
  afterAll(async () => {
    await proxy.close();
    rmSync(folder, { recursive: true });
  });

  /** A clock on which no waiting ends by itself, so that no request is slow. */
  const patient: Clock = {
    ...systemClock(),
    sleep: (_durationMs, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
  };

  /** A client that goes through the proxy. */
  const through = async (
    config: Partial<ClusterConfig> = {},
    kubeconfig?: string,
    clock: Clock = systemClock(),
  ): Promise<Subject> => {
    const path = join(folder, "kubeconfig");
    const { ca, tokenOf } = sharedCluster();
    writeFileSync(path, kubeconfig ?? kubeconfigText(proxy.url, ca, tokenOf));
    const access = { kind: "kubeconfig", paths: [path] } as const;
    const defaults = { access, userAgent: "gitops/0.0.0", retryBaseMs: 1, pageSize: 5 };
    const connection = await connect({ ...defaults, ...config }, clock);
    if (!connection.ok) throw new Error(JSON.stringify(connection.failures));
    open.push(connection.value);
    return subject(connection.value);
  };
  const writes = (since: number) =>
    sharedCluster()
      .audit({ since, userAgent: "gitops/" })
      .map(({ verb, objectRef, responseStatus }) => [verb, objectRef?.name, responseStatus?.code]);

  test("connections are kept: many requests, hardly more of them than may be in flight", async () => {
    const s = await through({ inFlight: 4, patienceMs: 60_000 }, undefined, patient);
    const ns = await s.namespace();
    const before = proxy.connections();
    await Promise.all(Array.from({ length: 40 }, (_, index) => s.apply(configMap(ns, `c-${index}`, {}))));
    // A place in the line is free a moment before its connection is, so each may be opened once more; without keeping, 40 would be.
    expect(proxy.connections() - before).toBeLessThanOrEqual(8);
  });

  test("a connection that breaks before the server has the request is tried again", async () => {
    const s = await through();
    const ns = await s.namespace();
    proxy.add({ method: "PATCH", path: /configmaps/, matches: [1], fault: { kind: "reset", forward: false } });
    expect((await s.apply(configMap(ns, "retried", { a: "1" })))["data"]).toEqual({ a: "1" });
  });

  test("A21 an apply whose answer is lost is sent again and writes once", async () => {
    const s = await through();
    const ns = await s.namespace();
    const manifest = configMap(ns, "lost-answer", { a: "1" });
    await s.kindOf(manifest);
    const since = sharedCluster().mark();
    proxy.add({ method: "PATCH", path: /lost-answer/, matches: [1], fault: { kind: "reset", forward: true } });
    const live = await s.apply(manifest);
    expect(writes(since)).toEqual([
      ["patch", "lost-answer", 201],
      ["patch", "lost-answer", 200],
    ]);
    expect((await s.live(manifest))?.metadata.resourceVersion).toBe(live.metadata.resourceVersion);
  });

  test("A21 a delete whose answer is lost is sent again and finds nothing left", async () => {
    const s = await through();
    const manifest = configMap(await s.namespace(), "lost-delete", {});
    const { metadata } = await s.apply(manifest);
    proxy.add({ method: "DELETE", matches: [1], fault: { kind: "reset", forward: true } });
    const options = {
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      propagation: "Background",
    } as const;
    const { namespace = "", name } = manifest.metadata;
    expect(value(await s.cluster.remove(await s.kindOf(manifest), namespace, name, options, s.signal))).toBe("gone");
  });

  test("a patch whose answer is lost is not sent again, and is ambiguous", async () => {
    const s = await through();
    const ns = await s.namespace();
    await s.apply(configMap(ns, "patched", { a: "1" }));
    const kind = await s.kind("ConfigMap");
    const since = sharedCluster().mark();
    proxy.add({ method: "PATCH", fault: { kind: "reset", forward: true } });
    const type = "application/merge-patch+json";
    const answer = await s.cluster.patch(kind, ns, "patched", type, { data: { a: "2" } }, s.signal);
    expect(problem(answer)).toMatchObject({ kind: "network", ambiguous: true });
    expect(writes(since)).toHaveLength(1);
  });

  test("D11 a server that hangs costs the deadline, on each attempt", async () => {
    const kind = await (await through()).kind("ConfigMap");
    const s = await through({ requestDeadlineMs: 100, attempts: 2 });
    const before = proxy.seen.length;
    proxy.add({ path: /configmaps/, fault: { kind: "hang" } });
    const answer = await s.cluster.list(kind, { namespace: "default" }, s.signal);
    expect(problem(answer)).toMatchObject({ kind: "timeout", message: "no answer within 0.1 s", ambiguous: false });
    expect(proxy.seen.length - before).toBe(2);
  });

  test("an abort ends a request that hangs, and those that wait behind it, with its reason", async () => {
    const s = await through({ inFlight: 1 });
    const kind = await s.kind("ConfigMap");
    proxy.add({ path: /configmaps/, fault: { kind: "hang" } });
    const [stop, reason] = [new AbortController(), new Error("enough")];
    const hanging = [1, 2, 3].map(() => s.cluster.get(kind, "default", "x", stop.signal));
    await expect.poll(() => proxy.seen.at(-1)?.fault).toBe("hang");
    stop.abort(reason);
    for (const one of hanging) await expect(one).rejects.toBe(reason);
    proxy.clear();
    expect(value(await s.cluster.get(kind, "default", "x", s.signal))).toBeUndefined();
  });

  test.each([429, 503, 504])("D11 a %i is tried again", async (code) => {
    const s = await through();
    const ns = await s.namespace();
    proxy.add({ method: "PATCH", path: /configmaps/, matches: [1, 2], fault: { kind: "status", code } });
    expect((await s.apply(configMap(ns, "again", {}))).metadata.name).toBe("again");
  });

  test("D11 Retry-After is waited for; one that is too long is reported instead", async () => {
    const sleeps: number[] = [];
    const waits = () => sleeps.filter((durationMs) => durationMs !== 1_000); // that long a request may keep its place
    const clock: Clock = { ...systemClock(), sleep: async (durationMs) => void sleeps.push(durationMs) };
    const s = await through({}, undefined, clock);
    const kind = await s.kind("ConfigMap");
    const rule = { path: /configmaps/, matches: [1] };
    const drop = proxy.add({ ...rule, fault: { kind: "status", code: 429, retryAfterSeconds: 7 } });
    value(await s.cluster.get(kind, "default", "x", s.signal));
    expect(waits()).toEqual([7_000]);
    drop();
    proxy.add({ ...rule, fault: { kind: "status", code: 429, reason: "TooManyRequests", retryAfterSeconds: 3600 } });
    const answer = await s.cluster.get(kind, "default", "x", s.signal);
    expect(problem(answer)).toMatchObject({ status: 429, retryAfterMs: 3_600_000, ambiguous: false });
    expect(waits()).toHaveLength(1);
  });

  test.each([400, 403, 409, 422, 500])("a %i is not tried again", async (code) => {
    const s = await through();
    const kind = await s.kind("ConfigMap");
    const before = proxy.seen.length;
    proxy.add({ path: /configmaps/, fault: { kind: "status", code } });
    expect(problem(await s.cluster.get(kind, "default", "x", s.signal)).status).toBe(code);
    expect(proxy.seen.length - before).toBe(1);
  });

  test("a 404 that is not about the object is a problem, not an absence", async () => {
    const s = await through();
    const kind = await s.kind("ConfigMap");
    proxy.add({
      path: /configmaps/,
      fault: { kind: "status", code: 404, reason: "NotFound", message: "no such route" },
    });
    expect(problem(await s.cluster.get(kind, "default", "x", s.signal))).toMatchObject({ status: 404 });
  });

  test.each([
    ["cut off", { kind: "truncate", bytes: 60 }],
    ["cut off in order, as some proxies do", { kind: "truncate", bytes: 60, clean: true }],
  ] as const)("A17 a list that is %s is a problem, never a shorter list", async (_how, fault) => {
    const s = await through({ attempts: 2 });
    const ns = await s.namespace();
    await Promise.all([1, 2, 3].map((index) => s.apply(configMap(ns, `c-${index}`, {}))));
    const kind = await s.kind("ConfigMap");
    proxy.add({ path: /configmaps/, fault });
    expect(problem(await s.cluster.list(kind, { namespace: ns }, s.signal)).kind).toMatch(/network|decode/);
  });

  test("A17 a list whose later page fails is a problem; one that expires between pages is begun anew", async () => {
    const s = await through({ attempts: 1 });
    const ns = await s.namespace();
    await Promise.all(Array.from({ length: 12 }, (_, index) => s.apply(configMap(ns, `c-${index}`, {}))));
    const kind = await s.kind("ConfigMap");
    const drop = proxy.add({ path: /continue=/, matches: [2], fault: { kind: "status", code: 500 } });
    expect(problem(await s.cluster.list(kind, { namespace: ns }, s.signal)).status).toBe(500);
    drop();
    const gone = { kind: "status", code: 410, reason: "Expired" } as const;
    proxy.add({ path: /continue=/, matches: [2], fault: gone });
    expect(value(await s.cluster.list(kind, { namespace: ns }, s.signal)).items).toHaveLength(12);
    proxy.clear();
    proxy.add({ path: /continue=/, fault: gone });
    expect(problem(await s.cluster.list(kind, { namespace: ns }, s.signal)).status).toBe(410);
  });

  test("A16 reads ask for what is stored now, never for what a cache has", async () => {
    const s = await through();
    const manifest = configMap(await s.namespace(), "fresh", {});
    await s.apply(manifest);
    const before = proxy.seen.length;
    await s.live(manifest);
    await s.metadata(manifest);
    value(await s.cluster.list(await s.kindOf(manifest), { namespace: "default" }, s.signal));
    expect(proxy.seen.slice(before).filter(({ path }) => path.includes("resourceVersion"))).toEqual([]);
  });

  test("D12 a token file is read again when the server refuses its token", async () => {
    const { ca, token, tokenOf } = sharedCluster();
    const tokenFile = join(folder, "token");
    const text = kubeconfigText(proxy.url, ca, tokenOf).replace(`token: ${token}`, `tokenFile: ${tokenFile}`);
    writeFileSync(tokenFile, "expired\n");
    const s = await through({}, text);
    writeFileSync(tokenFile, `${token}\n`);
    const before = proxy.seen.length;
    expect(value(await s.cluster.identity(s.signal))).toMatch(/^[0-9a-f-]{36}$/);
    expect(proxy.seen.slice(before).map(({ authorization }) => authorization)).toEqual([
      "Bearer expired",
      `Bearer ${token}`,
    ]);
  });

  test("a token that is refused for good is a 401", async () => {
    const { ca, token, tokenOf } = sharedCluster();
    const s = await through({}, kubeconfigText(proxy.url, ca, tokenOf).replace(token, "wrong"));
    expect(problem(await s.cluster.identity(s.signal))).toMatchObject({ status: 401, reason: "Unauthorized" });
  });

  test("D13 a server with another certificate is not talked to", async () => {
    const { tokenOf } = sharedCluster();
    const other = kubeconfigText(proxy.url, "", tokenOf).replace(/ {4}certificate-authority-data:.*\n/, "");
    const s = await through({ attempts: 1 }, other);
    const before = proxy.seen.length;
    expect(problem(await s.cluster.identity(s.signal))).toMatchObject({ kind: "network", ambiguous: false });
    expect(proxy.seen.length).toBe(before);
  });

  test("D13 a new certificate authority is read once the old one does not fit", async () => {
    const { ca, tokenOf } = sharedCluster();
    const caFile = join(folder, "ca.crt");
    const text = kubeconfigText(proxy.url, ca, tokenOf).replace(
      /certificate-authority-data:.*/,
      `certificate-authority: ${caFile}`,
    );
    writeFileSync(caFile, rootCertificates[0] ?? "");
    const s = await through({ attempts: 1 }, text);
    expect(problem(await s.cluster.identity(s.signal)).kind).toBe("network");
    writeFileSync(caFile, ca);
    expect(value(await s.cluster.identity(s.signal))).toMatch(/^[0-9a-f-]{36}$/);
  });

  const watched = async (s: Subject, fault: Parameters<FaultProxy["add"]>[0]["fault"]) => {
    const kind = await s.kind("ConfigMap");
    const ns = await s.namespace();
    const { resourceVersion } = value(await s.cluster.list(kind, { namespace: ns }, s.signal));
    proxy.add({ path: /watch=true/, fault });
    const seen: WatchEvent[] = [];
    for await (const event of s.cluster.watch(kind, { namespace: ns, resourceVersion }, s.signal)) seen.push(event);
    return seen;
  };

  test("a watch whose version is gone says so", async () => {
    const seen = await watched(await through(), { kind: "status", code: 410, reason: "Expired" });
    expect(seen).toMatchObject([{ type: "ended", gone: true }]);
  });

  test("a watch that breaks ends with the problem", async () => {
    const seen = await watched(await through(), { kind: "reset", forward: false });
    expect(seen).toMatchObject([{ type: "ended", gone: false, problem: { kind: "network" } }]);
  });

  test("D12 a watch that is silent for too long is given up", async () => {
    const seen = await watched(await through({ watchSilenceMs: 500 }), { kind: "drop-events", types: ["BOOKMARK"] });
    expect(seen).toMatchObject([{ type: "ended", gone: false, problem: { kind: "timeout" } }]);
  });

  test("a connection that breaks does not spoil the next request", async () => {
    const s = await through({ attempts: 1 });
    proxy.add({ matches: [1, 2], fault: { kind: "reset", forward: false } });
    expect(problem(await s.cluster.identity(s.signal)).kind).toBe("network");
    expect(problem(await s.cluster.identity(s.signal)).kind).toBe("network");
    expect(value(await s.cluster.identity(s.signal))).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("D11 an API server that is killed, or that hangs, is found again when it is back", async () => {
    const own = await startCluster();
    try {
      const access = { kind: "kubeconfig", paths: [own.kubeconfigPath] } as const;
      const config = { access, userAgent: "gitops/0.0.0", attempts: 1, requestDeadlineMs: 5_000 };
      const connection = await connect(config, systemClock());
      if (!connection.ok) throw new Error(JSON.stringify(connection.failures));
      open.push(connection.value);
      const s = subject(connection.value);
      const identity = value(await s.cluster.identity(s.signal));
      await own.killApiServer();
      expect(problem(await s.cluster.identity(s.signal))).toMatchObject({ kind: "network", ambiguous: false });
      await own.startApiServer();
      expect(value(await s.cluster.identity(s.signal))).toBe(identity);
      await own.pauseApiServer();
      expect(problem(await s.cluster.identity(s.signal))).toMatchObject({ kind: "timeout" });
      own.resumeApiServer();
      await expect.poll(async () => (await s.cluster.identity(s.signal)).ok, { timeout: 20_000 }).toBe(true);
    } finally {
      await own.stop();
    }
  });
});
