import { groupOf, type HealthCheck, type JsonObject } from "../model/index.ts";
import { type Fail, readList, readMap, readTexts } from "./fields.ts";

const FIELDS = ["apiVersion", "kind", "name", "namespace"] as const;
/** What an entry means that names no apiVersion. Source: kustomize-controller, for documents of its first versions. */
const USUAL_VERSION = "apps/v1";

/**
 * `spec.healthChecks`: the objects to wait for. One that names no namespace is in that of the document, if its kind has any.
 * Only the group of apiVersion matters.
 */
export function readHealthChecks(spec: JsonObject, home: string, fail: Fail): readonly HealthCheck[] {
  return readList(spec, "healthChecks", fail).flatMap(({ value, at }) => {
    const map = readMap(value, at, fail, FIELDS) ?? {};
    const { apiVersion = USUAL_VERSION, kind, name, namespace = home } = readTexts(map, FIELDS, at, fail);
    if (kind !== undefined && name !== undefined) return [{ group: groupOf(apiVersion), kind, namespace, name }];
    const missing = kind === undefined ? "kind" : "name";
    fail(
      "service/invalid-field",
      [...at, missing],
      "is missing",
      "name the kind and the name of the object to wait for",
    );
    return [];
  });
}
