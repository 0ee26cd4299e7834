import type { BuildContext } from "../context.ts";
import { decodingOf, type Folder, findFile } from "../folder.ts";
import { list, object, type Placed, text } from "../kustomization/decode.ts";
import { fieldSpecShape } from "../kustomization/fields.ts";
import { atPath } from "../manifests.ts";
import { specOf } from "../transform/transformer.ts";
import { parseYaml } from "../yaml/index.ts";
import {
  type ConfigData,
  compile,
  emptyData,
  mergeConfig,
  mergeData,
  SPEC_LISTS,
  type TransformerConfig,
} from "./config.ts";

const specs = list(fieldSpecShape);
const gvk = { group: text, version: text, kind: text };
const configShape = object({
  namePrefix: specs,
  nameSuffix: specs,
  namespace: specs,
  commonLabels: specs,
  labels: specs,
  templateLabels: specs,
  volumeClaimTemplateLabels: specs,
  commonAnnotations: specs,
  varReference: specs,
  images: specs,
  replicas: specs,
  nameReference: list(object({ ...gvk, fieldSpecs: specs })),
});

/** kustomize's default with the files of `configurations` merged into it. */
export function configOfFiles(
  context: BuildContext,
  folder: Folder,
  paths: readonly Placed<string>[],
): TransformerConfig {
  const { defaults } = context.cache;
  if (paths.length === 0) return defaults;
  let data: ConfigData = emptyData();
  for (const { value: path, at } of paths) {
    const read = readConfig(context, folder, path, at);
    const merged = read === undefined ? data : mergeData(data, read);
    if (typeof merged !== "string") data = merged;
    else folder.report.fail("build/conflict", at, merged, "make the field specs agree");
  }
  const merged = mergeConfig(defaults, compile(data, "none"));
  if (typeof merged !== "string") return merged;
  folder.report.fail("build/conflict", { path: folder.file }, merged, "make the field specs agree with the default");
  return defaults;
}

function readConfig(
  context: BuildContext,
  folder: Folder,
  path: string,
  at: Placed<string>["at"],
): ConfigData | undefined {
  const found = findFile(context, folder, path, at);
  const bytes = found === undefined ? undefined : context.source.read(found, at, folder.report);
  if (found === undefined || bytes === undefined) return undefined;
  const parsed = parseYaml(new TextDecoder().decode(bytes), { path: found.path, mode: "kubernetes" });
  if (!parsed.ok) return folder.report.add(atPath(parsed.failures, found.path));
  const root = parsed.value[0]?.root;
  const decoded = root && configShape(root, "", { ...decodingOf(found.path, folder.report, true), coerces: true });
  if (decoded === undefined) return emptyData();
  const lists = Object.fromEntries(SPEC_LISTS.map((name) => [name, (decoded[name] ?? []).map(specOf)]));
  const nameReference = (decoded.nameReference ?? []).map(
    ({ group = "", version = "", kind = "", fieldSpecs = [] }) => ({
      group,
      version,
      kind,
      referrers: fieldSpecs.map(specOf),
    }),
  );
  return { ...emptyData(), ...lists, nameReference };
}
