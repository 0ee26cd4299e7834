import { addResources, newAccumulator } from "./accumulator.ts";
import type { BuildContext } from "./context.ts";
import type { Folder } from "./folder.ts";
import type { Placed } from "./kustomization/decode.ts";
import { instantiate, readManifests } from "./manifests.ts";
import { joinOrigin, setOrigin } from "./origin.ts";
import { apiVersionOf, currentId, idText, kindOf, type Resource } from "./resource.ts";

/** The documents that `generators`, `transformers` or `validators` name or hold: YAML in place, files and folders. */
export function pluginDocuments(
  context: BuildContext,
  folder: Folder,
  entries: readonly Placed<string>[],
): readonly Resource[] {
  const accumulator = newAccumulator();
  const paths: Placed<string>[] = [];
  for (const entry of entries) {
    const inline = readManifests(entry.value);
    if (inline.failures.length > 0) {
      paths.push(entry);
      continue;
    }
    const resources = instantiate(inline.nodes, folder.file, context.schema).map((resource) => ({
      ...resource,
      at: entry.at,
    }));
    if (context.metadata.length > 0) {
      for (const resource of resources) setOrigin(resource, { path: joinOrigin(folder.originPath, folder.fileName) });
    }
    addResources(accumulator.set, resources, entry.at, folder.report);
  }
  context.accumulate(folder, accumulator, paths);
  return accumulator.set.resources;
}

/** The built-in plugin that a document configures, by kind; undefined for any other, which is reported. */
export function builtinPlugin<T extends { readonly kind: string }>(
  known: readonly T[],
  document: Resource,
  folder: Folder,
): T | undefined {
  const [apiVersion, kind] = [apiVersionOf(document), kindOf(document)];
  if (kind === "HelmChartInflationGenerator" && apiVersion === "builtin") {
    const remedy = "render the chart with helm template, commit the result and list it under resources";
    return folder.report.fail("build/unsupported-helm", document.at, `${kind} would run helm`, remedy);
  }
  const plugin = apiVersion === "builtin" ? known.find((candidate) => candidate.kind === kind) : undefined;
  if (plugin !== undefined) return plugin;
  const what = idText(currentId(document));
  return folder.report.fail(
    "build/unsupported-plugin",
    document.at,
    apiVersion === "builtin" ? `there is no built-in plugin ${kind} here` : `${what} would run a program`,
    "use a built-in plugin, or commit what the plugin makes",
  );
}
