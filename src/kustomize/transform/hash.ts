import { createHash } from "node:crypto";
import { type Json, jsonText } from "../../model/index.ts";
import { renameObject } from "../fields.ts";
import { kindOf, nameOf, type Resource, rememberId, textAt, valueAt } from "../resource.ts";
import { toJson } from "../yaml/index.ts";
import type { MappingNode } from "../yaml/node.ts";
import { failOn, type StepContext } from "./step.ts";
import type { Transformer } from "./transformer.ts";

/** Appends the hash of their content to the names of generated objects. */
export function appendHashes(context: StepContext): void {
  for (const resource of context.set.resources) {
    if (!resource.needsHash) continue;
    const hash = contentHash(resource);
    if (hash === undefined) {
      failOn(context, resource, "only a ConfigMap or a Secret can have a name suffix hash");
      continue;
    }
    rememberId(resource);
    renameObject(resource.node, `${nameOf(resource)}-${hash}`);
  }
  context.set.idsChanged();
}

/**
 * kustomize's hash: ten letters of the SHA-256 of the content as Go writes JSON, in an alphabet that spells no words
 * (Kubernetes' `kubectl/pkg/util/hash`). The name is not in it.
 */
function contentHash(resource: Resource): string | undefined {
  const { node } = resource;
  const kind = kindOf(resource);
  let content: Record<string, Json>;
  if (kind === "ConfigMap") content = { ...optional(node, "binaryData"), data: contentOf(node, "data") };
  else if (kind === "Secret") {
    content = { data: contentOf(node, "data"), ...optional(node, "stringData"), type: textAt(node, "type") };
  } else return undefined;
  const text = goJson({ ...content, kind, name: "" });
  const hex = createHash("sha256").update(text).digest("hex").slice(0, 10);
  return hex.replaceAll(/[013ae]/g, (digit) => LETTERS[digit] ?? digit);
}

const LETTERS: Readonly<Record<string, string>> = { 0: "g", 1: "h", 3: "k", a: "m", e: "t" };

function contentOf(node: MappingNode, field: string): Json {
  const value = valueAt(node, field);
  if (value === undefined) return "";
  return value.kind === "scalar" ? value.value : toJson(value, "kyaml");
}

function optional(node: MappingNode, field: string): Record<string, Json> {
  return valueAt(node, field)?.kind === "mapping" ? { [field]: contentOf(node, field) } : {};
}

/** JSON as Go's encoding/json writes it: sorted keys, and HTML's special characters escaped. */
function goJson(value: Json): string {
  return jsonText(value, { sortKeys: true }).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export const hashTransformer: Transformer = {
  kind: "HashTransformer",
  ofKustomization: () => [],
  ofConfig: (_context, _folder, document) => [{ step: appendHashes, at: document.at }],
};
