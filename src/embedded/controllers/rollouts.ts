import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import type { Core } from "../core.ts";
import { scalarText } from "../kinds/draft.ts";
import { equal } from "../merge/equal.ts";
import { managedAfterUpdate, withoutManaged } from "../merge/managed-fields.ts";
import { managing, metaOf, replaceObject } from "../verbs/write.ts";
import { timestamp, type World } from "../world.ts";

/** On a workload: `ready` (the default), `fail` (the rollout ends in failure) or `stuck` (it never ends). */
export const ROLLOUT_ANNOTATION = "embedded.gitops.bulkhead.dev/rollout";

type Outcome = "ready" | "fail" | "stuck";

/** The status that controllers would write, once they are done with an object; kinds without one are left alone. */
export function rollOut(world: World, target: Core["target"], key: string, object: JsonObject): void {
  const [group = "", resource = ""] = key.split("/");
  const statusOf = statuses[`${group}/${resource}`];
  const known = world.registry.find(group, resource);
  const served = known?.versions[0];
  if (statusOf === undefined || known === undefined || served === undefined) return;
  const status = statusOf(object, timestamp(world.clock));
  const before = isObject(object["status"]) ? object["status"] : {};
  if (status === undefined || equal(withoutTransitions(before), withoutTransitions(status))) return;
  const at = target(served, known, scalarText(metaOf(object)["namespace"] ?? ""), {
    subresource: "status",
    manager: "kube-controller-manager",
  });
  const next = { ...object, status };
  const entries = managedAfterUpdate(managing(at), object, next);
  const bare = withoutManaged(next);
  replaceObject(
    at,
    object,
    entries === undefined ? bare : { ...bare, metadata: { ...metaOf(bare), managedFields: entries } },
  );
}

function withoutTransitions(status: JsonObject): JsonObject {
  const conditions = status["conditions"];
  if (!Array.isArray(conditions)) return status;
  const bare = (conditions as readonly Json[]).filter(isObject).map((one) => {
    const { lastTransitionTime: _, lastUpdateTime: __, lastProbeTime: ___, ...rest } = one;
    return rest;
  });
  return { ...status, conditions: bare };
}

function wanted(object: JsonObject): Outcome {
  const annotations = metaOf(object)["annotations"];
  const value = isObject(annotations) ? annotations[ROLLOUT_ANNOTATION] : undefined;
  return value === "fail" || value === "stuck" ? value : "ready";
}

function spec(object: JsonObject): JsonObject {
  return isObject(object["spec"]) ? object["spec"] : {};
}

function generation(object: JsonObject): number {
  return Number(metaOf(object)["generation"] ?? 1);
}

function replicasOf(object: JsonObject): number {
  return Number(spec(object)["replicas"] ?? 1);
}

interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

type StatusOf = (object: JsonObject, now: string) => JsonObject | undefined;

const statuses: Readonly<Record<string, StatusOf>> = {
  "apps/deployments": deployment,
  "apps/statefulsets": statefulSet,
  "apps/daemonsets": daemonSet,
  "apps/replicasets": (object) => {
    const replicas = replicasOf(object);
    return wanted(object) === "ready"
      ? counted(
          { replicas, fullyLabeledReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas },
          ["replicas"],
          object,
        )
      : counted({ replicas, fullyLabeledReplicas: replicas }, ["replicas"], object);
  },
  "batch/jobs": job,
  "/persistentvolumeclaims": claim,
  "/pods": pod,
  "/services": service,
  "policy/poddisruptionbudgets": (object) => ({
    observedGeneration: generation(object),
    disruptionsAllowed: 1,
    currentHealthy: 1,
    desiredHealthy: 0,
    expectedPods: 1,
  }),
};

/** Zero counts are left out, but for those that the kind always writes. */
function counted(counts: Readonly<Record<string, number>>, always: readonly string[], object: JsonObject): JsonObject {
  const kept = Object.entries(counts).filter(([name, count]) => count !== 0 || always.includes(name));
  return { observedGeneration: generation(object), ...Object.fromEntries(kept) };
}

function deployment(object: JsonObject, now: string): JsonObject {
  const [replicas, outcome] = [replicasOf(object), wanted(object)];
  const name = scalarText(metaOf(object)["name"]);
  const ready = outcome === "ready" ? replicas : 0;
  const stamp = (one: Condition): JsonObject => ({ ...one, lastUpdateTime: now, lastTransitionTime: now });
  const available: Condition =
    outcome === "ready"
      ? {
          type: "Available",
          status: "True",
          reason: "MinimumReplicasAvailable",
          message: "Deployment has minimum availability.",
        }
      : {
          type: "Available",
          status: "False",
          reason: "MinimumReplicasUnavailable",
          message: "Deployment does not have minimum availability.",
        };
  const set = JSON.stringify(`${name}-rollout`);
  const progressing: Readonly<Record<Outcome, Condition>> = {
    ready: condition("True", "NewReplicaSetAvailable", `ReplicaSet ${set} has successfully progressed.`),
    fail: condition("False", "ProgressDeadlineExceeded", `ReplicaSet ${set} has timed out progressing.`),
    stuck: condition("True", "ReplicaSetUpdated", `ReplicaSet ${set} is progressing.`),
  };
  return {
    ...counted(
      {
        replicas,
        updatedReplicas: replicas,
        readyReplicas: ready,
        availableReplicas: ready,
        unavailableReplicas: replicas - ready,
      },
      [],
      object,
    ),
    conditions: [stamp(available), stamp(progressing[outcome])],
  };
}

function condition(status: "True" | "False", reason: string, message: string): Condition {
  return { type: "Progressing", status, reason, message };
}

function statefulSet(object: JsonObject): JsonObject {
  const replicas = replicasOf(object);
  const ready = wanted(object) === "ready" ? replicas : 0;
  const revision = `${scalarText(metaOf(object)["name"])}-${generation(object)}`;
  return {
    ...counted(
      { replicas, readyReplicas: ready, currentReplicas: ready, updatedReplicas: ready },
      ["replicas"],
      object,
    ),
    availableReplicas: ready,
    currentRevision: ready === replicas ? revision : "",
    updateRevision: revision,
    collisionCount: 0,
  };
}

/** On one node, as a demo has it. */
function daemonSet(object: JsonObject): JsonObject {
  const ready = wanted(object) === "ready" ? 1 : 0;
  return counted(
    {
      currentNumberScheduled: 1,
      desiredNumberScheduled: 1,
      updatedNumberScheduled: 1,
      numberMisscheduled: 0,
      numberReady: ready,
      numberAvailable: ready,
      numberUnavailable: 1 - ready,
    },
    ["currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady"],
    object,
  );
}

function job(object: JsonObject, now: string): JsonObject | undefined {
  const before = isObject(object["status"]) ? object["status"] : {};
  if (spec(object)["suspend"] === true || Array.isArray(before["conditions"])) return undefined;
  const startTime = scalarText(before["startTime"] ?? now);
  const stamp = { lastProbeTime: now, lastTransitionTime: now };
  const plain = { startTime, terminating: 0, uncountedTerminatedPods: {} };
  switch (wanted(object)) {
    case "stuck":
      return { ...plain, active: 1, ready: 0 };
    case "fail":
      return {
        ...plain,
        failed: Number(spec(object)["backoffLimit"] ?? 6) + 1,
        ready: 0,
        conditions: ["FailureTarget", "Failed"].map((type) => ({
          type,
          status: "True",
          reason: "BackoffLimitExceeded",
          message: "Job has reached the specified backoff limit",
          ...stamp,
        })),
      };
    case "ready":
      return {
        ...plain,
        completionTime: now,
        succeeded: Number(spec(object)["completions"] ?? 1),
        ready: 0,
        conditions: ["SuccessCriteriaMet", "Complete"].map((type) => ({
          type,
          status: "True",
          reason: "CompletionsReached",
          message: "Reached expected number of succeeded pods",
          ...stamp,
        })),
      };
  }
}

function claim(object: JsonObject): JsonObject | undefined {
  if (wanted(object) !== "ready") return undefined;
  const resources = spec(object)["resources"];
  const requests = isObject(resources) && isObject(resources["requests"]) ? resources["requests"] : {};
  return { phase: "Bound", accessModes: spec(object)["accessModes"] ?? [], capacity: requests };
}

function pod(object: JsonObject, now: string): JsonObject {
  const before = isObject(object["status"]) ? object["status"] : {};
  const ready = wanted(object) === "ready" ? "True" : "False";
  const conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
    type,
    status: type === "Initialized" || type === "PodScheduled" ? "True" : ready,
    lastProbeTime: null,
    lastTransitionTime: now,
  }));
  const phase = wanted(object) === "fail" ? "Failed" : wanted(object) === "stuck" ? "Pending" : "Running";
  return { ...before, phase, conditions };
}

/** Load balancers get an address of the range that is kept for documentation (RFC 5737). */
function service(object: JsonObject): JsonObject | undefined {
  if (spec(object)["type"] !== "LoadBalancer" || wanted(object) !== "ready") return undefined;
  return { loadBalancer: { ingress: [{ ip: "192.0.2.1", ipMode: "VIP" }] } };
}
