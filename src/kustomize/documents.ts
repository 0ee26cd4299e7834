import { type Json, ok, type Place, type Result } from "../model/index.ts";
import { parseYaml, toJson } from "./yaml/index.ts";

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
