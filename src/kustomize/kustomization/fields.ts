import { anything, flag, integer, list, object, pairs, placed, text } from "./decode.ts";

/** The whole of kustomization.yaml (kustomize v5.8, `api/types`), as decoders. A field that is not here is unknown. */

const gvk = { group: text, version: text, kind: text };

export const fieldSpecShape = object({ ...gvk, path: text, create: flag });

export const selectorShape = object({
  ...gvk,
  name: text,
  namespace: text,
  annotationSelector: text,
  labelSelector: text,
});

export const imageShape = object({ name: text, newName: text, tagSuffix: text, newTag: text, digest: text });

export const replicaShape = object({ name: text, count: integer });

export const labelShape = object({
  pairs,
  includeSelectors: flag,
  includeTemplates: flag,
  includeVolumeClaimTemplates: flag,
  fields: list(fieldSpecShape),
});

export const patchFields = {
  path: text,
  patch: text,
  target: selectorShape,
  options: object({ allowNameChange: flag, allowKindChange: flag }),
};
const patchShape = object(patchFields);

const fieldOptions = object({ delimiter: text, index: integer, encoding: text, create: flag });

export const replacementShape = object({
  path: text,
  source: object({ ...gvk, name: text, namespace: text, fieldPath: text, options: fieldOptions }),
  sourceValue: text,
  targets: list(
    object({
      select: selectorShape,
      reject: list(selectorShape),
      fieldPaths: list(text, "texts"),
      options: fieldOptions,
    }),
  ),
});

export const generatorOptionsShape = object({
  labels: pairs,
  annotations: pairs,
  disableNameSuffixHash: flag,
  immutable: flag,
});

const generatorFields = {
  namespace: text,
  name: text,
  behavior: text,
  literals: list(placed(text), "texts"),
  files: list(placed(text), "texts"),
  envs: list(placed(text), "texts"),
  env: placed(text),
  options: generatorOptionsShape,
};

export const configMapShape = object(generatorFields);
export const secretShape = object({ ...generatorFields, type: text });

export const varShape = object({
  name: text,
  objref: object({ ...gvk, apiVersion: text, name: text, namespace: text }),
  fieldref: object({ fieldPath: text }),
});

export const sortOptionsShape = object({
  order: text,
  legacySortOptions: object({ orderFirst: list(text, "texts"), orderLast: list(text, "texts") }),
});

const paths = list(placed(text), "texts");

export const kustomizationShape = object({
  apiVersion: text,
  kind: text,
  metadata: object({ name: text, namespace: text, labels: pairs, annotations: pairs }),
  openapi: pairs,
  namePrefix: text,
  nameSuffix: text,
  namespace: text,
  commonLabels: pairs,
  labels: list(labelShape),
  commonAnnotations: pairs,
  patchesStrategicMerge: paths,
  patchesJson6902: list(patchShape),
  patches: list(patchShape),
  images: list(imageShape),
  imageTags: list(imageShape),
  replacements: list(replacementShape),
  replicas: list(replicaShape),
  vars: list(varShape),
  sortOptions: sortOptionsShape,
  resources: paths,
  components: paths,
  crds: paths,
  bases: paths,
  configMapGenerator: list(configMapShape),
  secretGenerator: list(secretShape),
  helmGlobals: anything,
  helmCharts: list(anything),
  helmChartInflationGenerator: list(anything),
  generatorOptions: generatorOptionsShape,
  configurations: paths,
  generators: paths,
  transformers: paths,
  validators: paths,
  buildMetadata: list(text, "texts"),
});

type Shape<D> = D extends (...rest: never[]) => infer T ? NonNullable<T> : never;

export type Kustomization = Shape<typeof kustomizationShape>;
export type SelectorSpec = Shape<typeof selectorShape>;
export type ImageSpec = Shape<typeof imageShape>;
export type ReplicaSpec = Shape<typeof replicaShape>;
export type LabelSpec = Shape<typeof labelShape>;
export type PatchSpec = Shape<typeof patchShape>;
export type ReplacementSpec = Shape<typeof replacementShape>;
export type GeneratorOptionsSpec = Shape<typeof generatorOptionsShape>;
export type ConfigMapSpec = Shape<typeof configMapShape>;
export type SecretSpec = Shape<typeof secretShape>;
export type VarSpec = Shape<typeof varShape>;
export type SortOptionsSpec = Shape<typeof sortOptionsShape>;
export type FieldSpecSpec = Shape<typeof fieldSpecShape>;
