import { describe, expect, test } from "vitest";
import type { Cluster, Kind } from "../../src/cluster/index.ts";
import { liveMetadata } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import type { Clock, LiveMetadata, LiveObject, Manifest } from "../../src/model/index.ts";
import { leftToScale } from "../../src/plan/autoscaled.ts";
import { type Declared, newAutoscalers } from "../../src/plan/index.ts";
import { type Applier, apply } from "../../src/reconcile/apply.ts";
import { applyOrRecreate } from "../../src/reconcile/recreate.ts";
import { declareAs } from "../plan/objects.ts";
import { manualClock } from "../support/manual-clock.ts";

const signal = new AbortController().signal;
const SERVICE = "x/a";

const frozen = (value: string, more: Record<string, unknown> = {}): Declared =>
  declareAs(SERVICE, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "frozen", namespace: "default" },
    immutable: true,
    data: { VALUE: value },
    ...more,
  } as Manifest);
const workload = (replicas: number | undefined, image: string): Declared =>
  declareAs(SERVICE, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "scaled", namespace: "default" },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: { app: "scaled" } },
      template: { metadata: { labels: { app: "scaled" } }, spec: { containers: [{ name: "web", image }] } },
    },
  });

/** An API server in memory; what is asked of it is noted, and something else may happen before each request. */
async function scene(meanwhile: (request: string, cluster: Cluster) => Promise<void> = async () => undefined) {
  const clock = manualClock();
  const embedded = createEmbedded({ clock, controllers: "none" });
  const { kinds } = await embedded.kinds(signal).then((answer) => (answer.ok ? answer.value : { kinds: [] }));
  const kindOf = (ref: { readonly group: string; readonly kind: string }): Kind | undefined =>
    kinds.find(({ group, kind }) => group === ref.group && kind === ref.kind);
  const asked: string[] = [];
  const told = async <T>(request: string, ask: () => Promise<T>): Promise<T> => {
    await meanwhile(request, embedded);
    asked.push(request);
    return await ask();
  };
  const cluster: Cluster = {
    ...embedded,
    get: (...all) => told("get", () => embedded.get(...all)),
    metadata: (...all) => told("metadata", () => embedded.metadata(...all)),
    apply: (kind, manifest, options, on) =>
      told(`${options.dryRun === true ? "dry-run" : "apply"} ${manifest.metadata.name}`, () =>
        embedded.apply(kind, manifest, options, on),
      ),
    remove: (...all) => told("remove", () => embedded.remove(...all)),
  };
  // The program's waits are over at once.
  const hurried: Clock = { ...clock, sleep: (durationMs) => clock.advance(durationMs) };
  const live = async ({ ref }: Declared): Promise<LiveObject | undefined> => {
    const kind = kindOf(ref);
    const answer = kind && (await embedded.get(kind, ref.namespace, ref.name, signal));
    return answer?.ok === true ? answer.value : undefined;
  };
  const applier = async (declared: Declared, more: Partial<Applier> = {}): Promise<Applier> => {
    const object = await live(declared);
    const kind = kindOf(declared.ref);
    const seen: LiveMetadata | undefined = object && kind && liveMetadata(kind, object);
    return {
      cluster,
      clock: hurried,
      dryRun: false,
      kindOf,
      isNew: () => false,
      isComing: () => false,
      defined: () => undefined,
      needs: () => [],
      live: () => seen,
      settle: () => undefined,
      ...more,
    };
  };
  const owner = { scope: "test", service: SERVICE, recreate: true, protect: new Set<string>() };
  const noNeed = async () => undefined;
  return {
    asked,
    live,
    embedded,
    async apply(declared: Declared, more: Partial<Applier> = {}) {
      return await apply(await applier(declared, more), declared, noNeed, signal);
    },
    async recreate(declared: Declared, more: Partial<Applier> = {}, change: Partial<typeof owner> = {}) {
      const with_ = await applier(declared, more);
      asked.length = 0;
      return await applyOrRecreate(with_, declared, { ...owner, ...change }, noNeed, signal);
    },
  };
}

describe("A14 an object that cannot be changed in place", () => {
  test("is tried, judged under another name, read once more, deleted, waited for and created", async () => {
    const at = await scene();
    await at.apply(frozen("1"));
    const before = (await at.live(frozen("1")))?.metadata.uid;
    expect(await at.recreate(frozen("2"))).toEqual({ ok: true, value: "recreated" });
    expect(at.asked).toEqual([
      "apply frozen",
      expect.stringMatching(/^dry-run frozen-[0-9a-f]{8}$/),
      "metadata",
      "remove",
      "metadata",
      "apply frozen",
    ]);
    const after = await at.live(frozen("2"));
    expect(after?.["data"]).toEqual({ VALUE: "2" });
    expect(after?.metadata.uid).not.toBe(before);
  });

  test("is left alone where nobody asks for it, and in a dry run", async () => {
    const at = await scene();
    await at.apply(frozen("1"));
    const unasked = await at.recreate(frozen("2"), {}, { recreate: false });
    expect(unasked).toMatchObject({ ok: false, failures: [{ code: "apply/immutable" }] });
    expect(await at.recreate(frozen("2"), { dryRun: true })).toEqual({ ok: true, value: "recreated" });
    expect(at.asked).not.toContain("remove");
    expect((await at.live(frozen("1")))?.["data"]).toEqual({ VALUE: "1" });
  });

  test("is left alone when something else is wrong with it, too", async () => {
    const at = await scene();
    await at.apply(frozen("1"));
    const both = await at.recreate(frozen("2", { data: { "no key": "" } }));
    expect(both.ok).toBe(false);
    expect(at.asked).not.toContain("remove");
  });

  test("is not deleted when somebody changed it after it was read", async () => {
    const at = await scene(async (request, cluster) => {
      if (request !== "remove") return;
      const [kind] = (await cluster.kinds(signal).then((answer) => (answer.ok ? answer.value.kinds : []))).filter(
        (one) => one.kind === "ConfigMap",
      );
      if (kind === undefined) throw new Error("config maps are not served");
      const labels = { metadata: { labels: { theirs: "yes" } } };
      await cluster.patch(kind, "default", "frozen", "application/merge-patch+json", labels, signal);
    });
    await at.apply(frozen("1"));
    expect(await at.recreate(frozen("2"))).toMatchObject({
      ok: false,
      failures: [{ code: "prune/changed-since-read" }],
    });
    expect((await at.live(frozen("1")))?.["data"]).toEqual({ VALUE: "1" });
  });

  test("L5 a program that dies after the delete leaves what the next one creates", async () => {
    const death = new Error("kill -9");
    let deleted = false;
    const at = await scene(async (request) => {
      if (deleted) throw death;
      deleted = request === "remove";
    });
    await at.apply(frozen("1"));
    await expect(at.recreate(frozen("2"))).rejects.toBe(death);
    expect(await at.live(frozen("2"))).toBeUndefined();
    deleted = false;
    expect(await at.recreate(frozen("2"))).toEqual({ ok: true, value: "created" });
  });

  test("D22 that finalizers hold is reported with them, and created when it is gone", async () => {
    const at = await scene();
    const held = (value: string, finalizers: readonly string[]): Declared => {
      const { manifest } = frozen(value);
      return declareAs(SERVICE, {
        ...manifest,
        metadata: { name: "frozen", namespace: "default", ...(finalizers.length === 0 ? {} : { finalizers }) },
      } as Manifest);
    };
    await at.apply(held("1", ["example.org/hold"]));
    const first = await at.recreate(held("2", ["example.org/hold"]));
    expect(first).toMatchObject({ ok: false, failures: [{ code: "apply/terminating" }] });
    expect(first.ok ? "" : first.failures[0]?.message).toMatch(/terminating since .*, held by example.org\/hold; /);
    const again = await at.recreate(held("2", ["example.org/hold"]));
    expect(again).toMatchObject({ ok: false, failures: [{ code: "apply/terminating" }] });
    expect(at.asked).toEqual(["metadata"]);
  });
});

describe("E1 replicas that something else sets", () => {
  const scaled = newAutoscalers([
    {
      ref: { group: "autoscaling", kind: "HorizontalPodAutoscaler", namespace: "default", name: "scaler" },
      target: { kind: "Deployment", namespace: "default", name: "scaled" },
    },
  ]);
  const replicasOf = (object: LiveObject | undefined) =>
    (object?.["spec"] as { replicas?: number } | undefined)?.replicas;
  const left = (declared: Declared, live: LiveMetadata | undefined): Declared => leftToScale(declared, live, scaled);
  const deployments = async (cluster: Cluster): Promise<Kind> => {
    const answer = await cluster.kinds(signal);
    const kind = answer.ok ? answer.value.kinds.find((one) => one.kind === "Deployment") : undefined;
    if (kind === undefined) throw new Error("deployments are not served");
    return kind;
  };
  const removed = async (cluster: Cluster): Promise<void> => {
    const kind = await deployments(cluster);
    const live = await cluster.metadata(kind, "default", "scaled", signal);
    if (!live.ok || live.value === undefined) throw new Error("there is none");
    const { uid, resourceVersion } = live.value;
    await cluster.remove(kind, "default", "scaled", { uid, resourceVersion, propagation: "Background" }, signal);
  };
  const scaleTo = async (cluster: Cluster, replicas: number): Promise<void> => {
    const kind = await deployments(cluster);
    await cluster.patch(kind, "default", "scaled", "application/merge-patch+json", { spec: { replicas } }, signal);
  };

  test("are git's for a new object, and then whatever they are when nobody else has set them", async () => {
    const at = await scene();
    await at.apply(left(workload(2, "web:1"), undefined));
    expect(replicasOf(await at.live(workload(2, "web:1")))).toBe(2);
    for (const [wanted, image] of [
      [7, "web:2"],
      [9, "web:3"],
    ] as const) {
      await at.apply(left(workload(wanted, image), undefined));
      expect(replicasOf(await at.live(workload(wanted, image)))).toBe(2);
    }
  });

  test("are not set back when they change between being read and being applied", async () => {
    let scalings = 0;
    const at = await scene(async (request, cluster) => {
      if (request !== "apply scaled" || scalings === 0) return;
      scalings -= 1;
      // The number was ours when it was read, and is theirs now.
      await scaleTo(cluster, 10 + scalings);
    });
    await at.apply(left(workload(2, "web:1"), undefined));
    scalings = 1;
    expect(await at.apply(left(workload(2, "web:2"), undefined))).toEqual({ ok: true, value: "updated" });
    const live = await at.live(workload(2, "web:2"));
    expect(replicasOf(live)).toBe(10);
    expect(JSON.stringify(live)).toContain("web:2");
  });

  test.each([
    ["is gone", false, 7],
    ["is gone, after an autoscaler set its number", true, 7],
  ])("are git's when the object %s between being read and being applied", async (_how, theirs, wanted) => {
    let gone = true;
    const at = await scene(async (request, cluster) => {
      if (request !== "apply scaled" || gone) return;
      gone = true;
      await removed(cluster);
    });
    await at.apply(left(workload(2, "web:1"), undefined));
    if (theirs) await scaleTo(at.embedded, 12);
    gone = false;
    expect(await at.apply(left(workload(wanted, "web:2"), undefined))).toEqual({ ok: true, value: "created" });
    expect(replicasOf(await at.live(workload(wanted, "web:2")))).toBe(wanted);
  });

  test("is another one by then: it is read again, and not called immutable", async () => {
    let replaced = true;
    const at = await scene(async (request, cluster) => {
      if (request !== "apply scaled" || replaced) return;
      replaced = true;
      await removed(cluster);
      const { manifest } = workload(5, "other:1");
      await cluster.apply(await deployments(cluster), manifest, { fieldManager: "somebody", force: true }, signal);
    });
    await at.apply(left(workload(2, "web:1"), undefined));
    await scaleTo(at.embedded, 12);
    replaced = false;
    expect(await at.apply(left(workload(7, "web:2"), undefined))).toEqual({ ok: true, value: "updated" });
    expect(replicasOf(await at.live(workload(7, "web:2")))).toBe(5);
  });

  test("fail after some tries, when the object changes each time, and are not set back then either", async () => {
    let scaling = false;
    let last = 2;
    const at = await scene(async (request, cluster) => {
      if (request !== "apply scaled" || !scaling) return;
      // Somebody sets a number that is ours again: through an apply under our name.
      last += 1;
      const { manifest } = workload(last, "web:1");
      await cluster.apply(await deployments(cluster), manifest, { fieldManager: "gitops", force: true }, signal);
    });
    await at.apply(left(workload(2, "web:1"), undefined));
    scaling = true;
    const answer = await at.apply(left(workload(2, "web:2"), undefined));
    expect(answer).toMatchObject({ ok: false, failures: [{ code: "apply/conflict" }] });
    expect(at.asked.filter((request) => request === "apply scaled").length).toBe(1 + 8);
    expect(replicasOf(await at.live(workload(2, "web:2")))).toBe(last);
  });
});
