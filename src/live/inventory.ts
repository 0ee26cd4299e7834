import type { Cluster, Kind, Problem } from "../cluster/index.ts";
import { problemFailure } from "../cluster/index.ts";
import { type Clock, failed, type LiveMetadata, ok, type Result, refKey } from "../model/index.ts";
import { kindKey, type LiveIndex, SERVICE_LABEL } from "../plan/index.ts";
import { most } from "./most.ts";

/** What the cluster holds of ours, and which kinds it serves. The cluster is the inventory: nothing else is kept. */
export interface Inventory {
  /** Every object with our owner label, of any scope, by `refKey`. */
  readonly live: LiveIndex;
  /** Served kinds by `kindKey`. */
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Groups that discovery could not ask: their kinds are unknown, not absent. */
  readonly failedGroups: ReadonlySet<string>;
  /** There is no server: a dry run takes any other kind for served, too. */
  readonly open?: true;
  /** Kinds (`kindKey`) whose list failed, and why. */
  readonly unlisted: ReadonlyMap<string, Problem>;
  /** Why nothing may be deleted for now, although every list came: what the server says is older than what it said before. */
  readonly paused?: string;
}

/**
 * Lists the metadata of everything that carries our label: one list per served kind that can be listed and deleted. A kind
 * whose list fails is told in `unlisted`, and so is one that takes unusually long: a conversion webhook that hangs must not
 * keep the services that have no such object waiting. Only discovery as a whole failing fails.
 */
export async function readInventory(cluster: Cluster, clock: Clock, signal: AbortSignal): Promise<Result<Inventory>> {
  const served = await cluster.kinds(signal);
  if (!served.ok) return failed(problemFailure(served.problem, { verb: "discover" }));
  const kinds = new Map(served.value.kinds.map((kind) => [kindKey(kind), kind]));
  const live = new Map<string, LiveMetadata>();
  const unlisted = new Map<string, Problem>();
  const began = clock.monotonicMs();
  const slow = new AbortController();
  const either = AbortSignal.any([signal, slow.signal]);
  const listOne = async (kind: Kind): Promise<void> => {
    const answer = await cluster.list(kind, { labelSelector: SERVICE_LABEL }, either).catch((cause: unknown) => {
      if (signal.aborted || !slow.signal.aborted) throw cause;
      return { ok: false, problem: tooSlow(clock.monotonicMs() - began) } as const;
    });
    if (!answer.ok) unlisted.set(kindKey(kind), answer.problem);
    else for (const item of answer.value.items) live.set(refKey(item.ref), item);
  };
  const lists = [...kinds.values()].filter(isListed).map(listOne);
  if (!(await most(lists, clock, signal))) slow.abort("slow");
  await Promise.all(lists);
  const { failedGroups, open } = served.value;
  return ok({ live, kinds, failedGroups: new Set(failedGroups), ...(open === undefined ? {} : { open }), unlisted });
}

/** Whether objects of a kind may be ours: what cannot be listed and deleted is nobody's to keep. */
export function isListed({ verbs }: Kind): boolean {
  return verbs.includes("list") && verbs.includes("delete");
}

export function tooSlow(elapsedMs: number): Problem {
  const message = `no list within ${Math.round(elapsedMs / 100) / 10} s, while most kinds were listed long before`;
  return { kind: "timeout", message, causes: [], ambiguous: false };
}
