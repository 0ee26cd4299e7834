import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { Answer, Cluster, Kind, LiveMetadata } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import type { Source } from "../../src/git/index.ts";
import { runPass } from "../../src/reconcile/index.ts";
import { memoryCache, simulatedBuilders } from "../simulator/builds.ts";
import { EMPTY_MONOREPO, type Monorepo, PATH, PLAIN, type Thing } from "../simulator/monorepo.ts";
import { newRepository, type Repository } from "../simulator/repository.ts";
import { virtualTime } from "../simulator/virtual-clock.ts";

/** Two runs over one cluster, one of which stands still at any one of its requests while the other runs from end to end. */
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

/** `owner` has the object that travels, and each service has one of its own that every commit changes. */
function commitOf(owner: "alpha" | "omega", value: string): Monorepo {
  const services = (["alpha", "omega"] as const).map((name) => ({
    name,
    form: "flux" as const,
    folder: name,
    things: [thing(`of-${name}`, value), ...(name === owner ? [thing("travels", value)] : [])],
    bases: [],
    settings: PLAIN,
  }));
  return { ...EMPTY_MONOREPO, services };
}

/** A cluster that notes deletes, and waits for `meanwhile` before its request number `at`. */
function pausing(real: Cluster, at: number, meanwhile: () => Promise<void>) {
  const state = { count: 0, deletes: [] as string[] };
  const send = async <T>(request: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    const number = state.count++;
    if (number === at) await meanwhile();
    return await request();
  };
  const cluster: Cluster = {
    ...real,
    kinds: (signal) =>
      send(async () => {
        const answer = await real.kinds(signal);
        if (!answer.ok) return answer;
        return { ok: true, value: { ...answer.value, kinds: answer.value.kinds.filter(serves) } };
      }),
    list: (...asked) => send(() => real.list(...asked)),
    metadata: (...asked) => send(() => real.metadata(...asked)),
    apply: (...asked) => send(() => real.apply(...asked)),
    remove: (kind, namespace, name, ...asked) =>
      send(() => {
        state.deletes.push(name);
        return real.remove(kind, namespace, name, ...asked);
      }),
  };
  return { cluster, state };
}

async function pass(cluster: Cluster, repository: Repository, source: Source, services: readonly string[]) {
  const builders = simulatedBuilders(repository, [], virtualTime().clock(), () => undefined);
  const io = { source, cluster, builders, cache: memoryCache(), clock: systemClock() };
  const request = {
    mode: "sync",
    path: PATH,
    scope: "test",
    services: services.map((name) => `flux-system/${name}`),
    defaultNamespace: "default",
    concurrency: 2,
    breaker: {},
  } as const;
  return await runPass(io, request, () => undefined, never);
}

/** What a run is about, and whether it still looks at the commit before. */
interface Runner {
  readonly services: readonly string[];
  readonly late?: boolean;
}

/** The whole life; answers whether the first run got as far as its request number `at`. */
async function live(first: Runner, second: Runner, at: number): Promise<boolean> {
  const twin = createEmbedded({ clock: systemClock(), seed: 1 });
  const none = async (): Promise<void> => undefined;
  const read = async (): Promise<LiveMetadata | undefined> => {
    const kinds = await twin.kinds(never);
    const kind = kinds.ok ? kinds.value.kinds.find(serves) : undefined;
    if (kind === undefined) throw new Error("config maps are not served");
    const answer = await twin.metadata(kind, NAMESPACE, "travels", never);
    return answer.ok ? answer.value : undefined;
  };
  const kinds = await twin.kinds(never);
  const namespaces = kinds.ok ? kinds.value.kinds.find(({ kind }) => kind === "Namespace") : undefined;
  if (namespaces === undefined) throw new Error("namespaces are not served");
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } };
  await twin.apply(namespaces, namespace, { fieldManager: "admin", force: false }, never);

  const repository = newRepository(commitOf("alpha", "v0"));
  const calm = pausing(twin, -1, none).cluster;
  await pass(calm, repository, repository.source(undefined), []);
  const before = await read();
  expect(before?.uid).toBeDefined();
  const old = await repository.source(undefined).fetch(never);
  const late: Source = { ...repository.source(undefined), fetch: () => Promise.resolve(old) };
  repository.commit(commitOf("omega", "v1"));
  const sourceOf = (runner: Runner): Source => (runner.late === true ? late : repository.source(undefined));

  const other = pausing(twin, -1, none);
  let paused = false;
  const one = pausing(twin, at, async () => {
    paused = true;
    await pass(other.cluster, repository, sourceOf(second), second.services);
  });
  await pass(one.cluster, repository, sourceOf(first), first.services);
  if (!paused) return false;
  expect([...one.state.deletes, ...other.state.deletes], `paused at ${at}`).toEqual([]);
  const after = pausing(twin, -1, none);
  const settled = await pass(after.cluster, repository, repository.source(undefined), []);
  expect(settled.services.flatMap(({ failures }) => failures)).toEqual([]);
  expect(after.state.deletes).toEqual([]);
  const travelled = await read();
  expect(travelled?.uid).toBe(before?.uid);
  expect(travelled?.labels["gitops.bulkhead.dev/service"]).toBe("flux-system_omega");
  await twin.close();
  return true;
}

const ALPHA: Runner = { services: ["alpha"] };
const OMEGA: Runner = { services: ["omega"] };
const ALL: Runner = { services: [] };
const ALL_LATE: Runner = { services: [], late: true };

test.each<[string, Runner, Runner]>([
  ["the one that lets go, around the one that takes", ALPHA, OMEGA],
  ["the one that takes, around the one that lets go", OMEGA, ALPHA],
  ["both, around both", ALL, ALL],
  ["both at the commit before, around both at this one", ALL_LATE, ALL],
  ["both at this commit, around both at the one before", ALL, ALL_LATE],
])(
  "A5 an object that moves between two services stays, however their runs interleave: %s",
  async (_how, first, second) => {
    let points = 0;
    while (await live(first, second, points)) points += 1;
    expect(points).toBeGreaterThanOrEqual(2);
  },
);
