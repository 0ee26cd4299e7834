import { byCodeUnit, clearField, mapping, scalar, setMetadataMap, setPlainField, setText, textMap } from "../fields.ts";
import { ORIGIN } from "../origin.ts";
import type { Report } from "../report.ts";
import { currentId, idText, nameOf, namespaceOf, type Resource, textAt, valueAt } from "../resource.ts";
import type { ResourceSet } from "../resource-set.ts";
import type { MappingNode } from "../yaml/node.ts";
import { base64 } from "./base64.ts";

/** Adds generated objects; one that merges into or replaces an object that is there takes its place and its name. */
export function absorb(set: ResourceSet, generated: readonly Resource[], report: Report): void {
  for (const resource of generated) absorbOne(set, resource, report);
}

function absorbOne(set: ResourceSet, resource: Resource, report: Report): void {
  const id = currentId(resource);
  const [old, second] = set.withAnyId(id);
  const { behavior } = resource;
  const updates = behavior === "merge" || behavior === "replace";
  const fail = (message: string, remedy: string): void =>
    report.fail("build/invalid-generator", resource.at, message, remedy);
  if (second !== undefined) {
    fail(`${idText(id)} may be any of several objects`, "give them different names");
    return;
  }
  if (old === undefined) {
    if (updates) fail(`there is no ${idText(id)} to ${behavior}`, "generate it in a base, or use behavior: create");
    else set.append(resource);
    return;
  }
  if (!updates) {
    fail(`${idText(id)} exists already`, "use behavior: merge or replace, or another name");
    return;
  }
  const origin = textMap(valueAt(valueAt(old.node, "metadata"), "annotations")).get(ORIGIN);
  inheritMetadata(resource, old);
  if (behavior === "merge") {
    mergeMap(resource.node, isSecret(resource.node) ? withEncodedText(old.node) : old.node, "data");
    mergeMap(resource.node, old.node, "binaryData");
    if (origin !== undefined) {
      const annotations = textMap(valueAt(valueAt(resource.node, "metadata"), "annotations"));
      setMetadataMap(resource.node, "annotations", annotations.set(ORIGIN, origin));
    }
  }
  set.replace(old, resource);
}

/** The name, the namespace and all notes of the old object; labels and annotations of both. */
function inheritMetadata(resource: Resource, old: Resource): void {
  const [metadata, oldMetadata] = [valueAt(resource.node, "metadata"), valueAt(old.node, "metadata")];
  for (const field of ["labels", "annotations"]) {
    const both = new Map([...textMap(valueAt(oldMetadata, field)), ...textMap(valueAt(metadata, field))]);
    setMetadataMap(resource.node, field, both);
  }
  if (metadata?.kind === "mapping") {
    setPlainField(metadata, "name", nameOf(old));
    const namespace = namespaceOf(old);
    if (namespace === "") clearField(metadata, "namespace");
    else setPlainField(metadata, "namespace", namespace);
  }
  resource.previous = old.previous;
  resource.prefixes = old.prefixes;
  resource.suffixes = old.suffixes;
  resource.refVarNames = old.refVarNames;
  resource.behavior = old.behavior;
  resource.annotated = resource.annotated || old.annotated;
  resource.needsHash = resource.needsHash && old.needsHash;
}

function mergeMap(node: MappingNode, old: MappingNode, field: string): void {
  const both = new Map([...texts(old, field), ...texts(node, field)]);
  clearField(node, field);
  if (both.size === 0) return;
  const map = mapping();
  for (const key of [...both.keys()].sort(byCodeUnit)) setText(map, key, both.get(key) ?? "");
  node.entries.push({ key: scalar(field), value: map });
}

function isSecret(node: MappingNode): boolean {
  return textAt(node, "apiVersion") === "v1" && textAt(node, "kind") === "Secret";
}

/** A Secret's `stringData` goes before its `data`, as the API server has it. */
function withEncodedText(node: MappingNode): MappingNode {
  const encoded = mapping();
  for (const [key, value] of texts(node, "data")) setText(encoded, key, value);
  for (const [key, value] of texts(node, "stringData")) setText(encoded, key, base64(value));
  return { ...node, entries: [{ key: scalar("data"), value: encoded }] };
}

/** Data as text; a null is no text. */
function texts(node: MappingNode, field: string): ReadonlyMap<string, string> {
  const value = valueAt(node, field);
  const map = textMap(value);
  if (value?.kind !== "mapping") return map;
  for (const entry of value.entries) {
    if (entry.value.kind === "scalar" && entry.value.tag === "!!null") map.set(entry.key.value, "");
  }
  return map;
}
