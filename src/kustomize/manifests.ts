import type { Failure } from "../model/index.ts";
import type { ParseCache } from "./cache.ts";
import type { Report } from "./report.ts";
import { isEmptyNode, newResource, type Resource, type Scopes, textAt, valueAt } from "./resource.ts";
import { cloneNode, fromJson, parseYaml, toJson } from "./yaml/index.ts";
import type { MappingNode, YamlNode } from "./yaml/node.ts";

/**
 * The objects of a text as kustomize reads resources. Failures do not say in which file: the same blob may be at several
 * paths.
 */
export interface ManifestText {
  readonly nodes: readonly MappingNode[];
  readonly failures: readonly Failure[];
}

/** What the cache knows of a blob. What is asked for once is given away; only what is asked for again is kept. */
interface KeptManifests {
  asked: boolean;
  text: ManifestText | undefined;
}

/** The objects of one blob, ready to be changed; undefined after a problem, which is reported. */
export function resourcesOf(
  cache: ParseCache,
  id: string,
  bytes: Uint8Array,
  path: string,
  scopes: Scopes,
  report: Report,
): readonly Resource[] | undefined {
  const kept = cache.keep<KeptManifests>("manifests", id, bytes.length, () => ({ asked: false, text: undefined }));
  const text = kept.text ?? readManifests(new TextDecoder().decode(bytes));
  if (kept.asked) kept.text = text;
  kept.asked = true;
  if (text.failures.length > 0) return report.add(atPath(text.failures, path));
  return instantiate(kept.text === undefined ? text.nodes : text.nodes.map((node) => cloneNode(node)), path, scopes);
}

/** Failures of a text, at the path where the text is. */
export function atPath(failures: readonly Failure[], path: string): readonly Failure[] {
  return failures.map((failure) => ({ ...failure, at: { ...failure.at, path } }));
}

/** Resources over nodes that are theirs from now on. */
export function instantiate(nodes: readonly MappingNode[], path: string, scopes: Scopes): readonly Resource[] {
  return nodes.map((node) => {
    const resource = newResource(node, { path, line: node.line }, scopes);
    const annotations = valueAt(valueAt(node, "metadata"), "annotations");
    if (annotations !== undefined) resource.needsHash = textAt(annotations, NEEDS_HASH) === "enabled";
    return resource;
  });
}

/** kustomize's own note on generated objects, which a file may carry, too. */
const NEEDS_HASH = "internal.config.kubernetes.io/needsHashSuffix";

/**
 * Objects of a text: documents in kyaml's reading, one-document Lists unwrapped, then lists of any kind expanded behind
 * the rest, as kustomize does.
 */
export function readManifests(text: string): ManifestText {
  const failures: Failure[] = [];
  const documents = readDocuments(text, failures);
  const queue: MappingNode[] = [];
  for (const node of documents) keepObject(node, queue, failures);
  const nodes: MappingNode[] = [];
  for (let next = 0; next < queue.length; next += 1) {
    const node = queue[next];
    if (node === undefined) break;
    const items = textAt(node, "kind").endsWith("List") ? valueAt(node, "items") : undefined;
    if (items === undefined) nodes.push(node);
    else if (items.kind === "sequence") {
      for (const item of items.items) for (const inner of unwrapped(asJson(item))) keepObject(inner, queue, failures);
    } else if (!isEmptyNode(items)) failures.push(invalid(items, "the items of a list must be a list"));
  }
  return { nodes, failures };
}

/** kustomize writes items of a list as JSON and reads them again, so quoting is lost and keys are sorted. */
function asJson(item: YamlNode): YamlNode {
  const read = fromJson(toJson(item, "kyaml"));
  read.line = item.line;
  read.column = item.column;
  return read;
}

function readDocuments(text: string, failures: Failure[]): readonly YamlNode[] {
  const parsed = parseYaml(text, { path: "", mode: "kyaml" });
  if (!parsed.ok) {
    failures.push(...parsed.failures);
    return [];
  }
  const roots = parsed.value.flatMap(({ root }) => (root === undefined ? [] : [root]));
  const documents = roots.filter((root) => !(root.kind === "scalar" && root.tag === "!!null"));
  const only = parsed.value.length === 1 ? documents[0] : undefined;
  return only === undefined ? documents : unwrapped(only);
}

/** A List, or a function's ResourceList, stands for its items when it is alone in a text. */
function unwrapped(node: YamlNode): readonly YamlNode[] {
  const kind = textAt(node, "kind");
  if (kind !== "List" && kind !== "ResourceList") return [node];
  const items = valueAt(node, "items");
  if (items === undefined) return valueAt(node, "functionConfig") === undefined ? [node] : [];
  return items.kind === "sequence" ? items.items : [];
}

function keepObject(node: YamlNode, into: MappingNode[], failures: Failure[]): void {
  if (isEmptyNode(node)) return;
  const problem = objectProblem(node);
  if (problem !== undefined) failures.push(invalid(node, problem));
  else if (node.kind === "mapping") into.push(node);
}

/** What keeps a node from being an object; undefined when it is one. */
export function objectProblem(node: YamlNode): string | undefined {
  if (node.kind !== "mapping") return "the document is no Kubernetes object: it is no map";
  const kind = textAt(node, "kind");
  if (kind === "") return "the object has no kind";
  if (kind.endsWith("List")) return undefined;
  const metadata = valueAt(node, "metadata");
  const name = valueAt(metadata, "name");
  if (name?.kind !== "scalar" || name.tag === "!!null" || name.value === "") return "the object has no metadata.name";
  return undefined;
}

function invalid(node: YamlNode, message: string): Failure {
  const remedy = "complete the object, or remove it from what is built";
  const at = node.line > 0 ? { path: "", line: node.line, column: node.column } : { path: "" };
  return { code: "build/invalid-object", message, remedy, at };
}
