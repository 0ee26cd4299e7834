import type { Cluster, Kind, Problem } from "../cluster/index.ts";
import { problemFailure } from "../cluster/index.ts";
import { failed, type LiveMetadata, ok, type Result, refKey } from "../model/index.ts";
import { kindKey, type LiveIndex, SERVICE_LABEL } from "../plan/index.ts";

/** What the cluster holds of ours, and which kinds it serves. The cluster is the inventory: nothing else is kept. */
export interface Inventory {
  /** Every object with our owner label, of any scope, by `refKey`. */
  readonly live: LiveIndex;
  /** Served kinds by `kindKey`. */
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Groups that discovery could not ask: their kinds are unknown, not absent. */
  readonly failedGroups: ReadonlySet<string>;
  /** Kinds (`kindKey`) whose list failed, and why. */
  readonly unlisted: ReadonlyMap<string, Problem>;
}

/**
 * Lists the metadata of everything that carries our label: one list per served kind that can be listed and deleted. A kind
 * whose list fails is told in `unlisted`; only discovery as a whole failing fails.
 */
export async function readInventory(cluster: Cluster, signal: AbortSignal): Promise<Result<Inventory>> {
  const served = await cluster.kinds(signal);
  if (!served.ok) return failed(problemFailure(served.problem, { verb: "discover" }));
  const kinds = new Map(served.value.kinds.map((kind) => [kindKey(kind), kind]));
  const listed = [...kinds.values()].filter(({ verbs }) => verbs.includes("list") && verbs.includes("delete"));
  const live = new Map<string, LiveMetadata>();
  const unlisted = new Map<string, Problem>();
  await Promise.all(
    listed.map(async (kind) => {
      const answer = await cluster.list(kind, { labelSelector: SERVICE_LABEL }, signal);
      if (!answer.ok) unlisted.set(kindKey(kind), answer.problem);
      else for (const item of answer.value.items) live.set(refKey(item.ref), item);
    }),
  );
  return ok({ live, kinds, failedGroups: new Set(served.value.failedGroups), unlisted });
}
