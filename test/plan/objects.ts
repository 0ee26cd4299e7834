import { type JsonObject, type LiveMetadata, type Manifest, refKey } from "../../src/model/index.ts";
import { type Declared, declare, FIELD_MANAGER } from "../../src/plan/index.ts";

/** A ConfigMap that a service declares. */
export function declaredBy(service: string, name: string, data: Record<string, string> = { a: "1" }): Declared {
  const manifest: Manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data };
  return declareAs(service, manifest);
}

export function declareAs(service: string, manifest: Manifest, scope = "test", prune = true): Declared {
  const namespaced = manifest.kind !== "Namespace";
  const at = { path: `${service}/${manifest.metadata.name}.yaml`, line: 1 };
  return declare(manifest, at, { namespaced }, { scope, service, flux: true, prune }, "default");
}

/** The object as the server has it after our apply of it. */
export function liveAfter({ manifest, ref }: Declared, change: Partial<LiveMetadata> = {}): LiveMetadata {
  const labels = manifest.metadata["labels"] as Record<string, string>;
  const annotations = manifest.metadata["annotations"] as Record<string, string>;
  return {
    ref,
    uid: `uid-${ref.name}`,
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels,
    annotations,
    finalizers: [],
    ownerReferences: [],
    managedFields: [
      { manager: FIELD_MANAGER, operation: "Apply", apiVersion: manifest.apiVersion, fieldsV1: fieldsOf(manifest) },
    ],
    ...change,
  };
}

/** fieldsV1 of an apply of a manifest without lists, as the server records it. */
function fieldsOf(manifest: Manifest): JsonObject {
  const walk = (value: unknown): JsonObject =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([key, below]) => [`f:${key}`, walk(below)]))
      : {};
  const { apiVersion: _a, kind: _k, metadata, ...rest } = manifest;
  const { name: _n, namespace: _ns, ...marks } = metadata;
  return { ...walk(rest), "f:metadata": walk(marks) };
}

export function index(...objects: readonly LiveMetadata[]): ReadonlyMap<string, LiveMetadata> {
  return new Map(objects.map((object) => [refKey(object.ref), object]));
}
