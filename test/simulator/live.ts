import type { Kind } from "../../src/cluster/index.ts";
import { isObject, type Json, type JsonObject, stringMap } from "../../src/model/index.ts";
import { keepsItself } from "./marks.ts";

/** Kinds that the simulated API server lists, besides custom ones. */
export const SERVED: readonly Kind[] = [
  kind("", "v1", "ConfigMap", "configmaps", true),
  kind("", "v1", "Secret", "secrets", true),
  kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
  kind("", "v1", "Namespace", "namespaces", false),
  kind("rbac.authorization.k8s.io", "v1", "Role", "roles", true),
  kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false),
  kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false),
  kind("sim.dev", "v1", "Widget", "widgets", true),
];

/** Kinds that other tools keep their owners in; served where there are such tools. */
export const OWNER_KINDS: readonly Kind[] = [
  kind("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations", true),
  kind("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases", true),
  kind("argoproj.io", "v1alpha1", "Application", "applications", true),
];

/** Workloads and what scales them; only some histories have them. */
export const DEPLOYMENTS = kind("apps", "v1", "Deployment", "deployments", true);
export const AUTOSCALERS = kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true);

function kind(group: string, version: string, name: string, resource: string, namespaced: boolean): Kind {
  const verbs = ["get", "list", "watch", "patch", "delete"];
  return { group, version, versions: [version], kind: name, resource, namespaced, verbs };
}

const SERVICE = "gitops.bulkhead.dev/service";
const SCOPE = "gitops.bulkhead.dev/scope";

/** One object as it is in the cluster, read past every fault: what the judge goes by. */
export interface Live {
  readonly key: string;
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly object: JsonObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly terminating: boolean;
  readonly controlled: boolean;
  /** The owner that its labels name, and whether an apply of the program itself wrote the label. */
  readonly owner?: { readonly service: string; readonly scope: string; readonly proven: boolean };
}

/** An object as the judge sees it. */
export function liveOf(of: Kind, object: JsonObject): Live {
  const meta = objectAt(object, "metadata");
  const textAt = (field: string): string => (typeof meta[field] === "string" ? meta[field] : "");
  const labels = stringMap(objectAt(meta, "labels"));
  const service = labels[SERVICE];
  const references = Array.isArray(meta["ownerReferences"]) ? meta["ownerReferences"] : [];
  const [namespace, name] = [textAt("namespace"), textAt("name")];
  return {
    key: `${of.group}/${of.kind}/${namespace}/${name}`,
    kind: of,
    namespace,
    name,
    uid: textAt("uid"),
    resourceVersion: textAt("resourceVersion"),
    object,
    labels,
    annotations: stringMap(objectAt(meta, "annotations")),
    terminating: meta["deletionTimestamp"] !== undefined,
    controlled: references.some((one: Json) => isObject(one) && one["controller"] === true),
    ...(service === undefined
      ? {}
      : { owner: { service, scope: labels[SCOPE] ?? "", proven: isProven(meta["managedFields"]) } }),
  };
}

/** Whether the entry of the program's own applies holds the labels that name the owner. */
export function isProven(managedFields: Json | undefined): boolean {
  return appliedMetadata(managedFields).some((metadata) => {
    const labels = objectAt(metadata, "f:labels");
    return labels[`f:${SERVICE}`] !== undefined && labels[`f:${SCOPE}`] !== undefined;
  });
}

/** Whether the program's own applies are recorded to have written a label. */
export function isLabelledByApply(managedFields: Json | undefined, label: string): boolean {
  return appliedMetadata(managedFields).some((metadata) => objectAt(metadata, "f:labels")[`f:${label}`] !== undefined);
}

/** What records who wrote which field of an object. */
export function recordOf({ object }: Live): Json | undefined {
  return objectAt(object, "metadata")["managedFields"];
}

/** The metadata that the program's own applies are recorded to have written. */
function appliedMetadata(managedFields: Json | undefined): readonly JsonObject[] {
  if (!Array.isArray(managedFields)) return [];
  return managedFields.flatMap((entry: Json) => {
    if (!isObject(entry) || entry["manager"] !== "gitops" || entry["operation"] !== "Apply") return [];
    if (entry["subresource"] !== undefined && entry["subresource"] !== "") return [];
    return [objectAt(objectAt(entry, "fieldsV1"), "f:metadata")];
  });
}

function objectAt(object: JsonObject, field: string): JsonObject {
  const value = object[field];
  return isObject(value) ? value : {};
}

const DELETION_POLICY = "gitops.bulkhead.dev/deletion-policy";

/** Whether an object says that it stays when its service leaves git. */
export function isOrphan({ annotations }: Pick<Live, "annotations">): boolean {
  return annotations[DELETION_POLICY] === "orphan";
}

/** Whether the program said so by its own word; of what was written before somebody erased the record, nobody knows whose it is. */
export function isOrphanByApply(live: Live): boolean {
  const said = appliedMetadata(recordOf(live)).some(
    (metadata) => objectAt(metadata, "f:annotations")[`f:${DELETION_POLICY}`] !== undefined,
  );
  return isOrphan(live) && said;
}

/** What lives in a namespace and is not its own service's to let go; what goes by itself does not count. */
export function strangersIn(home: Live, world: readonly Live[]): readonly Live[] {
  return world.filter((one) => {
    if (!one.kind.namespaced || one.namespace !== home.name || one.terminating || one.controlled) return false;
    const { owner } = one;
    const ofHome = owner?.service === home.owner?.service && owner?.scope === home.owner?.scope;
    return owner?.proven !== true || !ofHome || keepsItself(one);
  });
}

/** A service's or scope's id as its label shows it; simulated ids hold no underscore and are short. */
export function asLabel(id: string): string {
  return id.replaceAll("/", "_");
}

/** The id that a label shows. */
export function asId(label: string): string {
  return label.replaceAll("_", "/");
}
