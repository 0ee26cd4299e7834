import {
  type Answer,
  type Applied,
  type Cluster,
  type LiveObject,
  type Problem,
  problemFailure,
} from "../cluster/index.ts";
import { child, failed, type ObjectRef, ok, type Result, stringMap } from "../model/index.ts";
import { STATUS_MANAGER } from "../plan/index.ts";
import { CONFIG_MAP, NAMESPACE, type StatusPlace, standingLabels } from "./place.ts";

/** One object that is kept: its texts by key, and the version that was read. */
export interface KeptObject {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, string>>;
}

export function keptObject({ metadata, ...object }: LiveObject): KeptObject {
  const { name, uid, resourceVersion } = metadata;
  return { name, uid, resourceVersion, data: stringMap(child(object, "data")) };
}

export type Written = { readonly kind: "written"; readonly object: KeptObject } | { readonly kind: "changed" };

/**
 * Writes one object, only if nobody wrote it since it was read (`before`); says `changed` when somebody did. Makes the
 * namespace when it is missing.
 */
export async function writeObject(
  cluster: Cluster,
  place: StatusPlace,
  name: string,
  data: Readonly<Record<string, string>>,
  before: KeptObject | undefined,
  signal: AbortSignal,
): Promise<Result<Written>> {
  const version = before === undefined ? {} : { resourceVersion: before.resourceVersion };
  const answer = await applyKept(cluster, place, { name, version, data }, STATUS_MANAGER, signal);
  if (answer.ok) return ok({ kind: "written", object: keptObject(answer.value.object) });
  if (answer.problem.status === 409) return ok({ kind: "changed" });
  return failed(problemFailure(answer.problem, { verb: "apply", what: refOfKept(place, name) }));
}

/**
 * Makes an object that is not there, with nothing in it, so that it has a version to write against. Under a field manager
 * of its own: of two that do it at once, neither takes away what the other has written by then.
 */
export async function makeObject(
  cluster: Cluster,
  place: StatusPlace,
  name: string,
  signal: AbortSignal,
): Promise<Result<void>> {
  const answer = await applyKept(cluster, place, { name, version: {} }, `${STATUS_MANAGER}-new`, signal);
  if (answer.ok) return ok(undefined);
  return failed(problemFailure(answer.problem, { verb: "apply", what: refOfKept(place, name) }));
}

async function applyKept(
  cluster: Cluster,
  place: StatusPlace,
  { name, version, data }: { readonly name: string; readonly version: object; readonly data?: KeptObject["data"] },
  fieldManager: string,
  signal: AbortSignal,
): Promise<Answer<Applied>> {
  const manifest = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: place.namespace, labels: standingLabels(place), ...version },
    ...(data === undefined ? {} : { data }),
  };
  const apply = () => cluster.apply(CONFIG_MAP, manifest, { fieldManager, force: true }, signal);
  const answer = await apply();
  if (answer.ok || !isMissingNamespace(answer.problem)) return answer;
  const made = await makeNamespace(cluster, place.namespace, signal);
  return made.ok ? await apply() : made;
}

function refOfKept({ namespace }: StatusPlace, name: string): ObjectRef {
  return { group: "", kind: "ConfigMap", namespace, name };
}

function makeNamespace(cluster: Cluster, name: string, signal: AbortSignal): Promise<Answer<Applied>> {
  const manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  return cluster.apply(NAMESPACE, manifest, { fieldManager: STATUS_MANAGER, force: false }, signal);
}

function isMissingNamespace({ status, message }: Problem): boolean {
  return status === 404 && message.startsWith("namespaces ");
}
