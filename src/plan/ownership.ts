import {
  isObject,
  type Json,
  type JsonObject,
  jsonText,
  type LiveMetadata,
  type ManagedFields,
} from "../model/index.ts";
import { FIELD_MANAGER, SCOPE_LABEL, SERVICE_LABEL } from "./marks.ts";

/** The fields our last apply set: our Apply entry of managedFields, or undefined when there is none (any more). */
export function appliedFields(live: LiveMetadata): ManagedFields | undefined {
  return live.managedFields.find(
    ({ manager, operation, subresource }) =>
      manager === FIELD_MANAGER && operation === "Apply" && (subresource ?? "") === "",
  );
}

/**
 * Whether our own apply wrote the labels that name the owner: one that somebody copied or edited is no proof of ownership
 * (law L2). The scope is half of the owner's name: with one of our own, an edited label would give away another's object.
 */
export function ownsLabel(live: LiveMetadata): boolean {
  return appliedLabel(live, SERVICE_LABEL) && appliedLabel(live, SCOPE_LABEL);
}

/** Whether our own apply wrote a label, and nobody took it from us since. */
export function appliedLabel(live: LiveMetadata, label: string): boolean {
  return appliedMetadata(live, "f:labels", label);
}

/** Whether our own apply wrote an annotation, and nobody took it from us since. */
export function appliedAnnotation(live: LiveMetadata, annotation: string): boolean {
  return appliedMetadata(live, "f:annotations", annotation);
}

function appliedMetadata(live: LiveMetadata, part: "f:labels" | "f:annotations", key: string): boolean {
  const metadata = appliedFields(live)?.fieldsV1?.["f:metadata"];
  const marks = isObject(metadata) ? metadata[part] : undefined;
  return isObject(marks) && `f:${key}` in marks;
}

/**
 * Paths of leaves of `desired` that `fields` does not cover: what somebody else took from us since our last apply. None
 * means no drift. `fields` is fieldsV1 of our Apply entry: `f:<name>` a field, `k:{…}` a list item by its keys, `v:<value>`
 * a set member, and an empty object means that all below belongs to it (atomic).
 * Source: structured-merge-diff's FieldsV1 format (KEP-555).
 */
export function uncovered(desired: JsonObject, fields: JsonObject): readonly string[] {
  const missing: string[] = [];
  const found: Found = { missing, unrecorded: isBuiltIn(desired["apiVersion"]) ? UNRECORDED_WHEN_EMPTY : NONE };
  for (const [key, value] of Object.entries(desired)) {
    if (key === "apiVersion" || key === "kind") continue;
    if (key === "metadata" && isObject(value)) {
      const { name: _name, namespace: _namespace, ...rest } = value;
      const metadata = fields["f:metadata"];
      walkObject(rest, isObject(metadata) ? metadata : {}, "metadata", found);
    } else walkField(key, value, fields, "", found);
  }
  return missing;
}

interface Found {
  readonly missing: string[];
  /** Names of lists that, when empty, the server does not record in managedFields. */
  readonly unrecorded: ReadonlySet<string>;
}

/**
 * Lists of built-in kinds that are merged item by item. An empty one of them leaves no trace in managedFields, while an empty
 * list that is taken as a whole does. Source: x-kubernetes-list-type in the API server's OpenAPI documents.
 */
const UNRECORDED_WHEN_EMPTY: ReadonlySet<string> = new Set([
  "containers",
  "env",
  "ephemeralContainers",
  "finalizers",
  "hostAliases",
  "imagePullSecrets",
  "initContainers",
  "ownerReferences",
  "ports",
  "resourceClaims",
  "schedulingGates",
  "secrets",
  "topologySpreadConstraints",
  "volumeDevices",
  "volumeMounts",
  "volumes",
]);
const NONE: ReadonlySet<string> = new Set();

function isBuiltIn(apiVersion: Json | undefined): boolean {
  if (typeof apiVersion !== "string") return false;
  const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf("/")));
  return !group.includes(".") || group.endsWith(".k8s.io");
}

function walkObject(desired: JsonObject, fields: JsonObject, path: string, found: Found): void {
  for (const [key, value] of Object.entries(desired)) walkField(key, value, fields, path, found);
}

function walkField(key: string, value: Json, parent: JsonObject, path: string, found: Found): void {
  const here = path === "" ? key : `${path}.${key}`;
  // A null asks for nothing: the server drops it before it records who set what.
  if (value === null) return;
  const fields = parent[`f:${key}`];
  if (fields === undefined && Array.isArray(value) && value.length === 0 && found.unrecorded.has(key)) return;
  if (!isObject(fields)) found.missing.push(here);
  else walk(value, fields, here, found);
}

function walk(value: Json, fields: JsonObject, path: string, found: Found): void {
  if (Object.keys(fields).length === 0) return;
  if (isObject(value)) {
    walkObject(value, fields, path, found);
    return;
  }
  if (Array.isArray(value)) walkList(value, fields, path, found);
}

function walkList(items: readonly Json[], fields: JsonObject, path: string, found: Found): void {
  const parsed = Object.keys(fields)
    .filter((key) => key.startsWith("k:"))
    .map((key): Keyed => ({ key, names: parseKeys(key) }));
  const take = (item: JsonObject, { key, names }: Keyed): void =>
    walk(item, fields[key] as JsonObject, itemPath(path, names), found);
  // Items that state every key are matched first; the rest leave keys to their defaults and take what remains.
  const exact = newExactMatch(parsed);
  const taken = new Set<Keyed>();
  const rest: { item: JsonObject; index: number }[] = [];
  items.forEach((item, index) => {
    if (!isObject(item)) {
      if (!hasMember(fields, item)) found.missing.push(`${path}[${index}]`);
      return;
    }
    const match = exact(item);
    if (match === undefined || taken.has(match)) rest.push({ item, index });
    else {
      taken.add(match);
      take(item, match);
    }
  });
  const left = parsed.filter((one) => !taken.has(one));
  for (const { item, index } of rest) {
    const at = left.findIndex(({ names }) => isLoosely(item, names));
    const [match] = at < 0 ? [] : left.splice(at, 1);
    if (match === undefined) found.missing.push(`${path}[${index}]`);
    else take(item, match);
  }
}

/** A `k:{…}` of a list, and the keys in it. */
interface Keyed {
  readonly key: string;
  readonly names: JsonObject;
}

/** Finds the item of a list that has all keys of another; not by looking at each, as a list may have thousands. */
function newExactMatch(parsed: readonly Keyed[]): (item: JsonObject) => Keyed | undefined {
  const shapes = new Map<string, { readonly keys: readonly string[]; readonly byText: Map<string, Keyed> }>();
  for (const one of parsed) {
    const keys = Object.keys(one.names).sort();
    const shape = shapes.get(keys.join("\0")) ?? { keys, byText: new Map<string, Keyed>() };
    shapes.set(keys.join("\0"), shape);
    shape.byText.set(keysText(one.names, keys), one);
  }
  return (item) => {
    for (const { keys, byText } of shapes.values()) {
      const match = byText.get(keysText(item, keys));
      if (match !== undefined) return match;
    }
    return undefined;
  };
}

function keysText(item: JsonObject, keys: readonly string[]): string {
  return keys.map((key) => (item[key] === undefined ? "" : jsonText(item[key]))).join("\0");
}

function isLoosely(item: JsonObject, names: JsonObject): boolean {
  for (const name in names) if (item[name] !== undefined && !same(item[name], names[name] ?? null)) return false;
  return true;
}

function parseKeys(key: string): JsonObject {
  const value: unknown = JSON.parse(key.slice(2));
  return isObject(value as Json) ? (value as JsonObject) : {};
}

/** Keys are scalars, and a port may be read as a bigint. */
function same(a: Json | undefined, b: Json): boolean {
  return a === b || (a !== undefined && typeof a !== typeof b && jsonText(a) === jsonText(b));
}

function hasMember(fields: JsonObject, item: Json): boolean {
  return `v:${JSON.stringify(typeof item === "bigint" ? Number(item) : item)}` in fields;
}

function itemPath(path: string, names: JsonObject): string {
  const keys = Object.entries(names).map(([name, value]) => `${name}=${scalarText(value)}`);
  return `${path}[${keys.join(",")}]`;
}

/** A list key as people read it. */
export function scalarText(value: Json): string {
  return typeof value === "string" ? value : jsonText(value);
}
