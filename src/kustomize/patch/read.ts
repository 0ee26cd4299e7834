import type { Place } from "../../model/index.ts";
import type { Report } from "../report.ts";
import type { Resource } from "../resource.ts";
import { parseYaml } from "../yaml/index.ts";
import type { YamlNode } from "../yaml/node.ts";
import { type Operation, readOperations } from "./json-patch.ts";

/** The text of a patch and where to point when something in it is wrong. */
export interface PatchText {
  readonly text: string;
  /** The file it is from, or the entry that holds it inline. */
  readonly at: Place;
  /** True when the text is the content of the file at `at.path`, so that its lines are the file's. */
  readonly isFile: boolean;
}

/** A patch that was understood. An empty one has no objects and does nothing. */
export type Patch =
  | { readonly kind: "merge"; readonly from: PatchText; readonly objects: readonly Resource[] }
  | { readonly kind: "json"; readonly from: PatchText; readonly operations: readonly Operation[] };

/** Loads the objects of a text as resources are loaded: Lists taken apart, kind and name demanded. */
export type LoadObjects = (text: string, at: Place, report: Report) => readonly Resource[] | undefined;

/** Tells a strategic merge patch from a JSON patch, and reads it. Undefined after reporting what it is instead. */
export function readPatch(from: PatchText, load: LoadObjects, report: Report): Patch | undefined {
  if (isJsonPatch(from)) {
    const operations = readJsonPatch(from, report);
    return operations === undefined ? undefined : { kind: "json", from, operations };
  }
  const objects = load(from.text, from.at, report);
  return objects === undefined ? undefined : { kind: "merge", from, objects };
}

/** Reads a text that must be a JSON patch, in JSON or YAML. Of several documents the first counts, as for kustomize. */
export function readJsonPatch(from: PatchText, report: Report): readonly Operation[] | undefined {
  if (from.text.startsWith("[") && !isJson(from.text)) {
    return report.fail(
      "build/invalid-patch",
      from.at,
      "the patch begins like JSON but is none",
      "write valid JSON, or a YAML list with a - for each operation",
    );
  }
  const parsed = parseYaml(from.text, { path: from.at.path, mode: "kubernetes" });
  if (!parsed.ok)
    return report.add(from.isFile ? parsed.failures : parsed.failures.map((f) => ({ ...f, at: from.at })));
  const root = parsed.value[0]?.root;
  const operations = root === undefined ? [] : readOperations(root);
  if (typeof operations !== "string") return operations;
  return report.fail("build/invalid-patch", placeIn(from, root), operations, "write a list of - op: … path: … steps");
}

/** Where a node of a patch is: its own line if the patch is a file, else the entry that holds the patch. */
export function placeIn(from: PatchText, node: Pick<YamlNode, "line"> | undefined): Place {
  return from.isFile && node !== undefined && node.line > 0 ? { path: from.at.path, line: node.line } : from.at;
}

/** A patch is a JSON patch when it is a list. */
function isJsonPatch(from: PatchText): boolean {
  if (from.text.startsWith("[")) return true;
  const first = /^(?:\s*(?:#.*|---.*)?\n)*\s*(\S)/.exec(from.text)?.[1];
  if (first !== "-" && first !== "[") return false;
  const parsed = parseYaml(from.text, { path: from.at.path, mode: "kubernetes" });
  return parsed.ok && parsed.value[0]?.root?.kind === "sequence";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
