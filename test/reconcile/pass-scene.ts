import { createHash } from "node:crypto";
import { onTestFinished } from "vitest";
import type { Cluster } from "../../src/cluster/index.ts";
import { createEmbedded, type EmbeddedOptions } from "../../src/embedded/index.ts";
import { ok, type PassEvent, type PassOutcome, type ServiceOutcome, type Tree } from "../../src/model/index.ts";
import { DEFAULT_BREAKER } from "../../src/plan/index.ts";
import { type Io, type Memory, type PassRequest, runPass } from "../../src/reconcile/index.ts";
import { type BuildTrouble, memoryCache, simulatedBuilders } from "../simulator/builds.ts";
import { snapshotOf } from "../simulator/repository.ts";
import { memoryTree } from "../support/disk-tree.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";

/** A repository in memory, an embedded cluster, and the real pass between them, on a clock that stands still. */
export interface PassScene {
  readonly clock: ManualClock;
  readonly cluster: Cluster;
  /** Files of the next commit, by path. */
  readonly commit: (files: Parameters<typeof memoryTree>[0]) => void;
  /** Begins a pass; it goes on as the clock is moved. */
  readonly begin: (change?: Partial<PassRequest>) => Begun;
  /** What a question that plans as a pass does answers. */
  readonly ask: <T>(question: (io: Io, request: PassRequest, signal: AbortSignal) => Promise<T>) => Promise<T>;
}

export interface Begun {
  readonly events: readonly PassEvent[];
  readonly outcome: () => PassOutcome | undefined;
  /** The outcome of one service, as soon as it has one. */
  readonly service: (id: string) => ServiceOutcome | undefined;
}

export function passScene(
  { builds = [], ...options }: Partial<EmbeddedOptions> & { readonly builds?: readonly BuildTrouble[] } = {},
  over: (cluster: Cluster) => Cluster = (cluster) => cluster,
  memory?: Memory,
): PassScene {
  const clock = manualClock();
  const embedded = createEmbedded({ clock, seed: 1, ...options });
  onTestFinished(() => embedded.close());
  const state = { tree: memoryTree({}), id: "" };
  const trees = new Map<string, Tree>();
  const snapshot = () => snapshotOf(state.id, state.tree, false);
  const never = new AbortController().signal;
  const requestOf = (change: Partial<PassRequest>): PassRequest => ({
    mode: "sync",
    path: "",
    scope: "test",
    services: [],
    defaultNamespace: "default",
    concurrency: 2,
    breaker: DEFAULT_BREAKER,
    ...change,
  });
  const io = {
    source: {
      describe: () => "memory",
      latest: () => Promise.resolve(ok({ ref: "main", commit: state.id })),
      fetch: () => Promise.resolve(ok(snapshot())),
      ancestry: () => Promise.reject(new Error("nothing was applied before")),
      close: () => Promise.resolve(),
    },
    cluster: over(embedded),
    builders: simulatedBuilders({ tree: (key) => trees.get(key) }, builds, clock, () => undefined),
    cache: memoryCache(),
    clock,
    ...(memory === undefined ? {} : { memory }),
  };
  return {
    clock,
    cluster: embedded,
    commit(files) {
      state.tree = memoryTree(files);
      state.id = createHash("sha1").update(JSON.stringify(files)).digest("hex");
      trees.set(state.tree.entry("")?.id ?? "", state.tree);
    },
    ask(question) {
      const now = snapshot();
      const lastChange = () => Promise.resolve({ commit: now.commit, exact: true });
      const source = { ...io.source, fetch: () => Promise.resolve(ok({ ...now, lastChange })) };
      return question({ ...io, source }, requestOf({ mode: "diff" }), never);
    },
    begin(change = {}) {
      const events: PassEvent[] = [];
      const ended: { outcome?: PassOutcome } = {};
      void runPass(io, requestOf(change), (event) => events.push(event), never).then(
        (outcome) => (ended.outcome = outcome),
      );
      return {
        events,
        outcome: () => ended.outcome,
        service: (id) =>
          events
            .flatMap((event) => (event.type === "finished" ? [event.outcome] : []))
            .find(({ service }) => service === id),
      };
    },
  };
}

/** The outcome of a pass over a commit of these files, in no time. */
export async function passOver(
  scene: PassScene,
  files: Parameters<PassScene["commit"]>[0],
  change: Partial<PassRequest> = {},
): Promise<PassOutcome> {
  scene.commit(files);
  const begun = scene.begin(change);
  await scene.clock.advance(0);
  const outcome = begun.outcome();
  if (outcome === undefined) throw new Error("the pass goes on");
  return outcome;
}
