import type { Cluster, Kind } from "../cluster/index.ts";
import { type Inventory, isListed } from "../live/index.ts";
import { type Failure, type LiveMetadata, refKey, refText } from "../model/index.ts";
import {
  hasInhabitants,
  type Inhabitants,
  kindKey,
  labelValue,
  objectionTo,
  ownerOf,
  ownsLabel,
} from "../plan/index.ts";

/**
 * What goes along with each Namespace and definition of this scope that nobody declares any more, by `refKey`. There are
 * few of them, so that many lists for one do no harm.
 */
export async function readInhabitants(
  cluster: Pick<Cluster, "list">,
  inventory: Inventory,
  { scope, isWanted }: { readonly scope: string; readonly isWanted: (key: string) => boolean },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Inhabitants>> {
  const homes = [...inventory.live].filter(
    ([key, live]) =>
      hasInhabitants(live) && ownsLabel(live) && ownerOf(live)?.scope === labelValue(scope) && !isWanted(key),
  );
  return new Map(
    await Promise.all(
      homes.map(async ([key, live]) => [key, await inhabitantsOf(cluster, inventory, live, signal)] as const),
    ),
  );
}

/** What goes along with one Namespace or definition: nothing less than all of it, or unknown. */
export async function inhabitantsOf(
  cluster: Pick<Cluster, "list">,
  { kinds, failedGroups }: Pick<Inventory, "kinds" | "failedGroups">,
  { ref }: LiveMetadata,
  signal: AbortSignal,
): Promise<Inhabitants> {
  const all = [...kinds.values()].filter(isListed);
  const isNamespace = ref.kind === "Namespace";
  const asked = isNamespace
    ? all.filter(({ namespaced }) => namespaced)
    : all.filter((kind) => nameOf(kind) === ref.name);
  const unseen = [...failedGroups].find((group) => isNamespace || ref.name.endsWith(`.${group}`));
  if (unseen !== undefined) return { kind: "unknown", why: `group ${unseen} did not answer` };
  const lists = await Promise.all(
    asked.map(async (kind) => ({
      kind,
      answer: await cluster.list(kind, isNamespace ? { namespace: ref.name } : {}, signal),
    })),
  );
  // One object may be shown in several groups.
  const objects = new Map<string, LiveMetadata>();
  for (const { kind, answer } of lists) {
    if (!answer.ok) return { kind: "unknown", why: `${kind.resource} could not be listed: ${answer.problem.message}` };
    for (const object of answer.value.items) if (!isNamespace || counts(object)) objects.set(object.uid, object);
  }
  return { kind: "known", objects: [...objects.values()].toSorted((a, b) => (refKey(a.ref) < refKey(b.ref) ? -1 : 1)) };
}

/**
 * Looks once more, right before the delete, at what would go along: what came since the plan was made was not judged, and
 * nobody confirmed it. Undefined when nothing speaks against the delete.
 */
export async function objectionNow(
  cluster: Pick<Cluster, "list">,
  inventory: Pick<Inventory, "kinds" | "failedGroups">,
  live: LiveMetadata,
  planned: Inhabitants | undefined,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  if (!hasInhabitants(live)) return undefined;
  const now = await inhabitantsOf(cluster, inventory, live, signal);
  const objection = objectionTo(live, now);
  if (objection === undefined) return undefined;
  const known = planned?.kind === "known" ? planned.objects.length : 0;
  if (objection.confirmable && now.kind === "known" && now.objects.length <= known) return undefined;
  const object = refText(live.ref);
  return {
    code: "prune/changed-since-read",
    message: `${object} was not deleted: ${objection.why}`,
    remedy: "see what lives in it; the next pass looks again",
    object,
  };
}

/** A kind as the name of its definition. */
function nameOf({ resource, group }: Kind): string {
  return `${resource}.${group}`;
}

/** What the cluster itself puts into a namespace, by `kindKey`; in parts it has fixed names. */
const BY_ITSELF: Readonly<Record<string, readonly string[] | "all">> = {
  "/Event": "all",
  "events.k8s.io/Event": "all",
  // Written for each Service, and gone with it.
  "/Endpoints": "all",
  "/ServiceAccount": ["default"],
  "/ConfigMap": ["kube-root-ca.crt"],
};

function counts({ ref, ownerReferences, annotations, deletionTimestamp }: LiveMetadata): boolean {
  const itself = BY_ITSELF[kindKey(ref)];
  if (itself === "all" || itself?.includes(ref.name) === true) return false;
  if (deletionTimestamp !== undefined || ownerReferences.some(({ controller }) => controller)) return false;
  // The token of a service account, as older clusters make one for each.
  return !(kindKey(ref) === "/Secret" && "kubernetes.io/service-account.name" in annotations);
}
