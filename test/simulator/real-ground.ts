import { systemClock } from "../../src/clock.ts";
import { type Cluster, connect, type Kind, type ListOptions } from "../../src/cluster/index.ts";
import { isObject, type Json, type JsonObject } from "../../src/model/index.ts";
import type { TestCluster } from "../support/cluster.ts";
import { send } from "../support/https.ts";
import { type Live, liveOf, SERVED } from "./live.ts";
import { releaseAll } from "./people.ts";
import { type Ground, makeNamespaces } from "./stage.ts";

/** A real API server that histories are played on, one after the other. */
export interface RealGround extends Ground {
  /** Does what controllers do that are not there, and waits until what the server does by itself is done. */
  settled(): Promise<void>;
  /** Takes away what a history left. */
  cleared(): Promise<void>;
  close(): Promise<void>;
}

const never = new AbortController().signal;
const POLL_MS = 20;
const POLLS_MAX = 1000;
const NAMESPACES: ReadonlySet<string> = new Set(["one", "two", "three"]);
/** Objects that an API server has by itself. */
const OWN: ListOptions = { labelSelector: "!kubernetes.io/bootstrapping" };
const PROTECTION = "kubernetes.io/pvc-protection";

/** `cluster` belongs to histories alone. */
export async function realGround(cluster: TestCluster): Promise<RealGround> {
  const [program, person] = await Promise.all(["gitops/0.0.0", "kubectl/0.0.0"].map((name) => opened(cluster, name)));
  if (program === undefined || person === undefined) throw new Error("the API server cannot be reached");
  await makeNamespaces(program);
  const list = async (kinds: readonly Kind[] = SERVED): Promise<readonly Live[]> => {
    const lists = await Promise.all(kinds.map((kind) => listOf(program, kind)));
    return lists.flat();
  };
  const ground: Ground = {
    program,
    person,
    async read(kind, namespace, name) {
      const answer = await program.get(kind, namespace, name, never);
      if (!answer.ok && answer.problem.status !== 404) throw new Error(answer.problem.message);
      return answer.ok && answer.value !== undefined ? liveOf(kind, answer.value as unknown as JsonObject) : undefined;
    },
    served: SERVED,
    list,
  };
  const settled = async (): Promise<void> => {
    for (let polls = 0; polls < POLLS_MAX; polls += 1) {
      if (!(await isBusy(cluster, program, await list(HOMES)))) return;
      await systemClock().sleep(POLL_MS, never);
    }
    throw new Error("the API server does not settle");
  };
  return {
    ...ground,
    settled,
    async cleared() {
      for (let left = await remains(ground); left.length > 0; left = await remains(ground)) {
        await releaseAll(ground);
        for (const live of left) if (!live.terminating) await removed(program, live);
        await settled();
      }
    },
    close: async () => void (await Promise.all([program.close(), person.close()])),
  };
}

async function opened(cluster: TestCluster, userAgent: string): Promise<Cluster> {
  const access = { kind: "kubeconfig", paths: [cluster.kubeconfigPath] } as const;
  const connection = await connect({ access, userAgent }, systemClock());
  if (!connection.ok) throw new Error(connection.failures[0]?.message);
  return connection.value;
}

async function listOf(program: Cluster, kind: Kind): Promise<readonly Live[]> {
  const answer = await program.listObjects(kind, OWN, never);
  // A kind whose definition is not there has no objects.
  if (!answer.ok && answer.problem.status === 404) return [];
  if (!answer.ok) throw new Error(answer.problem.message);
  return answer.value.items
    .map((object) => liveOf(kind, object as unknown as JsonObject))
    .filter(({ namespace, name }) => {
      if (kind.namespaced) return NAMESPACES.has(namespace);
      return kind.kind !== "Namespace" || NAMESPACES.has(name);
    });
}

async function remains(ground: Ground): Promise<readonly Live[]> {
  const all = await ground.list();
  return all.filter(({ kind, name }) => kind.kind !== "Namespace" || name === "three");
}

async function removed(program: Cluster, { kind, namespace, name, uid, resourceVersion }: Live): Promise<void> {
  await program.remove(kind, namespace, name, { uid, resourceVersion, propagation: "Background" }, never);
}

/** What holds others, or is held by the server. */
const HOMES = SERVED.filter(({ kind }) =>
  ["Namespace", "CustomResourceDefinition", "PersistentVolumeClaim"].includes(kind),
);

/** True while something is on its way to be as it will be; takes the next step where that is a controller's. */
async function isBusy(cluster: TestCluster, program: Cluster, homes: readonly Live[]): Promise<boolean> {
  const going = homes.filter(({ terminating }) => terminating);
  const emptied = await Promise.all(
    going.map(async (live) => {
      if (live.kind.kind === "PersistentVolumeClaim") return await unprotected(program, live);
      return live.kind.kind === "Namespace" && (await finalized(cluster, program, live));
    }),
  );
  if (emptied.includes(true)) return true;
  const definition = homes.find(({ kind }) => kind.kind === "CustomResourceDefinition");
  const widgets = SERVED.filter(({ kind }) => kind === "Widget");
  if (definition?.terminating === true) {
    // It goes with its last object, by itself; what others hold stays, and so does it.
    const lists = await Promise.all(widgets.map((kind) => listOf(program, kind)));
    return lists.flat().every(({ object }) => finalizersOf(object).length === 0);
  }
  const kinds = await program.kinds(never);
  const isServed = kinds.ok && kinds.value.kinds.some(({ kind }) => kind === "Widget");
  return isServed !== (definition !== undefined);
}

/** What the controller of claims does: nothing uses one here. */
async function unprotected(program: Cluster, { kind, namespace, name, object }: Live): Promise<boolean> {
  const finalizers = finalizersOf(object);
  if (!finalizers.includes(PROTECTION)) return false;
  const body = { metadata: { finalizers: finalizers.filter((one) => one !== PROTECTION) } };
  await program.patch(kind, namespace, name, "application/merge-patch+json", body, never);
  return true;
}

/** What the controller of namespaces does: a namespace goes when nothing is in it any more. */
async function finalized(cluster: TestCluster, program: Cluster, { name, object }: Live): Promise<boolean> {
  const inside = (await Promise.all(SERVED.filter(({ namespaced }) => namespaced).map((kind) => listOf(program, kind))))
    .flat()
    .filter(({ namespace }) => namespace === name);
  const staying = inside.filter(({ terminating }) => !terminating);
  for (const live of staying) await removed(program, live);
  if (staying.length > 0) return true;
  if (inside.length > 0) return inside.some(({ object: one }) => finalizersOf(one).every((id) => id === PROTECTION));
  const { url, ca, token } = cluster;
  await send(`${url}/api/v1/namespaces/${name}/finalize`, {
    method: "PUT",
    ca,
    token,
    body: { ...object, spec: { finalizers: [] } },
  });
  return true;
}

function finalizersOf(object: JsonObject): readonly string[] {
  const metadata = object["metadata"];
  const finalizers = isObject(metadata) ? metadata["finalizers"] : undefined;
  return Array.isArray(finalizers) ? finalizers.map((one: Json) => String(one as string)) : [];
}
