import { failed, type Json, ok, type Place, type Result } from "../model/index.ts";
import { parseYaml, toJson } from "./yaml/index.ts";

/** One document of a file as data, with the line it begins on. */
export interface TextDocument {
  readonly value: Json;
  readonly at: Place;
}

/** The documents of a file that is no part of a build, in the reading of sigs.k8s.io/yaml, as kubectl and Flux read files. */
export function readDocuments(text: string, path: string): Result<readonly TextDocument[]> {
  const parsed = parseYaml(text, { path, mode: "kubernetes" });
  if (!parsed.ok) return failed(...parsed.failures);
  return ok(
    parsed.value.flatMap(({ root }) =>
      root === undefined ? [] : [{ value: toJson(root, "kubernetes"), at: { path, line: root.line } }],
    ),
  );
}
