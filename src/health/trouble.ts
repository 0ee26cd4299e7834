import { child, type JsonObject, type LiveObject, text } from "../model/index.ts";
import { kubectl, oneLine } from "./health.ts";
import { conditionOf, integer, items, namedOf, words } from "./status.ts";

/** Why a workload does not get ahead, as far as its pods, or their absence, say. */
export interface Trouble {
  /** Which sort: reasons of one sort alternate, as ErrImagePull and ImagePullBackOff do. */
  readonly sort: "crash" | "image" | "configuration" | "placement" | "refused" | "old";
  /** As Kubernetes names it. */
  readonly reason: string;
  /** For people; holds no value of a Secret and nothing that the program itself wrote. */
  readonly why: string;
  /** The command that shows more. */
  readonly look: string;
  /** How long it may last before it counts as failed; 0 is at once. */
  readonly graceMs: number;
}

/** What pods get into by themselves and rarely out of: an image that is not there stays away. */
const POD_GRACE_MS = 20_000;
/** What may end by itself: a node comes, a quota is raised, another controller writes the missing Secret. */
export const CLUSTER_GRACE_MS = 60_000;
/** A container that has been started anew so often, and ended again, is given up at once. */
const RESTARTS_MAX = 2;

/** The trouble that counts soonest, of the pods of one workload; pods that are ready, ended or being deleted have none. */
export function podTrouble(pods: readonly LiveObject[]): Trouble | undefined {
  return soonest(pods.filter(mayHaveTrouble).flatMap((pod) => [...containersTrouble(pod), ...placementTrouble(pod)]));
}

/** Pods that a Deployment or ReplicaSet wants and may not have. */
export function refusedPods(workload: LiveObject): Trouble | undefined {
  const refused = conditionOf(workload, "ReplicaFailure", "True");
  return refused === undefined ? undefined : refusal(workload, refused.reason, words(refused));
}

/** The same, of workloads that only say so in Events. */
export function refusedByEvents(workload: LiveObject, events: readonly JsonObject[]): Trouble | undefined {
  const refused = events.filter((event) => text(event, "reason") === "FailedCreate").at(-1);
  return refused === undefined ? undefined : refusal(workload, "FailedCreate", text(refused, "message") ?? "");
}

export function soonest(troubles: readonly (Trouble | undefined)[]): Trouble | undefined {
  const known = troubles.filter((trouble) => trouble !== undefined);
  return known.reduce<Trouble | undefined>(
    (first, next) => (first === undefined || next.graceMs < first.graceMs ? next : first),
    undefined,
  );
}

function mayHaveTrouble(pod: LiveObject): boolean {
  const phase = text(child(pod, "status"), "phase");
  const over = phase === "Succeeded" || phase === "Failed";
  return !over && pod.metadata["deletionTimestamp"] === undefined && conditionOf(pod, "Ready", "True") === undefined;
}

function containersTrouble(pod: LiveObject): readonly Trouble[] {
  const status = child(pod, "status");
  return ["initContainerStatuses", "containerStatuses"]
    .flatMap((list) => items(status?.[list]))
    .flatMap((container) => containerTrouble(pod, container) ?? []);
}

const IMAGE = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
]);
/** Mostly a ConfigMap or Secret that is not there, or lacks a key. */
const CONFIGURATION = new Set(["CreateContainerConfigError", "CreateContainerError", "RunContainerError"]);

function containerTrouble(pod: LiveObject, container: JsonObject): Trouble | undefined {
  const { namespace, name } = namedOf(pod);
  const inner = text(container, "name") ?? "";
  const state = child(container, "state");
  const reason = text(child(state, "waiting"), "reason") ?? "";
  const which = `container ${inner} of pod ${name}`;
  const said = publicWords(text(child(state, "waiting"), "message") ?? "");
  const describe = kubectl(namespace, `describe pod ${name}`);
  if (IMAGE.has(reason)) {
    const why = `${which} has no image: ${reason}${said === "" ? "" : `: ${said}`}`;
    return { sort: "image", reason, why, look: describe, graceMs: POD_GRACE_MS };
  }
  if (CONFIGURATION.has(reason)) {
    // What the container runtime says may quote the command line; what the kubelet says names objects and keys.
    const about = reason === "CreateContainerConfigError" && said !== "" ? `: ${said}` : "";
    const why = `${which} cannot start: ${reason}${about}`;
    return { sort: "configuration", reason, why, look: describe, graceMs: CLUSTER_GRACE_MS };
  }
  const ended = child(state, "terminated") ?? child(child(container, "lastState"), "terminated");
  const exitCode = integer(ended, "exitCode") ?? 0;
  const down = reason === "CrashLoopBackOff" || (child(state, "terminated") !== undefined && exitCode !== 0);
  if (!down) return undefined;
  const restarts = integer(container, "restartCount") ?? 0;
  const cause = text(ended, "reason") ?? "";
  const how = ended === undefined ? "" : `: ${cause === "" ? "ended" : cause} with exit code ${exitCode}`;
  return {
    sort: "crash",
    reason: cause === "OOMKilled" ? cause : reason === "" ? "Error" : reason,
    why: `${which} ends again and again (${reason === "" ? "restarting" : reason})${how}, ${restarts} restarts`,
    look: kubectl(namespace, `logs ${name} -c ${inner} --previous`),
    graceMs: restarts >= RESTARTS_MAX ? 0 : POD_GRACE_MS,
  };
}

function placementTrouble(pod: LiveObject): readonly Trouble[] {
  const { namespace, name } = namedOf(pod);
  const unplaced = conditionOf(pod, "PodScheduled", "False");
  if (unplaced?.reason !== "Unschedulable") return [];
  const why = `pod ${name} fits on no node: ${oneLine(words(unplaced))}`;
  const look = kubectl(namespace, `describe pod ${name}`);
  return [{ sort: "placement", reason: unplaced.reason, why, look, graceMs: CLUSTER_GRACE_MS }];
}

function refusal(workload: LiveObject, reason: string, message: string): Trouble {
  const { namespace, name } = namedOf(workload);
  const quota = /exceeded quota: ([^,\s]+)/.exec(message)?.[1];
  const what = quota === undefined ? `${workload.kind.toLowerCase()} ${name}` : `resourcequota ${quota}`;
  return {
    sort: "refused",
    reason: quota === undefined ? reason : "QuotaExceeded",
    why: `its pods may not be created: ${publicWords(message)}`,
    look: kubectl(namespace, `describe ${what}`),
    graceMs: CLUSTER_GRACE_MS,
  };
}

/** One line without what a URL may hold of credentials. */
function publicWords(message: string): string {
  return oneLine(message.replace(/:\/\/[^/@\s"]+@/g, "://***@").replace(/\?[^\s"]+/g, "?***"));
}
