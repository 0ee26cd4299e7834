import {
  isObject,
  type Json,
  type JsonObject,
  jsonText,
  type LiveMetadata,
  type ManagedFields,
} from "../model/index.ts";
import { FIELD_MANAGER, SERVICE_LABEL } from "./marks.ts";

/** The fields our last apply set: our Apply entry of managedFields, or undefined when there is none (any more). */
export function appliedFields(live: LiveMetadata): ManagedFields | undefined {
  return live.managedFields.find(
    ({ manager, operation, subresource }) =>
      manager === FIELD_MANAGER && operation === "Apply" && (subresource ?? "") === "",
  );
}

/** Whether our own apply wrote the owner label: a label that somebody copied is no proof of ownership (law L2). */
export function ownsLabel(live: LiveMetadata): boolean {
  const fields = appliedFields(live)?.fieldsV1;
  const metadata = fields?.["f:metadata"];
  const labels = isObject(metadata) ? metadata["f:labels"] : undefined;
  return isObject(labels) && `f:${SERVICE_LABEL}` in labels;
}

/**
 * Paths of leaves of `desired` that `fields` does not cover: what somebody else took from us since our last apply. None
 * means no drift. `fields` is fieldsV1 of our Apply entry: `f:<name>` a field, `k:{…}` a list item by its keys, `v:<value>`
 * a set member, and an empty object means that all below belongs to it (atomic).
 * Source: structured-merge-diff's FieldsV1 format (KEP-555).
 */
export function uncovered(desired: JsonObject, fields: JsonObject): readonly string[] {
  const missing: string[] = [];
  for (const [key, value] of Object.entries(desired)) {
    if (key === "apiVersion" || key === "kind") continue;
    if (key === "metadata" && isObject(value)) {
      const { name: _name, namespace: _namespace, ...rest } = value;
      const metadata = fields["f:metadata"];
      walkObject(rest, isObject(metadata) ? metadata : {}, "metadata", missing);
    } else walkField(key, value, fields, "", missing);
  }
  return missing;
}

function walkObject(desired: JsonObject, fields: JsonObject, path: string, missing: string[]): void {
  for (const [key, value] of Object.entries(desired)) walkField(key, value, fields, path, missing);
}

function walkField(key: string, value: Json, parent: JsonObject, path: string, missing: string[]): void {
  const here = path === "" ? key : `${path}.${key}`;
  // A null asks for nothing: the server drops it before it records who set what.
  if (value === null) return;
  const fields = parent[`f:${key}`];
  if (!isObject(fields)) missing.push(here);
  else walk(value, fields, here, missing);
}

function walk(value: Json, fields: JsonObject, path: string, missing: string[]): void {
  if (Object.keys(fields).length === 0) return;
  if (isObject(value)) {
    walkObject(value, fields, path, missing);
    return;
  }
  if (Array.isArray(value)) walkList(value, fields, path, missing);
}

function walkList(items: readonly Json[], fields: JsonObject, path: string, missing: string[]): void {
  const keyed = Object.keys(fields).filter((key) => key.startsWith("k:"));
  const taken = new Set<string>();
  // Items that state every key are matched first; the rest leave keys to their defaults and take what remains.
  const parsed = keyed.map((key) => ({ key, names: parseKeys(key) }));
  const rest: { item: JsonObject; index: number }[] = [];
  items.forEach((item, index) => {
    if (!isObject(item)) {
      if (!hasMember(fields, item)) missing.push(`${path}[${index}]`);
      return;
    }
    const exact = parsed.find(
      ({ key, names }) => !taken.has(key) && Object.entries(names).every(([name, at]) => same(item[name], at)),
    );
    if (exact === undefined) rest.push({ item, index });
    else {
      taken.add(exact.key);
      walk(item, fields[exact.key] as JsonObject, itemPath(path, exact.names), missing);
    }
  });
  for (const { item, index } of rest) {
    const loose = parsed.find(
      ({ key, names }) =>
        !taken.has(key) &&
        Object.entries(names).every(([name, at]) => item[name] === undefined || same(item[name], at)),
    );
    if (loose === undefined) missing.push(`${path}[${index}]`);
    else {
      taken.add(loose.key);
      walk(item, fields[loose.key] as JsonObject, itemPath(path, loose.names), missing);
    }
  }
}

function parseKeys(key: string): JsonObject {
  const value: unknown = JSON.parse(key.slice(2));
  return isObject(value as Json) ? (value as JsonObject) : {};
}

/** Keys are scalars, and a port may be read as a bigint. */
function same(a: Json | undefined, b: Json): boolean {
  return a === b || (a !== undefined && jsonText(a) === jsonText(b));
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
