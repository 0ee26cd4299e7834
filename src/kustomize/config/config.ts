import * as defaults from "./default-config.ts";
import { type FieldSpec, type FieldSpecs, fieldSpecs, type Gvk, selects } from "./field-spec.ts";

/** The lists of field specs that a kustomization may extend, by their name in a configuration file. */
export const SPEC_LISTS = [
  "namePrefix",
  "nameSuffix",
  "namespace",
  "commonLabels",
  "labels",
  "templateLabels",
  "volumeClaimTemplateLabels",
  "commonAnnotations",
  "varReference",
  "images",
  "replicas",
] as const;
export type SpecList = (typeof SPEC_LISTS)[number];

/** Field specs by list, and who refers to whom, before they are compiled. */
export type ConfigData = { readonly [List in SpecList]: readonly FieldSpec[] } & {
  readonly nameReference: readonly defaults.ReferenceSpecs[];
};

/** One place that may hold a name, and what kind of object it names. */
export interface Referrer {
  readonly spec: FieldSpec;
  readonly target: Gvk;
}

/** What transformers look up. Immutable but for memories of what concerns a kind, so it may be shared by builds. */
export type TransformerConfig = { readonly [List in SpecList]: FieldSpecs } & {
  readonly data: ConfigData;
  /** How much of kustomize's default is in it: merging the default into what has it changes nothing. */
  readonly default: "none" | "within" | "exactly";
  referrers(gvk: Gvk): readonly Referrer[];
};

/** kustomize's default field specs. Make it once and share it. */
export function defaultConfig(): TransformerConfig {
  const nothing = emptyData();
  const merged = mergeData(nothing, {
    namePrefix: defaults.namePrefix,
    nameSuffix: defaults.nameSuffix,
    namespace: defaults.namespace,
    commonLabels: defaults.commonLabels,
    labels: [],
    templateLabels: defaults.templateLabels,
    volumeClaimTemplateLabels: defaults.volumeClaimTemplateLabels,
    commonAnnotations: defaults.commonAnnotations,
    varReference: defaults.varReference,
    images: defaults.images,
    replicas: defaults.replicas,
    nameReference: defaults.nameReference,
  });
  return compile(typeof merged === "string" ? nothing : merged, "exactly");
}

export function emptyConfig(): TransformerConfig {
  return compile(emptyData(), "none");
}

export function emptyData(): ConfigData {
  return {
    namePrefix: [],
    nameSuffix: [],
    namespace: [],
    commonLabels: [],
    labels: [],
    templateLabels: [],
    volumeClaimTemplateLabels: [],
    commonAnnotations: [],
    varReference: [],
    images: [],
    replicas: [],
    nameReference: [],
  };
}

/** Adds what is new; answers what is in conflict. The default merged into what has it is the identity. */
export function mergeConfig(config: TransformerConfig, other: TransformerConfig): TransformerConfig | string {
  if (config === other || isEmpty(other.data)) return config;
  if (other.default === "exactly" && config.default !== "none") return config;
  if (isEmpty(config.data) && other.default === "exactly") return other;
  // Merged even into nothing: a spec for all kinds gives way to one for some, if that comes first.
  const merged = mergeData(config.data, other.data);
  if (typeof merged === "string") return merged;
  return compile(merged, config.default === "none" && other.default === "none" ? "none" : "within");
}

export function mergeData(data: ConfigData, other: ConfigData): ConfigData | string {
  const lists: Partial<Record<SpecList, readonly FieldSpec[]>> = {};
  for (const list of SPEC_LISTS) {
    const merged = mergeSpecs(data[list], other[list].toSorted(compareGvk));
    if (typeof merged === "string") return `${list}: ${merged}`;
    lists[list] = merged.toSorted(compareGvk);
  }
  const nameReference = mergeReferences(data.nameReference, other.nameReference.toSorted(compareGvk));
  if (typeof nameReference === "string") return `nameReference: ${nameReference}`;
  return { ...emptyData(), ...lists, nameReference: nameReference.toSorted(compareGvk) };
}

/** Adds the specs that no present one stands for: the same path, and a kind that the new spec selects. */
export function mergeSpecs(specs: readonly FieldSpec[], others: readonly FieldSpec[]): readonly FieldSpec[] | string {
  if (others.length === 0) return specs;
  const merged = [...specs];
  const byPath = groupByPath(specs);
  for (const spec of others) {
    const known = byPath.get(spec.path) ?? [];
    const same = known.find((present) => selects(spec, present));
    if (same === undefined) {
      merged.push(spec);
      byPath.set(spec.path, [...known, spec]);
    } else if (same.create !== spec.create) {
      return `conflicting field specs for ${spec.path}: one creates the field, the other does not`;
    }
  }
  return merged;
}

function groupByPath(specs: readonly FieldSpec[]): Map<string, readonly FieldSpec[]> {
  const byPath = new Map<string, FieldSpec[]>();
  for (const spec of specs) {
    const group = byPath.get(spec.path);
    if (group === undefined) byPath.set(spec.path, [spec]);
    else group.push(spec);
  }
  return byPath as Map<string, readonly FieldSpec[]>;
}

function mergeReferences(
  references: readonly defaults.ReferenceSpecs[],
  others: readonly defaults.ReferenceSpecs[],
): readonly defaults.ReferenceSpecs[] | string {
  const merged = [...references];
  for (const other of others) {
    let found = false;
    for (const [index, present] of merged.entries()) {
      if (present.group !== other.group || present.version !== other.version || present.kind !== other.kind) continue;
      const referrers = mergeSpecs(present.referrers, other.referrers);
      if (typeof referrers === "string") return referrers;
      merged[index] = { ...present, referrers };
      found = true;
    }
    if (!found) merged.push(other);
  }
  return merged;
}

export function compile(data: ConfigData, containsDefault: TransformerConfig["default"]): TransformerConfig {
  const known = new Map<string, readonly Referrer[]>();
  return {
    data,
    default: containsDefault,
    namePrefix: fieldSpecs(data.namePrefix),
    nameSuffix: fieldSpecs(data.nameSuffix),
    namespace: fieldSpecs(data.namespace),
    commonLabels: fieldSpecs(data.commonLabels),
    labels: fieldSpecs(data.labels),
    templateLabels: fieldSpecs(data.templateLabels),
    volumeClaimTemplateLabels: fieldSpecs(data.volumeClaimTemplateLabels),
    commonAnnotations: fieldSpecs(data.commonAnnotations),
    varReference: fieldSpecs(data.varReference),
    images: fieldSpecs(data.images),
    replicas: fieldSpecs(data.replicas),
    referrers(gvk) {
      const key = `${gvk.group}/${gvk.version}/${gvk.kind}`;
      let referrers = known.get(key);
      if (referrers === undefined) {
        referrers = data.nameReference.flatMap((target) =>
          target.referrers.filter((spec) => selects(spec, gvk)).map((spec) => ({ spec, target })),
        );
        known.set(key, referrers);
      }
      return referrers;
    },
  };
}

function isEmpty(data: ConfigData): boolean {
  return data.nameReference.length === 0 && SPEC_LISTS.every((list) => data[list].length === 0);
}

/** kustomize's order of kinds, in which it keeps field specs and so applies them. */
const FIRST = [
  "Namespace",
  "ResourceQuota",
  "StorageClass",
  "CustomResourceDefinition",
  "ServiceAccount",
  "PodSecurityPolicy",
  "Role",
  "ClusterRole",
  "RoleBinding",
  "ClusterRoleBinding",
  "ConfigMap",
  "Secret",
  "Endpoints",
  "Service",
  "LimitRange",
  "PriorityClass",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Deployment",
  "StatefulSet",
  "CronJob",
  "PodDisruptionBudget",
];
const LAST = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/** The order of kinds that `sortOptions: legacy` starts from. */
export const legacyOrder = { orderFirst: FIRST, orderLast: LAST } as const;

/** Ranks of kinds for two priority lists; a kind in neither has rank 0. */
export function kindRanks(first: readonly string[], last: readonly string[]): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  for (const [index, kind] of first.entries()) ranks.set(kind, index - first.length);
  for (const [index, kind] of last.entries()) ranks.set(kind, index + 1);
  return ranks;
}

const RANKS = kindRanks(FIRST, LAST);

/** kustomize writes a missing part so that it sorts last. */
export function gvkText(gvk: Gvk): string {
  return `${gvk.group || "~G"}_${gvk.version || "~V"}_${gvk.kind || "~K"}`;
}

function compareGvk(a: Gvk, b: Gvk): number {
  const byRank = (RANKS.get(a.kind) ?? 0) - (RANKS.get(b.kind) ?? 0);
  if (byRank !== 0) return byRank;
  const [left, right] = [gvkText(a), gvkText(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
