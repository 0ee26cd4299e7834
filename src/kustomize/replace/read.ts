import type { Place } from "../../model/index.ts";
import { type Decoding, list } from "../kustomization/decode.ts";
import { type ReplacementSpec, replacementShape } from "../kustomization/fields.ts";
import type { Report } from "../report.ts";
import { parseYaml, toJson } from "../yaml/index.ts";

/** The text of a file that a replacement names, and where it is; undefined after reporting that it cannot be had. */
export type LoadText = (path: string, at: Place) => { readonly text: string; readonly path: string } | undefined;

/** The replacements of a kustomization, those in files read. Undefined after a failure. */
export function readReplacements(
  specs: readonly ReplacementSpec[],
  load: LoadText,
  report: Report,
): readonly ReplacementSpec[] | undefined {
  const all: ReplacementSpec[] = [];
  for (const spec of specs) {
    const { path = "", at } = spec;
    if (path === "") {
      all.push(spec);
      continue;
    }
    if (spec.source !== undefined || (spec.targets?.length ?? 0) > 0) {
      const message = "a replacement has both a path and a source or targets";
      return report.fail("build/replacement", at, message, "keep the path, or what it says inline");
    }
    const file = load(path, at);
    const read = file === undefined ? undefined : readFile(file.text, file.path, report);
    if (read === undefined) return undefined;
    all.push(...read);
  }
  return all;
}

/** One replacement or a list of them; fields that kustomize does not know are left alone, as it does here. */
function readFile(text: string, path: string, report: Report): readonly ReplacementSpec[] | undefined {
  const parsed = parseYaml(text, { path, mode: "kubernetes" });
  if (!parsed.ok) return report.add(parsed.failures);
  const root = parsed.value[0]?.root;
  const before = report.failures.length;
  const decoding: Decoding = { path, report, strict: false, json: (node) => toJson(node, "kubernetes") };
  if (root?.kind === "sequence") {
    const specs = list(replacementShape)(root, "", decoding);
    return report.cleanSince(before) ? specs : undefined;
  }
  if (root?.kind === "mapping") {
    const spec = replacementShape(root, "", decoding);
    return spec !== undefined && report.cleanSince(before) ? [spec] : undefined;
  }
  return report.fail(
    "build/replacement",
    { path },
    "the file holds no replacement",
    "write a source and targets in it",
  );
}
