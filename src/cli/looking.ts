import type { Builders } from "../builders/index.ts";
import { type Cluster, readOnly } from "../cluster/index.ts";
import type { Source } from "../git/index.ts";
import { readInventory } from "../live/index.ts";
import { ok, type Result } from "../model/index.ts";
import { explain, findOrphans, type Io, type PassRequest, serviceTrees, trace } from "../reconcile/index.ts";
import type { Engine } from "./engine.ts";
import { askedRequest } from "./keeping.ts";
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

/** What looking needs; each is opened when it is asked for. */
interface Opened {
  source(signal: AbortSignal): Promise<Result<Source>>;
  cluster(signal: AbortSignal): Promise<Result<Cluster>>;
  builders(signal: AbortSignal): Promise<Builders>;
  readonly cache: Io["cache"];
}

/** The part of the engine that plans as a pass does, answers questions, and writes nothing. */
export function lookingAt(
  settings: Settings,
  world: World,
  opened: Opened,
): Pick<Engine, "orphans" | "explain" | "trace" | "trees"> {
  const looking = async <T>(
    request: PassRequest,
    signal: AbortSignal,
    look: (io: Io, asked: PassRequest) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    const [from, to] = await Promise.all([opened.source(signal), opened.cluster(signal)]);
    if (!from.ok) return from;
    if (!to.ok) return to;
    const asked = await askedRequest({ cluster: to.value, settings, world }, request, signal);
    if (!asked.ok) return asked;
    const { cache } = opened;
    const io = { source: from.value, cluster: readOnly(to.value), cache, clock: world.clock };
    return look({ ...io, builders: await opened.builders(signal) }, asked.value);
  };
  return {
    orphans: (request, signal) => looking(request, signal, (io, asked) => findOrphans(io, asked, signal)),
    explain: (request, id, signal) => looking(request, signal, (io, asked) => explain(io, asked, id, signal)),
    trace: (request, object, signal) => looking(request, signal, (io, asked) => trace(io, asked, object, signal)),
    async trees(matches, signal) {
      const to = await opened.cluster(signal);
      if (!to.ok) return to;
      const inventory = await readInventory(to.value, world.clock, signal);
      return inventory.ok ? ok(serviceTrees(inventory.value.live, settings.scope, matches)) : inventory;
    },
  };
}
