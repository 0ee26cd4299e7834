import { child, type LiveObject, text } from "../model/index.ts";
import { describing, failing, HEALTHY, type Health, progressing } from "./health.ts";
import { conditionOf, conditionsOf, integer, items, namedOf, words } from "./status.ts";

/** spec.progressDeadlineSeconds of a Deployment that has none: its controller writes no condition about progress then. */
const NO_DEADLINE = 2 ** 31 - 1;

/**
 * Whether its deadline passed before its last change. A rollback to pods that are still there is observed, for a moment, with
 * what was said of the rollout before; one that is stuck, too, keeps that for good.
 */
function isOld(object: LiveObject): boolean {
  const late = items(child(object, "status")?.["conditions"]).find((one) => text(one, "type") === "Progressing");
  const saidMs = Date.parse(text(late, "lastUpdateTime") ?? "");
  return items(object.metadata["managedFields"])
    .filter((entry) => text(entry, "subresource") !== "status")
    .some((entry) => saidMs < Date.parse(text(entry, "time") ?? ""));
}

/** Replicas updated and available, and the rollout said to be complete; failed once its progress deadline has passed. */
export function deploymentHealth(object: LiveObject): Health {
  const [spec, status] = [child(object, "spec"), child(object, "status")];
  const late = conditionsOf(object).find(
    ({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded",
  );
  if (late !== undefined) return failing(words(late), describing(namedOf(object)), isOld(object));
  const wanted = integer(spec, "replicas") ?? 1;
  const replicas = integer(status, "replicas") ?? 0;
  const updated = integer(status, "updatedReplicas") ?? 0;
  const available = integer(status, "availableReplicas") ?? 0;
  const ready = integer(status, "readyReplicas") ?? 0;
  if (wanted > replicas) return progressing(`${replicas} of ${wanted} replicas are there`);
  if (wanted > updated) return progressing(`${updated} of ${wanted} replicas are updated`);
  if (replicas > wanted) return progressing(`${replicas - wanted} old replicas are still there`);
  if (updated > available) return progressing(`${available} of ${updated} updated replicas are available`);
  if (wanted > ready) return progressing(`${ready} of ${wanted} replicas are ready`);
  const watched = (integer(spec, "progressDeadlineSeconds") ?? NO_DEADLINE) !== NO_DEADLINE;
  const done = conditionOf(object, "Progressing", "True")?.reason === "NewReplicaSetAvailable";
  if (watched && !done) return progressing("its rollout is not complete");
  if (conditionOf(object, "Available", "True") === undefined) return progressing("it is not available");
  return HEALTHY;
}
