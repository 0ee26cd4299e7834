import { onTestFinished } from "vitest";
import type { Cluster, Kind } from "../../src/cluster/index.ts";
import { createEmbedded, type EmbeddedCluster, ROLLOUT_ANNOTATION } from "../../src/embedded/index.ts";
import { type JsonObject, type LiveObject, type Manifest, type ObjectRef, text } from "../../src/model/index.ts";
import type { Awaited, Waited } from "../../src/reconcile/waited.ts";
import { openWaiting } from "../../src/reconcile/waiting.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";

const never = new AbortController().signal;
const TIMEOUT_MS = 300_000;

export interface Scene {
  readonly clock: ManualClock;
  readonly cluster: EmbeddedCluster;
  readonly gets: string[];
  readonly watches: () => number;
  /** Puts an object as it is, status and all. */
  readonly put: (object: JsonObject) => void;
  readonly wait: (objects: readonly Awaited[], more?: { timeoutMs?: number; cancelled?: AbortSignal }) => Begun;
}

export interface Begun {
  readonly told: (readonly { readonly ref: ObjectRef; readonly why: string }[])[];
  readonly ended: () => Waited | undefined;
}

export async function scene(
  options: { readonly rolloutMs?: number; readonly controllers?: "running" | "none" } = {},
  change: (cluster: Cluster) => Partial<Cluster> = () => ({}),
): Promise<Scene> {
  const clock = manualClock();
  const cluster = createEmbedded({ clock, seed: 1, controllers: "none", ...options });
  const gets: string[] = [];
  const kinds = await served(cluster);
  const counted: Cluster = {
    ...cluster,
    get: (kind, namespace, name, signal) => {
      gets.push(`${kind.kind} ${namespace}/${name}`);
      return cluster.get(kind, namespace, name, signal);
    },
  };
  const waiting = openWaiting({ ...counted, ...change(counted) }, clock);
  onTestFinished(async () => {
    waiting.close();
    await cluster.close();
  });
  return {
    clock,
    cluster,
    gets,
    watches: () => waiting.watches(),
    put(object) {
      const { kind, metadata } = object as LiveObject;
      const { group, resource } = kinds.get(kind) ?? { group: "", resource: "" };
      cluster.core.world.store.put(
        `${group}/${resource}/${text(metadata, "namespace") ?? ""}/${metadata.name}`,
        object,
      );
    },
    wait(objects, { timeoutMs = TIMEOUT_MS, cancelled = never } = {}) {
      const told: Begun["told"] = [];
      const state: { ended?: Waited } = {};
      void waiting
        .wait(objects, timeoutMs, (progress) => told.push(progress), cancelled)
        .then((ended) => (state.ended = ended));
      return { told, ended: () => state.ended };
    },
  };
}

async function served(cluster: Cluster): Promise<ReadonlyMap<string, Kind>> {
  const answer = await cluster.kinds(never);
  if (!answer.ok) throw new Error("no kinds");
  return new Map(answer.value.kinds.map((kind) => [kind.kind, kind]));
}

const kinds = await served(createEmbedded({ clock: manualClock(), seed: 1 }));

export function awaited(kind: string, name: string, more: Partial<Awaited> = {}, namespace = "shop"): Awaited {
  const known = kinds.get(kind);
  const ref = { group: known?.group ?? "example.org", kind, namespace, name };
  return { ref, kind: known, ours: true, vanishes: false, ...more };
}

export function deployment(name: string, rollout?: string, namespace = "shop"): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name,
      namespace,
      labels: { "gitops.bulkhead.dev/service": "cart" },
      ...(rollout === undefined ? {} : { annotations: { [ROLLOUT_ANNOTATION]: rollout } }),
    },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "api", image: "example.test/x:1" }] },
      },
    },
  };
}

export async function apply(cluster: Cluster, ...manifests: readonly Manifest[]): Promise<void> {
  const spaces = [...new Set(manifests.map(({ metadata }) => metadata.namespace ?? ""))];
  const all = [...spaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })), ...manifests];
  for (const manifest of all) {
    const kind = kinds.get(manifest.kind);
    if (kind === undefined) throw new Error(manifest.kind);
    const answer = await cluster.apply(kind, manifest, { fieldManager: "gitops", force: true }, never);
    if (!answer.ok) throw new Error(answer.problem.message);
  }
}
