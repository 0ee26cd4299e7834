import type { Place } from "../model/index.ts";
import type { BuildContext } from "./context.ts";
import { type Folder, kustomizationAt, kustomizationNames } from "./folder.ts";
import type { Placed } from "./kustomization/decode.ts";
import type { Found } from "./symlinks.ts";

/** The file of a service's settings, which is no manifest. */
const SETTINGS_FILE = "gitops.yaml";

/**
 * The kustomization that Flux writes for a folder without one: all `.yaml` and `.yml` files in and below it, and the
 * sub-folders that have a kustomization of their own; not its `gitops.yaml`. Undefined when the folder has one.
 */
export function generatedFolder(context: BuildContext, found: Found, at: Place): Folder | undefined {
  const has = (folder: string): boolean =>
    kustomizationNames.some((name) => kustomizationAt(context, folder, name, at, context.report) !== undefined);
  if (has(found.path)) return undefined;
  const resources: Placed<string>[] = [];
  // Only here, where it is read as settings: a manifest of this name further down must not be passed over.
  const settings = found.path === "" ? SETTINGS_FILE : `${found.path}/${SETTINGS_FILE}`;
  const scan = (folder: string, prefix: string): void => {
    for (const name of context.source.list(folder)) {
      if (context.source.exhausted()) return;
      const inner = folder === "" ? name : `${folder}/${name}`;
      const entry = context.source.entryKind(inner);
      const path = `${prefix}${name}`;
      if (entry === "tree") {
        if (has(inner)) resources.push({ value: path, at: { path: inner } });
        else scan(inner, `${path}/`);
      } else if (/\.ya?ml$/.test(name) && inner !== settings) resources.push({ value: path, at: { path: inner } });
    }
  };
  scan(found.path, "");
  const nothing = resources.length === 0 ? { namespace: "_placeholder" } : {};
  return {
    path: found.path,
    file: found.path,
    fileName: "kustomization.yaml",
    kustomization: { at, resources, ...nothing },
    node: undefined,
    visited: [found.path],
    report: context.report,
    originPath: "",
  };
}
