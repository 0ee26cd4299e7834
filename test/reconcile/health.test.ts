import { describe, expect, test } from "vitest";
import type { Cluster } from "../../src/cluster/index.ts";
import { ROLLOUT_ANNOTATION } from "../../src/embedded/index.ts";
import { newMemory } from "../../src/reconcile/index.ts";
import { type Begun, passScene } from "./pass-scene.ts";

const WAIT = "wait: true, timeout: 5m";

/** A Flux document, and a folder with a Deployment that rolls out as it says. */
function service(name: string, spec: string, rollout = "ready", image = "1"): Readonly<Record<string, string>> {
  return {
    [`clusters/${name}.yaml`]: `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: apps}
spec: {path: ${name}, targetNamespace: default, ${spec}}
`,
    [`${name}/kustomization.yaml`]: "resources: [all.yaml]\n",
    [`${name}/all.yaml`]: `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, annotations: {${ROLLOUT_ANNOTATION}: ${rollout}}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: api, image: "example.test/api:${image}"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}}
`,
  };
}

const states = (begun: Begun) =>
  Object.fromEntries(begun.outcome()?.services.map(({ service: id, state }) => [id.replace("apps/", ""), state]) ?? []);

describe("a service that waits for health", () => {
  test("is done when what it applied is healthy; who says nothing is done before", async () => {
    const { clock, commit, begin } = passScene({ rolloutMs: 10_000 });
    commit({ ...service("patient", WAIT), ...service("hasty", "prune: true") });
    const begun = begin();
    await clock.advance(1_000);
    expect(begun.service("apps/hasty")).toMatchObject({ state: "synced" });
    expect(begun.service("apps/hasty")?.health).toBeUndefined();
    expect(begun.service("apps/patient")).toBeUndefined();
    await clock.advance(10_000);
    expect(begun.service("apps/patient")).toMatchObject({
      state: "synced",
      health: { state: "healthy", objects: [] },
      failures: [],
    });
    expect(begun.service("apps/patient")?.durationMs).toBeGreaterThanOrEqual(10_000);
    expect(begun.outcome()?.services).toHaveLength(2);
    expect(begun.events.filter(({ type }) => type === "waiting")[0]).toMatchObject({
      service: "apps/patient",
      objects: [{ ref: { kind: "Deployment", name: "patient" }, why: "0 of 1 replicas are there" }],
    });
  });

  test("fails with what has failed, and says where it is declared; what it applied stays", async () => {
    const { clock, commit, begin, cluster } = passScene();
    commit(service("broken", WAIT, "fail"));
    const begun = begin();
    await clock.advance(1_000);
    expect(begun.outcome()?.services).toMatchObject([
      {
        state: "failed",
        health: { state: "failed" },
        failures: [
          {
            code: "health/failed",
            message: expect.stringContaining("apps/Deployment default/broken is not healthy"),
            at: { path: "broken/all.yaml", line: 1 },
          },
        ],
        steps: [{ result: "done" }, { result: "done" }],
      },
    ]);
    const kinds = await cluster.kinds(new AbortController().signal);
    const kind = kinds.ok ? kinds.value.kinds.find((one) => one.kind === "Deployment") : undefined;
    if (kind === undefined) throw new Error("no Deployment");
    expect(await cluster.get(kind, "default", "broken", new AbortController().signal)).toMatchObject({ ok: true });
  });

  test("has what is left of its timeout, no more", async () => {
    const { clock, commit, begin } = passScene();
    commit(service("slow", "wait: true, timeout: 1m", "stuck"));
    const begun = begin();
    await clock.advance(59_000);
    expect(begun.outcome()).toBeUndefined();
    await clock.advance(2_000);
    expect(begun.outcome()?.services).toMatchObject([
      { state: "failed", failures: [{ code: "health/timeout", message: expect.stringContaining("after 60 s") }] },
    ]);
  });

  test("is looked at also when nothing of it changed: it may have become ill", async () => {
    const { clock, commit, begin } = passScene();
    commit(service("a", WAIT));
    begin();
    await clock.advance(1_000);
    const again = begin();
    await clock.advance(1_000);
    expect(again.outcome()?.services).toMatchObject([{ state: "unchanged", health: { state: "healthy" } }]);
  });

  test("may name what it waits for, which need not be its own", async () => {
    const { clock, commit, begin } = passScene({ rolloutMs: 20_000 });
    const check = "healthChecks: [{kind: Deployment, name: other, namespace: default}], timeout: 5m";
    commit({ ...service("other", "prune: true"), ...service("patient", check) });
    const begun = begin();
    await clock.advance(19_000);
    expect(begun.service("apps/other")).toBeDefined();
    expect(begun.service("apps/patient")).toBeUndefined();
    await clock.advance(3_000);
    expect(begun.service("apps/patient")).toMatchObject({ state: "synced", health: { state: "healthy" } });
  });

  test.each(["dry-run", "diff"] as const)("waits for nothing in a %s", async (mode) => {
    const { clock, commit, begin } = passScene();
    commit(service("slow", WAIT, "stuck"));
    const begun = begin({ mode });
    await clock.advance(0);
    expect(begun.outcome()?.services[0]).not.toHaveProperty("health");
  });

  test("with nothing but what has no status is healthy at once", async () => {
    const { clock, commit, begin } = passScene();
    commit({ ...service("a", WAIT), "a/kustomization.yaml": "configMapGenerator: [{name: a, literals: [b=c]}]\n" });
    const begun = begin();
    await clock.advance(0);
    expect(begun.outcome()?.services).toMatchObject([{ state: "synced", health: { state: "healthy", objects: [] } }]);
  });
});

describe("nobody waits for who waits", () => {
  test("a pool of two with ten stuck rollouts lets the eleventh through", async () => {
    const { clock, commit, begin } = passScene();
    const stuck = Array.from({ length: 10 }, (_, n) => service(`a-stuck-${n}`, WAIT, "stuck"));
    commit({ ...Object.assign({}, ...stuck), ...service("z-last", WAIT) });
    const begun = begin();
    await clock.advance(0);
    expect(begun.service("apps/z-last")).toMatchObject({ state: "synced", health: { state: "healthy" } });
    expect(begun.outcome()).toBeUndefined();
  });

  test("but what depends on it: it begins when its dependency is healthy", async () => {
    const { clock, commit, begin } = passScene({ rolloutMs: 10_000 });
    commit({ ...service("first", WAIT), ...service("second", "dependsOn: [{name: first}]") });
    const begun = begin();
    await clock.advance(9_000);
    expect(begun.events.filter(({ type }) => type === "started")).toMatchObject([{ service: "apps/first" }]);
    await clock.advance(2_000);
    expect(states(begun)).toEqual({ first: "synced", second: "synced" });
  });

  test("a dependency that failed, or was not seen healthy before the wait was cancelled, blocks what depends on it", async () => {
    const { clock, commit, begin } = passScene();
    const after = (name: string) => `dependsOn: [{name: ${name}}]`;
    commit({
      ...service("ill", WAIT, "fail"),
      ...service("slow", WAIT, "stuck"),
      ...service("after-ill", after("ill")),
      ...service("after-slow", after("slow")),
    });
    const cancel = new AbortController();
    const begun = begin({ cancelWaits: cancel.signal });
    await clock.advance(5_000);
    expect(begun.service("apps/after-ill")).toMatchObject({ state: "blocked" });
    cancel.abort();
    await clock.advance(0);
    expect(states(begun)).toEqual({
      ill: "failed",
      slow: "progressing",
      "after-ill": "blocked",
      "after-slow": "blocked",
    });
  });

  test("nor who comes late: a build that took too long is tried again beside those who wait, and who wait for them", async () => {
    const { clock, commit, begin } = passScene({ builds: [{ at: 0, kind: "late" }] });
    commit({
      ...service("a-late", "prune: true"),
      ...service("b-stuck", WAIT, "stuck"),
      ...service("c-after", "dependsOn: [{name: b-stuck}]"),
    });
    const begun = begin();
    await clock.advance(10_000);
    expect(begun.service("apps/a-late")).toMatchObject({ state: "synced" });
    expect(begun.service("apps/b-stuck")).toBeUndefined();
    expect(begun.service("apps/c-after")).toBeUndefined();
  });

  test("an unchanged dependency that is healthy holds nothing up", async () => {
    const { clock, commit, begin } = passScene();
    const files = { ...service("first", WAIT), ...service("second", "dependsOn: [{name: first}]") };
    commit(files);
    begin();
    await clock.advance(1_000);
    commit({ ...files, ...service("second", "dependsOn: [{name: first}]", "ready", "2") });
    const begun = begin();
    await clock.advance(0);
    expect(states(begun)).toEqual({ first: "unchanged", second: "synced" });
  });
});

describe("in a process that stays", () => {
  test("a wait that was cut short goes on in the next pass, and its time counts from its beginning", async () => {
    const { clock, commit, begin } = passScene({}, undefined, newMemory());
    commit(service("slow", WAIT, "stuck"));
    const cancel = new AbortController();
    const first = begin({ cancelWaits: cancel.signal });
    await clock.advance(3 * 60_000);
    cancel.abort();
    await clock.advance(0);
    expect(states(first)).toEqual({ slow: "progressing" });
    const second = begin();
    await clock.advance(119_000);
    expect(second.outcome()).toBeUndefined();
    await clock.advance(2_000);
    expect(states(second)).toEqual({ slow: "failed" });
  });

  test("what was seen healthy is not read again while no version changed, and is as soon as one did", async () => {
    const read: string[] = [];
    const counting = (cluster: Cluster): Cluster => ({
      ...cluster,
      get: (kind, namespace, name, signal) => {
        read.push(`${kind.kind} ${name}`);
        return cluster.get(kind, namespace, name, signal);
      },
    });
    const { clock, commit, begin, cluster } = passScene({}, counting, newMemory());
    commit(service("cart", WAIT));
    for (const _ of ["applies", "sees it healthy and unchanged"]) {
      begin();
      await clock.advance(1_000);
    }
    read.length = 0;
    const third = begin();
    await clock.advance(0);
    expect(third.service("apps/cart")).toMatchObject({ state: "unchanged", health: { state: "healthy" } });
    expect(read).toEqual([]);
    await touch(cluster);
    begin();
    await clock.advance(1_000);
    expect(read).toContain("Deployment cart");
  });

  /** A change that is no drift, but another version. */
  async function touch(cluster: Cluster): Promise<void> {
    const never = new AbortController().signal;
    const kinds = await cluster.kinds(never);
    const deployments = kinds.ok ? kinds.value.kinds.find(({ kind }) => kind === "Deployment") : undefined;
    if (deployments === undefined) throw new Error("the embedded cluster serves Deployments");
    const body = { metadata: { annotations: { touched: "yes" } } };
    await cluster.patch(deployments, "default", "cart", "application/merge-patch+json", body, never);
  }
});

describe("a wait that is cancelled because something newer is there", () => {
  test("ends without a failure; the fix is applied and becomes healthy", async () => {
    const { clock, commit, begin } = passScene();
    commit({ ...service("cart", WAIT, "stuck"), ...service("other", WAIT) });
    const cancel = new AbortController();
    const begun = begin({ cancelWaits: cancel.signal });
    await clock.advance(10_000);
    expect(begun.outcome()).toBeUndefined();
    commit({ ...service("cart", WAIT, "ready", "2"), ...service("other", WAIT) });
    cancel.abort();
    await clock.advance(0);
    expect(states(begun)).toEqual({ cart: "progressing", other: "synced" });
    expect(begun.service("apps/cart")).toMatchObject({
      health: { state: "progressing", objects: [{ ref: { name: "cart" } }] },
      failures: [],
    });
    const fixed = begin();
    await clock.advance(0);
    expect(states(fixed)).toEqual({ cart: "synced", other: "unchanged" });
  });

  test("writes go on: only the waiting ends", async () => {
    const { clock, commit, begin } = passScene();
    commit({ ...service("a", WAIT, "stuck"), ...service("b", "prune: true") });
    const cancel = new AbortController();
    cancel.abort();
    const begun = begin({ cancelWaits: cancel.signal });
    await clock.advance(0);
    expect(states(begun)).toEqual({ a: "progressing", b: "synced" });
    expect(begun.service("apps/a")?.steps.map(({ result }) => result)).toEqual(["done", "done"]);
  });
});

test("who watches for one pass has left when it ends", async () => {
  const open = new Set<symbol>();
  const { clock, commit, begin } = passScene({ rolloutMs: 10_000 }, (cluster) => counting(cluster, open));
  commit({ ...service("a", WAIT), ...service("b", WAIT) });
  const begun = begin();
  await clock.advance(5_000);
  expect(open.size).toBe(2); // Deployments, and pods of one namespace
  await clock.advance(10_000);
  expect(states(begun)).toEqual({ a: "synced", b: "synced" });
  expect(open.size).toBe(0);
});

function counting(cluster: Cluster, open: Set<symbol>): Cluster {
  return {
    ...cluster,
    async *watch(kind, options, signal) {
      const one = Symbol(kind.kind);
      open.add(one);
      try {
        yield* cluster.watch(kind, options, signal);
      } finally {
        open.delete(one);
      }
    },
  };
}
