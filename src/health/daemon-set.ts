import { child, type LiveObject } from "../model/index.ts";
import { HEALTHY, type Health, progressing } from "./health.ts";
import { integer } from "./status.ts";

/**
 * A pod that is updated, available and ready on every node that shall have one. The API server gives a new one a status of
 * zeros: only what its controller observed counts.
 */
export function daemonSetHealth(object: LiveObject): Health {
  const status = child(object, "status");
  if (integer(status, "observedGeneration") === undefined)
    return progressing("its controller has not looked at it yet");
  const wanted = integer(status, "desiredNumberScheduled");
  if (wanted === undefined) return progressing("on how many nodes it shall run is not known yet");
  const steps = [
    ["currentNumberScheduled", "scheduled"],
    ["updatedNumberScheduled", "updated"],
    ["numberAvailable", "available"],
    ["numberReady", "ready"],
  ] as const;
  for (const [field, word] of steps) {
    const count = integer(status, field) ?? 0;
    if (wanted > count) return progressing(`${count} of ${wanted} pods are ${word}`);
  }
  return HEALTHY;
}
