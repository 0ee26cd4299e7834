import type { Cluster } from "../cluster/index.ts";
import type { Inventory } from "../live/index.ts";
import { type Clock, type LiveMetadata, type Manifest, text } from "../model/index.ts";
import { type Autoscaler, autoscalerOf, isScalable } from "../plan/index.ts";
import type { Assembled, Late } from "./assemble.ts";

const KIND = "autoscaling/HorizontalPodAutoscaler";
/** Everybody waits for this list, so it may not take long. */
const LIST_MS_MAX = 5_000;

/** The autoscalers of the cluster, whoever made them. `unknown`: why they could not be listed. */
export interface LiveAutoscalers {
  readonly found: readonly Autoscaler[];
  readonly unknown?: string;
}

/**
 * Lists the cluster's autoscalers whole, when an object is declared that one might scale, or when a service comes late, which
 * may declare one. What they scale stands in their specs, and those that other tools make (KEDA, for one) carry no label of
 * ours.
 */
export async function readAutoscalers(
  { cluster, clock }: { readonly cluster: Pick<Cluster, "listObjects">; readonly clock: Clock },
  { kinds, failedGroups, live }: Inventory,
  { ready, late }: { readonly ready: readonly Pick<Assembled, "desired">[]; readonly late: readonly Late[] },
  signal: AbortSignal,
): Promise<LiveAutoscalers> {
  if (late.length === 0 && !ready.some((one) => hasScalable(one, live))) return { found: [] };
  const kind = kinds.get(KIND);
  if (kind === undefined) {
    return failedGroups.has("autoscaling") ? { found: [], unknown: "group autoscaling did not answer" } : { found: [] };
  }
  const deadline = clock.deadline(LIST_MS_MAX, signal);
  const listed = await cluster
    .listObjects(kind, {}, deadline.signal)
    .catch((cause: unknown) => {
      if (!deadline.expired()) throw cause;
      return undefined;
    })
    .finally(() => deadline.release());
  if (listed === undefined) return { found: [], unknown: `no list within ${LIST_MS_MAX / 1000} s` };
  if (!listed.ok) return { found: [], unknown: listed.problem.message };
  const found = listed.value.items.flatMap((item) => {
    const object = item as unknown as Manifest;
    return autoscalerOf(object, text(object.metadata, "namespace") ?? "") ?? [];
  });
  return { found };
}

/** The autoscalers that services of the revision declare, with their places. */
export function declaredAutoscalers(services: readonly Pick<Assembled, "desired">[]): readonly Autoscaler[] {
  return services.flatMap(({ desired }) => {
    if (desired.kind === "unknown") return [];
    return desired.declared.flatMap(({ manifest, ref, at }) => autoscalerOf(manifest, ref.namespace, at) ?? []);
  });
}

function hasScalable({ desired }: Pick<Assembled, "desired">, live: ReadonlyMap<string, LiveMetadata>): boolean {
  if (desired.kind === "unknown") return false;
  return desired.declared.some((declared) => isScalable(declared, live.get(declared.key)));
}
