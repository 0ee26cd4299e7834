import type { Cluster, Kind } from "../cluster/index.ts";
import { CLUSTER_GRACE_MS, podTrouble, refusedByEvents, refusedPods, soonest, type Trouble } from "../health/index.ts";
import {
  child,
  isObject,
  type Json,
  type JsonObject,
  type LiveMetadata,
  type LiveObject,
  stringMap,
  text,
} from "../model/index.ts";

export type PodReader = Pick<Cluster, "list" | "listObjects">;

const CORE = { group: "", version: "v1", versions: ["v1"], namespaced: true, verbs: ["list", "watch"] };
export const PODS: Kind = { ...CORE, kind: "Pod", resource: "pods" };
const EVENTS: Kind = { ...CORE, kind: "Event", resource: "events" };
const REPLICA_SETS: Kind = { ...CORE, group: "apps", kind: "ReplicaSet", resource: "replicasets" };

/** Events about pods that may not be created are repeated, ever more rarely; older ones are of another rollout. */
const EVENT_AGE_MS_MAX = 10 * 60_000;

/** The labels of a workload's pods, as a selector; undefined for what has no pods of its own. */
export function podSelector(workload: LiveObject): string | undefined {
  if (!["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"].includes(workload.kind)) return undefined;
  const selector = child(child(workload, "spec"), "selector");
  const equal = Object.entries(stringMap(child(selector, "matchLabels"))).map(([key, value]) => `${key}=${value}`);
  const expressions = list(selector?.["matchExpressions"]).flatMap((one) => expression(one) ?? []);
  const all = [...equal, ...expressions];
  return all.length === 0 ? undefined : all.join(",");
}

/**
 * What keeps a workload from getting ahead. Only pods of its latest revision count: those of the one before may be why it was
 * changed. Undefined when nothing is wrong, or when what is wrong may not be read.
 */
export async function troubleOf(
  cluster: PodReader,
  workload: LiveObject,
  nowMs: number,
  signal: AbortSignal,
): Promise<Trouble | undefined> {
  if (workload.kind === "Pod") return podTrouble([workload]);
  const selector = podSelector(workload);
  if (selector === undefined) return undefined;
  const namespace = text(workload.metadata, "namespace") ?? "";
  const pods = async (labelSelector: string): Promise<readonly LiveObject[]> => {
    const answer = await cluster.listObjects(PODS, { namespace, labelSelector }, signal);
    return answer.ok ? answer.value.items : [];
  };
  switch (workload.kind) {
    case "Deployment": {
      const hash = await latestHash(cluster, workload, namespace, selector, signal);
      const latest = hash === undefined ? [] : await pods(`${selector},pod-template-hash=${hash}`);
      return soonest([podTrouble(latest), refusedPods(workload)]);
    }
    case "ReplicaSet":
      return soonest([podTrouble(ownedBy(workload, await pods(selector))), refusedPods(workload)]);
    case "StatefulSet": {
      const all = ownedBy(workload, await pods(selector));
      const revision = text(child(workload, "status"), "updateRevision");
      const isLatest = (pod: LiveObject): boolean => labelOf(pod, "controller-revision-hash") === revision;
      const former = podTrouble(all.filter((pod) => !isLatest(pod)));
      // It updates one pod after the other, and may wait for a former one for ever.
      const patient = former === undefined ? undefined : { ...former, graceMs: CLUSTER_GRACE_MS };
      const refused = await refusedLately(cluster, workload, namespace, nowMs, signal);
      return soonest([podTrouble(all.filter(isLatest)), patient, refused]);
    }
    case "DaemonSet": {
      const generation = stringMap(child(workload.metadata, "annotations"))["deprecated.daemonset.template.generation"];
      const all = ownedBy(workload, await pods(selector));
      const latest = all.filter((pod) => labelOf(pod, "pod-template-generation") === generation);
      return soonest([podTrouble(latest), await refusedLately(cluster, workload, namespace, nowMs, signal)]);
    }
    default: {
      // A Job counts its failed pods itself, and says when they are too many.
      const trouble = podTrouble(ownedBy(workload, await pods(selector)));
      const refused = await refusedLately(cluster, workload, namespace, nowMs, signal);
      return soonest([trouble?.sort === "crash" ? undefined : trouble, refused]);
    }
  }
}

/** The pod-template-hash of a Deployment's latest ReplicaSet; undefined while there is none. */
async function latestHash(
  cluster: PodReader,
  deployment: LiveObject,
  namespace: string,
  labelSelector: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const revision = revisionOf(stringMap(child(deployment.metadata, "annotations")));
  const answer = await cluster.list(REPLICA_SETS, { namespace, labelSelector }, signal);
  if (!answer.ok || revision === undefined) return undefined;
  const isOwn = ({ ownerReferences, annotations }: LiveMetadata): boolean =>
    revisionOf(annotations) === revision &&
    ownerReferences.some(({ kind, name, controller }) => {
      return controller && kind === "Deployment" && name === deployment.metadata.name;
    });
  return answer.value.items.find(isOwn)?.labels["pod-template-hash"];
}

function revisionOf(annotations: Readonly<Record<string, string>>): string | undefined {
  return annotations["deployment.kubernetes.io/revision"];
}

/** Why Jobs fail, as their controller says in Events. */
const JOB_FAILED: ReadonlySet<string> = new Set([
  "BackoffLimitExceeded",
  "DeadlineExceeded",
  "FailedIndexes",
  "MaxFailedIndexesExceeded",
  "PodFailurePolicy",
]);

/** What Events say of a Job that was there a moment ago and is gone: why it failed; undefined when none says that it did. */
export async function failureOfGone(
  cluster: PodReader,
  { metadata }: LiveObject,
  signal: AbortSignal,
): Promise<string | undefined> {
  const asked = { namespace: text(metadata, "namespace") ?? "", fieldSelector: `involvedObject.uid=${metadata.uid}` };
  const answer = await cluster.listObjects(EVENTS, asked, signal);
  const events = answer.ok ? answer.value.items : [];
  const failed = events.find((event) => JOB_FAILED.has(text(event, "reason") ?? ""));
  return failed && `${text(failed, "reason") ?? ""}: ${text(failed, "message") ?? ""}`.replace(/\.$/, "");
}

async function refusedLately(
  cluster: PodReader,
  workload: LiveObject,
  namespace: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<Trouble | undefined> {
  const fieldSelector = `involvedObject.uid=${workload.metadata.uid},reason=FailedCreate`;
  const answer = await cluster.listObjects(EVENTS, { namespace, fieldSelector }, signal);
  if (!answer.ok) return undefined;
  const recent = answer.value.items
    .map((event) => ({ event, atMs: Date.parse(text(event, "lastTimestamp") ?? text(event, "eventTime") ?? "") }))
    .filter(({ atMs }) => atMs > nowMs - EVENT_AGE_MS_MAX)
    .toSorted((a, b) => a.atMs - b.atMs);
  return refusedByEvents(
    workload,
    recent.map(({ event }) => event),
  );
}

function ownedBy(owner: LiveObject, pods: readonly LiveObject[]): readonly LiveObject[] {
  const references = (pod: LiveObject): readonly JsonObject[] => list(pod.metadata["ownerReferences"]).filter(isObject);
  return pods.filter((pod) => references(pod).some((reference) => text(reference, "uid") === owner.metadata.uid));
}

function labelOf(object: LiveObject, label: string): string | undefined {
  return stringMap(child(object.metadata, "labels"))[label];
}

function expression(value: Json): string | undefined {
  const [key, operator] = isObject(value) ? [text(value, "key"), text(value, "operator")] : [];
  const values = isObject(value) ? list(value["values"]).filter((one) => typeof one === "string") : [];
  if (key === undefined) return undefined;
  const written: Readonly<Record<string, string>> = {
    In: `${key} in (${values.join(",")})`,
    NotIn: `${key} notin (${values.join(",")})`,
    Exists: key,
    DoesNotExist: `!${key}`,
  };
  return written[operator ?? ""];
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
