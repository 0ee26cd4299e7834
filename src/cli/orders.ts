import { userInfo } from "node:os";
import type { Cluster } from "../cluster/index.ts";
import { gitUser } from "../git/index.ts";
import { failed, ok, type Result } from "../model/index.ts";
import { confirm, readEvents, readStanding, resume, type StatusPlace, suspend } from "../status/index.ts";
import type { Engine } from "./engine.ts";
import { statusPlace } from "./keeping.ts";
import type { Settings } from "./settings.ts";
import { NOTHING_KEPT } from "./standing.ts";
import type { World } from "./world.ts";

/** The verbs over what is kept in the cluster. */
export function ordersOver(
  settings: Settings,
  world: World,
  open: (signal: AbortSignal) => Promise<Result<Cluster>>,
): Pick<Engine, "standing" | "events" | "suspend" | "resume" | "confirm"> {
  const { clock } = world;
  const over = async <T>(
    signal: AbortSignal,
    work: (cluster: Cluster, place: StatusPlace) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    const place = statusPlace(settings);
    if (place === undefined) return failed(NOTHING_KEPT);
    const cluster = await open(signal);
    return cluster.ok ? work(cluster.value, place) : cluster;
  };
  return {
    async standing(signal) {
      if (statusPlace(settings) === undefined) return ok(undefined);
      return over(signal, (cluster, place) => readStanding(cluster, place, clock.nowMs(), signal));
    },
    events: (signal) => over(signal, (cluster, place) => readEvents(cluster, place, signal)),
    suspend: ({ globs, reason, untilMs }, signal) =>
      over(signal, async (cluster, place) => {
        const author = await whoAsks(world, signal);
        const at = new Date(clock.nowMs()).toISOString();
        const until = untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() };
        const added = globs.map((glob) => ({ glob, reason, author, at, ...until }));
        return suspend(cluster, clock, place, added, signal);
      }),
    resume: (globs, signal) => over(signal, (cluster, place) => resume(cluster, clock, place, globs, signal)),
    confirm: (commit, globs, signal) =>
      over(signal, async (cluster, place) => {
        const order = { commit, globs, by: await whoAsks(world, signal), at: new Date(clock.nowMs()).toISOString() };
        const written = await confirm(cluster, clock, place, order, signal);
        return written.ok ? ok(order) : written;
      }),
  };
}

/** Who runs this, for others to see: as git knows them, else the name that they logged in with. */
export async function whoAsks({ env, home, clock }: World, signal: AbortSignal): Promise<string> {
  const user = await gitUser({ ...env, HOME: env["HOME"] ?? home }, clock, signal);
  return user ?? env["USER"] ?? env["LOGNAME"] ?? loginName() ?? "unknown";
}

/** The name of the user that this runs as; a container may have none for it. */
function loginName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
