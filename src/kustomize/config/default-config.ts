import { type FieldSpec, fieldSpec, type Gvk } from "./field-spec.ts";

/**
 * kustomize's default field specs as data (kustomize v5.8, `api/internal/konfig/builtinpluginconsts`). What concerns pods
 * is written once for all kinds that hold a pod.
 */
export interface ReferenceSpecs extends Gvk {
  readonly referrers: readonly FieldSpec[];
}

const POD = { Pod: "spec" } as const;
const POD_TEMPLATE = { PodTemplate: "template/spec" } as const;
const WORKLOADS = {
  Deployment: "spec/template/spec",
  ReplicaSet: "spec/template/spec",
  DaemonSet: "spec/template/spec",
  StatefulSet: "spec/template/spec",
  Job: "spec/template/spec",
  CronJob: "spec/jobTemplate/spec/template/spec",
} as const;
const CONTROLLER = { ReplicationController: "spec/template/spec" } as const;

/** Fields of the pods of some kinds. */
function inPods(pods: Readonly<Record<string, string>>, fields: readonly string[], version = ""): readonly FieldSpec[] {
  return Object.entries(pods).flatMap(([kind, pod]) =>
    fields.map((field) => fieldSpec(`${pod}/${field}`, { kind, version })),
  );
}

/** Fields of containers and of init containers. */
function ofContainers(...fields: readonly string[]): readonly string[] {
  return fields.flatMap((field) => [`containers/${field}`, `initContainers/${field}`]);
}

export const namePrefix: readonly FieldSpec[] = [fieldSpec("metadata/name")];
export const nameSuffix: readonly FieldSpec[] = [fieldSpec("metadata/name")];

export const namespace: readonly FieldSpec[] = [
  fieldSpec("metadata/name", { kind: "Namespace" }, true),
  fieldSpec("spec/service/namespace", { group: "apiregistration.k8s.io", kind: "APIService" }, true),
  fieldSpec("spec/conversion/webhook/clientConfig/service/namespace", {
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
  }),
];

export const images: readonly FieldSpec[] = [
  ...["spec", "spec/template/spec"].flatMap((pod) =>
    ["containers[]/image", "initContainers[]/image", "volumes[]/image/reference"].map((field) =>
      fieldSpec(`${pod}/${field}`, {}, true),
    ),
  ),
  fieldSpec("spec/jobTemplate/spec/template/spec/volumes[]/image/reference", {}, true),
];

export const replicas: readonly FieldSpec[] = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"].map(
  (kind) => fieldSpec("spec/replicas", { kind }, true),
);

export const commonAnnotations: readonly FieldSpec[] = [
  fieldSpec("metadata/annotations", {}, true),
  fieldSpec("spec/template/metadata/annotations", { version: "v1", kind: "ReplicationController" }, true),
  ...["Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"].map((kind) =>
    fieldSpec("spec/template/metadata/annotations", { kind }, true),
  ),
  fieldSpec("spec/template/metadata/annotations", { group: "batch", kind: "Job" }, true),
  fieldSpec("spec/jobTemplate/metadata/annotations", { group: "batch", kind: "CronJob" }, true),
  fieldSpec("spec/jobTemplate/spec/template/metadata/annotations", { group: "batch", kind: "CronJob" }, true),
];

/** Labels of the object and of the objects that it makes. */
export const templateLabels: readonly FieldSpec[] = [
  fieldSpec("metadata/labels", {}, true),
  fieldSpec("spec/template/metadata/labels", { version: "v1", kind: "ReplicationController" }, true),
  ...["Deployment", "ReplicaSet", "DaemonSet"].map((kind) =>
    fieldSpec("spec/template/metadata/labels", { kind }, true),
  ),
  fieldSpec("spec/template/metadata/labels", { group: "apps", kind: "StatefulSet" }, true),
  fieldSpec("spec/template/metadata/labels", { group: "batch", kind: "Job" }, true),
  fieldSpec("spec/jobTemplate/metadata/labels", { group: "batch", kind: "CronJob" }, true),
  fieldSpec("spec/jobTemplate/spec/template/metadata/labels", { group: "batch", kind: "CronJob" }, true),
];

export const volumeClaimTemplateLabels: readonly FieldSpec[] = [
  fieldSpec("spec/volumeClaimTemplates[]/metadata/labels", { group: "apps", kind: "StatefulSet" }, true),
];

const LABEL_TERMS = [
  "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
  "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
  "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
  "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
  "topologySpreadConstraints/labelSelector/matchLabels",
];

/** Where selectors select by labels. */
const selectors: readonly FieldSpec[] = [
  fieldSpec("spec/selector", { version: "v1", kind: "Service" }, true),
  fieldSpec("spec/selector", { version: "v1", kind: "ReplicationController" }, true),
  fieldSpec("spec/selector/matchLabels", { kind: "Deployment" }, true),
  ...LABEL_TERMS.map((term) => fieldSpec(`spec/template/spec/${term}`, { group: "apps", kind: "Deployment" })),
  fieldSpec("spec/selector/matchLabels", { kind: "ReplicaSet" }, true),
  fieldSpec("spec/selector/matchLabels", { kind: "DaemonSet" }, true),
  fieldSpec("spec/selector/matchLabels", { group: "apps", kind: "StatefulSet" }, true),
  ...LABEL_TERMS.map((term) => fieldSpec(`spec/template/spec/${term}`, { group: "apps", kind: "StatefulSet" })),
  fieldSpec("spec/selector/matchLabels", { group: "batch", kind: "Job" }),
  fieldSpec("spec/jobTemplate/spec/selector/matchLabels", { group: "batch", kind: "CronJob" }),
  fieldSpec("spec/selector/matchLabels", { group: "policy", kind: "PodDisruptionBudget" }),
  ...["podSelector", "ingress/from/podSelector", "egress/to/podSelector"].map((selector) =>
    fieldSpec(`spec/${selector}/matchLabels`, { group: "networking.k8s.io", kind: "NetworkPolicy" }),
  ),
];

export const commonLabels: readonly FieldSpec[] = [...selectors, ...templateLabels, ...volumeClaimTemplateLabels];

const CONTAINER_VARIABLES = ofContainers("args", "command", "env/value", "volumeMounts/mountPath");
const { CronJob, ...TEMPLATED } = WORKLOADS;

export const varReference: readonly FieldSpec[] = [
  ...inPods({ ...POD, ...WORKLOADS }, CONTAINER_VARIABLES),
  fieldSpec("spec/jobTemplate/spec/template/volumes/nfs/server", { kind: "CronJob" }),
  ...["DaemonSet", "Deployment", "Job", "ReplicaSet"].map((kind) =>
    fieldSpec("spec/template/spec/volumes/nfs/server", { kind }),
  ),
  fieldSpec("spec/volumes/nfs/server", { kind: "Pod" }),
  fieldSpec("spec/volumeClaimTemplates/spec/nfs/server", { kind: "StatefulSet" }),
  fieldSpec("spec/template/metadata/annotations", { kind: "Deployment" }),
  fieldSpec("spec/rules/host", { kind: "Ingress" }),
  fieldSpec("spec/tls/hosts", { kind: "Ingress" }),
  fieldSpec("spec/tls/secretName", { kind: "Ingress" }),
  fieldSpec("spec/ports/port", { kind: "Service" }),
  fieldSpec("spec/ports/targetPort", { kind: "Service" }),
  fieldSpec("spec/nfs/server", { kind: "PersistentVolume" }),
  fieldSpec("metadata/labels"),
  fieldSpec("metadata/annotations"),
];

const CONFIG_MAP_FIELDS = [
  "volumes/configMap/name",
  ...ofContainers("env/valueFrom/configMapKeyRef/name", "envFrom/configMapRef/name"),
  "volumes/projected/sources/configMap/name",
];
const SECRET_FIELDS = [
  "volumes/secret/secretName",
  ...ofContainers("env/valueFrom/secretKeyRef/name", "envFrom/secretRef/name"),
  "imagePullSecrets/name",
  "volumes/projected/sources/secret/name",
];
const OF_POD_OWNERS = {
  ...POD,
  ...CONTROLLER,
  CronJob,
  ...Object.fromEntries(Object.entries(TEMPLATED).filter(([kind]) => kind !== "ReplicaSet")),
};
const RBAC = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io";

function target(gvk: Partial<Gvk>, referrers: readonly FieldSpec[]): ReferenceSpecs {
  const { group = "", version = "", kind = "" } = gvk;
  return { group, version, kind, referrers };
}

/** Who refers to whom by name. */
export const nameReference: readonly ReferenceSpecs[] = [
  ...["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"].map((kind) =>
    target({ kind }, [fieldSpec("spec/scaleTargetRef/name", { kind: "HorizontalPodAutoscaler" })]),
  ),
  target({ kind: "ConfigMap", version: "v1" }, [
    ...inPods(POD, CONFIG_MAP_FIELDS, "v1"),
    ...inPods({ ...POD_TEMPLATE, ...WORKLOADS }, CONFIG_MAP_FIELDS),
    fieldSpec("spec/configSource/configMap", { kind: "Node" }),
    fieldSpec("rules/resourceNames", { kind: "Role" }),
    fieldSpec("rules/resourceNames", { kind: "ClusterRole" }),
    fieldSpec("metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap", { kind: "Ingress" }),
  ]),
  target({ kind: "Secret", version: "v1" }, [
    ...inPods(POD, SECRET_FIELDS, "v1"),
    ...inPods({ ...POD_TEMPLATE, ...WORKLOADS }, SECRET_FIELDS),
    fieldSpec("spec/tls/secretName", { kind: "Ingress" }),
    ...["ingress", "nginx.ingress"].map((prefix) =>
      fieldSpec(`metadata/annotations/${prefix}.kubernetes.io\\/auth-secret`, { kind: "Ingress" }),
    ),
    fieldSpec("metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret", { kind: "Ingress" }),
    fieldSpec("imagePullSecrets/name", { kind: "ServiceAccount" }),
    ...["secretName", "adminSecretName", "userSecretName", "secretRef"].map((field) =>
      fieldSpec(`parameters/${field}`, { kind: "StorageClass" }),
    ),
    fieldSpec("rules/resourceNames", { kind: "Role" }),
    fieldSpec("rules/resourceNames", { kind: "ClusterRole" }),
    fieldSpec("spec/template/spec/containers/env/valueFrom/secretKeyRef/name", {
      kind: "Service",
      group: "serving.knative.dev",
      version: "v1",
    }),
    fieldSpec("spec/azureFile/secretName", { kind: "PersistentVolume" }),
  ]),
  target({ kind: "Service", version: "v1" }, [
    fieldSpec("spec/serviceName", { kind: "StatefulSet", group: "apps" }),
    ...[
      "rules/http/paths/backend/serviceName",
      "backend/serviceName",
      "rules/http/paths/backend/service/name",
      "defaultBackend/service/name",
    ].map((field) => fieldSpec(`spec/${field}`, { kind: "Ingress" })),
    fieldSpec("spec/service/name", { kind: "APIService", group: "apiregistration.k8s.io" }),
    ...["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"].map((kind) =>
      fieldSpec("webhooks/clientConfig/service", { kind, group: ADMISSION }),
    ),
  ]),
  target({ kind: "Role", group: RBAC }, [fieldSpec("roleRef/name", { kind: "RoleBinding", group: RBAC })]),
  target(
    { kind: "ClusterRole", group: RBAC },
    ["RoleBinding", "ClusterRoleBinding"].map((kind) => fieldSpec("roleRef/name", { kind, group: RBAC })),
  ),
  target({ kind: "ServiceAccount", version: "v1" }, [
    ...["RoleBinding", "ClusterRoleBinding"].map((kind) => fieldSpec("subjects", { kind, group: RBAC })),
    ...inPods(OF_POD_OWNERS, ["serviceAccountName"]),
  ]),
  target({ kind: "PersistentVolumeClaim", version: "v1" }, [
    ...inPods(OF_POD_OWNERS, ["volumes/persistentVolumeClaim/claimName"]),
  ]),
  target({ kind: "PersistentVolume", version: "v1" }, [
    fieldSpec("spec/volumeName", { kind: "PersistentVolumeClaim" }),
    fieldSpec("rules/resourceNames", { kind: "ClusterRole" }),
  ]),
  target({ kind: "StorageClass", version: "v1", group: "storage.k8s.io" }, [
    fieldSpec("spec/storageClassName", { kind: "PersistentVolume" }),
    fieldSpec("spec/storageClassName", { kind: "PersistentVolumeClaim" }),
    fieldSpec("spec/volumeClaimTemplates/spec/storageClassName", { kind: "StatefulSet" }),
  ]),
  target({ kind: "PriorityClass", version: "v1", group: "scheduling.k8s.io" }, [
    ...inPods(OF_POD_OWNERS, ["priorityClassName"]),
  ]),
  target({ kind: "IngressClass", version: "v1", group: "networking.k8s.io/v1" }, [
    fieldSpec("spec/ingressClassName", { kind: "Ingress" }),
  ]),
  target({ kind: "ValidatingAdmissionPolicy", group: ADMISSION }, [
    fieldSpec("spec/policyName", { kind: "ValidatingAdmissionPolicyBinding", group: ADMISSION }),
  ]),
];
