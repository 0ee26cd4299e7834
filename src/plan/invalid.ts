import { isObject, type Json, type JsonObject, type Manifest } from "../model/index.ts";

/**
 * What keeps a built manifest from being an object of the API; undefined when nothing does. A build passes on what kustomize
 * passes on, and the server refuses only what it is sent: labels, annotations and a Secret's stringData are rewritten before.
 * A null stands for nothing, as it does to the server.
 */
export function objectProblem(manifest: JsonObject): string | undefined {
  const { apiVersion, kind, metadata } = manifest;
  if (!isName(apiVersion)) return problem("apiVersion", apiVersion, "a version like v1 or apps/v1");
  if (!isName(kind)) return problem("kind", kind, "a kind like ConfigMap");
  if (!isObject(metadata)) return problem("metadata", metadata, "a map with a name");
  const { name, namespace, labels, annotations } = metadata;
  if (!isName(name)) return problem("metadata.name", name, "a name");
  if (typeof (namespace ?? "") !== "string") return problem("metadata.namespace", namespace, "a name");
  const maps: readonly (readonly [string, Json | undefined])[] = [
    ["metadata.labels", labels],
    ["metadata.annotations", annotations],
    ...(kind === "Secret" && apiVersion === "v1" ? ([["stringData", manifest["stringData"]]] as const) : []),
  ];
  for (const [path, map] of maps) {
    const wrong = mapProblem(path, map);
    if (wrong !== undefined) return wrong;
  }
  const data = manifest["stringData"] === undefined ? undefined : manifest["data"];
  if (kind === "Secret" && data !== undefined && data !== null && !isObject(data))
    return problem("data", data, "a map");
  return undefined;
}

function isName(value: Json | undefined): boolean {
  return typeof value === "string" && value !== "";
}

function mapProblem(path: string, map: Json | undefined): string | undefined {
  if (map === undefined || map === null) return undefined;
  if (!isObject(map)) return problem(path, map, "a map of texts");
  const wrong = Object.entries(map).find(([, value]) => value !== null && typeof value !== "string");
  return wrong === undefined ? undefined : problem(`${path}.${wrong[0]}`, wrong[1], "a text: put it into quotes");
}

function problem(path: string, value: Json | undefined, wanted: string): string {
  return value === undefined
    ? `${path} is missing: it has to be ${wanted}`
    : `${path} is ${told(value)}, and has to be ${wanted}`;
}

/** Never the value itself, which may be a Secret's. */
function told(value: Json): string {
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "a map";
  if (value === "") return "empty";
  if (value === null) return "null";
  return typeof value === "boolean" ? "a boolean" : "a number";
}

/** How people find a manifest that is no object: by what it says of itself. */
export function manifestText({ kind, metadata }: Manifest): string {
  const name = isObject(metadata) && isName(metadata["name"]) ? ` ${String(metadata["name"])}` : "";
  return `${isName(kind) ? String(kind) : "an object"}${name}`;
}
