import type { BuildContext } from "./context.ts";
import type { Folder } from "./folder.ts";
import type { Placed } from "./kustomization/decode.ts";
import { type Origin, pluginOrigin } from "./origin.ts";
import { builtinPlugin, pluginDocuments } from "./plugins.ts";
import { prefixSuffixTransformer, prefixTransformer, suffixTransformer } from "./transform/affix.ts";
import { hashTransformer } from "./transform/hash.ts";
import { imageTransformer } from "./transform/images.ts";
import { namespaceTransformer } from "./transform/namespace.ts";
import { jsonPatchTransformer, mergePatchTransformer, patchTransformer } from "./transform/patches.ts";
import { replacementTransformer } from "./transform/replacements.ts";
import { replicasTransformer } from "./transform/replicas.ts";
import { annotationsTransformer, labelTransformer } from "./transform/text-entries.ts";
import type { Configured, Transformer } from "./transform/transformer.ts";
import { valueAddTransformer } from "./transform/value-add.ts";

/** What the fields of a kustomization change. The order is kustomize's, and it shows. */
export const transformers: readonly Transformer[] = [
  mergePatchTransformer,
  patchTransformer,
  namespaceTransformer,
  prefixTransformer,
  suffixTransformer,
  labelTransformer,
  annotationsTransformer,
  jsonPatchTransformer,
  replicasTransformer,
  imageTransformer,
  replacementTransformer,
];

/** Transformers that only documents ask for. */
const documentOnly: readonly Transformer[] = [prefixSuffixTransformer, hashTransformer, valueAddTransformer];

/** What `transformers` or `validators` list, in their order. */
export function externalTransformers(
  context: BuildContext,
  folder: Folder,
  entries: readonly Placed<string>[],
): readonly (Configured & { readonly origin: Origin | undefined })[] {
  if (entries.length === 0) return [];
  return pluginDocuments(context, folder, entries).flatMap((document) => {
    const transformer = builtinPlugin([...transformers, ...documentOnly], document, folder);
    const origin = pluginOrigin(document);
    const configured = transformer?.ofConfig(context, folder, document) ?? [];
    return configured.map((step) => ({ ...step, origin }));
  });
}
