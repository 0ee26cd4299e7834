import type { Json } from "../model/index.ts";
import type { BuildContext, SchemaInUse } from "./context.ts";
import { type Folder, findFile } from "./folder.ts";
import { fieldPlace } from "./kustomization/decode.ts";
import { atPath } from "./manifests.ts";
import { type BesideBuiltin, BUILTIN_VERSION, customSchema, kindScope, type Schema } from "./schema/index.ts";
import { parseYaml, toJson } from "./yaml/index.ts";

export function newSchemaInUse(builtin: Schema): SchemaInUse {
  let schema = builtin;
  let chosen = false;
  let beside: BesideBuiltin = "absent";
  return {
    get current() {
      if (!chosen) beside = "over";
      return schema;
    },
    get beside() {
      return beside;
    },
    choose(other) {
      if (chosen) return;
      schema = other;
      chosen = true;
    },
    isClusterScoped(apiVersion, kind) {
      const scope = kindScope(schema, apiVersion, kind);
      if (scope === undefined && !chosen && beside === "absent") beside = "under";
      return scope === "cluster";
    },
  };
}

/** Lets a kustomization's `openapi` field choose the schema. */
export function chooseSchema(context: BuildContext, folder: Folder): void {
  const { openapi } = folder.kustomization;
  if (openapi === undefined) return;
  const at = fieldPlace(folder.node, "openapi", folder.file) ?? { path: folder.file };
  const [path, version] = [openapi.get("path"), openapi.get("version")];
  const { report } = folder;
  if (path !== undefined && version !== undefined) {
    report.fail("build/invalid-kustomization", at, "openapi has a path and a version", "keep one of them");
  } else if (path !== undefined) {
    const found = findFile(context, folder, path, at);
    const bytes = found === undefined ? undefined : context.source.read(found, at, report);
    if (found === undefined || bytes === undefined) return;
    const { beside } = context.schema;
    const read = context.cache.keep("schema", `${found.entry.id}:${beside}`, bytes.length, () => {
      const parsed = parseYaml(new TextDecoder().decode(bytes), { path: "", mode: "kubernetes" });
      if (!parsed.ok) return parsed;
      const root = parsed.value[0]?.root;
      const document: Json = root === undefined ? null : toJson(root, "kubernetes");
      return { ok: true as const, value: customSchema(document, context.cache.schema, beside) };
    });
    if (read.ok) context.schema.choose(read.value);
    else report.add(atPath(read.failures, found.path));
  } else if (version !== undefined && version !== "") {
    if (version === BUILTIN_VERSION) context.schema.choose(context.cache.schema);
    else
      report.fail("build/invalid-kustomization", at, `there is no schema ${version} here`, `write ${BUILTIN_VERSION}`);
  }
}
