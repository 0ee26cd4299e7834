import { mergeSpecs, type TransformerConfig } from "../config/config.ts";
import {
  type Creation,
  type FieldSpec,
  type FieldSpecs,
  fieldSpec,
  fieldSpecs,
  visitField,
} from "../config/field-spec.ts";
import { byCodeUnit, scalar, setField } from "../fields.ts";
import { list, object, pairs } from "../kustomization/decode.ts";
import { fieldSpecShape, type LabelSpec } from "../kustomization/fields.ts";
import { currentId, type Resource } from "../resource.ts";
import { failOn, type Step } from "./step.ts";
import { type Configured, decodeConfig, specOf, specsOf, type Transformer } from "./transformer.ts";

const CREATION: Creation = { kind: "mapping", tag: "!!str" };

/** Adds labels or annotations at the places of field specs. */
function textEntriesStep(entries: ReadonlyMap<string, string>, specs: FieldSpecs): Step {
  const keys = [...entries.keys()].sort(byCodeUnit);
  return (context) => {
    for (const resource of context.set.resources) {
      const problem = addEntries(resource, keys, entries, specs);
      if (problem !== undefined) failOn(context, resource, problem);
    }
  };
}

export function addEntries(
  resource: Resource,
  keys: readonly string[],
  entries: ReadonlyMap<string, string>,
  specs: FieldSpecs,
): string | undefined {
  const concerned = specs.of(currentId(resource));
  for (const key of keys) {
    const value = scalar(entries.get(key) ?? ""); // one node for all places, as kustomize has it
    for (const spec of concerned) {
      const problem = visitField(resource.node, spec, CREATION, (node) => {
        if (node.kind === "mapping") setField(node, key, value);
        else if (node.kind === "sequence" || node.tag !== "!!null") return `${spec.path} must be a map`;
        return undefined;
      });
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

const NO_ENTRIES: ReadonlyMap<string, string> = new Map();
const OWN_LABELS = fieldSpec("metadata/labels", {}, true);
const labelsShape = object({ labels: pairs, fieldSpecs: list(fieldSpecShape) });
const annotationsShape = object({ annotations: pairs, fieldSpecs: list(fieldSpecShape) });

export const labelTransformer: Transformer = {
  kind: "LabelTransformer",
  ofKustomization(_context, { kustomization: k, report, file }, config) {
    const steps: Configured[] = [];
    for (const label of k.labels ?? []) {
      const specs = specsOfLabel(label, config);
      if (typeof specs !== "string")
        steps.push({ step: textEntriesStep(label.pairs ?? NO_ENTRIES, specs), at: label.at });
      else report.fail("build/conflict", label.at, specs, "make the field specs agree");
    }
    if (steps.length === 0 && (k.commonLabels ?? NO_ENTRIES).size === 0) return steps;
    return [...steps, { step: textEntriesStep(k.commonLabels ?? NO_ENTRIES, config.commonLabels), at: { path: file } }];
  },
  ofConfig(_context, folder, document) {
    const spec = decodeConfig(labelsShape, document, folder);
    const step = textEntriesStep(spec?.labels ?? NO_ENTRIES, specsOf(spec?.fieldSpecs));
    return spec === undefined ? [] : [{ step, at: document.at }];
  },
};

function specsOfLabel(label: LabelSpec, config: TransformerConfig): FieldSpecs | string {
  const own = mergeSpecs((label.fields ?? []).map(specOf), config.labels.all);
  if (typeof own === "string") return own;
  if (label.includeSelectors === true) {
    if (own.length === 0) return config.commonLabels;
    const all = mergeSpecs(own, config.commonLabels.all);
    return typeof all === "string" ? all : fieldSpecs(all);
  }
  let all: readonly FieldSpec[] | string = own;
  for (const more of [
    label.includeTemplates === true ? config.templateLabels.all : [],
    label.includeVolumeClaimTemplates === true ? config.volumeClaimTemplateLabels.all : [],
    [OWN_LABELS],
  ]) {
    all = mergeSpecs(all, more);
    if (typeof all === "string") return all;
  }
  return fieldSpecs(all);
}

export const annotationsTransformer: Transformer = {
  kind: "AnnotationsTransformer",
  ofKustomization(_context, { kustomization: { commonAnnotations = NO_ENTRIES }, file }, config) {
    if (commonAnnotations.size === 0) return [];
    return [{ step: textEntriesStep(commonAnnotations, config.commonAnnotations), at: { path: file } }];
  },
  ofConfig(_context, folder, document) {
    const spec = decodeConfig(annotationsShape, document, folder);
    const step = textEntriesStep(spec?.annotations ?? NO_ENTRIES, specsOf(spec?.fieldSpecs));
    return spec === undefined ? [] : [{ step, at: document.at }];
  },
};
