import { isObject, type Json } from "../../model/index.ts";
import { rereadFolded } from "./folded.ts";
import type { MappingNode, ScalarNode, ScalarTag, YamlNode } from "./node.ts";
import { goFloat32 } from "./numbers.ts";
import { isWrittenPlain } from "./plain.ts";
import type { YamlMode } from "./reader.ts";
import { type Meaning, meaningOf, meaningUnder, tagOf } from "./resolve.ts";

/**
 * The JSON value of a node in one of the two readings. `kyaml` is what kustomize gets when it writes a resource and
 * reads it back, with the traces that this leaves: an empty value in a flow collection is "", a folded text may gain
 * a line break, a date is a time. Objects have no prototype, so that `__proto__` is a key like any other.
 */
export function toJson(node: YamlNode, mode: YamlMode): Json {
  return mode === "kyaml" ? kyamlValue(node, false, true) : kubernetesValue(node);
}

function kyamlValue(node: YamlNode, inFlow: boolean, isRoot: boolean): Json {
  if (node.kind === "scalar") return kyamlScalar(node, inFlow);
  const flow = inFlow || node.flow;
  if (node.kind === "sequence") return node.items.map((item) => kyamlValue(item, flow, false));
  const object: Record<string, Json> = Object.create(null);
  for (const { key, value } of node.entries) {
    if (isRoot && key.tag === "!!null" && key.value !== "") continue;
    object[keyText(key)] = kyamlValue(value, flow, false);
  }
  return object;
}

function keyText(key: ScalarNode): string {
  if (key.tag !== "!!binary") return key.value;
  const text = meaningUnder("!!binary", key.value, "kyaml")?.value;
  return typeof text === "string" ? text : key.value;
}

function kyamlScalar(node: ScalarNode, inFlow: boolean): Json {
  const { value, style } = node;
  const tag = tagOf(node);
  if (node.explicitTag === true) return valueOr(meaningUnder(tag, value, "kyaml")?.value, value);
  if (style === "folded") return inFlow ? value : rereadFolded(value);
  if (tag === "!!str" || style !== "plain") return value;
  // Written in a flow collection, an empty text and one with a colon are quoted, and so are read back as strings.
  if (inFlow && (value === "" || (tag === "!!timestamp" && value.includes(":")))) return value;
  const meaning = meaningOf(value, "kyaml");
  return valueOr(meaning?.tag === tag ? meaning.value : meaningUnder(tag, value, "kyaml")?.value, value);
}

function valueOr(value: Json | undefined, text: string): Json {
  return value === undefined || (typeof value === "number" && !Number.isFinite(value)) ? text : value;
}

function kubernetesValue(node: YamlNode): Json {
  switch (node.kind) {
    case "scalar":
      return kubernetesScalar(node);
    case "sequence":
      return node.items.map(kubernetesValue);
    case "mapping":
      return kubernetesObject(node);
  }
}

function kubernetesObject(node: MappingNode): Json {
  const object: Record<string, Json> = Object.create(null);
  for (const { key, value } of node.entries) object[kubernetesKey(key)] = kubernetesValue(value);
  return object;
}

/** Keys that are numbers or booleans become their canonical text. */
function kubernetesKey(key: ScalarNode): string {
  const meaning = kubernetesMeaning(key);
  if (meaning === undefined || meaning.tag === "!!timestamp") return key.value;
  return meaning.tag === "!!float" ? goFloat32(Number(meaning.value)) : String(meaning.value);
}

function kubernetesScalar(node: ScalarNode): Json {
  const meaning = kubernetesMeaning(node);
  return meaning === undefined || meaning.tag === "!!timestamp" ? node.value : valueOr(meaning.value, node.value);
}

/** Undefined for a string. A node that was made, not read, says by its tag that it is one. */
function kubernetesMeaning(node: ScalarNode): Meaning | undefined {
  if (node.explicitTag === true) return meaningUnder(node.tag, node.value, "kubernetes");
  if (node.style !== "plain" || (node.line === 0 && tagOf(node) === "!!str")) return undefined;
  return meaningOf(node.value, "kubernetes");
}

/** A node for a value: block style, strings that state that they are. */
export function fromJson(value: Json): YamlNode {
  if (Array.isArray(value))
    return { kind: "sequence", items: value.map((item: Json) => fromJson(item)), flow: false, line: 0, column: 0 };
  if (isObject(value)) {
    const entries = Object.keys(value).flatMap((name) => {
      const field = value[name];
      return field === undefined ? [] : [{ key: made(name, "!!str"), value: fromJson(field) }];
    });
    return { kind: "mapping", entries, flow: false, line: 0, column: 0 };
  }
  if (value === null) return made("null", "!!null");
  if (typeof value === "string") return text(value);
  if (typeof value === "boolean") return made(String(value), "!!bool");
  if (typeof value === "bigint") return made(String(value), "!!int");
  if (Object.is(value, -0)) return made("-0.0", "!!float");
  return made(JSON.stringify(value), Number.isSafeInteger(value) ? "!!int" : "!!float");
}

/** kustomize writes a value made of JSON and reads it again, so what had to be quoted stays quoted, whatever replaces it. */
function text(value: string): ScalarNode {
  const node = made(value, "!!str");
  if (!isWrittenPlain(value)) node.style = "double";
  return node;
}

function made(value: string, tag: ScalarTag): ScalarNode {
  return { kind: "scalar", tag, value, style: "plain", line: 0, column: 0 };
}
