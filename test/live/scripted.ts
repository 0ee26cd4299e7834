import { expect, onTestFinished } from "vitest";
import type { Answer, Cluster, Kind, MetadataList, Problem, WatchEvent } from "../../src/cluster/index.ts";
import { createEmbedded, type EmbeddedCluster } from "../../src/embedded/index.ts";
import { type Hint, type Inventory, LIVE_DEFAULTS, type LiveOptions, openLive } from "../../src/live/index.ts";
import type { Manifest } from "../../src/model/index.ts";
import { FIELD_MANAGER, kindKey } from "../../src/plan/index.ts";
import { declareAs } from "../plan/objects.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";

export const MINUTE = 60_000;

/** What goes wrong on the way; everything goes well where nothing is said. */
export interface Script {
  /** Whether the server can be reached at all. */
  down?: boolean;
  kinds?: Problem;
  /** A kind that cannot be watched. */
  unwatchable?: string;
  /** The answer to a list instead of the true one. */
  list?: (kind: Kind, truth: Answer<MetadataList>, signal: AbortSignal) => Promise<Answer<MetadataList>>;
  /** What happens between a write and its answer. */
  answering?: () => Promise<void>;
  /** A watch instead of the true one. */
  watch?: (kind: Kind, truth: AsyncIterable<WatchEvent>, signal: AbortSignal) => AsyncIterable<WatchEvent>;
}

export const REFUSED: Problem = { kind: "network", message: "connect ECONNREFUSED", causes: [], ambiguous: false };
export const status = (code: number, retryAfterMs?: number): Problem => ({
  kind: "status",
  status: code,
  message: `HTTP ${code}`,
  causes: [],
  ambiguous: false,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

/** One embedded cluster, what is asked of it, and a `Live` over it whose clock is moved by hand. */
export interface Stage {
  readonly clock: ManualClock;
  readonly real: () => EmbeddedCluster;
  /** From here on another cluster answers at the same address. */
  replace(other: EmbeddedCluster): void;
  readonly cluster: Cluster;
  readonly script: Script;
  /** Requests since the last call, as `list ConfigMap`; lists of all kinds at once are `list *`. */
  asked(): readonly string[];
  readonly live: ReturnType<typeof openLive>;
  readonly signal: AbortSignal;
}

function stage(options: Partial<LiveOptions> = {}): Stage {
  const clock = manualClock();
  const state = { real: createEmbedded({ clock, seed: 1, controllers: "none" }), asked: [] as string[] };
  const script: Script = {};
  const cluster: Cluster = {
    ...state.real,
    async kinds(signal) {
      state.asked.push("kinds");
      if (script.down) return { ok: false, problem: REFUSED };
      if (script.kinds !== undefined) return { ok: false, problem: script.kinds };
      const truth = await state.real.kinds(signal);
      if (!truth.ok) return truth;
      const kinds = truth.value.kinds.map((kind) =>
        kind.kind === script.unwatchable ? { ...kind, verbs: kind.verbs.filter((verb) => verb !== "watch") } : kind,
      );
      return { ok: true, value: { ...truth.value, kinds } };
    },
    async list(kind, asked, signal) {
      state.asked.push(`list ${kind.kind}`);
      if (script.down) return { ok: false, problem: REFUSED };
      const truth = await state.real.list(kind, asked, signal);
      return script.list === undefined ? truth : script.list(kind, truth, signal);
    },
    async *watch(kind, asked, signal) {
      state.asked.push(`watch ${kind.kind}`);
      if (script.down) {
        yield { type: "ended", gone: false, problem: REFUSED };
        return;
      }
      const truth = state.real.watch(kind, asked, signal);
      yield* script.watch === undefined ? truth : script.watch(kind, truth, signal);
    },
    async apply(...asked) {
      const answer = await state.real.apply(...asked);
      await script.answering?.();
      return answer;
    },
    async remove(...asked) {
      const answer = await state.real.remove(...asked);
      await script.answering?.();
      return answer;
    },
  };
  const live = openLive(cluster, clock, { ...LIVE_DEFAULTS, random: () => 0.5, ...options });
  return {
    clock,
    real: () => state.real,
    replace: (other) => void (state.real = other),
    cluster,
    script,
    live,
    signal: new AbortController().signal,
    asked: () => gathered(state.asked.splice(0)),
  };
}

/** More than ten lists at once are lists of everything. */
function gathered(asked: readonly string[]): readonly string[] {
  const lists = asked.filter((one) => one.startsWith("list "));
  if (lists.length <= 10) return asked;
  return [...new Set([...asked.filter((one) => !one.startsWith("list ")), "list *"])];
}

/** A kind of somebody else. */
export const WIDGETS = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.dev" },
  spec: {
    group: "example.dev",
    scope: "Namespaced",
    names: { kind: "Widget", plural: "widgets", singular: "widget", listKind: "WidgetList" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};

export function configMap(name: string, data: Record<string, string> = { a: "1" }): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
}

const CONFIG_MAP: Kind = {
  group: "",
  version: "v1",
  versions: ["v1"],
  kind: "ConfigMap",
  resource: "configmaps",
  namespaced: true,
  verbs: ["get", "list", "watch", "patch", "delete"],
};

export async function kindOf(cluster: Cluster, key: string): Promise<Kind> {
  if (key === "/ConfigMap") return CONFIG_MAP;
  const answer = await cluster.kinds(new AbortController().signal);
  const kind = answer.ok ? answer.value.kinds.find((one) => kindKey(one) === key) : undefined;
  if (kind === undefined) throw new Error(`${key} is not served`);
  return kind;
}

/** Applies an object as a pass does for a service. */
export async function applied(cluster: Cluster, service: string, manifest: Manifest): Promise<void> {
  const { manifest: marked, ref } = declareAs(service, manifest);
  const kind = await kindOf(cluster, kindKey(ref));
  const answer = await cluster.apply(
    kind,
    marked,
    { fieldManager: FIELD_MANAGER, force: true },
    new AbortController().signal,
  );
  if (!answer.ok) throw new Error(answer.problem.message);
}

/** Somebody else's merge patch of a ConfigMap in `default`. */
export async function patched(cluster: EmbeddedCluster, name: string, body: object): Promise<void> {
  const kind = await kindOf(cluster, "/ConfigMap");
  const as = cluster.as({ userAgent: "kubectl/1" });
  const type = "application/merge-patch+json";
  const answer = await as.patch(kind, "default", name, type, body as Manifest, new AbortController().signal);
  if (!answer.ok) throw new Error(answer.problem.message);
}

/** Deletes a ConfigMap in `default`, as it is now. */
export async function deleted(cluster: Cluster, name: string): Promise<void> {
  const kind = await kindOf(cluster, "/ConfigMap");
  const { signal } = new AbortController();
  const live = await cluster.metadata(kind, "default", name, signal);
  if (!live.ok || live.value === undefined) throw new Error(`${name} is not there`);
  const { uid, resourceVersion } = live.value;
  const answer = await cluster.remove(
    kind,
    "default",
    name,
    { uid, resourceVersion, propagation: "Background" },
    signal,
  );
  if (!answer.ok) throw new Error(answer.problem.message);
}

/** A cluster with some objects of two services, listed once and watched. */
export async function begin(
  options: Partial<LiveOptions> = {},
): Promise<Stage & { hints: Hint[][]; names(): Promise<string[]> }> {
  const s = stage(options);
  onTestFinished(async () => {
    await s.live.close();
    expect(s.clock.sleepers()).toBe(0);
  });
  await applied(s.cluster, "shop/cart", configMap("cart"));
  await applied(s.cluster, "shop/web", configMap("web"));
  const hints: Hint[][] = [];
  s.live.onHint((some) => hints.push([...some]));
  await inventory(s);
  await s.clock.advance(0);
  s.asked();
  return { ...s, hints, names: async () => [...(await inventory(s)).live.values()].map(({ ref }) => ref.name).sort() };
}

export async function inventory({ live, signal }: Stage): Promise<Inventory> {
  const answer = await live.inventory(signal);
  if (!answer.ok) throw new Error(JSON.stringify(answer.failures));
  return answer.value;
}

/** Hints in words. */
export const told = (hints: readonly Hint[][]) =>
  hints.flat().map(({ service, what, ref }) => `${service} ${what} ${ref.name}`);
