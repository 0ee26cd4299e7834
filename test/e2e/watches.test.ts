import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { type Cluster, type ClusterConfig, connect } from "../../src/cluster/index.ts";
import { type Hint, LIVE_DEFAULTS, type Live, openLive } from "../../src/live/index.ts";
import { kubeconfigText } from "../cluster-lab/config-files.ts";
import { type Subject, subject, unique, value } from "../contract/cluster/subject.ts";
import { declareAs } from "../plan/objects.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { describeWithCluster, sharedCluster } from "../support/shared-cluster.ts";

/** What is known of a real cluster while the way to it is troubled. */
describeWithCluster("watches of a real API server", () => {
  const folder = mkdtempSync(join(tmpdir(), "gitops-watches-"));
  const ends: (() => Promise<void>)[] = [];
  let proxy: FaultProxy;
  beforeAll(async () => {
    proxy = await startFaultProxy(sharedCluster());
  });
  afterEach(async () => {
    proxy.clear();
    for (const end of ends.splice(0).toReversed()) await end();
  });
  afterAll(async () => {
    await proxy.close();
    rmSync(folder, { recursive: true });
  });

  /** Our client, by its own way, and somebody else's, who is never troubled. */
  interface Scene {
    readonly live: Live;
    readonly ours: Subject;
    readonly other: Subject;
    readonly ns: string;
    readonly hints: Hint[];
    names(): Promise<string[]>;
    /** Somebody else's applies as a pass would do them, and a deletion. */
    put(name: string, data?: Record<string, string>, by?: Subject): Promise<void>;
    drop(name: string): Promise<void>;
  }
  const open = async (path: string, config: Partial<ClusterConfig> = {}): Promise<Cluster> => {
    const access = { kind: "kubeconfig", paths: [path] } as const;
    const opened = await connect({ access, userAgent: "gitops/0.0.0", attempts: 1, ...config }, systemClock());
    if (!opened.ok) throw new Error(JSON.stringify(opened.failures));
    ends.push(() => opened.value.close());
    return opened.value;
  };
  const scene = async (path: string, direct: string, config: Partial<ClusterConfig> = {}): Promise<Scene> => {
    const other = subject(await open(direct));
    const ns = await other.namespace();
    const cluster = await open(path, config);
    const live = openLive(cluster, systemClock(), { ...LIVE_DEFAULTS, gatherMs: 50, random: () => 0.5 });
    ends.push(() => live.close());
    const hints: Hint[] = [];
    live.onHint((some) => hints.push(...some.filter(({ ref }) => ref.namespace === ns)));
    const { signal } = new AbortController();
    return {
      live,
      ours: subject(live.cluster),
      other,
      ns,
      hints,
      async names() {
        const answer = await live.inventory(signal);
        if (!answer.ok) return [answer.failures[0]?.code ?? ""];
        if (answer.value.unlisted.has("/ConfigMap")) return ["unlisted"];
        return [...answer.value.live.values()].filter(({ ref }) => ref.namespace === ns).map(({ ref }) => ref.name);
      },
      async put(name, data = { a: "1" }, by = other) {
        const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: ns }, data };
        await by.apply(declareAs("shop/cart", manifest).manifest);
      },
      async drop(name) {
        const seen = await other.metadata({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: ns } });
        const options = { ...seen, propagation: "Background" } as const;
        value(await other.cluster.remove(await other.kind("ConfigMap"), ns, name, options, signal));
      },
    };
  };
  const throughProxy = async (config: Partial<ClusterConfig> = {}): Promise<Scene> => {
    const { ca, tokenOf, kubeconfigPath } = sharedCluster();
    const path = join(folder, unique("kubeconfig"));
    writeFileSync(path, kubeconfigText(proxy.url, ca, tokenOf));
    return await scene(path, kubeconfigPath, config);
  };
  const told = (s: Scene) => s.hints.map(({ what, ref }) => `${what} ${ref.name}`);
  const soon = { timeout: 60_000 };

  test("what others do is told; what we do is no news; nothing is asked for while the watches stand", async () => {
    const s = await throughProxy();
    await s.put("cart");
    await s.put("web");
    expect(await s.names()).toEqual(["cart", "web"]);
    await expect.poll(() => proxy.seen.some(({ path }) => /configmaps\?watch=true/.test(path)), soon).toBe(true);
    await s.put("ours", { a: "1" }, s.ours);
    await s.put("ours", { a: "2" }, s.ours);
    const asked = proxy.seen.length;
    expect(await s.names()).toEqual(["cart", "web", "ours"]);
    const kind = await s.other.kind("ConfigMap");
    const edit = { data: { a: "theirs" }, metadata: { labels: { theirs: "x" } } };
    value(await s.other.cluster.patch(kind, s.ns, "cart", "application/merge-patch+json", edit, s.other.signal));
    await s.drop("web");
    // Two things happened; how many hints they are is a matter of how soon they came after each other.
    await expect.poll(() => s.hints.reduce((sum, { count }) => sum + count, 0), soon).toBe(2);
    expect(told(s)[0]).toBe("fields cart");
    expect(await s.names()).toEqual(["cart", "ours"]);
    expect(proxy.seen.slice(asked).filter(({ path }) => !path.includes("watch=true"))).toEqual([]);
  });

  test("D12 a watch that is a black hole is given up, and what it swallowed is found by a list", async () => {
    const s = await throughProxy({ watchSilenceMs: 1_500 });
    await s.put("cart");
    const types = ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"];
    proxy.add({ path: /configmaps\?watch=true/, matches: [1], fault: { kind: "drop-events", types } });
    expect(await s.names()).toEqual(["cart"]);
    await expect.poll(() => proxy.seen.some(({ fault }) => fault === "drop-events"), soon).toBe(true);
    await s.drop("cart");
    await expect.poll(() => told(s), soon).toEqual(["deleted cart"]);
    expect(s.live.stats().relists["silent"]).toBeGreaterThanOrEqual(1);
    expect(await s.names()).toEqual([]);
  });

  test("D12 a token that expires: credentials are read again, and the watch goes on", async () => {
    const { ca, token, tokenOf, kubeconfigPath } = sharedCluster();
    const tokenFile = join(folder, "token");
    const path = join(folder, "rotating");
    writeFileSync(tokenFile, token);
    writeFileSync(path, kubeconfigText(proxy.url, ca, tokenOf).replace(`token: ${token}`, `tokenFile: ${tokenFile}`));
    const s = await scene(path, kubeconfigPath);
    await s.put("cart");
    proxy.add({ path: /configmaps\?watch=true/, matches: [1], fault: { kind: "reset", forward: false } });
    proxy.add({ path: /configmaps\?watch=true/, matches: [2], fault: { kind: "status", code: 401 } });
    const before = proxy.seen.length;
    expect(await s.names()).toEqual(["cart"]);
    writeFileSync(tokenFile, tokenOf("viewer"));
    const watches = () => proxy.seen.slice(before).filter((one) => /configmaps\?watch=true/.test(one.path));
    await expect.poll(() => watches().length, soon).toBe(3);
    expect(watches().map(({ authorization, fault }) => [authorization, fault])).toEqual([
      [`Bearer ${token}`, "reset"],
      [`Bearer ${token}`, "status"],
      [`Bearer ${tokenOf("viewer")}`, undefined],
    ]);
    await s.put("web");
    await expect.poll(() => told(s), soon).toEqual(["appeared web"]);
    expect(s.live.stats().relists).toMatchObject({ start: expect.any(Number) });
    expect(s.live.stats().relists["expired"]).toBeUndefined();
  });

  test("D11 a watch that is throttled waits as long as it is told; one that is too old is listed anew", async () => {
    const s = await throughProxy();
    await s.put("cart");
    const path = /configmaps\?watch=true/;
    const throttled = { kind: "status", code: 429, reason: "TooManyRequests", retryAfterSeconds: 2 } as const;
    proxy.add({ path, matches: [1], fault: throttled });
    proxy.add({ path, matches: [2], fault: { kind: "status", code: 410, reason: "Expired" } });
    expect(await s.names()).toEqual(["cart"]);
    await expect.poll(() => s.live.stats().relists["expired"], soon).toBe(1);
    await s.put("web");
    await expect.poll(() => told(s), soon).toEqual(["appeared web"]);
  });

  test("A16 a proxy that answers with an old list is noticed: nothing may be deleted, and what is there is found", async () => {
    const s = await throughProxy();
    await s.put("cart");
    const rule = { path: /\/configmaps\?limit/, fault: { kind: "stale" } } as const;
    expect(await s.names()).toEqual(["cart"]);
    await s.put("web");
    await expect.poll(() => s.names(), soon).toEqual(["cart", "web"]);
    const pass = proxy.add(rule); // from here on as it was at the first time
    await s.live.relist(s.ours.signal);
    pass();
    await expect.poll(() => s.names(), soon).toEqual(["cart", "web"]);
    const inventory = await s.live.inventory(s.ours.signal);
    expect(inventory.ok && inventory.value.paused).toMatch(/ConfigMap: a list of version \d+ after \d+/);
  });

  test("A16 a cluster restored from a backup: what it has is what is known, and nothing may be deleted", async () => {
    const own: TestCluster = await startCluster();
    ends.push(() => own.stop());
    const s = await scene(own.kubeconfigPath, own.kubeconfigPath);
    await s.put("cart");
    await s.put("web");
    const restore = await own.backUp();
    expect(await s.names()).toEqual(["cart", "web"]);
    await s.drop("web");
    await s.put("new");
    await expect.poll(() => s.names(), soon).toEqual(["cart", "new"]);
    await restore();
    await expect.poll(() => s.names(), soon).toEqual(["cart", "web"]);
    const inventory = await s.live.inventory(s.ours.signal);
    expect(inventory.ok && inventory.value.paused).toMatch(
      /older than before \(ConfigMap: a list of version \d+ after \d+/,
    );
  });

  test("D11 D12 an API server that is killed, and one that stands still, are found again, and nothing is missed", async () => {
    const own: TestCluster = await startCluster();
    ends.push(() => own.stop());
    const config = { requestDeadlineMs: 3_000, watchSilenceMs: 4_000 };
    const s = await scene(own.kubeconfigPath, own.kubeconfigPath, config);
    await s.put("cart");
    await s.put("web");
    expect(await s.names()).toEqual(["cart", "web"]);
    await own.killApiServer();
    await expect.poll(() => s.names(), soon).toEqual(["cluster/unreachable"]);
    await own.startApiServer();
    await s.drop("web");
    await expect.poll(() => s.names(), soon).toEqual(["cart"]);
    await expect.poll(() => told(s), soon).toEqual(["deleted web"]);
    s.hints.splice(0);
    await own.pauseApiServer();
    await expect.poll(() => s.names(), soon).toEqual(["cluster/timeout"]);
    own.resumeApiServer();
    await s.drop("cart");
    await expect.poll(() => told(s), soon).toEqual(["deleted cart"]);
    expect(await s.names()).toEqual([]);
    expect(s.live.stats().regressions).toBe(0);
  });
});
