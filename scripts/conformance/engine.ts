import { type BuildOptions, build, buildText, newParseCache, type ParseCache } from "../../src/kustomize/index.ts";
import type { Failure, Footprint, Manifest, Tree } from "../../src/model/index.ts";

/** Our engine's answer as the comparison needs it: the text of `gitops build` beside the objects. */
export type OurAnswer =
  | { readonly ok: true; readonly yaml: string; readonly objects: readonly Manifest[]; readonly footprint: Footprint }
  | { readonly ok: false; readonly failures: readonly Failure[]; readonly footprint: Footprint };

/** Switches of `kustomize build` that a case may set, and the cache to build with; none means a new one. */
export interface Switches {
  readonly reorder?: "none" | "legacy" | "unspecified";
  readonly managedByLabel?: boolean;
  readonly loadRestrictions?: "LoadRestrictionsRootOnly" | "LoadRestrictionsNone";
  readonly cache?: ParseCache;
}

const MIB = 1024 * 1024;

/** Far above what any real folder asks for: a comparison is not about limits. */
export const ROOMY = { fileBytes: 64 * MIB, totalBytes: 512 * MIB, objects: 100_000, files: 200_000, depth: 500 };

/** The built-in tables, which are part of the program: Go's library keeps them, too. */
const TABLES = newParseCache(0);

/** A cache that holds nothing of any file yet. */
export function coldCache(): ParseCache {
  const kept = new Map<string, unknown>();
  return {
    ...TABLES,
    keep<T>(kind: string, id: string, _bytes: number, make: () => T): T {
      const key = `${kind}:${id}`;
      const value = kept.has(key) ? (kept.get(key) as T) : make();
      kept.set(key, value);
      return value;
    },
  };
}

/** A thrown error is a bug, and reported as one. */
export function buildOurs(tree: Tree, folder: string, switches: Switches = {}): OurAnswer {
  try {
    const result = build(tree, folder, optionsOf(switches));
    if (!result.ok) return result;
    const objects = result.objects.map(({ manifest }) => manifest);
    return { ok: true, yaml: buildText(result), objects, footprint: result.footprint };
  } catch (cause) {
    const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    const failure: Failure = { code: "build/crashed", message, remedy: "report it with the folder" };
    return { ok: false, failures: [failure], footprint: new Map() };
  }
}

function optionsOf({ reorder, managedByLabel, loadRestrictions, cache }: Switches): BuildOptions {
  return {
    cache: cache ?? coldCache(),
    limits: ROOMY,
    loadRestrictions: loadRestrictions === "LoadRestrictionsNone" ? "none" : "rootOnly",
    reorder: reorder === "none" ? "none" : "legacy", // what kustomize does when it is not told
    ...(managedByLabel === undefined ? {} : { managedByLabel }),
  };
}
