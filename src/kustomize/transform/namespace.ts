import { type Creation, type FieldSpecs, fieldSpec, visitField } from "../config/field-spec.ts";
import { scalar, textMap } from "../fields.ts";
import { flag, list, object, text } from "../kustomization/decode.ts";
import { fieldSpecShape } from "../kustomization/fields.ts";
import {
  apiVersionOf,
  currentId,
  idKey,
  idText,
  isEmptyNode,
  kindOf,
  type Resource,
  rememberId,
  valueAt,
} from "../resource.ts";
import type { ScalarNode, YamlNode } from "../yaml/node.ts";
import { failOn, type Step, type StepContext } from "./step.ts";
import { decodeConfig, specsOf, type Transformer } from "./transformer.ts";

export type SubjectMode = "defaultOnly" | "allServiceAccounts" | "none";

export interface NamespaceChange {
  readonly namespace: string;
  readonly specs: FieldSpecs;
  /** Only fields that are not set. */
  readonly unsetOnly: boolean;
  readonly subjects: SubjectMode;
}

const OWN_NAMESPACE = fieldSpec("metadata/namespace", {}, true);
const CREATION: Creation = { kind: "scalar", tag: "!!str" };
const BINDINGS: ReadonlySet<string> = new Set(["RoleBinding", "ClusterRoleBinding"]);
const HELM_MADE = "internal.config.kubernetes.io/helm-generated";

/** Puts every object that is not certainly cluster-scoped into a namespace, and what refers to it by namespace. */
function namespaceStep(change: NamespaceChange): Step {
  return (context) => {
    if (change.namespace === "") return;
    const { set } = context;
    const count = new Map<string, number>();
    const add = (key: string, by: number): number => {
      const next = (count.get(key) ?? 0) + by;
      count.set(key, next);
      return next;
    };
    for (const resource of set.resources) add(idKey(currentId(resource)), 1);
    for (const resource of set.resources) {
      if (isEmptyNode(resource.node)) continue;
      if (textMap(valueAt(valueAt(resource.node, "metadata"), "annotations")).get(HELM_MADE) === "true") continue;
      const before = idKey(currentId(resource));
      rememberId(resource);
      const problem = moveObject(resource, change);
      if (problem !== undefined) failOn(context, resource, problem);
      const id = currentId(resource);
      const after = idKey(id);
      add(before, -1);
      if (add(after, 1) !== 1) conflict(context, resource, idText(id));
    }
    set.idsChanged();
  };
}

function conflict(context: StepContext, resource: Resource, id: string): void {
  context.report.fail(
    "build/duplicate-object",
    resource.at,
    `after namespace is set there are two objects ${id}`,
    "rename one of them, or leave one out",
  );
}

/** Sets the namespace in one object; answers what is wrong. */
export function moveObject(resource: Resource, change: NamespaceChange): string | undefined {
  const { node } = resource;
  const apiVersion = apiVersionOf(resource);
  const id = currentId(resource);
  const set = setter(change);
  if (!id.clusterScoped) {
    const problem = visitField(node, OWN_NAMESPACE, CREATION, set);
    if (problem !== undefined) return problem;
  }
  const binding = BINDINGS.has(kindOf(resource));
  if (binding) {
    const problem = moveSubjects(valueAt(node, "subjects"), change);
    if (problem !== undefined) return problem;
  }
  for (const spec of change.specs.of(id)) {
    if (spec.path === "metadata/namespace") continue;
    if (spec.path === "metadata/name" && apiVersion !== "v1") continue;
    if (binding && BINDINGS.has(spec.kind) && spec.path === "subjects/namespace") continue;
    const problem = visitField(node, spec, CREATION, set);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function setter(change: NamespaceChange): (node: YamlNode) => string | undefined {
  return (node) => {
    if (node.kind !== "scalar") return "a namespace must be text";
    if (change.unsetOnly && node.tag !== "!!null" && node.value !== "") return undefined;
    setString(node, change.namespace);
    return undefined;
  };
}

function setString(node: ScalarNode, value: string): void {
  node.tag = "!!str";
  node.value = value;
  delete node.explicitTag;
  delete node.untyped;
}

function moveSubjects(subjects: YamlNode | undefined, change: NamespaceChange): string | undefined {
  if (change.subjects === "none" || subjects === undefined) return undefined;
  if (subjects.kind === "scalar" && subjects.tag === "!!null") return undefined;
  if (subjects.kind !== "sequence") return "subjects must be a list";
  const [field, wanted] = change.subjects === "defaultOnly" ? ["name", "default"] : ["kind", "ServiceAccount"];
  const set = setter(change);
  for (const subject of subjects.items) {
    if (subject.kind !== "mapping" && !isEmptyNode(subject)) return "a subject must be a map";
    const value = valueAt(subject, field);
    if (subject.kind !== "mapping" || value?.kind !== "scalar" || value.value !== wanted) continue;
    let namespace = valueAt(subject, "namespace");
    if (namespace === undefined) {
      namespace = scalar("");
      subject.entries.push({ key: scalar("namespace"), value: namespace });
    }
    const problem = set(namespace);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const configShape = object({
  metadata: object({ namespace: text }),
  fieldSpecs: list(fieldSpecShape),
  unsetOnly: flag,
  setRoleBindingSubjects: text,
});

export const namespaceTransformer: Transformer = {
  kind: "NamespaceTransformer",
  ofKustomization(_context, { kustomization: { namespace = "" }, file }, config) {
    if (namespace === "") return [];
    const change: NamespaceChange = { namespace, specs: config.namespace, unsetOnly: false, subjects: "defaultOnly" };
    return [{ step: namespaceStep(change), at: { path: file } }];
  },
  ofConfig(_context, folder, document) {
    const spec = decodeConfig(configShape, document, folder);
    if (spec === undefined) return [];
    const subjects = spec.setRoleBindingSubjects || "defaultOnly";
    if (subjects !== "defaultOnly" && subjects !== "allServiceAccounts" && subjects !== "none") {
      const remedy = "write defaultOnly, allServiceAccounts or none";
      folder.report.fail("build/invalid-transformer", spec.at, `setRoleBindingSubjects is ${subjects}`, remedy);
      return [];
    }
    const { unsetOnly = false } = spec;
    const namespace = spec.metadata?.namespace ?? "";
    const step = namespaceStep({ namespace, specs: specsOf(spec.fieldSpecs), unsetOnly, subjects });
    return [{ step, at: document.at }];
  },
};
