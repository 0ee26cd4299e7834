import { groupOf, type Place, versionOf } from "../model/index.ts";
import type { MappingNode, YamlNode } from "./yaml/node.ts";

/** How kustomize names an object while it builds: `namespace` is as written, so "" may mean `default`. */
export interface ResourceId {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  /** The schema in use says that the kind is certainly cluster-scoped. */
  readonly clusterScoped: boolean;
}

/** An earlier identity. Only these three are kept: the apiVersion is always the present one. */
export interface PreviousId {
  readonly kind: string;
  readonly name: string;
  /** The effective namespace at that time. */
  readonly namespace: string;
}

/** What the OpenAPI schema in use says about a kind. Unknown kinds are not certainly cluster-scoped. */
export interface Scopes {
  isClusterScoped(apiVersion: string, kind: string): boolean;
}

export type Behavior = "unspecified" | "create" | "replace" | "merge";

/**
 * An object on its way through a build: its node, which it owns and may change, and what the build must remember about
 * it. kustomize keeps these as annotations on the object; here they are fields and never show.
 */
export interface Resource {
  node: MappingNode;
  /** Where it was read, or the place of the generator that made it. */
  readonly at: Place;
  /** Oldest first. Empty: the present id is the original one. */
  previous: readonly PreviousId[];
  /** Innermost first. */
  prefixes: readonly string[];
  suffixes: readonly string[];
  /** Names of the vars that refer to it. */
  refVarNames: readonly string[];
  behavior: Behavior;
  needsHash: boolean;
  /** Only patches carry these. */
  allowNameChange: boolean;
  allowKindChange: boolean;
  /** True once kustomize would have kept its notes in `metadata.annotations`, which rewrites that map at the end. */
  annotated: boolean;
  readonly scopes: Scopes;
}

export const NOT_A_NAMESPACE = "_non_namespaceable_";

export function newResource(node: MappingNode, at: Place, scopes: Scopes): Resource {
  return {
    node,
    at,
    previous: [],
    prefixes: [],
    suffixes: [],
    refVarNames: [],
    behavior: "unspecified",
    needsHash: false,
    allowNameChange: false,
    allowKindChange: false,
    annotated: false,
    scopes,
  };
}

/** The value at a key of a mapping; undefined when there is none, or when the node is no mapping. First key wins. */
export function valueAt(node: YamlNode | undefined, key: string): YamlNode | undefined {
  if (node?.kind !== "mapping") return undefined;
  for (const entry of node.entries) if (entry.key.value === key) return entry.value;
  return undefined;
}

/** The text of the scalar at a key, "" when there is none. */
export function textAt(node: YamlNode | undefined, key: string): string {
  const value = valueAt(node, key);
  return value?.kind === "scalar" ? value.value : "";
}

/** Null, or a mapping or sequence without content. */
export function isEmptyNode(node: YamlNode | undefined): boolean {
  if (node === undefined) return true;
  if (node.kind === "scalar") return node.tag === "!!null";
  return node.kind === "mapping" ? node.entries.length === 0 : node.items.length === 0;
}

export const kindOf = (resource: Resource): string => textAt(resource.node, "kind");
export const apiVersionOf = (resource: Resource): string => textAt(resource.node, "apiVersion");
export const nameOf = (resource: Resource): string => metadataText(resource, "name");
export const namespaceOf = (resource: Resource): string => metadataText(resource, "namespace");

function metadataText(resource: Resource, key: string): string {
  const value = valueAt(valueAt(resource.node, "metadata"), key);
  return value?.kind === "scalar" && value.tag !== "!!null" ? value.value : "";
}

/** The id an object has now. Unique among the resources of a folder. */
export function currentId(resource: Resource): ResourceId {
  const apiVersion = apiVersionOf(resource);
  const kind = kindOf(resource);
  return {
    group: groupOf(apiVersion),
    version: versionOf(apiVersion),
    kind,
    name: nameOf(resource),
    namespace: namespaceOf(resource),
    clusterScoped: resource.scopes.isClusterScoped(apiVersion, kind),
  };
}

/** Every id it had before, oldest first. */
export function previousIds(resource: Resource): readonly ResourceId[] {
  if (resource.previous.every(({ name }) => name === "")) return [];
  const apiVersion = apiVersionOf(resource);
  const [group, version] = [groupOf(apiVersion), versionOf(apiVersion)];
  return resource.previous.map((id) => ({ group, version, ...id, clusterScoped: false }));
}

/** The id it was loaded with. */
export function originalId(resource: Resource): ResourceId {
  return previousIds(resource)[0] ?? currentId(resource);
}

/** Remembers the present id before a change of name, namespace or kind. */
export function rememberId(resource: Resource): void {
  const id = currentId(resource);
  const previous = { kind: id.kind, name: id.name, namespace: effectiveNamespace(id) };
  resource.previous = [...resource.previous, previous];
  resource.annotated = true;
}

/**
 * kustomize notes former ids in lists of their parts, where an empty part leaves nothing and a comma makes two: false when
 * it could not read them any more. It does not read them at all as long as there was no name.
 */
export function hasReadablePast({ previous }: Resource): boolean {
  if (previous.every(({ name }) => name === "")) return true;
  return previous.every((id) => [id.kind, id.name, id.namespace].every((part) => part !== "" && !part.includes(",")));
}

/** `default` for none, and a word that is no namespace for what is certainly cluster-scoped. */
export function effectiveNamespace(id: ResourceId): string {
  if (id.clusterScoped) return NOT_A_NAMESPACE;
  return id.namespace === "" ? "default" : id.namespace;
}

/** A key that is equal for ids of one object: `default` and no namespace are the same. */
export function idKey(id: ResourceId): string {
  return `${id.group}/${id.version}/${id.kind}/${effectiveNamespace(id)}/${id.name}`;
}

/** kustomize's way to write an id: `Deployment.v1.apps/web.[noNs]`. */
export function idText(id: ResourceId): string {
  const gvk = `${id.kind || "[noKind]"}.${id.version || "[noVer]"}.${id.group || "[noGrp]"}`;
  return `${gvk}/${id.name || "[noName]"}.${id.namespace || "[noNs]"}`;
}
