import { type Creation, type FieldSpecs, type Gvk, selects, visitField } from "../config/field-spec.ts";
import { setPlainText } from "../fields.ts";
import type { Folder } from "../folder.ts";
import { list, object, text } from "../kustomization/decode.ts";
import { fieldSpecShape } from "../kustomization/fields.ts";
import { originalId, type Resource, rememberId } from "../resource.ts";
import { failOn, type Step } from "./step.ts";
import { type Configured, decodeConfig, specsOf, type Transformer } from "./transformer.ts";

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
function affixStep(affix: Affix): Step {
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

const configShape = object({ prefix: text, suffix: text, fieldSpecs: list(fieldSpecShape) });

function affixConfig(
  document: Resource,
  folder: Folder,
  parts: { prefix: boolean; suffix: boolean },
): readonly Configured[] {
  const spec = decodeConfig(configShape, document, folder);
  if (spec === undefined) return [];
  if (spec.fieldSpecs === undefined) {
    folder.report.fail("build/invalid-transformer", spec.at, "there are no fieldSpecs", "add fieldSpecs");
    return [];
  }
  const specs = specsOf(spec.fieldSpecs);
  const { at } = document;
  const steps: Step[] = [];
  if (parts.prefix) steps.push(affixStep({ prefix: spec.prefix ?? "", suffix: "", specs }));
  if (parts.suffix) steps.push(affixStep({ prefix: "", suffix: spec.suffix ?? "", specs }));
  // One transformer, which origin annotations name once.
  return [{ step: (context) => steps.forEach((step) => step(context)), at }];
}

export const prefixTransformer: Transformer = {
  kind: "PrefixTransformer",
  ofKustomization(_context, { kustomization: { namePrefix = "" }, file }, config) {
    if (namePrefix === "") return [];
    return [{ step: affixStep({ prefix: namePrefix, suffix: "", specs: config.namePrefix }), at: { path: file } }];
  },
  ofConfig: (_context, folder, document) => affixConfig(document, folder, { prefix: true, suffix: false }),
};

export const suffixTransformer: Transformer = {
  kind: "SuffixTransformer",
  ofKustomization(_context, { kustomization: { nameSuffix = "" }, file }, config) {
    if (nameSuffix === "") return [];
    return [{ step: affixStep({ prefix: "", suffix: nameSuffix, specs: config.nameSuffix }), at: { path: file } }];
  },
  ofConfig: (_context, folder, document) => affixConfig(document, folder, { prefix: false, suffix: true }),
};

export const prefixSuffixTransformer: Transformer = {
  kind: "PrefixSuffixTransformer",
  ofKustomization: () => [],
  ofConfig: (_context, folder, document) => affixConfig(document, folder, { prefix: true, suffix: true }),
};
