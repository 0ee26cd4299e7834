import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { Cluster, Kind } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import { runPass } from "../../src/reconcile/index.ts";
import { memoryCache, simulatedBuilders } from "../simulator/builds.ts";
import { EMPTY_MONOREPO, type Monorepo, PATH, PLAIN, type Thing } from "../simulator/monorepo.ts";
import { newRepository, type Repository } from "../simulator/repository.ts";
import { virtualTime } from "../simulator/virtual-clock.ts";

/** Bugs in the service of one: whatever throws while `alpha` is worked on, `omega` is through and the next pass is whole. */
const never = new AbortController().signal;
const NAMESPACE = "shared";
const serves = ({ kind, group }: Kind): boolean => kind === "ConfigMap" && group === "";

const thing = (name: string, value: string): Thing => ({
  kind: "ConfigMap",
  namespace: NAMESPACE,
  name,
  value,
  spelling: "plain",
});

/** Each service changes one object, drops one and adds one. */
function commitOf(value: "v0" | "v1"): Monorepo {
  const services = (["alpha", "omega"] as const).map((name) => ({
    name,
    form: "flux" as const,
    folder: name,
    things: [
      thing(`${name}-changes`, value),
      thing(`${name}-stays`, "v0"),
      thing(value === "v0" ? `${name}-goes` : `${name}-comes`, value),
    ],
    bases: [],
    settings: PLAIN,
  }));
  return { ...EMPTY_MONOREPO, services };
}

type Boom = <T>(about: string, real: () => Promise<T>) => Promise<T>;

/** Counts the calls that are about `alpha`, and lets the n-th throw: at once, or as a promise that rejects. */
function bomb(at: number, how: "throws" | "rejects"): { readonly boom: Boom; exploded(): boolean } {
  const state = { count: 0, exploded: false };
  return {
    exploded: () => state.exploded,
    boom: (about, real) => {
      if (!about.includes("alpha") || state.count++ !== at) return real();
      state.exploded = true;
      const error = new TypeError("x is not a function");
      if (how === "throws") throw error;
      return Promise.reject(error);
    },
  };
}

type Io = Parameters<typeof runPass>[0];

function mined(io: Io, boom: Boom): Io {
  const { cluster, builders } = io;
  const cluster_: Cluster = {
    ...cluster,
    kinds: async (signal) => {
      const answer = await cluster.kinds(signal);
      return answer.ok ? { ok: true, value: { ...answer.value, kinds: answer.value.kinds.filter(serves) } } : answer;
    },
    apply: (kind, manifest, ...rest) => boom(manifest.metadata.name, () => cluster.apply(kind, manifest, ...rest)),
    metadata: (kind, namespace, name, signal) => boom(name, () => cluster.metadata(kind, namespace, name, signal)),
    get: (kind, namespace, name, signal) => boom(name, () => cluster.get(kind, namespace, name, signal)),
    remove: (kind, namespace, name, ...rest) => boom(name, () => cluster.remove(kind, namespace, name, ...rest)),
  };
  const builders_ = {
    ...builders,
    build: (...[job, signal]: Parameters<typeof builders.build>) =>
      boom(job.service, () => builders.build(job, signal)),
  };
  return { ...io, cluster: cluster_, builders: builders_ };
}

async function pass(cluster: Cluster, repository: Repository, boom: Boom) {
  const builders = simulatedBuilders(repository, [], virtualTime().clock(), () => undefined);
  const source = repository.source(undefined);
  const io = { source, cluster, builders, cache: memoryCache(), clock: systemClock() };
  const request = {
    mode: "sync",
    path: PATH,
    scope: "test",
    services: [],
    defaultNamespace: "default",
    concurrency: 2,
    breaker: {},
  } as const;
  return await runPass(mined(io, boom), request, () => undefined, never);
}

/** Answers whether there was a call to throw at. */
async function live(at: number, how: "throws" | "rejects"): Promise<boolean> {
  const twin = createEmbedded({ clock: systemClock(), seed: 1 });
  const kinds = await twin.kinds(never);
  const namespaces = kinds.ok ? kinds.value.kinds.find(({ kind }) => kind === "Namespace") : undefined;
  if (namespaces === undefined) throw new Error("namespaces are not served");
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } };
  await twin.apply(namespaces, namespace, { fieldManager: "admin", force: false }, never);
  const repository = newRepository(commitOf("v0"));
  const calm: Boom = (_about, real) => real();
  await pass(twin, repository, calm);
  repository.commit(commitOf("v1"));
  const one = bomb(at, how);
  const outcome = await pass(twin, repository, one.boom);
  if (!one.exploded()) return false;
  const of = (name: string) => outcome.services.find(({ service }) => service === `flux-system/${name}`);
  expect(outcome.failures, `call ${at}`).toEqual([]);
  expect(of("omega")?.state, `call ${at}`).toBe("synced");
  expect(of("alpha")?.state, `call ${at}`).toBe("failed");
  const [failure] = of("alpha")?.failures ?? [];
  expect(failure?.message, `call ${at}`).toContain("x is not a function");
  const next = await pass(twin, repository, calm);
  expect(next.services.flatMap(({ failures }) => failures)).toEqual([]);
  await twin.close();
  return true;
}

test.each(["throws", "rejects"] as const)(
  "D18 whatever call %s while a service is worked on, it fails alone",
  async (how) => {
    let calls = 0;
    while (await live(calls, how)) calls += 1;
    expect(calls).toBeGreaterThanOrEqual(5); // its build, two applies, the last look and the delete
  },
);
