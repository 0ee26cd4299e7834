import { groupOf, type LiveObject, type ObjectRef } from "../model/index.ts";
import { customResourceDefinitionHealth } from "./custom-resource-definition.ts";
import { daemonSetHealth } from "./daemon-set.ts";
import { deploymentHealth } from "./deployment.ts";
import { commonHealth, readyHealth } from "./generic.ts";
import type { Health } from "./health.ts";
import { jobHealth } from "./job.ts";
import { persistentVolumeClaimHealth } from "./persistent-volume-claim.ts";
import { podHealth } from "./pod.ts";
import { replicaSetHealth } from "./replica-set.ts";
import { serviceHealth } from "./service.ts";
import { statefulSetHealth } from "./stateful-set.ts";

/** Kinds with a rule of their own, by group and kind. */
const RULES: Readonly<Record<string, (object: LiveObject) => Health>> = {
  "/PersistentVolumeClaim": persistentVolumeClaimHealth,
  "/Pod": podHealth,
  "/Service": serviceHealth,
  "apiextensions.k8s.io/CustomResourceDefinition": customResourceDefinitionHealth,
  "apps/DaemonSet": daemonSetHealth,
  "apps/Deployment": deploymentHealth,
  "apps/ReplicaSet": replicaSetHealth,
  "apps/StatefulSet": statefulSetHealth,
  "batch/Job": jobHealth,
};

/** Kinds of the API server itself that have no status, or none that says how they are: healthy by being there. */
const WITHOUT_STATUS: ReadonlySet<string> = new Set([
  "/ConfigMap",
  "/Endpoints",
  "/LimitRange",
  "/Secret",
  "/ServiceAccount",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "batch/CronJob",
  "discovery.k8s.io/EndpointSlice",
  "networking.k8s.io/Ingress",
  "networking.k8s.io/IngressClass",
  "networking.k8s.io/NetworkPolicy",
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
  "scheduling.k8s.io/PriorityClass",
  "storage.k8s.io/StorageClass",
]);

/**
 * How an object is, by its own status. Source of the rules: kstatus (sigs.k8s.io/cli-utils, in Flux's version), with Flux's
 * own rule for Jobs. `docs/health.md` tells them, and where they differ.
 */
export function healthOf(object: LiveObject): Health {
  const common = commonHealth(object);
  if (common !== undefined) return common;
  return (RULES[`${groupOf(object.apiVersion)}/${object.kind}`] ?? readyHealth)(object);
}

/** Whether there is anything to wait for in objects of a kind: reading a ConfigMap to find that it is there is for nothing. */
export function hasHealth({ group, kind }: Pick<ObjectRef, "group" | "kind">): boolean {
  return !WITHOUT_STATUS.has(`${group}/${kind}`);
}
