import { child, isObject, type Json, type JsonObject, stringMap, text } from "../model/index.ts";
import type { Kind, LiveMetadata, LiveObject, ManagedFields } from "./port.ts";

/** Metadata of an object or a PartialObjectMetadata; undefined when it lacks what every stored object has. */
export function liveMetadata(kind: Kind, object: Json | undefined): LiveMetadata | undefined {
  const metadata = isObject(object) ? child(object, "metadata") : undefined;
  const [name, uid, resourceVersion] = [
    text(metadata, "name"),
    text(metadata, "uid"),
    text(metadata, "resourceVersion"),
  ];
  if (metadata === undefined || !name || uid === undefined || !resourceVersion) return undefined;
  const namespace = kind.namespaced ? (text(metadata, "namespace") ?? "") : "";
  const generation = metadata["generation"];
  const deletionTimestamp = text(metadata, "deletionTimestamp");
  return {
    ref: { group: kind.group, kind: kind.kind, namespace, name },
    uid,
    resourceVersion,
    ...(typeof generation === "number" ? { generation } : {}),
    creationTimestamp: text(metadata, "creationTimestamp") ?? "",
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    labels: stringMap(child(metadata, "labels")),
    annotations: stringMap(child(metadata, "annotations")),
    finalizers: list(metadata["finalizers"]).filter((one): one is string => typeof one === "string"),
    ownerReferences: list(metadata["ownerReferences"])
      .filter(isObject)
      .map((owner) => ({
        kind: text(owner, "kind") ?? "",
        name: text(owner, "name") ?? "",
        controller: owner["controller"] === true,
      })),
    managedFields: list(metadata["managedFields"]).filter(isObject).map(managedFields),
  };
}

export function isLiveObject(value: Json | undefined): value is LiveObject {
  if (!isObject(value)) return false;
  const metadata = child(value, "metadata");
  const texts = [text(value, "apiVersion"), text(value, "kind"), text(metadata, "name"), text(metadata, "uid")];
  return texts.every((one) => one !== undefined) && text(metadata, "resourceVersion") !== undefined;
}

function managedFields(entry: JsonObject): ManagedFields {
  const [time, subresource, fieldsV1] = [text(entry, "time"), text(entry, "subresource"), child(entry, "fieldsV1")];
  return {
    manager: text(entry, "manager") ?? "",
    operation: text(entry, "operation") === "Apply" ? "Apply" : "Update",
    apiVersion: text(entry, "apiVersion") ?? "",
    ...(time === undefined ? {} : { time }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(fieldsV1 === undefined ? {} : { fieldsV1 }),
  };
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
