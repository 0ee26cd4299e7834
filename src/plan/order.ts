import type { ObjectRef } from "../model/index.ts";

/**
 * Stages of one service: the next begins when the one before is through, and is ready where others build on it.
 * Source: the apply stages of fluxcd/pkg/ssa.
 */
export type Stage = "definitions" | "classes" | "workloads" | "webhooks";

export const STAGES: readonly Stage[] = ["definitions", "classes", "workloads", "webhooks"];

/** Flux's kind order; what is not named comes after these, and webhooks come last. */
const KIND_ORDER = [
  "CustomResourceDefinition",
  "Namespace",
  "ClusterRole",
  "ClusterClass",
  "RuntimeClass",
  "PriorityClass",
  "StorageClass",
  "VolumeSnapshotClass",
  "IngressClass",
  "GatewayClass",
  "ClusterRoleBinding",
  "ResourceQuota",
  "ServiceAccount",
  "Role",
  "RoleBinding",
  "ConfigMap",
  "Secret",
  "Service",
  "LimitRange",
  "Deployment",
  "StatefulSet",
  "CronJob",
  "PodDisruptionBudget",
] as const;

const RANKS: ReadonlyMap<string, number> = new Map(KIND_ORDER.map((kind, index) => [kind, index]));
const WEBHOOKS: ReadonlySet<string> = new Set(["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]);
const DEFINITIONS: ReadonlySet<string> = new Set(["CustomResourceDefinition", "Namespace", "ClusterRole"]);

export function stageOf({ kind }: ObjectRef): Stage {
  if (DEFINITIONS.has(kind)) return "definitions";
  if (WEBHOOKS.has(kind)) return "webhooks";
  return kind.endsWith("Class") ? "classes" : "workloads";
}

/** Objects of one rank do not need each other and may be applied at once. */
export function rankOf({ kind }: ObjectRef): number {
  if (WEBHOOKS.has(kind)) return KIND_ORDER.length + 1;
  return RANKS.get(kind) ?? KIND_ORDER.length;
}

/** The order of applying: by rank, then group, kind, namespace and name. Deleting goes the other way round. */
export function compareRefs(a: ObjectRef, b: ObjectRef): number {
  const byRank = rankOf(a) - rankOf(b);
  if (byRank !== 0) return byRank;
  const [left, right] = [sortKey(a), sortKey(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortKey({ group, kind, namespace, name }: ObjectRef): string {
  return `${group}\0${kind}\0${namespace}\0${name}`;
}
