import type { Json } from "../../model/index.ts";
import { at, copy, type Draft, each, ensure, fill, scalarText } from "./draft.ts";
import { podDefaults, podSpecDefaults } from "./pod-defaults.ts";

type Defaults = (draft: Draft) => void;

/** Defaults by `group/Kind`, as the server's versioned defaulting sets them (pkg/apis/…/v1/defaults.go). */
export const defaultsOf: Readonly<Record<string, Defaults>> = {
  "/LimitRange": limitRange,
  "/Namespace": namespace,
  "/PersistentVolume": (pv) => {
    fill(at(pv, "spec"), { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" });
    fill(ensure(pv, "status"), { phase: "Pending" });
    const hostPath = at(pv, "spec", "hostPath");
    fill(hostPath, { type: "" });
  },
  "/PersistentVolumeClaim": claim,
  "/Pod": podDefaults,
  "/Secret": secret,
  "/Service": service,
  "apps/DaemonSet": (set) => {
    fill(ensure(ensure(set, "metadata"), "annotations"), { "deprecated.daemonset.template.generation": "0" });
    const spec = template(set);
    const strategy = ensure(spec, "updateStrategy");
    fill(strategy, { type: "RollingUpdate" });
    if (strategy["type"] === "RollingUpdate")
      fill(ensure(strategy, "rollingUpdate"), { maxUnavailable: 1, maxSurge: 0 });
    fill(spec, { revisionHistoryLimit: 10 });
  },
  "apps/Deployment": (deployment) => {
    const spec = template(deployment);
    const strategy = ensure(spec, "strategy");
    fill(strategy, { type: "RollingUpdate" });
    if (strategy["type"] === "RollingUpdate")
      fill(ensure(strategy, "rollingUpdate"), { maxUnavailable: "25%", maxSurge: "25%" });
    fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  },
  "apps/ReplicaSet": (set) => fill(template(set), { replicas: 1 }),
  "apps/StatefulSet": statefulSet,
  "autoscaling/HorizontalPodAutoscaler": autoscaler,
  "batch/CronJob": (cronJob) => {
    const spec = ensure(cronJob, "spec");
    fill(spec, {
      concurrencyPolicy: "Allow",
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    podSpecDefaults(at(spec, "jobTemplate", "spec", "template", "spec"));
  },
  "batch/Job": job,
  "networking.k8s.io/IngressClass": (ingressClass) =>
    fill(at(ingressClass, "spec", "parameters"), { scope: "Cluster" }),
  "networking.k8s.io/NetworkPolicy": networkPolicy,
  "rbac.authorization.k8s.io/ClusterRoleBinding": binding,
  "rbac.authorization.k8s.io/RoleBinding": binding,
  "scheduling.k8s.io/PriorityClass": (priority) => fill(priority, { preemptionPolicy: "PreemptLowerPriority" }),
  "storage.k8s.io/StorageClass": (storage) =>
    fill(storage, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" }),
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
};

function template(workload: Draft): Draft {
  const spec = ensure(workload, "spec");
  podSpecDefaults(at(spec, "template", "spec"));
  return spec;
}

function statefulSet(set: Draft): void {
  const spec = template(set);
  fill(spec, { podManagementPolicy: "OrderedReady", replicas: 1, revisionHistoryLimit: 10 });
  fill(ensure(spec, "persistentVolumeClaimRetentionPolicy"), { whenDeleted: "Retain", whenScaled: "Retain" });
  const strategy = ensure(spec, "updateStrategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate") fill(ensure(strategy, "rollingUpdate"), { partition: 0 });
  for (const one of each(spec, "volumeClaimTemplates")) {
    Object.assign(one, { apiVersion: "v1", kind: "PersistentVolumeClaim" });
    claim(one);
  }
}

function claim(pvc: Draft): void {
  fill(ensure(pvc, "spec"), { volumeMode: "Filesystem" });
  fill(ensure(pvc, "status"), { phase: "Pending" });
}

function job(draft: Draft): void {
  const spec = template(draft);
  const fixed = spec["completions"] === undefined && spec["parallelism"] === undefined;
  if (fixed) fill(spec, { completions: 1 });
  fill(spec, { parallelism: 1, completionMode: "NonIndexed", suspend: false, manualSelector: false });
  fill(spec, { backoffLimit: spec["backoffLimitPerIndex"] === undefined ? 6 : 2 ** 31 - 1 });
  const failurePolicy = at(spec, "podFailurePolicy");
  fill(spec, { podReplacementPolicy: failurePolicy === undefined ? "TerminatingOrFailed" : "Failed" });
  for (const rule of each(failurePolicy, "rules"))
    for (const condition of each(rule, "onPodConditions")) fill(condition, { status: "True" });
  labelsFromTemplate(draft, spec);
}

function labelsFromTemplate(draft: Draft, spec: Draft): void {
  const labels = at(spec, "template", "metadata", "labels");
  const metadata = ensure(draft, "metadata");
  if (labels !== undefined && metadata["labels"] === undefined) metadata["labels"] = copy(labels as Json);
}

const DAY_MS_TIMEOUT_SECONDS = 10_800;

function service(draft: Draft): void {
  const spec = ensure(draft, "spec");
  fill(spec, { sessionAffinity: "None", type: "ClusterIP" });
  if (spec["sessionAffinity"] === "ClientIP") {
    fill(ensure(ensure(spec, "sessionAffinityConfig"), "clientIP"), { timeoutSeconds: DAY_MS_TIMEOUT_SECONDS });
  } else delete spec["sessionAffinityConfig"];
  for (const port of each(spec, "ports")) {
    fill(port, { protocol: "TCP" });
    const target = port["targetPort"];
    if ((target === undefined || target === 0 || target === "") && port["port"] !== undefined)
      port["targetPort"] = port["port"];
  }
  const outside = spec["type"] === "NodePort" || spec["type"] === "LoadBalancer";
  if (outside) fill(spec, { externalTrafficPolicy: "Cluster" });
  if (outside || spec["type"] === "ClusterIP") fill(spec, { internalTrafficPolicy: "Cluster" });
  if (spec["type"] === "LoadBalancer") fill(spec, { allocateLoadBalancerNodePorts: true });
}

function secret(draft: Draft): void {
  fill(draft, { type: "Opaque" });
}

function namespace(draft: Draft): void {
  const name = at(draft, "metadata")?.["name"];
  if (name !== undefined) ensure(ensure(draft, "metadata"), "labels")["kubernetes.io/metadata.name"] = name;
  fill(ensure(draft, "status"), { phase: "Active" });
}

function networkPolicy(draft: Draft): void {
  const spec = ensure(draft, "spec");
  for (const direction of ["ingress", "egress"])
    for (const rule of each(spec, direction)) for (const port of each(rule, "ports")) fill(port, { protocol: "TCP" });
  const egress = each(spec, "egress").length > 0;
  fill(spec, { policyTypes: egress ? ["Ingress", "Egress"] : ["Ingress"] });
}

const RBAC = "rbac.authorization.k8s.io";

function binding(draft: Draft): void {
  const ref = at(draft, "roleRef");
  if (ref !== undefined && (ref["apiGroup"] ?? "") === "") ref["apiGroup"] = RBAC;
  for (const subject of each(draft, "subjects"))
    if (subject["kind"] === "User" || subject["kind"] === "Group") fill(subject, { apiGroup: RBAC });
}

function autoscaler(draft: Draft): void {
  const spec = ensure(draft, "spec");
  fill(spec, { minReplicas: 1 });
  if (draft["apiVersion"] === "autoscaling/v1") return;
  if (each(spec, "metrics").length === 0)
    spec["metrics"] = [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
    ];
  if (at(spec, "behavior") === undefined) return;
  const rules = ensure(spec, "behavior");
  fill(ensure(rules, "scaleUp"), { stabilizationWindowSeconds: 0, ...SCALE_UP });
  fill(ensure(rules, "scaleDown"), SCALE_DOWN);
}

const SCALE_UP: Readonly<Record<string, Json>> = {
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const SCALE_DOWN: Readonly<Record<string, Json>> = {
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

function limitRange(draft: Draft): void {
  for (const item of each(at(draft, "spec"), "limits")) {
    if (item["type"] !== "Container") continue;
    const [max, min] = [at(item, "max"), at(item, "min")];
    if (max !== undefined) fill(ensure(item, "default"), max);
    const given = at(item, "default");
    if (given !== undefined) fill(ensure(item, "defaultRequest"), given);
    if (min !== undefined) fill(ensure(item, "defaultRequest"), min);
  }
}

function definition(crd: Draft): void {
  const spec = ensure(crd, "spec");
  const names = ensure(spec, "names");
  const kind = scalarText(names["kind"] ?? "");
  if (kind !== "") fill(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
  fill(ensure(spec, "conversion"), { strategy: "None" });
  for (const version of each(spec, "versions"))
    for (const column of each(version, "additionalPrinterColumns")) fill(column, {});
}
