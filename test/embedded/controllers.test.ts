import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import {
  type AuditEvent,
  createEmbedded,
  type EmbeddedCluster,
  type EmbeddedOptions,
  ROLLOUT_ANNOTATION,
} from "../../src/embedded/index.ts";
import type { Clock, Json, JsonObject } from "../../src/model/index.ts";
import { askEmbedded } from "../contract/server/asks.ts";
import { controllerCases } from "../contract/server/controller-cases.ts";
import { deployment, dig } from "../contract/server/objects.ts";
import type { Ask } from "../contract/server/transcript.ts";

const PATH = "/apis/apps/v1/namespaces/default/deployments";

describe("controllers of the embedded cluster, as a real controller manager", () => {
  const ask = askEmbedded(createEmbedded({ clock: systemClock() }));
  const state = { count: 0 };
  controllerCases(() => ({
    ask,
    pause: async () => undefined,
    async namespace() {
      const name = `controlled-${++state.count}`;
      await ask({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name } } });
      return name;
    },
  }));
});

/** A clock that stands still until it is moved. */
function handClock(): Clock & { move(ms: number): Promise<void> } {
  const sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  const state = { nowMs: 0 };
  return {
    nowMs: () => state.nowMs,
    monotonicMs: () => state.nowMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        sleepers.push({ atMs: state.nowMs + durationMs, wake: resolve });
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      }),
    deadline: (_durationMs, signal) => ({ signal, expired: () => false, release: () => undefined }),
    async move(ms) {
      state.nowMs += ms;
      for (const one of sleepers.filter(({ atMs }) => atMs <= state.nowMs)) one.wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe("rollouts", () => {
  const roll = async (ask: Ask, outcome: string): Promise<Json> => {
    await ask({
      method: "POST",
      path: PATH,
      body: deployment({}, {}, { annotations: { [ROLLOUT_ANNOTATION]: outcome } }),
    });
    return (await ask({ method: "GET", path: `${PATH}/a` })).body;
  };
  const reasons = (object: Json): Json => {
    const conditions = dig(object, "status", "conditions");
    return Array.isArray(conditions) ? conditions.map((one: Json) => dig(one, "reason")) : null;
  };

  test("fail when they are told to", async () => {
    const object = await roll(askEmbedded(createEmbedded({ clock: systemClock() })), "fail");
    expect(reasons(object)).toEqual(["MinimumReplicasUnavailable", "ProgressDeadlineExceeded"]);
    expect(dig(object, "status", "unavailableReplicas")).toBe(1);
  });

  test("never end when they are told to", async () => {
    const object = await roll(askEmbedded(createEmbedded({ clock: systemClock() })), "stuck");
    expect(reasons(object)).toEqual(["MinimumReplicasUnavailable", "ReplicaSetUpdated"]);
  });

  test("take their time, by the clock", async () => {
    const clock = handClock();
    const ask = askEmbedded(createEmbedded({ clock, rolloutMs: 1000 }));
    expect(reasons(await roll(ask, "ready"))).toBeNull();
    await clock.move(999);
    expect(reasons((await ask({ method: "GET", path: `${PATH}/a` })).body)).toBeNull();
    await clock.move(1);
    const done = (await ask({ method: "GET", path: `${PATH}/a` })).body;
    expect(reasons(done)).toEqual(["MinimumReplicasAvailable", "NewReplicaSetAvailable"]);
  });

  test("happen when they are run, where they are manual", async () => {
    const cluster = createEmbedded({ clock: systemClock(), controllers: "manual" });
    const ask = askEmbedded(cluster);
    expect(reasons(await roll(ask, "ready"))).toBeNull();
    cluster.runControllers();
    expect(reasons((await ask({ method: "GET", path: `${PATH}/a` })).body)).not.toBeNull();
  });

  test("the status is the controller manager's, not the applier's", async () => {
    const object = await roll(askEmbedded(createEmbedded({ clock: systemClock() })), "ready");
    const entries = dig(object, "metadata", "managedFields") as unknown as readonly JsonObject[];
    expect(
      entries.map(({ manager, subresource }) => `${String(manager as string)}/${String(subresource as string)}`),
    ).toEqual(["kube-controller-manager/status", "test-client/undefined"]);
  });
});

describe("an embedded cluster's life", () => {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "default" } };
  const signal = new AbortController().signal;
  const kindOf = async (cluster: EmbeddedCluster) => {
    const kinds = await cluster.kinds(signal);
    const kind = kinds.ok ? kinds.value.kinds.find((one) => one.kind === "ConfigMap") : undefined;
    if (kind === undefined) throw new Error("no ConfigMap");
    return kind;
  };
  const apply = async (cluster: EmbeddedCluster) =>
    await cluster.apply(await kindOf(cluster), object, { fieldManager: "gitops", force: true }, signal);

  test("the same seed and requests give the same objects", async () => {
    const clock = handClock();
    const saves = [];
    for (let run = 0; run < 2; run++) {
      const cluster = createEmbedded({ clock, seed: 7 });
      await apply(cluster);
      saves.push(cluster.save());
    }
    expect(saves[0]).toEqual(saves[1]);
    expect(createEmbedded({ clock, seed: 8 }).save()).not.toEqual(createEmbedded({ clock, seed: 7 }).save());
  });

  test("goes on from what was saved, with its definitions", async () => {
    const clock = systemClock();
    const first = createEmbedded({ clock });
    await apply(first);
    const crd = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "things.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "things", kind: "Thing" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    };
    await askEmbedded(first)({
      method: "POST",
      path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      body: crd,
    });
    const second = createEmbedded({ clock, saved: JSON.parse(JSON.stringify(first.save())) });
    expect(second.save()).toEqual(first.save());
    expect(await second.identity(signal)).toEqual(await first.identity(signal));
    const thing = { apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "a" } };
    const path = "/apis/example.com/v1/namespaces/default/things";
    expect((await askEmbedded(second)({ method: "POST", path, body: thing })).status).toBe(201);
  });

  test("watches from before the history answer that it is gone", async () => {
    const cluster = createEmbedded({ clock: systemClock() });
    await apply(cluster);
    cluster.forgetHistory();
    const seen = [];
    for await (const event of cluster.watch(await kindOf(cluster), { resourceVersion: "1" }, signal)) seen.push(event);
    expect(seen).toMatchObject([{ type: "ended", gone: true, problem: { status: 410, reason: "Expired" } }]);
  });

  test("what happened is in the audit log, with who acted as whom", async () => {
    const lines: AuditEvent[] = [];
    const options: EmbeddedOptions = { clock: systemClock(), onAudit: (event) => lines.push(event) };
    const cluster = createEmbedded(options);
    await apply(cluster.as({ user: "gitops", impersonated: { user: "tenant", groups: ["team"] } }));
    expect(lines.filter(({ verb }) => verb === "patch")).toMatchObject([
      {
        kind: "Event",
        apiVersion: "audit.k8s.io/v1",
        stage: "ResponseComplete",
        requestURI: "/api/v1/namespaces/default/configmaps/a?fieldManager=gitops&force=true",
        user: { username: "gitops" },
        impersonatedUser: { username: "tenant", groups: ["team"] },
        objectRef: { resource: "configmaps", namespace: "default", name: "a", apiVersion: "v1" },
        responseStatus: { code: 201 },
      },
    ]);
  });
});
