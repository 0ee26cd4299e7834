import { isObject, type Json } from "../../model/index.ts";
import { parseYaml, toJson } from "../yaml/index.ts";
import type { YamlNode } from "../yaml/node.ts";
import { rewriteYaml } from "./rewrite.ts";

/** The first document in a text; undefined when there is none or it is no YAML. */
export function parseEmbedded(text: string): YamlNode | undefined {
  const parsed = parseYaml(text, { path: "", mode: "kyaml" });
  return parsed.ok ? parsed.value[0]?.root : undefined;
}

/** Writes a document back as it was written: JSON indented or compact, or YAML. */
export function writeEmbedded(root: YamlNode, original: string): string {
  if (!isJsonText(original)) return rewriteYaml(original, root).trim();
  const indented = original.includes("\n") && original.includes("  ");
  return goJson(toJson(root, "kyaml"), indented ? "\n" : undefined).replace(ESCAPED, escape);
}

export function isJsonText(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

const ESCAPED = /[<>&\u2028\u2029]/g;

function escape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** JSON as Go's encoder writes it: keys sorted, two spaces a level when `line` begins a line. */
function goJson(value: Json, line: string | undefined): string {
  const inner = line === undefined ? undefined : `${line}  `;
  const [open, close] = [inner ?? "", line ?? ""];
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => open + goJson(item, inner));
    return items.length === 0 ? "[]" : `[${items.join(",")}${close}]`;
  }
  if (isObject(value)) {
    const colon = line === undefined ? ":" : ": ";
    const fields = Object.keys(value)
      .sort()
      .map((key) => `${open}${JSON.stringify(key)}${colon}${goJson(value[key] ?? null, inner)}`);
    return fields.length === 0 ? "{}" : `{${fields.join(",")}${close}}`;
  }
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}
