import { child, type LiveObject } from "../model/index.ts";
import { HEALTHY, type Health, progressing } from "./health.ts";
import { conditionOf, integer, words } from "./status.ts";

/** Replicas labelled, available and ready; a pod that may not be created is named. */
export function replicaSetHealth(object: LiveObject): Health {
  const status = child(object, "status");
  const refused = conditionOf(object, "ReplicaFailure", "True");
  if (refused !== undefined) return progressing(words(refused));
  const wanted = integer(child(object, "spec"), "replicas") ?? 1;
  const steps = [
    ["fullyLabeledReplicas", "labelled"],
    ["availableReplicas", "available"],
    ["readyReplicas", "ready"],
  ] as const;
  for (const [field, word] of steps) {
    const count = integer(status, field) ?? 0;
    if (wanted > count) return progressing(`${count} of ${wanted} replicas are ${word}`);
  }
  const replicas = integer(status, "replicas") ?? 0;
  return replicas > wanted ? progressing(`${replicas - wanted} replicas too many are still there`) : HEALTHY;
}
