import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import generated from "../kinds.generated.json" with { type: "json" };
import { canonical, newReading } from "../schema/canonical.ts";
import type { CustomSchema } from "../schema/structural.ts";
import type { Type } from "../schema/type.ts";
import { readTypes } from "../schema/type.ts";
import { type Conversion, conversionOf } from "./conversion.ts";
import { scalarText } from "./draft.ts";
import { customStrategy, type Strategy, strategyOf } from "./strategy.ts";

/** A kind in one version, as it is served. */
export interface Served {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly resource: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly string[];
  readonly type: Type;
  readonly strategy: Strategy;
  /** An object with nothing in it, as the server writes one; only built-in kinds have one. */
  readonly empty?: () => JsonObject;
  /** To and from the version that is kept, where they are more than a name apart. */
  readonly conversion?: Conversion;
  /** Only custom resources have one: how values are checked and pruned. */
  readonly custom?: CustomSchema;
}

/** A group's resource with every version that serves it, the preferred one first. */
export interface Resource {
  readonly group: string;
  readonly resource: string;
  readonly versions: readonly Served[];
  readonly fromCrd: boolean;
}

/** What is served now. */
export interface Registry {
  resources(): readonly Resource[];
  find(group: string, resource: string): Resource | undefined;
  ofKind(group: string, kind: string): Resource | undefined;
  add(resource: Resource): void;
  remove(group: string, resource: string): void;
}

export const RELEASE: string = generated.release;

export function newRegistry(): Registry {
  const all = new Map<string, Resource>();
  const key = (group: string, resource: string): string => `${group}/${resource}`;
  for (const resource of builtIn()) all.set(key(resource.group, resource.resource), resource);
  return {
    resources: () => [...all.values()],
    find: (group, resource) => all.get(key(group, resource)),
    ofKind: (group, kind) =>
      [...all.values()].find((r) => r.group === group && r.versions.some((served) => served.kind === kind)),
    add: (resource) => void all.set(key(resource.group, resource.resource), resource),
    remove: (group, resource) => void all.delete(key(group, resource)),
  };
}

/** The version of a resource; undefined when it is not served in it. */
export function inVersion(resource: Resource, version: string): Served | undefined {
  return resource.versions.find((served) => served.version === version);
}

export function apiVersionOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === "" ? version : `${group}/${version}`;
}

function builtIn(): readonly Resource[] {
  const types = readTypes(generated.types as unknown as readonly JsonObject[]);
  const resources = new Map<string, Served[]>();
  for (const entry of generated.kinds as unknown as readonly GeneratedKind[]) {
    const key = `${entry.group}/${entry.resource}`;
    resources.set(key, [...(resources.get(key) ?? []), builtInKind(entry, types[entry.type] ?? {})]);
  }
  return [...resources.values()].map((versions) => ({
    group: versions[0]?.group ?? "",
    resource: versions[0]?.resource ?? "",
    versions,
    fromCrd: false,
  }));
}

type GeneratedKind = Pick<
  Served,
  "group" | "version" | "kind" | "resource" | "singular" | "namespaced" | "verbs" | "subresources"
> & { readonly shortNames?: readonly string[]; readonly categories?: readonly string[]; readonly type: number };

function builtInKind(entry: GeneratedKind, type: Type): Served {
  const made: { empty?: JsonObject } = {};
  const named = { apiVersion: apiVersionOf(entry), kind: entry.kind };
  const conversion = conversionOf[`${apiVersionOf(entry)}/${entry.kind}`];
  return {
    ...entry,
    listKind: `${entry.kind}List`,
    shortNames: entry.shortNames ?? [],
    categories: entry.categories ?? [],
    type,
    empty: () => {
      made.empty ??= canonical(type, named, newReading()) as JsonObject;
      return made.empty;
    },
    strategy: strategyOf[`${entry.group}/${entry.kind}`] ?? customStrategy(false),
    ...(conversion === undefined ? {} : { conversion }),
  };
}

/** An object of a resource in one of its versions. */
export function convertTo(resource: Resource, object: JsonObject, apiVersion: string): JsonObject {
  const from = object["apiVersion"];
  if (from === apiVersion) return object;
  const of = (version: unknown): Conversion | undefined =>
    resource.versions.find((one) => apiVersionOf(one) === version)?.conversion;
  const hub = of(from)?.toHub(object) ?? object;
  return { ...(of(apiVersion)?.fromHub(hub) ?? hub), apiVersion };
}

/** The version that objects are kept in. */
export function hubVersion(resource: Resource): string {
  const [first] = resource.versions;
  return first === undefined ? "" : apiVersionOf(first);
}

function strings(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** The resource that a CustomResourceDefinition declares; types come from its versions' schemas. */
export function customResource(
  crd: JsonObject,
  schemaOf: (schema: JsonObject | undefined) => CustomSchema,
): Resource | undefined {
  const spec = crd["spec"];
  if (!isObject(spec) || !isObject(spec["names"]) || !Array.isArray(spec["versions"])) return undefined;
  const names = spec["names"];
  const group = scalarText(spec["group"]);
  const versions = (spec["versions"] as readonly JsonObject[])
    .filter((version) => version["served"] === true)
    .sort((a, b) => compareVersions(scalarText(a["name"]), scalarText(b["name"])))
    .map((version): Served => {
      const schema = isObject(version["schema"]) ? version["schema"]["openAPIV3Schema"] : undefined;
      const custom = schemaOf(isObject(schema) ? schema : undefined);
      const subresources = isObject(version["subresources"]) ? Object.keys(version["subresources"]) : [];
      return {
        group,
        version: scalarText(version["name"]),
        kind: scalarText(names["kind"]),
        listKind: scalarText(names["listKind"] ?? `${scalarText(names["kind"])}List`),
        resource: scalarText(names["plural"]),
        singular: scalarText(names["singular"] ?? ""),
        namespaced: spec["scope"] === "Namespaced",
        verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
        shortNames: strings(names["shortNames"]),
        categories: strings(names["categories"]),
        subresources,
        type: custom.type,
        strategy: customStrategy(subresources.includes("status")),
        custom,
      };
    });
  return versions.length === 0 ? undefined : { group, resource: scalarText(names["plural"]), versions, fromCrd: true };
}

/** Kubernetes' order of versions: v2, v1, v2beta1, v1alpha1, then other names. */
function compareVersions(a: string, b: string): number {
  const rank = (name: string): readonly number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(name);
    if (match === null) return [0, 0, 0];
    const stage = match[2] === undefined ? 3 : match[2] === "beta" ? 2 : 1;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [left, right] = [rank(a), rank(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? (a < b ? -1 : 1) : (right[at] ?? 0) - (left[at] ?? 0);
}
