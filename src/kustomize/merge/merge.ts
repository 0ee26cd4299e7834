import type { Schema } from "../schema/index.ts";
import type { YamlNode } from "../yaml/node.ts";
import type { Merging, Problem } from "./merging.ts";
import { mergeNode } from "./walk.ts";

/** The merged node; undefined when the patch deletes the whole. Or what is wrong with the patch, and with which node. */
export type MergeOutcome =
  | { readonly ok: true; readonly value: YamlNode | undefined }
  | { readonly ok: false; readonly problem: Problem };

/**
 * A strategic merge as `kustomize build` does it (kyaml merge2, patch items before the object's): lists by the schema's
 * merge keys, `$patch` directives, null clears. `$setElementOrder`, `$retainKeys` and `$deleteFromPrimitiveList` mean
 * nothing to kustomize and are merged like any field.
 *
 * Changes both nodes and uses parts of the patch in the result: pass clones of what is to be kept. After a problem, `dest`
 * is half merged.
 */
export function strategicMerge(dest: YamlNode, patch: YamlNode, schema: Schema): MergeOutcome {
  const at: Merging = { schema, path: [], problem: undefined, merge: mergeNode };
  const value = mergeNode(at, dest, patch, undefined);
  return at.problem === undefined ? { ok: true, value } : { ok: false, problem: at.problem };
}
