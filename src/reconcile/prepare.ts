import { type Inventory, readInventory } from "../live/index.ts";
import { type Failure, nearest, nearestId, ok, type Place, placeText, type Result } from "../model/index.ts";
import { kindKey, ownerOf } from "../plan/index.ts";
import { newMatch } from "../policy/index.ts";
import { withDependencies } from "../services/index.ts";
import { type Assembled, type Assembly, assemble } from "./assemble.ts";
import { readAutoscalers } from "./autoscalers.ts";
import { openFights } from "./fights.ts";
import { readInhabitants } from "./inhabitants.ts";
import type { Io, OnPassEvent, PassRequest } from "./pass-types.ts";
import { openRevision } from "./revision.ts";
import { openSettled } from "./settled.ts";
import type { PassState } from "./state.ts";
import { newStrangers } from "./strangers.ts";
import { suspendedGone, withSuspended } from "./suspended.ts";

export type Prepared =
  | { readonly ok: true; readonly state: PassState }
  | { readonly ok: false; readonly failures: readonly Failure[] };

/** Fetches, lists, discovers and builds; changes nothing. */
export async function prepare(
  io: Io,
  request: PassRequest,
  onEvent: OnPassEvent,
  stop: AbortSignal,
): Promise<Prepared> {
  onEvent({ type: "phase", phase: "fetch" });
  const [listed, opened] = await Promise.all([
    io.live?.inventory(stop) ?? readInventory(io.cluster, io.clock, stop),
    openRevision(io.source, request.path, stop, io.memory?.definitions),
  ]);
  if (!opened.ok) return opened;
  if (!listed.ok) return listed;
  const revision = withSuspended(opened.value, request);
  const { snapshot, discovery } = revision;
  onEvent({ type: "fetched", revision: snapshot.revision });
  onEvent({ type: "discovered", services: discovery.services.length, broken: discovery.broken.length });

  const { services: fit, broken } = withDependencies(discovery);
  onEvent({ type: "phase", phase: "build" });
  const over = (inventory: Inventory): Promise<Assembly> =>
    assemble({ io, request, revision, inventory, broken, services: fit, onEvent }, stop);
  const [settled, fights, settledOn] = await Promise.all([
    openSettled(io.cache, request.scope),
    openFights(io.cache, request.scope, io.clock),
    withServedKinds(io, listed.value, over, stop),
  ]);
  if (!settledOn.ok) return settledOn;
  const { inventory, assembly } = settledOn.value;
  for (const message of unservedProtection(revision.policy.protect, inventory, assembly)) {
    if (io.memory?.told.has(message) === true) continue;
    io.memory?.told.add(message);
    onEvent({ type: "notice", message });
  }
  const selected = newMatch(request.services);
  const declared = assembly.ready.flatMap(({ desired }) => (desired.kind === "known" ? desired.declared : []));
  const wanted = new Set(declared.map(({ key }) => key));
  const strangers = newStrangers(io.cluster, io.clock, inventory, stop);
  const [autoscalers, inhabitants] = await Promise.all([
    readAutoscalers(io, inventory, assembly, stop),
    readInhabitants(io.cluster, inventory, { scope: request.scope, isWanted: (key) => wanted.has(key) }, stop),
    strangers.look(
      assembly.ready.flatMap(({ service, desired }) => {
        if (desired.kind === "unknown") return [];
        return selected(service.id) ? desired.declared : desired.declared.filter(({ ref }) => SHARED.has(kindKey(ref)));
      }),
      [...inventory.live].flatMap(([key, object]) => (wanted.has(key) ? [] : [object])),
    ),
  ]);
  return {
    ok: true,
    state: {
      io,
      request,
      revision,
      inventory,
      assembly,
      settled,
      fights,
      autoscalers,
      strangers,
      inhabitants,
      joined: [],
      broken,
      suspendedGone: suspendedGone({ request, inventory, revision, broken, selected }),
      selected,
    },
  };
}

/** Kinds that settings protect and nobody knows: most likely they are misspelled, and nothing is protected. */
function unservedProtection(
  protect: ReadonlyMap<string, Place>,
  inventory: Inventory,
  assembly: Assembly,
): readonly string[] {
  if (protect.size === 0 || inventory.open === true || inventory.failedGroups.size > 0) return [];
  const served = [...inventory.kinds.values()];
  return [...protect].flatMap(([named, at]) => {
    const [group = "", kind = ""] = named.split("/");
    const known = served.some((one) => one.kind === kind && (group === "" || one.group === group));
    if (known || assembly.kindOf({ group, kind }) !== undefined) return [];
    const meant = nearest(kind, [...new Set(served.map((one) => one.kind))]);
    const told = `${placeText(at)}: settings protect ${named.replace(/^\//, "")}, a kind that the API server does not serve`;
    return [meant === undefined ? told : `${told}: did you mean ${meant}?`];
  });
}

/**
 * What services want, with what the cluster holds of it. An inventory that is kept may lag behind what is served: a kind that came
 * since is asked for once more, or its objects would be taken for new and their owners passed over (law L4).
 */
async function withServedKinds(
  { live }: Pick<Io, "live">,
  inventory: Inventory,
  over: (inventory: Inventory) => Promise<Assembly>,
  stop: AbortSignal,
): Promise<Result<{ readonly inventory: Inventory; readonly assembly: Assembly }>> {
  const assembly = await over(inventory);
  if (live === undefined) return ok({ inventory, assembly });
  const kinds = kindsOf(assembly.ready);
  live.use(kinds);
  const missing = [...kinds].filter((kind) => !inventory.kinds.has(kind));
  if (missing.length === 0) return ok({ inventory, assembly });
  const now = await live.inventory(stop);
  if (!now.ok) return now;
  if (!missing.some((kind) => now.value.kinds.has(kind))) return ok({ inventory, assembly });
  const again = await over(now.value);
  const builds = (): number => assembly.builds() + again.builds();
  return ok({ inventory: now.value, assembly: { ...again, builds } });
}

/** These are applied for whoever needs them, also when their own service was not asked for. */
const SHARED: ReadonlySet<string> = new Set(["/Namespace", "apiextensions.k8s.io/CustomResourceDefinition"]);

/** The kinds that services declare, those that are not served among them. */
function kindsOf(services: readonly Pick<Assembled, "desired">[]): ReadonlySet<string> {
  const refs = services.flatMap(({ desired }) =>
    desired.kind === "known" ? [...desired.declared.map(({ ref }) => ref), ...(desired.unfit ?? [])] : [],
  );
  return new Set(refs.map(kindKey));
}

export function unmatchedGlobs({ request, revision, broken, inventory }: PassState): readonly Failure[] {
  if (request.services.length === 0) return [];
  const ids = [...revision.discovery.services, ...broken].map(({ id }) => id);
  const gone = [...inventory.live.values()].map((object) => ownerOf(object)?.id ?? "");
  return request.services
    .filter((glob) => ![...ids, ...gone].some(newMatch([glob])))
    .map((glob) => {
      const meant = nearestId(glob, ids);
      return {
        code: "usage/no-such-service",
        message: `no service matches ${JSON.stringify(glob)}${meant === undefined ? "" : ` (did you mean ${meant}?)`}`,
        remedy:
          "see gitops services for what there is; * stops at a /, ** does not; quote the glob so that the shell leaves it alone",
      };
    });
}
