import type { Place } from "../../model/index.ts";
import type { TransformerConfig } from "../config/config.ts";
import { type FieldSpec, type FieldSpecs, fieldSpec, fieldSpecs } from "../config/field-spec.ts";
import type { BuildContext } from "../context.ts";
import type { Folder } from "../folder.ts";
import type { Decoder } from "../kustomization/decode.ts";
import type { FieldSpecSpec } from "../kustomization/fields.ts";
import type { Resource } from "../resource.ts";
import { toJson } from "../yaml/index.ts";
import type { Step } from "./step.ts";

/** A change that is ready to run, and where it was asked for. */
export interface Configured {
  readonly step: Step;
  readonly at: Place;
}

/** One of kustomize's transformers. What is wrong with its configuration is reported, and then there is no step. */
export interface Transformer {
  readonly kind: string;
  /** Asked for by a field of a kustomization. */
  ofKustomization(context: BuildContext, folder: Folder, config: TransformerConfig): readonly Configured[];
  /** Asked for by a document that `transformers` or `validators` lists. */
  ofConfig(context: BuildContext, folder: Folder, document: Resource): readonly Configured[];
}

/** Reads a plugin's configuration, in which unknown fields are left alone as kustomize does. */
export function decodeConfig<T>(decoder: Decoder<T>, document: Resource, folder: Folder): T | undefined {
  return decoder(document.node, "", {
    path: document.at.path,
    report: folder.report,
    strict: false,
    json: (node) => toJson(node, "kyaml"),
  });
}

export function specOf(spec: FieldSpecSpec): FieldSpec {
  const { group = "", version = "", kind = "", path = "", create = false } = spec;
  return fieldSpec(path, { group, version, kind }, create);
}

export function specsOf(specs: readonly FieldSpecSpec[] | undefined): FieldSpecs {
  return fieldSpecs((specs ?? []).map(specOf));
}
