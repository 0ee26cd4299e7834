import { type Creation, type FieldSpecs, type Gvk, selects, visitField } from "../config/field-spec.ts";
import { setPlainText } from "../fields.ts";
import { originalId, type Resource, rememberId } from "../resource.ts";
import { failOn, type Step } from "./step.ts";

export interface Affix {
  readonly prefix: string;
  readonly suffix: string;
  readonly specs: FieldSpecs;
}

/** Kinds whose names mean something outside. */
const KEPT: readonly Gvk[] = [
  { group: "", version: "", kind: "CustomResourceDefinition" },
  { group: "apiregistration.k8s.io", version: "", kind: "APIService" },
  { group: "", version: "", kind: "Namespace" },
];
const CREATION: Creation = { kind: "scalar", tag: "!!str" };

/** Puts text before or after names, and notes it, so that references find the object of their own context. */
export function affixStep(affix: Affix): Step {
  return (context) => {
    for (const resource of context.set.resources) {
      const problem = rename(resource, affix);
      if (problem !== undefined) failOn(context, resource, problem);
    }
    context.set.idsChanged();
  };
}

function rename(resource: Resource, { prefix, suffix, specs }: Affix): string | undefined {
  const id = originalId(resource);
  if (KEPT.some((kept) => selects(kept, id))) return undefined;
  for (const spec of specs.of(id)) {
    if (spec.path === "metadata/name") {
      if (prefix !== "") resource.prefixes = [...resource.prefixes, prefix];
      if (suffix !== "") resource.suffixes = [...resource.suffixes, suffix];
      if (prefix !== "" || suffix !== "") rememberId(resource);
    }
    const problem = visitField(resource.node, spec, CREATION, (node) => {
      if (node.kind !== "scalar") return `${spec.path} must be text`;
      setPlainText(node, `${prefix}${node.value}${suffix}`);
      return undefined;
    });
    if (problem !== undefined) return problem;
  }
  return undefined;
}
