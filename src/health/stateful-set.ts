import { child, type LiveObject, text } from "../model/index.ts";
import { HEALTHY, type Health, progressing } from "./health.ts";
import { integer } from "./status.ts";

/** Replicas there, ready and updated, as far as its partition says. Its controller has no word for a failed rollout. */
export function statefulSetHealth(object: LiveObject): Health {
  const [spec, status] = [child(object, "spec"), child(object, "status")];
  const strategy = child(spec, "updateStrategy");
  if (text(strategy, "type") === "OnDelete") return HEALTHY; // whoever deletes its pods decides when it is updated
  const wanted = integer(spec, "replicas") ?? 1;
  const replicas = integer(status, "replicas") ?? 0;
  const ready = integer(status, "readyReplicas") ?? 0;
  const updated = integer(status, "updatedReplicas") ?? 0;
  const current = integer(status, "currentReplicas") ?? 0;
  if (wanted > replicas) return progressing(`${replicas} of ${wanted} replicas are there`);
  if (wanted > ready) return progressing(`${ready} of ${wanted} replicas are ready`);
  if (replicas > wanted) return progressing(`${replicas - wanted} replicas too many are still there`);
  const partition = integer(child(strategy, "rollingUpdate"), "partition");
  if (partition !== undefined) {
    const due = wanted - partition;
    return updated < due ? progressing(`${updated} of ${due} replicas are updated`) : HEALTHY;
  }
  if (wanted > current) return progressing(`${current} of ${wanted} replicas are current`);
  if (text(status, "currentRevision") !== text(status, "updateRevision"))
    return progressing("its update is not complete");
  return HEALTHY;
}
