import { child, isObject, type JsonObject, text } from "../../model/index.ts";
import type { BuildContext } from "../context.ts";
import { type Folder, findFile } from "../folder.ts";
import type { Placed } from "../kustomization/decode.ts";
import { atPath } from "../manifests.ts";
import { parseYaml, toJson } from "../yaml/index.ts";
import { type ConfigData, compile, emptyData, mergeData, type TransformerConfig } from "./config.ts";
import { type FieldSpec, fieldSpec } from "./field-spec.ts";

/** Field specs that OpenAPI definitions state by `x-kubernetes-*` extensions: the files of `crds`. */
export function configOfCrds(
  context: BuildContext,
  folder: Folder,
  paths: readonly Placed<string>[],
): TransformerConfig {
  let data = emptyData();
  for (const { value: path, at } of paths) {
    const found = findFile(context, folder, path, at);
    const bytes = found === undefined ? undefined : context.source.read(found, at, folder.report);
    if (found === undefined || bytes === undefined) continue;
    const parsed = parseYaml(new TextDecoder().decode(bytes), { path: found.path, mode: "kubernetes" });
    if (!parsed.ok) {
      folder.report.add(atPath(parsed.failures, found.path));
      continue;
    }
    const root = parsed.value[0]?.root;
    const definitions = root === undefined ? undefined : toJson(root, "kubernetes");
    if (!isObject(definitions) || !Object.values(definitions).every((one) => one === null || isObject(one))) {
      const remedy = "list the definitions by name";
      folder.report.fail("build/invalid-kustomization", at, `${path} holds no OpenAPI definitions`, remedy);
      continue;
    }
    const merged = mergeData(data, dataOf(definitions));
    if (typeof merged !== "string") data = merged;
    else folder.report.fail("build/conflict", at, merged, "make the definitions agree");
  }
  return compile(data, "none");
}

function dataOf(definitions: JsonObject): ConfigData {
  const lists = {
    commonAnnotations: [] as FieldSpec[],
    commonLabels: [] as FieldSpec[],
    namePrefix: [] as FieldSpec[],
  };
  const nameReference: ConfigData["nameReference"][number][] = [];
  const walk = (name: string, kind: string, path: readonly string[], seen: readonly string[]): void => {
    const properties = propertiesOf(definitions, name);
    if (properties === undefined || seen.includes(name)) return;
    for (const [field, property] of Object.entries(properties)) {
      if (!isObject(property)) continue;
      const spec = (...more: readonly string[]) => fieldSpec([...path, field, ...more].join("/"), { kind });
      if (text(property, "x-kubernetes-annotation") !== undefined) lists.commonAnnotations.push(spec());
      if (text(property, "x-kubernetes-label-selector") !== undefined) lists.commonLabels.push(spec());
      if (text(property, "x-kubernetes-identity") !== undefined) lists.namePrefix.push(spec());
      const version = text(property, "x-kubernetes-object-ref-api-version");
      const target = text(property, "x-kubernetes-object-ref-kind");
      if (version !== undefined && target !== undefined) {
        const key = text(property, "x-kubernetes-object-ref-name-key") ?? "name";
        nameReference.push({ group: "", version, kind: target, referrers: [spec(key)] });
      }
      const ref = text(property, "$ref");
      if (ref !== undefined) walk(ref, kind, [...path, field], [...seen, name]);
    }
  };
  for (const name of Object.keys(definitions)) {
    const properties = propertiesOf(definitions, name);
    if (properties === undefined || !["kind", "apiVersion", "metadata"].every((field) => field in properties)) continue;
    walk(name, name.slice(name.lastIndexOf(".") + 1), [], []);
  }
  return { ...emptyData(), ...lists, nameReference };
}

function propertiesOf(definitions: JsonObject, name: string): JsonObject | undefined {
  const definition = child(definitions, name);
  return child(child(definition, "Schema") ?? child(definition, "schema"), "properties");
}
