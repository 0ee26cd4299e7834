import { parseYaml, toJson } from "../yaml/index.ts";
import { meaningOf } from "../yaml/resolve.ts";

/** Whether a text, not quoted, is anything but a string in YAML 1.1, as Kubernetes reads it: `on`, `010`, `a: b`. */
export function readsAsOther(text: string): boolean {
  if (text === "" || text.includes("\n")) return false;
  if (meaningOf(text, "kubernetes", false) !== undefined) return true;
  if (!SYNTAX.test(text)) return false;
  const parsed = parseYaml(text, { path: "", mode: "kubernetes" });
  if (!parsed.ok) return false;
  const root = parsed.value[0]?.root;
  return root === undefined || typeof toJson(root, "kubernetes") !== "string";
}

/** What a text must have to be more than a plain scalar. */
const SYNTAX = /: |:$|^[-?] |^[-?]$|^[[{#&*!|>%@`]/;
