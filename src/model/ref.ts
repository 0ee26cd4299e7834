import type { Manifest } from "./manifest.ts";

/** Which object: identity has no version, so that one object served in two versions is one. Cluster-scoped: namespace "". */
export interface ObjectRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The group of an apiVersion: `apps` of `apps/v1`, `` of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf("/") + 1);
}

/** A manifest's identity as it is written; the caller settles the namespace of an object that names none. */
export function refOf(manifest: Manifest, namespace: string = manifest.metadata.namespace ?? ""): ObjectRef {
  return { group: groupOf(manifest.apiVersion), kind: manifest.kind, namespace, name: manifest.metadata.name };
}

/** A unique key: `group/kind/namespace/name`. No part can hold a slash. */
export function refKey(ref: ObjectRef): string {
  return `${ref.group}/${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** How people read it: `apps/Deployment payments/api`, `Namespace payments`. */
export function refText(ref: ObjectRef): string {
  const kind = ref.group === "" ? ref.kind : `${ref.group}/${ref.kind}`;
  return ref.namespace === "" ? `${kind} ${ref.name}` : `${kind} ${ref.namespace}/${ref.name}`;
}
