import type { BuildContext } from "./context.ts";
import { type Folder, loadFile } from "./folder.ts";
import { type GeneratorContext, makeConfigMap, makeSecret } from "./generate/config-map.ts";
import { makePolicyAccount, policyShape } from "./generate/iam-policy.ts";
import { object, text } from "./kustomization/decode.ts";
import { type ConfigMapSpec, configMapShape, type SecretSpec, secretShape } from "./kustomization/fields.ts";
import { type Origin, pluginOrigin } from "./origin.ts";
import { builtinPlugin, pluginDocuments } from "./plugins.ts";
import type { Resource } from "./resource.ts";
import { decodeConfig } from "./transform/transformer.ts";

export type Generate = () => readonly Resource[];

/** One of kustomize's generators. */
interface Generator {
  readonly kind: string;
  ofKustomization(context: BuildContext, folder: Folder): readonly Generate[];
  ofConfig(context: BuildContext, folder: Folder, document: Resource): Generate;
}

/** In kustomize's order. */
export const generators: readonly Generator[] = [
  {
    kind: "ConfigMapGenerator",
    ofKustomization: (context, folder) =>
      (folder.kustomization.configMapGenerator ?? []).map(
        (spec) => () => one(makeConfigMap(spec, folder.kustomization.generatorOptions, toolsOf(context, folder))),
      ),
    ofConfig: (context, folder, document) => () =>
      one(
        ofDocument(configMapShape, document, folder, (spec: ConfigMapSpec) =>
          makeConfigMap(spec, undefined, toolsOf(context, folder)),
        ),
      ),
  },
  {
    kind: "SecretGenerator",
    ofKustomization: (context, folder) =>
      (folder.kustomization.secretGenerator ?? []).map(
        (spec) => () => one(makeSecret(spec, folder.kustomization.generatorOptions, toolsOf(context, folder))),
      ),
    ofConfig: (context, folder, document) => () =>
      one(
        ofDocument(secretShape, document, folder, (spec: SecretSpec) =>
          makeSecret(spec, undefined, toolsOf(context, folder)),
        ),
      ),
  },
  {
    kind: "IAMPolicyGenerator",
    ofKustomization: () => [],
    ofConfig: (context, folder, document) => () => {
      const spec = decodeConfig(policyShape, document, folder);
      return spec === undefined ? [] : one(makePolicyAccount(spec, context.schema, folder.report));
    },
  },
];

/** What `generators` lists, in its order. */
export function externalGenerators(
  context: BuildContext,
  folder: Folder,
): readonly { readonly generate: Generate; readonly origin: Origin | undefined }[] {
  const entries = folder.kustomization.generators ?? [];
  if (entries.length === 0) return [];
  return pluginDocuments(context, folder, entries).flatMap((document) => {
    const generator = builtinPlugin(generators, document, folder);
    if (generator === undefined) return [];
    return [{ generate: generator.ofConfig(context, folder, document), origin: pluginOrigin(document) }];
  });
}

const one = (resource: Resource | undefined): readonly Resource[] => (resource === undefined ? [] : [resource]);

function toolsOf(context: BuildContext, folder: Folder): GeneratorContext {
  const readFile = (path: string, at: Parameters<typeof loadFile>[3]) => loadFile(context, folder, path, at);
  return { readFile, report: folder.report, scopes: context.schema };
}

const metadataShape = object({ metadata: object({ name: text, namespace: text }) });

/** A generator's document may leave name and namespace to its own metadata. */
function ofDocument<S extends { readonly name?: string; readonly namespace?: string }>(
  shape: Parameters<typeof decodeConfig<S>>[0],
  document: Resource,
  folder: Folder,
  make: (spec: S) => Resource | undefined,
): Resource | undefined {
  const spec = decodeConfig(shape, document, folder);
  if (spec === undefined) return undefined;
  const own = decodeConfig(metadataShape, document, folder)?.metadata;
  return make({ ...spec, name: spec.name || (own?.name ?? ""), namespace: spec.namespace || (own?.namespace ?? "") });
}
