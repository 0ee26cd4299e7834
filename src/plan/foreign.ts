import type { ForeignTool, LiveMetadata } from "../model/index.ts";
import { APPLIED_ANNOTATION, SERVICE_ANNOTATION } from "./marks.ts";
import { appliedAnnotation, appliedLabel } from "./ownership.ts";

/** What of another tool an object says that it belongs to. `namespace` is "" where the object does not tell. */
export interface ForeignOwner {
  readonly tool: ForeignTool;
  readonly kind: "Kustomization" | "HelmRelease" | "release" | "Application" | "app";
  readonly namespace: string;
  readonly name: string;
}

/** Whether an owner is there and at work; `unknown` when the cluster could not be asked. */
export type OwnerState = "live" | "gone" | "unknown";

/** Names an owner among others. */
export function ownerKey({ kind, namespace, name }: ForeignOwner): string {
  return `${kind}/${namespace}/${name}`;
}

const TITLES: Readonly<Record<ForeignOwner["kind"], string>> = {
  Kustomization: "Flux Kustomization",
  HelmRelease: "Flux HelmRelease",
  release: "Helm release",
  Application: "Argo CD Application",
  app: "kapp app",
};

/** How people read it: `Flux Kustomization shop/web`. */
export function ownerText({ kind, namespace, name }: ForeignOwner): string {
  return `${TITLES[kind]} ${namespace === "" ? name : `${namespace}/${name}`}`;
}

const FLUX = "kustomize.toolkit.fluxcd.io";
const FLUX_HELM = "helm.toolkit.fluxcd.io";
const ARGO = "argocd.argoproj.io";
const ARGO_MANAGER = "argocd-controller";
const COMMON = "app.kubernetes.io/instance";

/**
 * Who an object that is not ours says that it belongs to, by the marks that each tool finds its own objects by. Those of Flux
 * Kustomizations are written by us, too; then they are no sign of Flux.
 * Sources: fluxcd/pkg/ssa owner labels, Helm's ownership check, Argo CD's resource tracking, kapp's app label.
 */
export function foreignOwners(live: LiveMetadata): readonly ForeignOwner[] {
  const { labels, annotations } = live;
  const owners: ForeignOwner[] = [];
  const byLabels = (group: string, kind: ForeignOwner["kind"]): boolean => {
    const name = labels[`${group}/name`];
    if (name === undefined) return false;
    owners.push({ tool: "flux", kind, namespace: labels[`${group}/namespace`] ?? "", name });
    return true;
  };
  if (!isMarkedByUs(live)) byLabels(FLUX, "Kustomization");
  const ofFlux = byLabels(FLUX_HELM, "HelmRelease");
  const release = annotations["meta.helm.sh/release-name"];
  if (release !== undefined && labels["app.kubernetes.io/managed-by"] === "Helm") {
    const namespace = annotations["meta.helm.sh/release-namespace"] ?? live.ref.namespace;
    // The release behind a HelmRelease is Flux's: who takes over from Flux takes over from it.
    owners.push({ tool: ofFlux ? "flux" : "helm", kind: "release", namespace, name: release });
  }
  const application = argoApplication(live);
  if (application !== undefined) owners.push(application);
  const app = labels["kapp.k14s.io/app"];
  if (app !== undefined) owners.push({ tool: "kapp", kind: "app", namespace: "", name: app });
  return owners;
}

/** Ours name the service that the object is of; a takeover that got no further has made theirs ours, and those name another. */
function isMarkedByUs(live: LiveMetadata): boolean {
  const { labels, annotations } = live;
  const named = `${labels[`${FLUX}/namespace`]}/${labels[`${FLUX}/name`]}`;
  return appliedLabel(live, `${FLUX}/name`) && annotations[SERVICE_ANNOTATION] === named;
}

/** A takeover that got no further has made their fields ours, without what each apply of ours writes. */
function isHalfTaken(live: LiveMetadata): boolean {
  return !appliedAnnotation(live, APPLIED_ANNOTATION);
}

function argoApplication(live: LiveMetadata): ForeignOwner | undefined {
  const { labels, annotations, managedFields } = live;
  const owner = (namespace: string, name: string): ForeignOwner => ({
    tool: "argo",
    kind: "Application",
    namespace,
    name,
  });
  const tracked = annotations[`${ARGO}/tracking-id`];
  if (tracked !== undefined) {
    const [, app = "", object = ""] = /^([^:]+):(.*)$/.exec(tracked) ?? [];
    // Controllers copy annotations to what they make: such a copy names another object.
    if (!isTracked(live, object)) return undefined;
    const [, namespace = "", name = app] = /^([^_]+)_(.+)$/.exec(app) ?? [];
    return owner(namespace, name);
  }
  const own = labels[`${ARGO}/instance`];
  if (own !== undefined) return owner("", own);
  // Charts set this label as well, so that Argo's own hand has to be seen, too.
  const common = labels[COMMON];
  const hand = managedFields.some(({ manager }) => manager === ARGO_MANAGER);
  const argo = hand || (appliedLabel(live, COMMON) && isHalfTaken(live));
  return common !== undefined && argo ? owner("", common) : undefined;
}

/**
 * Whether an object is what Argo CD's tracking id names as `group/Kind:namespace/name`. One that has no namespace is named with
 * that of its Application's other objects.
 */
function isTracked({ ref: { group, kind, namespace, name } }: LiveMetadata, object: string): boolean {
  const home = namespace === "" ? /:([^:/]*)\/[^/]*$/.exec(object)?.[1] : namespace;
  return object === `${group}/${kind}:${home ?? ""}/${name}`;
}
