import type { Json, JsonObject } from "../../model/index.ts";
import { equal } from "../merge/equal.ts";
import { setOf } from "../merge/field-set.ts";
import { at, copy, type Draft, each, ensure, fill, scalarText } from "./draft.ts";

/** What the server does to objects of a kind besides defaulting (pkg/registry/…/strategy.go). */
export interface Strategy {
  /** Fields whose change makes a new generation; undefined: the kind has no generation. */
  readonly generationOf?: readonly string[];
  /** Fields that a request for the object cannot set, and that a request for its status alone sets. */
  readonly status: boolean;
  /** An update needs no resourceVersion. */
  readonly unconditionalUpdate: boolean;
  readonly createOnUpdate: boolean;
  /** What is created is not yet what the server would store: the first update is a write, even of nothing. */
  readonly settlesLate?: boolean;
  onCreate?(draft: Draft, making: Making): void;
  onUpdate?(draft: Draft, live: JsonObject, making: Making): void;
  /** More that a status request cannot set. */
  readonly statusKeepsLabels?: boolean;
}

/** What making an object may ask the server for. */
export interface Making {
  readonly uid: string;
  /** RFC 3339, to the second. */
  readonly now: string;
  /** A cluster address that no other service has. */
  clusterAddress(wanted: string | undefined): string;
  nodePort(wanted: Json | undefined): number;
}

const PLAIN: Strategy = { status: false, unconditionalUpdate: true, createOnUpdate: false };
const WITH_STATUS: Strategy = { ...PLAIN, status: true };
const WORKLOAD: Strategy = { ...WITH_STATUS, generationOf: ["spec"] };

export const strategyOf: Readonly<Record<string, Strategy>> = {
  "/ConfigMap": PLAIN,
  "/Event": { ...PLAIN, createOnUpdate: true },
  "/LimitRange": { ...PLAIN, createOnUpdate: true },
  "/Namespace": {
    ...WITH_STATUS,
    onCreate: (draft) => {
      draft["spec"] = { finalizers: ["kubernetes"] };
      draft["status"] = { phase: "Active" };
    },
    onUpdate: (draft, live) => {
      if (live["spec"] !== undefined) draft["spec"] = live["spec"];
    },
  },
  "/PersistentVolume": {
    ...WITH_STATUS,
    onCreate: (draft, { now }) => {
      protect(draft, "kubernetes.io/pv-protection");
      draft["status"] = { phase: "Pending", lastPhaseTransitionTime: now };
    },
  },
  "/PersistentVolumeClaim": {
    ...WITH_STATUS,
    settlesLate: true,
    onCreate: (draft) => {
      protect(draft, "kubernetes.io/pvc-protection");
      draft["status"] = { phase: "Pending" };
    },
  },
  "/Pod": {
    ...WITH_STATUS,
    generationOf: ["spec"],
    onCreate: (draft) => {
      draft["status"] = { phase: "Pending", qosClass: qosClass(at(draft, "spec")) };
      const spec = ensure(draft, "spec");
      fill(spec, { priority: 0, preemptionPolicy: "PreemptLowerPriority" });
      const tolerations = each(spec, "tolerations");
      const missing = ["not-ready", "unreachable"]
        .map((name) => `node.kubernetes.io/${name}`)
        .filter((key) => !tolerations.some((t) => t["key"] === key || (t["key"] ?? "") === ""))
        .map((key) => ({ effect: "NoExecute", key, operator: "Exists", tolerationSeconds: 300 }));
      if (missing.length > 0) spec["tolerations"] = [...tolerations, ...missing];
    },
  },
  "/ResourceQuota": WITH_STATUS,
  "/Secret": PLAIN,
  "/Service": { ...WITH_STATUS, createOnUpdate: true, onCreate: serviceOnCreate, onUpdate: serviceOnUpdate },
  "/ServiceAccount": PLAIN,
  "apps/DaemonSet": { ...WORKLOAD, onCreate: daemonSetOnCreate, onUpdate: daemonSetOnUpdate },
  "apps/Deployment": {
    ...WORKLOAD,
    generationOf: ["spec", "metadata.annotations"],
    statusKeepsLabels: true,
  },
  "apps/ReplicaSet": WORKLOAD,
  "apps/StatefulSet": WORKLOAD,
  "autoscaling/HorizontalPodAutoscaler": WITH_STATUS,
  "batch/CronJob": { ...WORKLOAD, unconditionalUpdate: true },
  "batch/Job": { ...WORKLOAD, settlesLate: true, onCreate: jobOnCreate },
  "coordination.k8s.io/Lease": { ...PLAIN, createOnUpdate: true, unconditionalUpdate: false },
  "networking.k8s.io/Ingress": WORKLOAD,
  "networking.k8s.io/IngressClass": { ...PLAIN, generationOf: ["spec"] },
  "networking.k8s.io/NetworkPolicy": { ...PLAIN, generationOf: ["spec"] },
  "policy/PodDisruptionBudget": { ...WORKLOAD, unconditionalUpdate: false },
  "rbac.authorization.k8s.io/ClusterRole": { ...PLAIN, createOnUpdate: true },
  "rbac.authorization.k8s.io/ClusterRoleBinding": { ...PLAIN, createOnUpdate: true },
  "rbac.authorization.k8s.io/Role": { ...PLAIN, createOnUpdate: true },
  "rbac.authorization.k8s.io/RoleBinding": { ...PLAIN, createOnUpdate: true },
  "scheduling.k8s.io/PriorityClass": { ...PLAIN, generationOf: [] },
  "storage.k8s.io/StorageClass": PLAIN,
  "apiextensions.k8s.io/CustomResourceDefinition": {
    ...WORKLOAD,
    unconditionalUpdate: false,
    onCreate: (draft) => {
      const stored = each(at(draft, "spec"), "versions").filter((version) => version["storage"] === true);
      ensure(draft, "status")["storedVersions"] = stored.map((version) => version["name"] ?? "");
    },
  },
};

/** A custom resource: everything but metadata and status makes a new generation. */
export function customStrategy(status: boolean): Strategy {
  return { ...PLAIN, status, unconditionalUpdate: false, generationOf: ["*"] };
}

/** Paths that managedFields of a request for the object, or for its status, never hold. */
export function resetFields(strategy: Strategy, subresource: string): ReturnType<typeof setOf> {
  if (!strategy.status) return setOf();
  if (subresource === "") return setOf(["status"]);
  if (subresource !== "status") return setOf();
  return strategy.statusKeepsLabels === true ? setOf(["spec"], ["metadata", "labels"]) : setOf(["spec"]);
}

/** True when an update makes a new generation. */
export function newGeneration(strategy: Strategy, before: JsonObject, after: JsonObject): boolean {
  const fields = strategy.generationOf ?? [];
  if (fields[0] === "*") return !equal(withoutMeta(before, strategy.status), withoutMeta(after, strategy.status));
  return fields.some((path) => !equal(valueAt(before, path), valueAt(after, path)));
}

function withoutMeta(object: JsonObject, hasStatus: boolean): JsonObject {
  const { metadata: _, status, ...rest } = object;
  return hasStatus || status === undefined ? rest : { ...rest, status };
}

function valueAt(object: JsonObject, path: string): Json | undefined {
  const keys = path.split(".");
  return at(object as Draft, ...keys.slice(0, -1))?.[keys.at(-1) ?? ""];
}

function protect(draft: Draft, finalizer: string): void {
  const metadata = ensure(draft, "metadata");
  const finalizers = Array.isArray(metadata["finalizers"]) ? (metadata["finalizers"] as readonly Json[]) : [];
  if (!finalizers.includes(finalizer)) metadata["finalizers"] = [...finalizers, finalizer];
}

function qosClass(spec: Draft | undefined): string {
  const all = [...each(spec, "containers"), ...each(spec, "initContainers")];
  const requests = all.map((c) => [at(c, "resources", "requests") ?? {}, at(c, "resources", "limits") ?? {}] as const);
  if (requests.every(([r, l]) => Object.keys(r).length === 0 && Object.keys(l).length === 0)) return "BestEffort";
  const full = requests.every(([r, l]) =>
    ["cpu", "memory"].every((name) => l[name] !== undefined && equal(r[name], l[name])),
  );
  return full ? "Guaranteed" : "Burstable";
}

function serviceOnCreate(draft: Draft, making: Making): void {
  const spec = ensure(draft, "spec");
  draft["status"] = { loadBalancer: {} };
  if (spec["type"] === "ExternalName") return;
  const wanted = typeof spec["clusterIP"] === "string" && spec["clusterIP"] !== "" ? spec["clusterIP"] : undefined;
  const address = wanted === "None" ? "None" : making.clusterAddress(wanted);
  spec["clusterIP"] = address;
  spec["clusterIPs"] = [address];
  fill(spec, { ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
  nodePorts(spec, making);
}

function serviceOnUpdate(draft: Draft, live: JsonObject, making: Making): void {
  const [spec, before] = [ensure(draft, "spec"), at(live as Draft, "spec") ?? {}];
  if (spec["type"] === "ExternalName") {
    for (const key of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
      if (equal(spec[key], before[key])) delete spec[key];
    return;
  }
  if (
    spec["clusterIP"] !== undefined &&
    equal(spec["clusterIPs"], before["clusterIPs"]) &&
    !equal(spec["clusterIP"], before["clusterIP"])
  )
    spec["clusterIPs"] = [spec["clusterIP"]];
  const kept: Draft = {};
  for (const key of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
    if (before[key] !== undefined) kept[key] = copy(before[key]);
  fill(spec, kept);
  if (spec["clusterIP"] === undefined) serviceOnCreate(draft, making);
  const ports = each(before, "ports");
  const samePort = (port: Draft): Draft | undefined =>
    ports.find((p) => p["port"] === port["port"] && p["protocol"] === port["protocol"]);
  for (const port of each(spec, "ports")) {
    const nodePort = samePort(port)?.["nodePort"];
    if (nodePort === undefined) continue;
    if (hasNodePorts(spec)) fill(port, { nodePort });
    else if (port["nodePort"] === nodePort) delete port["nodePort"];
  }
  if (spec["type"] === "ClusterIP" && equal(spec["externalTrafficPolicy"], before["externalTrafficPolicy"]))
    delete spec["externalTrafficPolicy"];
  if (
    spec["type"] !== "LoadBalancer" &&
    equal(spec["allocateLoadBalancerNodePorts"], before["allocateLoadBalancerNodePorts"])
  )
    delete spec["allocateLoadBalancerNodePorts"];
  nodePorts(spec, making);
}

function hasNodePorts(spec: Draft): boolean {
  return (
    spec["type"] === "NodePort" || (spec["type"] === "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] !== false)
  );
}

function nodePorts(spec: Draft, making: Making): void {
  if (hasNodePorts(spec))
    for (const port of each(spec, "ports")) fill(port, { nodePort: making.nodePort(port["nodePort"]) });
}

const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

function daemonSetOnCreate(draft: Draft): void {
  ensure(ensure(draft, "metadata"), "annotations")[TEMPLATE_GENERATION] = "1";
}

function daemonSetOnUpdate(draft: Draft, live: JsonObject): void {
  const before = Number(at(live as Draft, "metadata", "annotations")?.[TEMPLATE_GENERATION] ?? 1);
  const changed = !equal(at(draft, "spec")?.["template"], at(live as Draft, "spec")?.["template"]);
  ensure(ensure(draft, "metadata"), "annotations")[TEMPLATE_GENERATION] = String(changed ? before + 1 : before);
}

function jobOnCreate(draft: Draft, { uid }: Making): void {
  const spec = ensure(draft, "spec");
  if (spec["manualSelector"] === true) return;
  const name = scalarText(at(draft, "metadata")?.["name"] ?? "");
  const mine = {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  };
  Object.assign(ensure(ensure(ensure(spec, "template"), "metadata"), "labels"), mine);
  Object.assign(ensure(ensure(draft, "metadata"), "labels"), mine);
  spec["selector"] = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}
