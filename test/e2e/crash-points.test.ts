import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { type Cluster, connect, type Kind } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import type { LiveMetadata, PassOutcome } from "../../src/model/index.ts";
import { runPass } from "../../src/reconcile/index.ts";
import { memoryCache, simulatedBuilders } from "../simulator/builds.ts";
import { EMPTY_MONOREPO, type Monorepo, PATH, PLAIN, type Thing, type ThingKind } from "../simulator/monorepo.ts";
import { newRepository, type Repository } from "../simulator/repository.ts";
import { virtualTime } from "../simulator/virtual-clock.ts";
import { type CutCluster, cutCluster } from "../support/cut-cluster.ts";
import { describeWithCluster, sharedCluster } from "../support/shared-cluster.ts";

/**
 * A pass that changes, adds and drops objects of a service of ten dies at every boundary of every request, before the server
 * got it and after it did it, and nothing is left of the process. Whatever the next commit says, the passes after it converge:
 * no object is lost, none is left over, and what was wanted all along is the same object still (law L5).
 */
const KINDS: readonly ThingKind[] = ["ConfigMap", "Secret", "Role"];
const never = new AbortController().signal;
const FOLLOW_UPS = ["same", "drop", "revert"] as const;
type FollowUp = (typeof FOLLOW_UPS)[number];

function things(namespace: string, values: Readonly<Record<number, string>>): readonly Thing[] {
  return Object.entries(values).map(([number, value]) => ({
    kind: KINDS[Number(number) % KINDS.length] ?? "ConfigMap",
    namespace,
    name: `object-${number}`,
    value,
    spelling: "plain",
  }));
}

/** Ten objects at first; the commit that crashes changes four, drops three and adds three; `drop` takes five of its ten. */
function commits(namespace: string): Readonly<Record<"first" | FollowUp, Monorepo>> {
  const service = (values: Readonly<Record<number, string>>): Monorepo => ({
    ...EMPTY_MONOREPO,
    services: [
      { name: "shop", form: "flux", folder: "shop", things: things(namespace, values), bases: [], settings: PLAIN },
    ],
  });
  const kept = { 3: "v0", 4: "v0", 5: "v0" };
  const first = { 0: "v0", 1: "v0", 2: "v0", ...kept, 6: "v0", 7: "v0", 8: "v0", 9: "v0" };
  const next = { ...kept, 6: "v1", 7: "v1", 8: "v1", 9: "v1", 10: "v1", 11: "v1", 12: "v1" };
  const fewer = { 3: "v0", 4: "v0", 6: "v1", 7: "v2", 10: "v1" };
  return { first: service(first), same: service(next), drop: service(fewer), revert: service(first) };
}

interface Stage {
  readonly cluster: Cluster;
  /** A namespace that nobody used before. */
  namespace(): Promise<string>;
}

async function pass(cluster: CutCluster, repository: Repository, scope: string): Promise<PassOutcome | undefined> {
  const clock = systemClock();
  const io = {
    source: repository.source(undefined),
    cluster: cluster.cluster,
    // A new process: no cache, no memory.
    builders: simulatedBuilders(repository, [], virtualTime().clock(), () => undefined),
    cache: memoryCache(),
    clock,
  };
  const free = { free: 100, share: 1, max: 100 };
  const request = {
    mode: "sync",
    path: PATH,
    scope,
    services: [],
    defaultNamespace: "default",
    concurrency: 2,
    breaker: { service: free, run: free, gone: free },
  } as const;
  return await new Promise((resolve, reject) => {
    runPass(io, request, () => undefined, never).then(resolve, reject);
    void cluster.cut.then(() => resolve(undefined));
  });
}

const serves = ({ kind, group }: Kind): boolean =>
  KINDS.some((one) => one === kind) && (group === "" || group === "rbac.authorization.k8s.io");

/** What the cluster holds of a namespace, by name. */
async function held(cluster: Cluster, namespace: string): Promise<ReadonlyMap<string, LiveMetadata>> {
  const kinds = await cluster.kinds(never);
  if (!kinds.ok) throw new Error(kinds.problem.message);
  const lists = await Promise.all(
    kinds.value.kinds.filter(serves).map((kind) => cluster.list(kind, { namespace }, never)),
  );
  const items = lists.flatMap((list) => (list.ok ? list.value.items : []));
  return new Map(items.filter(({ ref }) => ref.name.startsWith("object-")).map((item) => [item.ref.name, item]));
}

/** One life: a first sync, a pass that dies at a point, another commit, and passes until nothing is to be done. */
async function live(stage: Stage, followUp: FollowUp, point: { at: number; after: boolean }): Promise<boolean> {
  const namespace = await stage.namespace();
  const { cluster } = stage;
  const history = commits(namespace);
  const repository = newRepository(history.first);
  expect((await pass(cutCluster(cluster, serves), repository, namespace))?.services[0]?.state).toBe("synced");
  const before = await held(cluster, namespace);
  repository.commit(history.same);
  const dying = cutCluster(cluster, serves, point);
  if ((await pass(dying, repository, namespace)) !== undefined) return false;
  const between = await held(cluster, namespace);
  repository.commit(history[followUp]);
  const next = cutCluster(cluster, serves);
  const outcome = await pass(next, repository, namespace);
  expect(outcome?.failures).toEqual([]);
  expect(outcome?.services.flatMap(({ failures }) => failures)).toEqual([]);
  const after = await held(cluster, namespace);
  const wanted = history[followUp].services.flatMap((service) => service.things);
  expect([...after.keys()].sort()).toEqual(wanted.map(({ name }) => name).sort());
  for (const { name, value } of wanted) {
    expect(after.get(name)?.annotations["simulator/value"], name).toBe(value);
    const earlier =
      between.get(name) ??
      (history.same.services[0]?.things.some((one) => one.name === name) ? before.get(name) : undefined);
    if (earlier !== undefined) expect(after.get(name)?.uid, name).toBe(earlier.uid);
  }
  const idle = cutCluster(cluster, serves);
  expect((await pass(idle, repository, namespace))?.services[0]?.state).toBe("unchanged");
  expect(idle.writes).toEqual([]);
  return true;
}

/** Every boundary: the one after the last request is that of a pass which is through. */
async function everyPoint(stage: Stage, followUp: FollowUp): Promise<number> {
  let points = 0;
  for (let at = 0; ; at += 1) {
    for (const after of [false, true]) {
      if (!(await live(stage, followUp, { at, after }))) return points;
      points += 1;
    }
  }
}

/** One discovery, three lists, a look for each of three new objects, seven applies, and for each of three deletes a read and the delete. */
const REQUESTS = 1 + KINDS.length + 3 + 7 + 3 * 2;

function newNamespaces(cluster: Cluster, prefix: string): Stage {
  const state = { count: 0 };
  return {
    cluster,
    async namespace() {
      const name = `${prefix}-${state.count++}`;
      const kinds = await cluster.kinds(never);
      const kind = kinds.ok ? kinds.value.kinds.find((one) => one.kind === "Namespace") : undefined;
      if (kind === undefined) throw new Error("namespaces are not served");
      const manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
      await cluster.apply(kind, manifest, { fieldManager: "admin", force: false }, never);
      return name;
    },
  };
}

describe("killed at any request, on the embedded cluster", () => {
  test.each(FOLLOW_UPS)("A20 then the %s commit converges", async (followUp) => {
    const twin = createEmbedded({ clock: systemClock(), seed: 1 });
    expect(await everyPoint(newNamespaces(twin, "crash"), followUp)).toBe(2 * REQUESTS);
    await twin.close();
  });
});

describeWithCluster("killed at any request, on a real API server", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    const access = { kind: "kubeconfig", paths: [sharedCluster().kubeconfigPath] } as const;
    const connection = await connect({ access, userAgent: "gitops/0.0.0" }, systemClock());
    if (!connection.ok) throw new Error(JSON.stringify(connection.failures));
    cluster = connection.value;
  });
  afterAll(async () => {
    await cluster?.close();
  });

  test.each(FOLLOW_UPS)("A20 then the %s commit converges", async (followUp) => {
    expect(await everyPoint(newNamespaces(cluster, `crash-${followUp}`), followUp)).toBe(2 * REQUESTS);
  });
});
