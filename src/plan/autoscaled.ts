import {
  child,
  type Failure,
  isObject,
  type Json,
  type JsonObject,
  type LiveMetadata,
  type Manifest,
  type ObjectRef,
  type Place,
  placeText,
  refOf,
  refText,
  text,
} from "../model/index.ts";
import { type Declared, sealed } from "./declare.ts";
import { APPLIED_ANNOTATION } from "./marks.ts";
import { appliedFields } from "./ownership.ts";

/** A HorizontalPodAutoscaler and what it scales. `at`: where this revision declares it. */
export interface Autoscaler {
  readonly ref: ObjectRef;
  readonly target: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly at?: Place;
}

/** The autoscalers that there are. `unknown`: why there may be more, when those of the cluster could not be listed. */
export interface Autoscalers {
  readonly byTarget: ReadonlyMap<string, Autoscaler>;
  readonly unknown?: string;
}

export const NO_AUTOSCALERS: Autoscalers = { byTarget: new Map() };

/** Autoscalers by what they scale; of two for one target the first is named. */
export function newAutoscalers(found: readonly Autoscaler[], unknown?: string): Autoscalers {
  const byTarget = new Map<string, Autoscaler>();
  for (const one of found) {
    const key = targetKey(one.target);
    if (!byTarget.has(key)) byTarget.set(key, one);
  }
  return { byTarget, ...(unknown === undefined ? {} : { unknown }) };
}

/** What a HorizontalPodAutoscaler, declared or live, scales; undefined for any other object. */
export function autoscalerOf(object: Manifest, namespace: string, at?: Place): Autoscaler | undefined {
  if (object.kind !== "HorizontalPodAutoscaler" || !object.apiVersion.startsWith("autoscaling/")) return undefined;
  const target = child(child(object, "spec"), "scaleTargetRef");
  const [kind, name] = [text(target, "kind"), text(target, "name")];
  if (kind === undefined || name === undefined) return undefined;
  return {
    ref: refOf(object, namespace),
    target: { kind, namespace, name },
    ...(at === undefined ? {} : { at }),
  };
}

/** Whether it matters for an object if something scales it: it sets replicas, or once did. */
export function isScalable({ manifest }: Declared, live: LiveMetadata | undefined): boolean {
  const applied = live === undefined ? undefined : appliedFields(live);
  return replicasOf(manifest) !== undefined || ownsReplicas(applied?.fieldsV1);
}

/** The replicas that an object, declared or live, says; undefined when it says none. */
export function replicasOf(object: JsonObject | undefined): Json | undefined {
  const replicas = child(object, "spec")?.["replicas"];
  return replicas === null ? undefined : replicas;
}

/** Whether fieldsV1 has `spec.replicas`. */
export function ownsReplicas(fields: JsonObject | undefined): boolean {
  return isObject(child(fields, "f:spec")?.["f:replicas"]);
}

/**
 * What is declared of an object that an autoscaler scales: all but its replicas, under a hash that does not depend on them, so
 * that git's number is neither drift nor a change. It may be one that an autoscaler scales when that cannot be known:
 * `certain` tells the two apart, and an object that is not there yet is declared as it is.
 */
export function leftToScale(declared: Declared, live: LiveMetadata | undefined, autoscalers: Autoscalers): Declared {
  const { byTarget, unknown } = autoscalers;
  const certain = byTarget.has(targetKey(declared.ref));
  if (!certain && (unknown === undefined || live === undefined)) return declared;
  if (!isScalable(declared, live)) return declared;
  const replicas = replicasOf(declared.manifest);
  if (replicas === undefined) return { ...declared, autoscaled: { certain } };
  return { ...declared, ...sealed(withReplicas(declared.manifest, undefined)), autoscaled: { certain, replicas } };
}

/** Whether a live object is as `left` has it applied; when it is not certain that it is scaled, also as git has it whole. */
export function isAsApplied(live: LiveMetadata, left: Declared, whole: Declared): boolean {
  const applied = live.annotations[APPLIED_ANNOTATION];
  return applied === left.hash || (left.autoscaled?.certain === false && applied === whole.hash);
}

/** A manifest with these replicas, or with none; a `spec` that is empty then is left out as well. */
export function withReplicas(manifest: Manifest, replicas: Json | undefined): Manifest {
  const { spec, ...rest } = manifest;
  const { replicas: _before, ...others } = isObject(spec) ? spec : {};
  const settled = replicas === undefined ? others : { ...others, replicas };
  return (Object.keys(settled).length === 0 ? rest : { ...rest, spec: settled }) as Manifest;
}

/** What to say of an object whose replicas git sets and an autoscaler scales; undefined when there is nothing to say. */
export function autoscaledWarning(
  { ref, at, autoscaled }: Declared,
  { byTarget, unknown }: Autoscalers,
): Failure | undefined {
  if (autoscaled?.replicas === undefined) return undefined;
  const object = refText(ref);
  const autoscaler = byTarget.get(targetKey(ref));
  if (autoscaler === undefined) {
    return {
      code: "drift/autoscaled",
      message: `whether an autoscaler scales ${object} is not known, so its replicas are left as they are: ${unknown ?? ""}`,
      remedy: "let this user list horizontalpodautoscalers.autoscaling in all namespaces",
      at,
      object,
    };
  }
  const place = autoscaler.at === undefined ? "in the cluster" : placeText(autoscaler.at);
  return {
    code: "drift/autoscaled",
    message: `${object} says spec.replicas, and ${refText(autoscaler.ref)} (${place}) scales it: git's number is left out`,
    remedy: `remove spec.replicas from ${placeText(at)}`,
    at,
    object,
  };
}

/** The group is left out: an autoscaler may name an older one of the same kind. */
function targetKey({ kind, namespace, name }: Pick<ObjectRef, "kind" | "namespace" | "name">): string {
  return `${kind}/${namespace}/${name}`;
}
