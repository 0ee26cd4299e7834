import { byCodeUnit, mapping, mappingAt, scalar, setField, setText } from "../fields.ts";
import type { ConfigMapSpec, GeneratorOptionsSpec, SecretSpec } from "../kustomization/fields.ts";
import type { Report } from "../report.ts";
import { type Behavior, newResource, type Resource, type Scopes } from "../resource.ts";
import type { MappingNode } from "../yaml/node.ts";
import { base64 } from "./base64.ts";
import { type ReadFile, readKeyValues } from "./key-values.ts";

export interface GeneratorContext {
  readonly readFile: ReadFile;
  readonly report: Report;
  readonly scopes: Scopes;
}

/** `configMapGenerator` and the ConfigMapGenerator plugin: one entry makes one ConfigMap. */
export function makeConfigMap(
  spec: ConfigMapSpec,
  global: GeneratorOptionsSpec | undefined,
  context: GeneratorContext,
): Resource | undefined {
  const node = baseNode("ConfigMap", spec, context.report);
  if (node === undefined) return undefined;
  const data = readKeyValues(spec, context.readFile, context.report);
  for (const key of [...data.keys()].sort(byCodeUnit)) {
    const value = data.get(key) ?? "";
    const field = typeof value === "string" ? "data" : "binaryData";
    const map = mappingAt(node, field);
    if (map !== undefined) setText(map, key, typeof value === "string" ? value : base64(value));
  }
  return finish(node, spec, global, context);
}

/** `secretGenerator` and the SecretGenerator plugin. */
export function makeSecret(
  spec: SecretSpec,
  global: GeneratorOptionsSpec | undefined,
  context: GeneratorContext,
): Resource | undefined {
  const node = baseNode("Secret", spec, context.report);
  if (node === undefined) return undefined;
  setText(node, "type", spec.type === undefined || spec.type === "" ? "Opaque" : spec.type);
  const data = readKeyValues(spec, context.readFile, context.report);
  const map = mapping();
  node.entries.push({ key: scalar("data"), value: map });
  for (const key of [...data.keys()].sort(byCodeUnit)) setText(map, key, base64(data.get(key) ?? ""));
  return finish(node, spec, global, context);
}

function baseNode(kind: string, spec: ConfigMapSpec, report: Report): MappingNode | undefined {
  if (spec.name === undefined || spec.name === "") {
    return report.fail("build/invalid-generator", spec.at, `a ${kind} generator needs a name`, "add a name");
  }
  const node = mapping();
  setText(node, "apiVersion", "v1");
  setText(node, "kind", kind);
  const metadata = mapping();
  setText(metadata, "name", spec.name);
  if (spec.namespace !== undefined && spec.namespace !== "") setText(metadata, "namespace", spec.namespace);
  node.entries.push({ key: scalar("metadata"), value: metadata });
  return node;
}

function finish(
  node: MappingNode,
  spec: ConfigMapSpec,
  global: GeneratorOptionsSpec | undefined,
  context: GeneratorContext,
): Resource {
  const options = mergeOptions(spec.options, global);
  const metadata = mappingAt(node, "metadata");
  for (const field of ["labels", "annotations"] as const) {
    const entries = options[field];
    if (metadata === undefined || entries.size === 0) continue;
    const map = mappingAt(metadata, field);
    for (const key of [...entries.keys()].sort(byCodeUnit))
      if (map !== undefined) setText(map, key, entries.get(key) ?? "");
  }
  if (options.immutable) setField(node, "immutable", scalar("true", "!!bool"));
  const resource = newResource(node, spec.at, context.scopes);
  resource.needsHash = !options.disableNameSuffixHash;
  resource.behavior = behaviorOf(spec.behavior);
  resource.annotated = true;
  return resource;
}

function behaviorOf(text: string | undefined): Behavior {
  return text === "create" || text === "replace" || text === "merge" ? text : "unspecified";
}

/** The folder's `generatorOptions` fill in what the entry does not say. */
function mergeOptions(local: GeneratorOptionsSpec | undefined, global: GeneratorOptionsSpec | undefined) {
  return {
    labels: new Map([...(global?.labels ?? []), ...(local?.labels ?? [])]),
    annotations: new Map([...(global?.annotations ?? []), ...(local?.annotations ?? [])]),
    disableNameSuffixHash: local?.disableNameSuffixHash === true || global?.disableNameSuffixHash === true,
    immutable: local?.immutable === true || global?.immutable === true,
  };
}
