import type { Answer, Cluster, Kind } from "../cluster/index.ts";
import type { Inventory } from "../live/index.ts";
import { child, isObject, type Json, type LiveMetadata, text } from "../model/index.ts";
import type { ForeignOwner, OwnerState } from "../plan/index.ts";

/** Says how an owner of another tool is. What the cluster does not tell is `unknown`, never `gone` (law L3). */
export type OwnerLook = (owner: ForeignOwner, signal: AbortSignal) => Promise<OwnerState>;

/** Apps of kapp that are looked at: their labels tell nothing, each has to be read. */
const APPS_MAX = 500;
const KUSTOMIZATIONS = "kustomize.toolkit.fluxcd.io/Kustomization";
const HELM_RELEASES = "helm.toolkit.fluxcd.io/HelmRelease";
const APPLICATIONS = "argoproj.io/Application";

export function newOwnerLook(cluster: Cluster, { kinds, failedGroups, unlisted }: Inventory): OwnerLook {
  /** The kind of an owner, or what it says of all its objects that the kind is not there. */
  const served = (key: string): Kind | OwnerState => {
    const kind = kinds.get(key);
    if (kind !== undefined) return unlisted.has(key) ? "unknown" : kind;
    return failedGroups.has(key.slice(0, key.indexOf("/"))) ? "unknown" : "gone";
  };
  const lists = new Map<string, Promise<Answer<readonly LiveMetadata[]>>>();
  const listed = (kind: Kind, labelSelector: string, namespace: string, signal: AbortSignal) => {
    const key = `${kind.group}/${kind.kind} ${namespace} ${labelSelector}`;
    const known = lists.get(key) ?? listOf(cluster, kind, labelSelector, namespace, signal);
    lists.set(key, known);
    return known;
  };
  let apps: Promise<ReadonlySet<string> | undefined> | undefined;

  return async (owner, signal) => {
    const { kind, namespace, name } = owner;
    switch (kind) {
      case "Kustomization": {
        const of = served(KUSTOMIZATIONS);
        if (typeof of === "string") return of;
        const answer = await cluster.get(of, namespace, name, signal);
        if (!answer.ok) return "unknown";
        // A suspended one does nothing until somebody resumes it, also when it is deleted.
        return answer.value === undefined || child(answer.value, "spec")?.["suspend"] === true ? "gone" : "live";
      }
      case "HelmRelease": {
        const of = served(HELM_RELEASES);
        if (typeof of === "string") return of;
        const answer = await cluster.metadata(of, namespace, name, signal);
        return answer.ok ? (answer.value === undefined ? "gone" : "live") : "unknown";
      }
      case "release":
        return await releaseState(["/Secret", "/ConfigMap"].map(served), async (of) =>
          listed(of, `owner=helm,name=${name}`, namespace, signal),
        );
      case "Application": {
        const of = served(APPLICATIONS);
        if (typeof of === "string") return of;
        const answer = await listed(of, "", "", signal);
        if (!answer.ok) return "unknown";
        const same = answer.value.some(
          ({ ref }) => ref.name === name && (namespace === "" || ref.namespace === namespace),
        );
        return same ? "live" : "gone";
      }
      case "app": {
        const of = served("/ConfigMap");
        if (typeof of === "string") return of;
        const known = await (apps ??= kappApps(cluster, of, signal));
        return known === undefined ? "unknown" : known.has(name) ? "live" : "gone";
      }
    }
  };
}

async function listOf(
  cluster: Cluster,
  kind: Kind,
  labelSelector: string,
  namespace: string,
  signal: AbortSignal,
): Promise<Answer<readonly LiveMetadata[]>> {
  const options = { ...(labelSelector === "" ? {} : { labelSelector }), ...(namespace === "" ? {} : { namespace }) };
  const answer = await cluster.list(kind, options, signal);
  return answer.ok ? { ok: true, value: answer.value.items } : answer;
}

/** Statuses of a release's versions that say nothing of a release at work. */
const OVER: ReadonlySet<string> = new Set(["superseded", "uninstalled"]);

/** A release is there while a version of it is in one of the places where Helm may keep them. */
async function releaseState(
  places: readonly (Kind | OwnerState)[],
  list: (kind: Kind) => Promise<Answer<readonly LiveMetadata[]>>,
): Promise<OwnerState> {
  const states = await Promise.all(
    places.map(async (place): Promise<OwnerState> => {
      if (typeof place === "string") return place;
      const answer = await list(place);
      if (!answer.ok) return "unknown";
      return answer.value.some(({ labels }) => !OVER.has(labels["status"] ?? "")) ? "live" : "gone";
    }),
  );
  return states.find((state) => state === "live") ?? states.find((state) => state === "unknown") ?? "gone";
}

/** Values of kapp's app label that apps use, from the records of all apps; undefined when they cannot be read. */
async function kappApps(cluster: Cluster, kind: Kind, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
  const records = await listOf(cluster, kind, "kapp.k14s.io/is-app", "", signal);
  if (!records.ok || records.value.length > APPS_MAX) return undefined;
  const read = await Promise.all(records.value.map(({ ref }) => cluster.get(kind, ref.namespace, ref.name, signal)));
  const values = read.map((answer) => (answer.ok ? appLabel(child(answer.value, "data")?.["spec"]) : undefined));
  return values.every((value) => value !== undefined) ? new Set(values) : undefined;
}

/** The label value that an app's record names; "" for a record that is gone by now or names none. */
function appLabel(spec: Json | undefined): string | undefined {
  if (typeof spec !== "string") return "";
  try {
    const parsed = JSON.parse(spec) as Json;
    return isObject(parsed) ? (text(parsed, "labelValue") ?? "") : "";
  } catch {
    return undefined;
  }
}
