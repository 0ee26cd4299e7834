import { fromJson, toJson, type YamlMode } from "../yaml/index.ts";
import type { YamlNode } from "../yaml/node.ts";

/**
 * What is left of a node on a way through JSON and back: no notation but the plain one, no comment. Numbers are written as
 * Go writes a float64, in which JSON decodes them (`1e+06`); integers that a double cannot hold stay exact.
 */
export function throughJson<Node extends YamlNode>(node: Node, mode: YamlMode): Node;
export function throughJson(node: YamlNode, mode: YamlMode): YamlNode {
  return asGoFloats(fromJson(toJson(node, mode)));
}

function asGoFloats(node: YamlNode): YamlNode {
  if (node.kind === "mapping") for (const { value } of node.entries) asGoFloats(value);
  else if (node.kind === "sequence") for (const item of node.items) asGoFloats(item);
  else if (node.tag === "!!int" || node.tag === "!!float") {
    const value = Number(node.value);
    if (node.tag === "!!int" && !Number.isSafeInteger(value)) return node;
    node.value = goFloat(value);
    node.tag = /^-?\d+$/.test(node.value) ? "!!int" : "!!float";
  }
  return node;
}

/** Go's `strconv.FormatFloat(value, 'g', -1, 64)`: with an exponent below 1e-4 and from 1e6 on. */
export function goFloat(value: number): string {
  const [mantissa = "0", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
