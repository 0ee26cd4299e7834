import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { conflict, done, invalid, invalidValue, MODIFIED, notFound, type Outcome, refuse } from "../api/status.ts";
import { at, type Draft, scalarText } from "../kinds/draft.ts";
import { difference, fromFieldsV1, has, isEmpty, setOf, toFieldsV1, union } from "../merge/field-set.ts";
import { managedAfterUpdate } from "../merge/managed-fields.ts";
import { keyOf, type Target } from "../world.ts";
import { managing, metaOf, namedKind, namedResource, replaceObject } from "./write.ts";

/** The Scale of a workload (autoscaling/v1). */
function scaleOf(object: JsonObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metaOf(object);
  const labels = at(object as Draft, "spec", "selector", "matchLabels") ?? {};
  const selector = Object.entries(labels)
    .map(([key, value]) => `${key}=${scalarText(value)}`)
    .sort()
    .join(",");
  const metadata = Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp }).filter(
    ([, value]) => value !== undefined,
  );
  const replicas = at(object as Draft, "spec")?.["replicas"];
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: Object.fromEntries(metadata) as JsonObject,
    spec: replicas === 0 || replicas === undefined ? {} : { replicas },
    status: { replicas: at(object as Draft, "status")?.["replicas"] ?? 0, ...(selector === "" ? {} : { selector }) },
  };
}

export function getScale(target: Target, name: string): Outcome<JsonObject> {
  const live = target.world.store.get(keyOf(target, name));
  return live === undefined ? refuse(notFound(namedResource(target, name))) : done(scaleOf(live));
}

/** Sets the count that a changed Scale says; the field becomes the manager's, as an update of the subresource `scale`. */
export function setScale(target: Target, name: string, change: (scale: JsonObject) => JsonObject): Outcome<JsonObject> {
  const live = target.world.store.get(keyOf(target, name));
  if (live === undefined) return refuse(notFound(namedResource(target, name)));
  const scale = change(scaleOf(live));
  const spec = isObject(scale["spec"]) ? scale["spec"] : {};
  const replicas = spec["replicas"] ?? 0;
  const version = isObject(scale["metadata"]) ? scale["metadata"]["resourceVersion"] : undefined;
  if (typeof version === "string" && version !== "" && version !== metaOf(live)["resourceVersion"])
    return refuse(conflict(namedResource(target, name), MODIFIED));
  if (typeof replicas !== "number" || replicas < 0)
    return refuse(
      invalid({ ...namedKind(target, name), group: "autoscaling", kind: "Scale" }, [
        invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"),
      ]),
    );
  const next = { ...live, spec: { ...(isObject(live["spec"]) ? live["spec"] : {}), replicas } };
  const stored = replaceObject(target, live, withScaleOwners(target, live, next));
  return stored.ok ? done(scaleOf(stored.value)) : stored;
}

const REPLICAS = ["f:spec", "f:replicas"];

/**
 * A Scale knows only who owns the count. Nobody: then it is not tracked, as the server does not begin to track an
 * object that exists.
 */
function withScaleOwners(target: Target, live: JsonObject, next: JsonObject): JsonObject {
  const entries = metaOf(live)["managedFields"];
  const list = Array.isArray(entries) ? (entries as readonly Json[]).filter(isObject) : [];
  const setIn = (entry: JsonObject) => fromFieldsV1(isObject(entry["fieldsV1"]) ? entry["fieldsV1"] : {});
  const owners = list.filter((entry) => has(setIn(entry), REPLICAS));
  if (owners.length === 0) return next;
  const only = setOf(["spec", "replicas"]);
  const reduced = owners.map((entry) => ({ ...entry, fieldsV1: toFieldsV1(only) }));
  const with_ = (object: JsonObject): JsonObject => ({
    ...object,
    metadata: { ...metaOf(object), managedFields: reduced },
  });
  const request = { ...managing(target), subresource: "scale" };
  const after = managedAfterUpdate(request, with_(live), with_(next)) ?? [];
  const idOf = (entry: JsonObject): string =>
    ["manager", "operation", "subresource", "apiVersion"].map((key) => String(entry[key] as string)).join("\0");
  const kept = list.flatMap((entry) => {
    const rest = difference(setIn(entry), only);
    const again = after.find((one) => idOf(one) === idOf(entry));
    const set = again === undefined ? rest : union(rest, setIn(again));
    if (isEmpty(set)) return [];
    return [{ ...entry, fieldsV1: toFieldsV1(set) }];
  });
  // What comes by way of a Scale has no time.
  const added = after.filter((entry) => !list.some((one) => idOf(one) === idOf(entry))).map(withoutTime);
  const managedFields = [...kept, ...added];
  return { ...next, metadata: { ...metaOf(next), managedFields } };
}

function withoutTime(entry: JsonObject): JsonObject {
  const { time: _, ...rest } = entry;
  return rest;
}
