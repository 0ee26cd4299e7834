import type { Cluster, Kind } from "../../src/cluster/index.ts";
import { child, type JsonObject, type Manifest, stringMap } from "../../src/model/index.ts";
import type { Intent } from "./intent.ts";
import { type Live, OWNER_KINDS, SERVED } from "./live.ts";
import { VALUE } from "./monorepo.ts";
import type { Ground } from "./stage.ts";

/** The marks of another tool, as that tool writes them. `chart`: a Helm release that a HelmRelease of Flux made. */
export type Marking = "flux" | "chart" | "helm" | "argo" | "instance" | "kapp" | "controller" | "nobody";

/** How the owner is that the marks name: at work, not there (any more), or there and suspended. */
export type OwnerName = "busy" | "past" | "paused";

/** Somebody else has an object where a service declares one: made before the service came, or in the place of its own. */
export interface Foreigner {
  readonly marking: Marking;
  readonly owner: OwnerName;
  /** Picks among what the revision wants. */
  readonly of: number;
}

const never = new AbortController().signal;
const HOME = "one";
const FLUX = "kustomize.toolkit.fluxcd.io";
const CHART = "helm.toolkit.fluxcd.io";
const ARGO = "argocd.argoproj.io";
export const MARKINGS: readonly [Marking, ...Marking[]] = [
  "flux",
  "chart",
  "helm",
  "argo",
  "instance",
  "kapp",
  "controller",
  "nobody",
];
interface Marks {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly manager: string;
}

function marksOf(marking: Marking, owner: string, { kind, namespace, name }: Target): Marks {
  const byLabels = (group: string): Record<string, string> => ({
    [`${group}/name`]: owner,
    [`${group}/namespace`]: HOME,
  });
  const release = { "meta.helm.sh/release-name": owner, "meta.helm.sh/release-namespace": HOME };
  const managed = { "app.kubernetes.io/managed-by": "Helm" };
  switch (marking) {
    case "flux":
      return { labels: byLabels(FLUX), annotations: {}, manager: "kustomize-controller" };
    case "chart":
      return { labels: { ...byLabels(CHART), ...managed }, annotations: release, manager: "helm-controller" };
    case "helm":
      return { labels: managed, annotations: release, manager: "helm" };
    case "argo":
      return {
        labels: {},
        annotations: { [`${ARGO}/tracking-id`]: `${owner}:${kind.group}/${kind.kind}:${namespace}/${name}` },
        manager: "argocd-controller",
      };
    case "instance":
      return { labels: { [`${ARGO}/instance`]: owner }, annotations: {}, manager: "argocd-controller" };
    case "kapp":
      return { labels: { "kapp.k14s.io/app": `of-${owner}` }, annotations: {}, manager: "kapp" };
    case "controller":
    case "nobody":
      return { labels: {}, annotations: {}, manager: "somebody" };
  }
}

interface Target {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

const BODIES: Readonly<Record<string, JsonObject>> = {
  ConfigMap: { data: { value: "foreign", left: "over" } },
  Secret: { stringData: { value: "foreign" } },
  Role: { rules: [] },
  ClusterRole: { rules: [] },
  Namespace: {},
};

/** Puts an object of another tool where the revision wants one of its own; what is there goes first. */
export async function settle(ground: Ground, { services }: Intent, { marking, owner, of }: Foreigner): Promise<void> {
  const wishes = services.flatMap(({ wishes: all }) => all).filter(({ kind, unserved }) => kind in BODIES && !unserved);
  const wish = wishes[of % Math.max(1, wishes.length)];
  const kind = SERVED.find((one) => one.kind === wish?.kind);
  if (wish === undefined || kind === undefined) return;
  const { namespace, name } = wish;
  const there = await ground.read(kind, namespace, name);
  const { person } = ground;
  if (there !== undefined) {
    // A namespace takes along what nobody meant.
    if (wish.kind === "Namespace") return;
    const { uid, resourceVersion } = there;
    await person.remove(kind, namespace, name, { uid, resourceVersion, propagation: "Background" }, never);
    if ((await ground.read(kind, namespace, name)) !== undefined) return;
  }
  const { labels, annotations, manager } = marksOf(marking, owner, { kind, namespace, name });
  const [controller] = marking === "controller" ? (await ground.list()).filter((one) => one.namespace === HOME) : [];
  const manifest = {
    apiVersion: kind.group === "" ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata: {
      name,
      ...(namespace === "" ? {} : { namespace }),
      labels,
      annotations: { ...annotations, [VALUE]: "foreign" },
      ...(controller === undefined || namespace !== HOME ? {} : { ownerReferences: [controllerOf(controller)] }),
    },
    ...BODIES[kind.kind],
  } as unknown as Manifest;
  await person.apply(kind, manifest, { fieldManager: manager, force: true }, never);
}

function controllerOf({ kind, object, name, uid }: Live): JsonObject {
  return { apiVersion: object["apiVersion"] ?? "v1", kind: kind.kind, name, uid, controller: true };
}

/** Another tool marks an object of ours as its own, in place. */
export async function mark({ person }: Ground, live: Live, which: number): Promise<unknown> {
  const marking = MARKINGS[which % MARKINGS.length] ?? "flux";
  const { labels, annotations } = marksOf(marking, which % 3 === 0 ? "past" : "busy", live);
  const body = { metadata: { labels, annotations } };
  return await person.patch(live.kind, live.namespace, live.name, "application/merge-patch+json", body, never);
}

/** Owners that are there and at work, as long as nobody takes them away. */
const BUSY = "busy";

/** Definitions of the kinds that owners are of, and the owners. */
export async function furnish(cluster: Cluster): Promise<void> {
  const definitions = SERVED.find(({ kind }) => kind === "CustomResourceDefinition");
  if (definitions === undefined) return;
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const give = (kind: Kind, manifest: unknown): Promise<unknown> =>
    cluster.apply(kind, manifest as Manifest, { fieldManager: "admin", force: true }, never);
  for (const { group, version, kind, resource } of OWNER_KINDS) {
    const names = { plural: resource, singular: kind.toLowerCase(), kind, listKind: `${kind}List` };
    const versions = [{ name: version, served: true, storage: true, schema }];
    const spec = { group, scope: "Namespaced", names, versions };
    const metadata = { name: `${resource}.${group}` };
    await give(definitions, {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata,
      spec,
    });
  }
  for (const { kind, manifest } of ownersIn()) await give(kind, manifest);
}

function* ownersIn(): Generator<{ readonly kind: Kind; readonly manifest: JsonObject }> {
  for (const kind of OWNER_KINDS) {
    const apiVersion = `${kind.group}/${kind.version}`;
    const of = (name: string, spec: JsonObject): JsonObject => ({
      apiVersion,
      kind: kind.kind,
      metadata: { name, namespace: HOME },
      spec,
    });
    yield { kind, manifest: of(BUSY, {}) };
    if (kind.kind === "Kustomization") yield { kind, manifest: of("paused", { suspend: true }) };
  }
  const plain = (kind: string): Kind | undefined => SERVED.find((one) => one.kind === kind);
  const [secrets, configs] = [plain("Secret"), plain("ConfigMap")];
  if (secrets === undefined || configs === undefined) return;
  const release = (name: string, status: string): JsonObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `sh.helm.release.v1.${name}.v1`, namespace: HOME, labels: { owner: "helm", name, status } },
    type: "helm.sh/release.v1",
  });
  yield { kind: secrets, manifest: release(BUSY, "deployed") };
  // Of a release that was uninstalled with its history kept.
  yield { kind: secrets, manifest: release("past", "uninstalled") };
  yield {
    kind: configs,
    manifest: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kapp-busy", namespace: HOME, labels: { "kapp.k14s.io/is-app": "" } },
      data: { spec: JSON.stringify({ labelKey: "kapp.k14s.io/app", labelValue: `of-${BUSY}` }) },
    },
  };
}

/** The owners go, and leave behind what they had. */
export async function retire({ person }: Ground): Promise<void> {
  for (const { kind, manifest } of ownersIn()) {
    const { name = "" } = stringMap(child(manifest, "metadata"));
    await person.remove(kind, HOME, name, { propagation: "Background" } as never, never);
  }
}

/** Whom the cluster knows to be at work. */
export async function ownersAtWork(ground: Ground): Promise<ReadonlySet<string>> {
  const all = await ground.list();
  const has = (kind: string, name: string): boolean =>
    all.some((one) => one.kind.kind === kind && one.namespace === HOME && one.name === name);
  return new Set([
    ...["Kustomization", "HelmRelease"].flatMap((kind) => (has(kind, BUSY) ? [`${kind} ${HOME}/${BUSY}`] : [])),
    ...(has("Application", BUSY) ? [`Application ${BUSY}`] : []),
    ...(has("Secret", `sh.helm.release.v1.${BUSY}.v1`) ? [`release ${HOME}/${BUSY}`] : []),
    ...(has("ConfigMap", "kapp-busy") ? [`app of-${BUSY}`] : []),
  ]);
}
