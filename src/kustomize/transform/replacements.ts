import type { BuildContext } from "../context.ts";
import { type Folder, findFile } from "../folder.ts";
import { list, object } from "../kustomization/decode.ts";
import { type ReplacementSpec, replacementShape } from "../kustomization/fields.ts";
import { applyReplacements, type LoadText, readReplacements } from "../replace/index.ts";
import { type Configured, decodeConfig, type Transformer } from "./transformer.ts";

const configShape = object({ replacements: list(replacementShape) });

/** `replacements`: values copied from objects to objects. */
export const replacementTransformer: Transformer = {
  kind: "ReplacementTransformer",
  ofKustomization: (context, folder) => configure(context, folder, folder.kustomization.replacements ?? []),
  ofConfig: (context, folder, document) =>
    configure(context, folder, decodeConfig(configShape, document, folder)?.replacements ?? []),
};

function configure(context: BuildContext, folder: Folder, specs: readonly ReplacementSpec[]): readonly Configured[] {
  const { report } = folder;
  const load: LoadText = (path, at) => {
    const found = findFile(context, folder, path, at);
    const bytes = found === undefined ? undefined : context.source.read(found, at, report);
    return found === undefined || bytes === undefined
      ? undefined
      : { text: new TextDecoder().decode(bytes), path: found.path };
  };
  const replacements = specs.length === 0 ? undefined : readReplacements(specs, load, report);
  if (replacements === undefined) return [];
  return [{ step: ({ set }) => applyReplacements(set, replacements, report), at: { path: folder.file } }];
}
