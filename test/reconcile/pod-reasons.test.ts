import { describe, expect, test } from "vitest";
import type { JsonObject, LiveObject } from "../../src/model/index.ts";
import { fixture } from "../health/fixture.ts";
import { awaited, type Begun, type Scene, scene } from "./waiting-scene.ts";

describe("failing fast, with the reason that the pods give", () => {
  const HASH = { "pod-template-hash": "5d8" };

  /** A Deployment at its second revision, whose ReplicaSets are there. */
  function rollout({ put }: Scene, status: JsonObject = fixture("deployment-progressing-unavailable.yaml")): void {
    const annotations = (revision: number): JsonObject => ({ "deployment.kubernetes.io/revision": String(revision) });
    const selector = { matchLabels: { app: "cart" } };
    const base = status as LiveObject;
    put({
      ...base,
      metadata: { ...base.metadata, annotations: annotations(2) },
      spec: { ...(base["spec"] as JsonObject), selector },
    });
    const owner = { apiVersion: "apps/v1", kind: "Deployment", name: "cart", uid: base.metadata.uid, controller: true };
    for (const [revision, hash] of [
      [1, "111"],
      [2, "5d8"],
    ] as const)
      put({
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: {
          name: `cart-${hash}`,
          namespace: "shop",
          uid: `rs-${hash}`,
          labels: { app: "cart", "pod-template-hash": hash },
          annotations: annotations(revision),
          ownerReferences: [owner],
        },
      });
  }

  function pod(file: string, labels: JsonObject = HASH, metadata: JsonObject = {}): JsonObject {
    const object = fixture(`pod-progressing-${file}.yaml`);
    return { ...object, metadata: { ...object.metadata, labels: { app: "cart", ...labels }, ...metadata } };
  }

  const messages = (begun: Begun) => begun.ended()?.failures.map(({ code, message }) => `${code} ${message}`);

  test("a container that was started anew twice is given up at once, with the line that shows why", async () => {
    const one = await scene();
    rollout(one);
    one.put(pod("crash-loop"));
    const waited = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(4_000);
    expect(waited.ended()).toBeUndefined(); // pods are looked at after five seconds
    await one.clock.advance(1_000);
    expect(waited.ended()?.failures).toMatchObject([
      {
        code: "health/failed",
        message:
          "apps/Deployment shop/cart is not healthy: 1 of 3 updated replicas are available; container api of pod cart-5d8-x7k2p ends again and again (CrashLoopBackOff): Error with exit code 1, 4 restarts",
        remedy: "see kubectl -n shop logs cart-5d8-x7k2p -c api --previous",
      },
    ]);
    expect(JSON.stringify(waited.ended())).not.toContain("not-to-be-shown");
  });

  test.each([
    ["first-crash", 20_000],
    ["image-not-found", 20_000],
    ["secret-missing", 60_000],
    ["unschedulable", 60_000],
  ])("%s may last %i ms", async (file, graceMs) => {
    const one = await scene();
    rollout(one);
    one.put(pod(file));
    const waited = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(5_000 + graceMs - 1_000);
    expect(waited.ended()).toBeUndefined();
    await one.clock.advance(1_500);
    expect(messages(waited)).toMatchObject([expect.stringMatching(/^health\/failed apps\/Deployment shop\/cart /)]);
  });

  test("trouble that is over begins anew when it comes back", async () => {
    const one = await scene();
    rollout(one);
    one.put(pod("image-not-found"));
    const waited = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(15_000);
    one.put(pod("starting"));
    await one.clock.advance(3_000);
    one.put(pod("image-not-found"));
    await one.clock.advance(18_000);
    expect(waited.ended()).toBeUndefined();
    await one.clock.advance(3_000);
    expect(waited.ended()?.health.state).toBe("failed");
  });

  test("a pod is heard of at once, although its Deployment says nothing new", async () => {
    const one = await scene();
    rollout(one);
    const waited = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(6_000);
    one.put(pod("crash-loop"));
    await one.clock.advance(600);
    expect(waited.ended()?.health.state).toBe("failed");
  });

  test("pods of the revision before do not count: they may be why it was changed", async () => {
    const one = await scene();
    rollout(one);
    one.put(pod("crash-loop", { "pod-template-hash": "111" }));
    const waited = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(120_000);
    expect(waited.ended()).toBeUndefined();
  });

  test("pods that may not be read are waited for like any other", async () => {
    const problem = {
      kind: "status",
      status: 403,
      message: "may not list pods",
      causes: [],
      ambiguous: false,
    } as const;
    const one = await scene({}, () => ({ listObjects: () => Promise.resolve({ ok: false, problem }) }));
    rollout(one);
    one.put(pod("crash-loop"));
    const waited = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(120_000);
    expect(waited.ended()).toBeUndefined();
    expect(waited.told.at(-1)).toMatchObject([{ why: "1 of 3 updated replicas are available" }]);
  });

  test("a progress deadline that passed is told with what the pods say", async () => {
    const one = await scene();
    rollout(one, fixture("deployment-failed-deadline.yaml"));
    one.put(pod("unschedulable"));
    const waited = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(0);
    expect(messages(waited)).toMatchObject([
      expect.stringMatching(/timed out progressing; pod \S+ fits on no node: 0\/3/),
    ]);
  });

  test("a progress deadline that passed before the last change is believed when it is still told after a moment", async () => {
    const one = await scene();
    const told = fixture("deployment-failed-deadline-before.yaml");
    one.put(told);
    const back = one.wait([awaited("Deployment", "cart", { ours: false })]);
    await one.clock.advance(100);
    expect(back.told).toMatchObject([[{ why: expect.stringContaining("timed out progressing") }]]);
    one.put({ ...told, status: fixture("deployment-healthy.yaml")["status"] as JsonObject });
    await one.clock.advance(600);
    expect(back.ended()?.health.state).toBe("healthy");
    one.put(told);
    const stuck = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(4_900);
    expect(stuck.ended()).toBeUndefined();
    await one.clock.advance(600);
    expect(messages(stuck)).toMatchObject([expect.stringMatching(/^health\/failed .*timed out progressing$/)]);
  });

  test("pods do not count while the controller has not looked at the last change: they are of the one before", async () => {
    const one = await scene();
    rollout(one, fixture("deployment-progressing-change-not-seen.yaml"));
    one.put(pod("crash-loop"));
    const waited = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(60_000);
    expect(waited.ended()).toBeUndefined();
    expect(waited.told.at(-1)).toMatchObject([{ why: "its controller has not looked at its last change yet" }]);
    rollout(one);
    await one.clock.advance(16_000);
    expect(waited.ended()?.health.state).toBe("failed");
  });

  test("a quota that leaves no room is waited for, for a minute", async () => {
    const one = await scene();
    rollout(one, fixture("deployment-progressing-quota.yaml"));
    const waited = one.wait([awaited("Deployment", "cart")]);
    await one.clock.advance(64_000);
    expect(waited.ended()).toBeUndefined();
    await one.clock.advance(2_000);
    expect(waited.ended()?.failures).toMatchObject([
      {
        message: expect.stringContaining("exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2"),
        remedy: "see kubectl -n shop describe resourcequota small",
      },
    ]);
  });

  test("a StatefulSet says so in Events only; old ones do not count", async () => {
    const one = await scene();
    const set = fixture("stateful-set-progressing-few.yaml");
    one.put({ ...set, spec: { ...(set["spec"] as JsonObject), selector: { matchLabels: { app: "db" } } } });
    const event = (name: string, lastTimestamp: string): JsonObject => ({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace: "shop", uid: name },
      involvedObject: { kind: "StatefulSet", namespace: "shop", name: "db", uid: set.metadata.uid },
      reason: "FailedCreate",
      message: `pods "db-1" is forbidden: exceeded quota: ${name}, requested: pods=1, used: pods=1, limited: pods=1`,
      lastTimestamp,
    });
    one.put(event("long-ago", "2025-12-31T23:00:00Z"));
    const waited = one.wait([awaited("StatefulSet", "db")]);
    await one.clock.advance(120_000);
    expect(waited.ended()).toBeUndefined();
    one.put(event("lately", "2026-01-01T00:02:00Z"));
    await one.clock.advance(90_000);
    expect(messages(waited)).toMatchObject([expect.stringContaining("exceeded quota: lately")]);
  });

  test("a StatefulSet waits for a pod of the revision before, so one that crashes is told, later", async () => {
    const one = await scene();
    const set = fixture("stateful-set-progressing-updating.yaml");
    one.put({ ...set, spec: { ...(set["spec"] as JsonObject), selector: { matchLabels: { app: "cart" } } } });
    const owners = { ownerReferences: [{ kind: "StatefulSet", name: "db", uid: set.metadata.uid, controller: true }] };
    one.put(pod("crash-loop", { "controller-revision-hash": "db-1" }, owners));
    const waited = one.wait([awaited("StatefulSet", "db")]);
    await one.clock.advance(55_000);
    expect(waited.ended()).toBeUndefined();
    await one.clock.advance(10_000);
    expect(messages(waited)).toMatchObject([expect.stringContaining("ends again and again")]);
  });

  test.each([
    ["1", undefined],
    ["2", "failed"],
  ])("of a DaemonSet at its second generation, pods of generation %s: %s", async (generation, state) => {
    const one = await scene();
    const set = fixture("daemon-set-progressing-unavailable.yaml");
    const annotations = { "deprecated.daemonset.template.generation": "2" };
    const spec = { selector: { matchLabels: { app: "cart" } } };
    one.put({ ...set, metadata: { ...set.metadata, annotations }, spec });
    const owners = { ownerReferences: [{ kind: "DaemonSet", name: "agent", uid: set.metadata.uid, controller: true }] };
    one.put(pod("crash-loop", { "pod-template-generation": generation }, owners));
    const waited = one.wait([awaited("DaemonSet", "agent")]);
    await one.clock.advance(90_000);
    expect(waited.ended()?.health.state).toBe(state);
  });

  test.each([
    ["crash-loop", undefined],
    ["image-not-found", "failed"],
  ])("a Job counts its failed pods itself: %s", async (file, state) => {
    const one = await scene();
    const job = fixture("job-progressing-running.yaml");
    one.put({ ...job, spec: { ...(job["spec"] as JsonObject), selector: { matchLabels: { app: "cart" } } } });
    one.put(
      pod(file, {}, { ownerReferences: [{ kind: "Job", name: "migrate", uid: job.metadata.uid, controller: true }] }),
    );
    const waited = one.wait([awaited("Job", "migrate")]);
    await one.clock.advance(90_000);
    expect(waited.ended()?.health.state).toBe(state);
  });

  test.each([
    ["Completed", "healthy"],
    ["BackoffLimitExceeded", "failed"],
  ])("a Job that is gone before anybody saw how it ended: %s in Events is %s", async (reason, state) => {
    const one = await scene();
    const job = fixture("job-progressing-running.yaml");
    const { uid, name } = job.metadata;
    one.put(job);
    const waited = one.wait([awaited("Job", name, { vanishes: true })]);
    await one.clock.advance(1_000);
    one.put({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "ended", namespace: "shop", uid: "event" },
      involvedObject: { kind: "Job", name, uid },
      reason,
      message: "so it was.",
    });
    const kind = awaited("Job", name).kind;
    if (kind === undefined) throw new Error("Jobs are served");
    const { signal } = new AbortController();
    const live = await one.cluster.metadata(kind, "shop", name, signal);
    const resourceVersion = live.ok ? (live.value?.resourceVersion ?? "") : "";
    const how = { uid, resourceVersion, propagation: "Background" } as const;
    expect(await one.cluster.remove(kind, "shop", name, how, signal)).toEqual({ ok: true, value: "removed" });
    await one.clock.advance(16_000);
    expect(waited.ended()?.health.state).toBe(state);
    const told = [expect.stringMatching(/^health\/failed .* is not healthy: BackoffLimitExceeded: so it was$/)];
    expect(messages(waited)).toEqual(state === "failed" ? told : []);
  });

  test("a pod by itself is judged by its own reasons", async () => {
    const one = await scene();
    one.put(pod("unschedulable"));
    const waited = one.wait([awaited("Pod", "cart-5d8-x7k2p")]);
    await one.clock.advance(64_000);
    expect(waited.ended()).toBeUndefined();
    await one.clock.advance(2_000);
    expect(waited.ended()?.health.state).toBe("failed");
  });
});
