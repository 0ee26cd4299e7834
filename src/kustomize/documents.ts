import { type Json, ok, type Place, type Result } from "../model/index.ts";
import { parseYaml, toJson, type YamlNode } from "./yaml/index.ts";

/** One document of a file as kubectl and Flux read it. */
export interface RawDocument {
  readonly value: Json;
  readonly at: Place;
}

/** All documents of a file in the Kubernetes reading; empty ones are left out. */
export function readDocuments(text: string, path: string): Result<readonly RawDocument[]> {
  const parsed = parseYaml(text, { path, mode: "kubernetes" });
  if (!parsed.ok) return parsed;
  return ok(
    parsed.value.flatMap(({ root, line }) =>
      root === undefined ? [] : [{ value: toJson(root, "kubernetes"), at: { path, line: root.line || line } }],
    ),
  );
}

/** A document that knows where each of its values is written. */
export interface PlacedDocument extends RawDocument {
  /** The place of a value, or of its key; of what is nearest around it when there is none. */
  placeOf(path: readonly (string | number)[], of: "key" | "value"): Place;
}

/** All documents of a file of our own, in the reading of YAML 1.2: `off` and `no` are texts. Empty ones are left out. */
export function readPlacedDocuments(text: string, path: string): Result<readonly PlacedDocument[]> {
  const parsed = parseYaml(text, { path, mode: "kyaml" });
  if (!parsed.ok) return parsed;
  return ok(
    parsed.value.flatMap(({ root }) => {
      if (root === undefined) return [];
      const at = ({ line, column }: YamlNode): Place => ({ path, line, column });
      return [{ value: toJson(root, "kyaml"), at: at(root), placeOf: (to, of) => at(nodeAt(root, to, of)) }];
    }),
  );
}

function nodeAt(root: YamlNode, path: readonly (string | number)[], of: "key" | "value"): YamlNode {
  let node = root;
  for (const [index, step] of path.entries()) {
    if (node.kind === "scalar") return node;
    const entry = node.kind === "mapping" ? node.entries.find(({ key }) => key.value === step) : undefined;
    if (entry !== undefined && of === "key" && index === path.length - 1) return entry.key;
    const next = node.kind === "sequence" ? node.items[Number(step)] : entry?.value;
    if (next === undefined) return node;
    node = next;
  }
  return node;
}
