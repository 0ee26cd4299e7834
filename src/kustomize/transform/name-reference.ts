import type { TransformerConfig } from "../config/config.ts";
import { type Gvk, selects, visitField } from "../config/field-spec.ts";
import { setPlainField, setPlainText } from "../fields.ts";
import {
  currentId,
  effectiveNamespace,
  idText,
  kindOf,
  NOT_A_NAMESPACE,
  nameOf,
  namespaceOf,
  originalId,
  previousIds,
  type Resource,
  type ResourceId,
  textAt,
  valueAt,
} from "../resource.ts";
import type { MappingNode, ScalarNode, YamlNode } from "../yaml/node.ts";
import { failOn, type StepContext } from "./step.ts";

/** One object that may hold names of others. */
interface Referrer {
  readonly resource: Resource;
  readonly id: ResourceId;
  /** Namespaces of the service accounts that a RoleBinding binds. */
  readonly bound: ReadonlySet<string>;
  /** Every object of the build. */
  readonly all: readonly Resource[];
}

/** Objects by every name that they had before. */
type Renamed = ReadonlyMap<string, readonly Resource[]>;

/**
 * Gives references the new names of what they refer to. An object is meant when it once had that name and was of the
 * kind that the field names; among several, the one that shares the referrer's prefixes and suffixes.
 */
export function fixNameReferences(context: StepContext, config: TransformerConfig): void {
  const renamed = byFormerName(context.set.resources);
  for (const resource of context.set.resources) {
    const bound = boundNamespaces(resource.node, kindOf(resource));
    if (typeof bound === "string") {
      failOn(context, resource, bound);
      continue;
    }
    const referrer: Referrer = { resource, id: currentId(resource), bound, all: context.set.resources };
    for (const { spec, target } of config.referrers(originalId(resource))) {
      const update: Update = { referrer, target, path: spec.path, renamed };
      const problem = visitField(resource.node, spec, undefined, (node) => fixNode(node, update, true));
      if (problem !== undefined) failOn(context, resource, problem);
    }
  }
}

interface Update {
  readonly referrer: Referrer;
  readonly target: Gvk;
  readonly path: string;
  readonly renamed: Renamed;
}

function byFormerName(resources: readonly Resource[]): Renamed {
  const renamed = new Map<string, Resource[]>();
  for (const resource of resources) {
    for (const name of new Set(resource.previous.map((id) => id.name))) {
      const group = renamed.get(name);
      if (group === undefined) renamed.set(name, [resource]);
      else group.push(resource);
    }
  }
  return renamed;
}

function fixNode(node: YamlNode, update: Update, outer: boolean): string | undefined {
  if (node.kind === "scalar") return node.tag === "!!null" ? undefined : fixScalar(node, update);
  if (node.kind === "mapping") return fixMapping(node, update);
  if (!outer) return `${update.path} must hold names or maps with a name`;
  for (const item of node.items) {
    const problem = fixNode(item, update, false);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function fixScalar(node: ScalarNode, update: Update): string | undefined {
  const candidates = update.renamed.get(node.value);
  if (candidates === undefined) return undefined;
  const found = selectReferral(node.value, reachable(candidates, update.referrer), update, sameName);
  if (found === undefined || typeof found === "string") return found;
  const name = nameOf(found);
  if (name !== node.value && name !== "") setPlainText(node, name);
  return undefined;
}

/** The field leads to a map that has the name, and says in which namespace. */
function fixMapping(node: MappingNode, update: Update): string | undefined {
  const nameNode = valueAt(node, "name");
  if (nameNode === undefined) return `${update.path} leads to a map without a name`;
  const oldName = textAt(node, "name");
  const candidates = update.renamed.get(oldName);
  if (candidates === undefined) return undefined;
  const inReach = inNamespace(candidates, valueAt(node, "namespace"), update.referrer);
  const found = selectReferral(oldName, inReach, update, sameNameAndNamespace);
  if (found === undefined || typeof found === "string") return found;
  const [name, namespace] = [nameOf(found), namespaceOf(found)];
  if (name === oldName && namespace === "") return undefined;
  setPlainField(node, "name", name);
  if (namespace !== "") setPlainField(node, "namespace", namespace);
  return undefined;
}

/** A namespace is meant as it was at first if any object in reach, of whatever kind or name, was in it then. */
function inNamespace(
  named: readonly Resource[],
  namespace: YamlNode | undefined,
  referrer: Referrer,
): readonly Resource[] {
  const candidates = reachable(named, referrer);
  if (namespace === undefined) return candidates;
  const wanted = namespace.kind === "scalar" ? namespace.value : "";
  if (wanted === NOT_A_NAMESPACE) return [];
  const wasIn = (resource: Resource): boolean => effectiveNamespace(originalId(resource)) === wanted;
  const original = candidates.filter(wasIn);
  if (original.length > 0 || reachable(referrer.all, referrer).some(wasIn)) return original;
  return candidates.filter((candidate) => effectiveNamespace(currentId(candidate)) === wanted);
}

/** What a referrer can refer to at all, by namespace. */
function reachable(candidates: readonly Resource[], referrer: Referrer): readonly Resource[] {
  if (referrer.id.clusterScoped) return candidates;
  const own = effectiveNamespace(referrer.id);
  return candidates.filter((candidate) => {
    const id = currentId(candidate);
    return id.clusterScoped || effectiveNamespace(id) === own || referrer.bound.has(id.namespace);
  });
}

/** The namespaces, or what is wrong with the subjects. */
function boundNamespaces(node: MappingNode, kind: string): ReadonlySet<string> | string {
  const namespaces = new Set<string>();
  const subjects = kind === "RoleBinding" ? valueAt(node, "subjects") : undefined;
  for (const subject of subjects?.kind === "sequence" ? subjects.items : []) {
    if (subject.kind !== "mapping") return "a subject must be a map";
    const namespace = valueAt(subject, "namespace");
    if (namespace === undefined || textAt(subject, "kind") !== "ServiceAccount") continue;
    if (namespace.kind !== "scalar" || namespace.tag !== "!!str") return "the namespace of a subject must be text";
    namespaces.add(namespace.value);
  }
  return namespaces;
}

/** The object meant; undefined when there is none, and words when it could be several. */
function selectReferral(
  oldName: string,
  candidates: readonly Resource[],
  { referrer, target, path }: Update,
  identical: (resources: readonly Resource[]) => boolean,
): Resource | string | undefined {
  const role = path.endsWith("roleRef/name") ? roleOf(referrer.resource.node) : undefined;
  const own = effectiveNamespace(referrer.id);
  let left = candidates.filter((candidate) => {
    const ids = previousIds(candidate);
    if (!ids.some((id) => id.name === oldName) || !ids.some((id) => selects(target, id))) return false;
    if (role !== undefined && !ids.some((id) => selects(role, id))) return false;
    if (referrer.id.clusterScoped) return true;
    const id = currentId(candidate);
    return id.clusterScoped || id.kind === "ServiceAccount" || effectiveNamespace(id) === own;
  });
  if (left.length === 1) return left[0];
  left = left.filter((candidate) => sameContext(candidate, referrer.resource, true));
  if (left.length > 1) left = left.filter((candidate) => sameContext(candidate, referrer.resource, false));
  if (left.length <= 1 || identical(left)) return left[0];
  const ids = left.map((candidate) => idText(currentId(candidate))).join(", ");
  return `${path} names ${oldName}, which may be any of ${ids}`;
}

function roleOf(node: MappingNode): Gvk | undefined {
  const roleRef = valueAt(node, "roleRef");
  const [group, kind] = [valueAt(roleRef, "apiGroup"), valueAt(roleRef, "kind")];
  if (group?.kind !== "scalar" || kind?.kind !== "scalar") return undefined;
  return { group: group.value, version: "", kind: kind.value };
}

/** True when two objects got the same prefixes and suffixes in the outer folders. */
function sameContext(a: Resource, b: Resource, emptyMatchesAll: boolean): boolean {
  return sameEnd(a.prefixes, b.prefixes, emptyMatchesAll) && sameEnd(a.suffixes, b.suffixes, emptyMatchesAll);
}

function sameEnd(a: readonly string[], b: readonly string[], emptyMatchesAll: boolean): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length === 0) return emptyMatchesAll || long.length === 0;
  const shift = long.length - short.length;
  return short.every((part, index) => long[index + shift] === part);
}

function sameName(resources: readonly Resource[]): boolean {
  return new Set(resources.map(nameOf)).size <= 1;
}

function sameNameAndNamespace(resources: readonly Resource[]): boolean {
  return new Set(resources.map((resource) => `${namespaceOf(resource)}/${nameOf(resource)}`)).size <= 1;
}
