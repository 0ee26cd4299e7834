import { type OwnSettings, type SettingsFile, type SettingsPlace, settingsFiles } from "./settings.ts";

/** The kinds that simulated services declare. */
export type ThingKind =
  | "ConfigMap"
  | "Secret"
  | "Role"
  | "ClusterRole"
  | "PersistentVolumeClaim"
  | "Namespace"
  | "Widget"
  | "CustomResourceDefinition"
  | "Deployment"
  | "HorizontalPodAutoscaler";

/**
 * How an object is written down. `generated`: a ConfigMap by a generator, with a hash in its name. `labelled`, `far` and
 * `anchored` are spellings in which its name is not the first thing a reader of the text finds. `unserved`: a version of
 * its kind that the API server does not have. `kept`: it says itself that it must not be pruned. `immutable`: its value is in a field
 * that cannot change; `recreated`: and it asks to be deleted and created anew for that; `willing`: it only asks for it. `adopting`: it asks to be taken over.
 * `left`: git itself says to leave it alone; `once`: to write it only where it is not there.
 */
export type Spelling =
  | "plain"
  | "generated"
  | "labelled"
  | "far"
  | "anchored"
  | "unserved"
  | "kept"
  | "immutable"
  | "recreated"
  | "willing"
  | "adopting"
  | "left"
  | "once";

/** One object as somebody means it. */
export interface Thing {
  readonly kind: ThingKind;
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
  readonly spelling: Spelling;
  /** How the rollout of a Deployment ends, where it does not become ready. */
  readonly rollout?: "fail" | "stuck";
}

/**
 * What is wrong with a service: `yaml` an object file is no YAML, `kustomization` its kustomization file is none, `resource`
 * it names a file that is not there, `field` its Flux document has a field that is not honoured, `document` its Flux document
 * is no YAML, `folder` its folder is gone, `twice` its Flux document is there twice.
 */
export type Breakage = "yaml" | "kustomization" | "resource" | "field" | "document" | "folder" | "twice";

export interface Settings {
  readonly prune: boolean;
  readonly suspend: boolean;
  readonly dependsOn: readonly string[];
  readonly targetNamespace: string;
  readonly prefix: "" | "p-";
  /** Whether it is through only when what it applied is healthy: all of it, or the Deployments that it names. */
  readonly wait?: "all" | "checks";
  /** As Flux writes it; five minutes where it is not given. */
  readonly timeout?: "1m" | "3m";
}

export interface ServiceSpec {
  readonly name: string;
  /** A Flux Kustomization with a folder under `apps/`, or a plain folder under the path itself. */
  readonly form: "flux" | "folder";
  readonly folder: string;
  readonly things: readonly Thing[];
  /** Which of the shared bases it takes in. */
  readonly bases: readonly number[];
  readonly settings: Settings;
  readonly breakage?: Breakage;
  /** `gitops.yaml` in its folder. */
  readonly own?: OwnSettings;
}

/** What people mean the repository to say. */
export interface Monorepo {
  readonly services: readonly ServiceSpec[];
  readonly bases: readonly (readonly Thing[])[];
  /** Objects beside the Flux documents. */
  readonly loose: readonly Thing[];
  /** The folder that the program is pointed at is not there. */
  readonly pathGone: boolean;
  /** `gitops.yaml` of the revision, in either place. */
  readonly settings: { readonly [Place in SettingsPlace]?: SettingsFile };
}

export const EMPTY_MONOREPO: Monorepo = { services: [], bases: [[], []], loose: [], pathGone: false, settings: {} };

export const PATH = "fleet";
export const PLAIN: Settings = { prune: true, suspend: false, dependsOn: [], targetNamespace: "", prefix: "" };

export function serviceId({ form, name, folder }: ServiceSpec): string {
  return form === "flux" ? `flux-system/${name}` : `${PATH}/plain/${folder}`;
}

/** Files of the repository by path. */
export type Files = Readonly<Record<string, string>>;

/** The monorepo as it is written down. */
export function filesOf(monorepo: Monorepo): Files {
  const files: Record<string, string> = { "README.md": "a simulated monorepo\n", ...settingsFiles(monorepo, PATH) };
  monorepo.bases.forEach((things, index) => writeFolder(files, `base/${index}`, things, { prefix: "", bases: [] }));
  for (const service of monorepo.services) writeService(files, service);
  if (monorepo.loose.length > 0) files[`${PATH}/loose.yaml`] = monorepo.loose.map(documentOf).join("---\n");
  files[`${PATH}/NOTES`] = "what runs here\n";
  if (!monorepo.pathGone) return files;
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith(`${PATH}/`)));
}

function writeService(files: Record<string, string>, service: ServiceSpec): void {
  const { form, name, folder, settings, breakage } = service;
  const flux = form === "flux";
  const home = flux ? `apps/${folder}` : `${PATH}/plain/${folder}`;
  if (flux) {
    const document = fluxDocument(service, home);
    files[`${PATH}/${name}.yaml`] = breakage === "document" ? `${document}  broken: [\n` : document;
    if (breakage === "twice") files[`${PATH}/${name}-again.yaml`] = document;
  }
  if (flux && breakage === "folder") return;
  const up = flux ? "../.." : "../../..";
  // A Namespace in a service with a namespace of its own would be renamed to it.
  const renaming = flux && settings.targetNamespace !== "";
  const bases = renaming ? [] : service.bases.map((base) => `${up}/base/${base}`);
  const things = service.things.filter(({ kind }) => !renaming || kind !== "Namespace");
  writeFolder(files, home, things, { prefix: settings.prefix, bases, ...(breakage === undefined ? {} : { breakage }) });
}

interface FolderOptions {
  readonly prefix: string;
  readonly bases: readonly string[];
  readonly breakage?: Breakage;
}

function writeFolder(
  files: Record<string, string>,
  folder: string,
  things: readonly Thing[],
  { prefix, bases, breakage }: FolderOptions,
): void {
  const resources: string[] = [...bases];
  const generated: string[] = [];
  things.forEach((thing, index) => {
    if (thing.spelling === "generated") {
      generated.push(
        `  - name: ${thing.name}\n    namespace: ${thing.namespace}\n    literals: [value=${thing.value}]\n`,
      );
      return;
    }
    const file = `${index}-${thing.kind.toLowerCase()}.yaml`;
    files[`${folder}/${file}`] = documentOf(thing);
    resources.push(file);
  });
  if (breakage === "yaml") {
    files[`${folder}/broken.yaml`] = "kind: ConfigMap\n  metadata: [\n";
    resources.unshift("broken.yaml");
  }
  if (breakage === "resource") resources.push("forgotten.yaml");
  const lines = [
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
    prefix === "" ? "" : `namePrefix: ${prefix}\n`,
    `resources: [${resources.join(", ")}]\n`,
    generated.length === 0 ? "" : `configMapGenerator:\n${generated.join("")}`,
    breakage === "kustomization" ? "images: [\n" : "",
  ];
  files[`${folder}/kustomization.yaml`] = lines.join("");
}

function fluxDocument({ name, things, settings, breakage }: ServiceSpec, home: string): string {
  const { prune, suspend, dependsOn, targetNamespace, wait, timeout = "5m" } = settings;
  const checks = wait === "checks" ? checkedOf(things, settings) : [];
  const depends = dependsOn.map((one) => `{name: ${one}}`).join(", ");
  return [
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n",
    `metadata: {name: ${name}, namespace: flux-system}\n`,
    `spec:\n  interval: 10m\n  timeout: ${timeout}\n  path: ./${home}\n  prune: ${prune}\n`,
    "  sourceRef: {kind: GitRepository, name: fleet}\n",
    suspend ? "  suspend: true\n" : "",
    depends === "" ? "" : `  dependsOn: [${depends}]\n`,
    wait === "all" ? "  wait: true\n" : "",
    checks.length === 0 ? "" : `  healthChecks: [${checks.join(", ")}]\n`,
    targetNamespace === "" ? "" : `  targetNamespace: ${targetNamespace}\n`,
    breakage === "field" ? "  unheardOf: {a: b}\n" : "",
  ].join("");
}

/** Names every Deployment of a service that health checks can name. */
function checkedOf(things: readonly Thing[], { targetNamespace, prefix }: Settings): readonly string[] {
  return things
    .filter(({ kind }) => kind === "Deployment")
    .map((thing) => {
      const namespace = targetNamespace || thing.namespace;
      return `{apiVersion: apps/v1, kind: Deployment, name: ${prefix}${thing.name}, namespace: ${namespace}}`;
    });
}

export const API_VERSIONS: Readonly<Record<ThingKind, string>> = {
  ConfigMap: "v1",
  Secret: "v1",
  Role: "rbac.authorization.k8s.io/v1",
  ClusterRole: "rbac.authorization.k8s.io/v1",
  PersistentVolumeClaim: "v1",
  Namespace: "v1",
  Widget: "sim.dev/v1",
  CustomResourceDefinition: "apiextensions.k8s.io/v1",
  Deployment: "apps/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
};

const CLUSTER_SCOPED: ReadonlySet<ThingKind> = new Set(["ClusterRole", "Namespace", "CustomResourceDefinition"]);

export function isNamespaced(kind: ThingKind): boolean {
  return !CLUSTER_SCOPED.has(kind);
}

/** The name that an object is written with: some kinds have only one. */
export function nameOf({ kind, name }: Thing): string {
  if (kind === "Namespace") return "three";
  return kind === "CustomResourceDefinition" ? "widgets.sim.dev" : name;
}

/** An annotation of everything that nobody needs: what a webhook may do something to. */
export const NOTE = "simulator/note";

/** Tells the API server in memory how a rollout ends. */
export const ROLLOUT = "embedded.gitops.bulkhead.dev/rollout";

/** The annotation that carries an object's value, whatever its kind. */
export const VALUE = "simulator/value";

const CRD_SPEC = `spec:
  group: sim.dev
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`;

/** Whether an object is written so that its value cannot change. */
export function isFixed(spelling: Spelling): boolean {
  return spelling === "immutable" || spelling === "recreated";
}

/** The replicas that a Deployment says. */
export function replicasFor(value: string): number {
  return 2 + Number(value.slice(1));
}

/** The access mode that a claim says. */
export function modeFor({ value, spelling }: Pick<Thing, "value" | "spelling">): string {
  return isFixed(spelling) && replicasFor(value) % 2 === 1 ? "ReadWriteMany" : "ReadWriteOnce";
}

type Bodied = Pick<Thing, "name" | "value" | "spelling">;

const fixed = ({ spelling }: Bodied): string => (isFixed(spelling) ? "immutable: true\n" : "");

const BODIES: Readonly<Record<ThingKind, (thing: Bodied) => string>> = {
  ConfigMap: (thing) => `data: {value: ${thing.value}}\n${fixed(thing)}`,
  Secret: (thing) => `stringData: {value: ${thing.value}}\n${fixed(thing)}`,
  Role: () => "rules: []\n",
  ClusterRole: () => "rules: []\n",
  PersistentVolumeClaim: (thing) =>
    `spec:\n  accessModes: [${modeFor(thing)}]\n  resources: {requests: {storage: 1Gi}}\n`,
  Namespace: () => "",
  Widget: ({ value }) => `spec: {value: ${value}}\n`,
  CustomResourceDefinition: () => CRD_SPEC,
  Deployment: ({ name, value, spelling }) => {
    const app = isFixed(spelling) ? `${name}-${value}` : name;
    return [
      `spec:\n  replicas: ${replicasFor(value)}\n  selector: {matchLabels: {app: ${app}}}\n`,
      `  template:\n    metadata: {labels: {app: ${app}}}\n`,
      `    spec: {containers: [{name: main, image: "registry.example/app:${value}"}]}\n`,
    ].join("");
  },
  HorizontalPodAutoscaler: ({ name }) =>
    `spec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${name}}\n  minReplicas: 1\n  maxReplicas: 20\n`,
};

function documentOf(thing: Thing): string {
  const { kind, namespace, value, spelling, rollout } = thing;
  const apiVersion = spelling === "unserved" ? API_VERSIONS[kind].replace(/v1$/, "v1alpha7") : API_VERSIONS[kind];
  const name = spelling === "anchored" ? `&name ${nameOf(thing)}` : nameOf(thing);
  const before =
    spelling === "labelled"
      ? "  labels: {name: decoy}\n"
      : spelling === "far"
        ? `  # ${"a long way to the name ".repeat(120)}\n`
        : "";
  const marks = [
    spelling === "kept" ? ", gitops.bulkhead.dev/prune: disabled" : "",
    spelling === "recreated" || spelling === "willing" ? ", gitops.bulkhead.dev/recreate: enabled" : "",
    spelling === "adopting" ? ", gitops.bulkhead.dev/adopt: enabled" : "",
    spelling === "left" ? ", kustomize.toolkit.fluxcd.io/reconcile: disabled" : "",
    spelling === "once" ? ", kustomize.toolkit.fluxcd.io/ssa: IfNotPresent" : "",
    rollout === undefined ? "" : `, ${ROLLOUT}: ${rollout}`,
  ].join("");
  return [
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n${before}  name: ${name}\n`,
    isNamespaced(kind) ? `  namespace: ${namespace}\n` : "",
    `  annotations: {${VALUE}: ${value}, ${NOTE}: declared${marks}}\n`,
    BODIES[kind](thing),
  ].join("");
}
