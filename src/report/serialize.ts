import { isScalar, visit, Document as YamlDocument } from "yaml";
import { type Json, jsonText } from "../model/index.ts";
import type { Document } from "./documents.ts";
import { visible, visibleJson } from "./visible.ts";

export type Format = "json" | "yaml";

/**
 * A document as text that ends in a line break. Integers beyond a double's reach are written out exactly; control
 * characters are written as escapes, so that the text is safe to print and still means the same.
 */
export function serialize(document: Document, format: Format): string {
  const json = document as unknown as Json;
  return format === "json" ? `${visibleJson(layOut(json, ""))}\n` : yamlText(json);
}

/** JSON over several lines. Not JSON.stringify, because that knows no bigints. */
function layOut(value: Json, indent: string): string {
  if (typeof value !== "object" || value === null) return jsonText(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((item: Json) => `${deeper}${layOut(item, deeper)}`).join(",\n")}\n${indent}]`;
  }
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length === 0) return "{}";
  const lines = fields.map(([key, field]) => `${deeper}${JSON.stringify(key)}: ${layOut(field, deeper)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function yamlText(value: Json): string {
  const document = new YamlDocument(value, { aliasDuplicateObjects: false, keepUndefined: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "string" && isScalar(node) && visible(node.value) !== node.value)
        node.type = "QUOTE_DOUBLE";
    },
  });
  // What is dangerous stands between double quotes now, where YAML takes the same escapes as JSON.
  return visibleJson(document.toString({ lineWidth: 0 }));
}
