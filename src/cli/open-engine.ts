import { availableParallelism, totalmem } from "node:os";
import { delimiter, join } from "node:path";
import { BUILDERS_DEFAULTS, type Builders, openBuilders, shareOf } from "../builders/index.ts";
import { accessFrom, type Cluster, connect, readOnly } from "../cluster/index.ts";
import { openSource, type Source } from "../git/index.ts";
import { LIVE_DEFAULTS, type Live, openLive, readInventory } from "../live/index.ts";
import { type Clock, failed, ok, type PassOutcome, type Result } from "../model/index.ts";
import { labelValue, ownerOf } from "../plan/index.ts";
import { buildJob, newMemory, type OpenRevision, openRevision, type PassRequest, runPass } from "../reconcile/index.ts";
import { fileCache } from "./build-cache.ts";
import { openEmbedded, openEmpty } from "./embedded-file.ts";
import type { Discovered, Engine, OpenEngine } from "./engine.ts";
import { type Acquaintance, askedSince, keptPass } from "./keeping.ts";
import { lookingAt } from "./looking.ts";
import { ordersOver, whoAsks } from "./orders.ts";
import type { Settings } from "./settings.ts";
import { VERSION } from "./version.ts";
import type { World } from "./world.ts";

/** Put in by the bundler: the text of the build threads' program. */
declare const GITOPS_WORKER_SOURCE: string;

/** One call of git, a first fetch of a big repository included, takes no longer. */
const GIT_TIMEOUT_MS_MAX = 10 * 60_000;

/** Builds are short and the API server is the slower part, so few threads do. */
const THREADS_MAX = 4;

/** The real engine, over git, threads and a cluster. Each is opened when first used and closed with the engine. */
export const openEngine: OpenEngine = (settings, world) => {
  const source = once((signal) => openTheSource(settings, world, signal), isOk);
  const cluster = once(() => openTheCluster(settings, world), isOk);
  const builders = once(() => Promise.resolve(openTheBuilders(settings, world)));
  const revisions = new WeakMap<Discovered, OpenRevision>();
  const whose = [settings.repo, settings.path, settings.scope];
  const cache = fileCache(join(settings.cacheDir, "builds"), JSON.stringify(whose));
  const memory = newMemory();
  const { circuits: _circuits, ...passing } = memory;
  const acquaintance: Acquaintance = {};
  const kept: { live?: Live; onHint?: () => void } = {};

  const engine: Engine = {
    async pass(request, onEvent, signal) {
      const [from, to] = await Promise.all([source.get(signal), cluster.get(signal)]);
      if (!from.ok) return notRun(from.failures);
      if (!to.ok) return notRun(to.failures);
      const writes = request.mode === "sync";
      const author = request.confirm === undefined ? {} : { author: await whoAsks(world, signal) };
      if (kept.onHint !== undefined && kept.live === undefined) {
        kept.live = openLive(to.value, world.clock, { ...LIVE_DEFAULTS, random: Math.random });
        kept.live.onHint(() => kept.onHint?.());
      }
      const io = {
        source: from.value,
        cluster: writes ? (kept.live?.cluster ?? to.value) : readOnly(to.value),
        ...(kept.live === undefined ? {} : { live: kept.live }),
        builders: await builders.get(signal),
        cache,
        clock: world.clock,
        memory: kept.onHint === undefined ? passing : memory,
      };
      const keeper = { cluster: to.value, settings, world, acquaintance };
      const run = (asked: PassRequest) => runPass(io, asked, onEvent, signal);
      return keptPass(keeper, { ...request, ...author }, run, onEvent, signal);
    },
    watch(listener) {
      kept.onHint = listener;
    },
    async askedSince(signal) {
      const to = await cluster.get(signal);
      return to.ok ? askedSince({ cluster: to.value, settings, world, acquaintance }, signal) : undefined;
    },
    ...lookingAt(settings, world, {
      source: (signal) => source.get(signal),
      cluster: (signal) => cluster.get(signal),
      builders: (signal) => builders.get(signal),
      cache,
    }),
    liveStats: () => kept.live?.stats(),
    async latest(signal) {
      const from = await source.get(signal);
      if (!from.ok) return from;
      const latest = await from.value.latest(signal);
      return latest.ok ? ok(latest.value.commit) : latest;
    },
    async discover(path, signal) {
      const from = await source.get(signal);
      if (!from.ok) return from;
      const revision = await openRevision(from.value, path, signal);
      if (!revision.ok) return revision;
      const { snapshot, discovery, policy } = revision.value;
      const found: Discovered = { revision: snapshot.revision, discovery, policy };
      revisions.set(found, revision.value);
      return ok(found);
    },
    async build(found, id, signal) {
      const revision = revisions.get(found);
      const service = found.discovery.services.find((one) => one.id === id);
      if (revision === undefined || service === undefined) throw new Error(`${id} was not discovered here`);
      const threads = await builders.get(signal);
      const answer = await threads.build({ ...buildJob(revision, service), text: true }, signal);
      if (!answer.ok) return failed(...answer.failures);
      return ok({ text: answer.text ?? "", objects: answer.objects.map(({ manifest }) => manifest) });
    },
    async owned(scope, signal) {
      const to = await cluster.get(signal);
      return to.ok ? countOwned(to.value, scope, world.clock, signal) : to;
    },
    ...ordersOver(settings, world, (signal) => cluster.get(signal)),
    async close() {
      await builders.close((threads) => threads.close());
      await cache.close();
      await kept.live?.close();
      await source.close(async (from) => (from.ok ? from.value.close() : undefined));
      await cluster.close(async (to) => (to.ok ? to.value.close() : undefined));
    },
  };
  return Promise.resolve(ok(engine));
};

function openTheSource(settings: Settings, world: World, signal: AbortSignal): Promise<Result<Source>> {
  const options = {
    repo: settings.repo,
    ref: settings.ref,
    allowHttp: settings.allowHttp,
    cacheDir: join(settings.cacheDir, "git"),
    credentials: settings.credentials,
    timeoutMs: Math.min(settings.timeoutMs, GIT_TIMEOUT_MS_MAX),
    environment: world.env,
  };
  return openSource(options, world.clock, signal);
}

async function openTheCluster(settings: Settings, { env, home, clock }: World): Promise<Result<Cluster>> {
  const { cluster, kubeconfig, context } = settings;
  if (cluster.kind === "empty") return ok(openEmpty(clock));
  if (cluster.kind === "embedded") return openEmbedded(cluster.file, clock);
  const given = { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) };
  return connect({ access: accessFrom({ ...given, env, home, delimiter }), userAgent: `gitops/${VERSION}` }, clock);
}

function openTheBuilders({ concurrency }: Settings, { clock }: World): Builders {
  if (typeof GITOPS_WORKER_SOURCE !== "string") throw new Error("the program of the build threads is not bundled in");
  const threads = Math.max(1, Math.min(THREADS_MAX, concurrency, availableParallelism()));
  const share = shareOf({ threads, heapMb: BUILDERS_DEFAULTS.heapMb }, memoryBytes());
  return openBuilders({ ...BUILDERS_DEFAULTS, ...share, worker: GITOPS_WORKER_SOURCE }, clock);
}

/** What the process may have: a container's limit, where there is one below what the machine has. */
function memoryBytes(): number {
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
}

/** Objects of the scope by service: what the labels of the objects themselves say. */
async function countOwned(
  cluster: Cluster,
  scope: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Result<ReadonlyMap<string, number>>> {
  const inventory = await readInventory(cluster, clock, signal);
  if (!inventory.ok) return inventory;
  const counts = new Map<string, number>();
  for (const live of inventory.value.live.values()) {
    const owner = ownerOf(live);
    if (owner?.scope === labelValue(scope)) counts.set(owner.id, (counts.get(owner.id) ?? 0) + 1);
  }
  return ok(counts);
}

function notRun(failures: PassOutcome["failures"]): PassOutcome {
  return { services: [], failures, builds: 0, durationMs: 0 };
}

interface Once<T> {
  get(signal: AbortSignal): Promise<T>;
  /** Closes what was opened; nothing, when nothing was. */
  close(how: (value: T) => Promise<unknown>): Promise<void>;
}

function isOk({ ok: is }: { readonly ok: boolean }): boolean {
  return is;
}

/** Opens at the first use; what could not be opened is opened again at the next: its cause may pass, and a run stays. */
function once<T>(open: (signal: AbortSignal) => Promise<T>, isOpen: (value: T) => boolean = () => true): Once<T> {
  const opened: { value?: Promise<T> } = {};
  return {
    async get(signal) {
      const opening = (opened.value ??= open(signal));
      let done = false;
      try {
        const value = await opening;
        done = isOpen(value);
        return value;
      } finally {
        if (!done && opened.value === opening) delete opened.value;
      }
    },
    async close(how) {
      if (opened.value !== undefined) await how(await opened.value);
    },
  };
}
