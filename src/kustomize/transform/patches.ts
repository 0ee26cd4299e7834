import type { Place } from "../../model/index.ts";
import type { BuildContext } from "../context.ts";
import { type Folder, loadFile } from "../folder.ts";
import { list, object, type Placed, placed, text } from "../kustomization/decode.ts";
import { type PatchSpec, patchFields, type SelectorSpec, selectorShape } from "../kustomization/fields.ts";
import { instantiate, readManifests } from "../manifests.ts";
import {
  applyJson6902,
  applyMergePatches,
  applyPatch,
  type LoadObjects,
  type PatchText,
  readJsonPatch,
  readPatch,
} from "../patch/index.ts";
import { join } from "../paths.ts";
import type { Resource } from "../resource.ts";
import { type Configured, decodeConfig, type Transformer } from "./transformer.ts";

/** `patches`: strategic merge and JSON patches, from files or in place. */
export const patchTransformer: Transformer = {
  kind: "PatchTransformer",
  ofKustomization: (context, folder) =>
    (folder.kustomization.patches ?? []).flatMap((spec) => configure(context, folder, spec)),
  ofConfig(context, folder, document) {
    const spec = decodeConfig(patchShape, document, folder);
    return spec === undefined ? [] : configure(context, folder, spec);
  },
};

const patchShape = object(patchFields);

function configure(context: BuildContext, folder: Folder, spec: PatchSpec): readonly Configured[] {
  const { report } = folder;
  const from = textOf(context, folder, spec.path ?? "", (spec.patch ?? "").trim(), spec.at);
  const patch = from && readPatch(from, loader(context), report);
  if (patch === undefined) return [];
  const { allowNameChange = false, allowKindChange = false } = spec.options ?? {};
  const entry = { patch, target: spec.target, allowNameChange, allowKindChange };
  const schema = () => context.schema.current;
  return [{ step: ({ set }) => applyPatch(set, entry, { schema, report }), at: spec.at }];
}

/** `patchesJson6902`. */
export const jsonPatchTransformer: Transformer = {
  kind: "PatchJson6902Transformer",
  ofKustomization: (context, folder) =>
    (folder.kustomization.patchesJson6902 ?? []).flatMap(({ path, patch, target, at }) =>
      configureJson(context, folder, { path, patch, target, at }),
    ),
  ofConfig(context, folder, document) {
    const spec = decodeConfig(jsonPatchShape, document, folder);
    if (spec === undefined) return [];
    const { path, jsonOp, target, at } = spec;
    return configureJson(context, folder, { path, patch: jsonOp, target, at });
  },
};

const jsonPatchShape = object({ path: text, jsonOp: text, target: selectorShape });

interface JsonPatchSpec {
  readonly path: string | undefined;
  readonly patch: string | undefined;
  readonly target: SelectorSpec | undefined;
  readonly at: Place;
}

function configureJson(context: BuildContext, folder: Folder, spec: JsonPatchSpec): readonly Configured[] {
  const { report } = folder;
  const { target } = spec;
  const from = textOf(context, folder, spec.path ?? "", spec.patch ?? "", spec.at);
  const operations = from && readJsonPatch(from, report);
  if (from === undefined || operations === undefined) return [];
  const schema = () => context.schema.current;
  return [{ step: ({ set }) => applyJson6902(set, { operations, from, target }, { schema, report }), at: spec.at }];
}

/** `patchesStrategicMerge`: paths, or patches in place. */
export const mergePatchTransformer: Transformer = {
  kind: "PatchStrategicMergeTransformer",
  ofKustomization: (context, folder) =>
    configureMerge(context, folder, folder.kustomization.patchesStrategicMerge ?? []),
  ofConfig(context, folder, document) {
    const spec = decodeConfig(mergeShape, document, folder);
    if (spec === undefined) return [];
    const inline = spec.patches === undefined || spec.patches.value === "" ? [] : [spec.patches];
    const steps = configureMerge(context, folder, [...(spec.paths ?? []), ...inline]);
    if (steps.length === 0) {
      folder.report.fail("build/invalid-patch", spec.at, "there are no paths and no patches", "add one of them");
    }
    return steps;
  },
};

const mergeShape = object({ paths: list(placed(text), "texts"), patches: placed(text) });

/** All patches are read before the first is applied; together they must not be empty. */
function configureMerge(
  context: BuildContext,
  folder: Folder,
  entries: readonly Placed<string>[],
): readonly Configured[] {
  const { report } = folder;
  const mark = report.failures.length;
  const load = loader(context);
  const patches = entries.flatMap(({ value, at }) => {
    const inline = readManifests(value);
    const here: PatchText = { text: value, at, isFile: false };
    const from = inline.failures.length === 0 ? here : textOf(context, folder, value, "", at);
    const objects = from && load(from.text, from.at, report);
    return from === undefined || objects === undefined ? [] : [{ from, objects, at }];
  });
  const empty = patches.every(({ objects }) => objects.length === 0);
  if (entries.length > 0 && empty && report.cleanSince(mark)) {
    const at = entries[0]?.at ?? { path: folder.file };
    report.fail("build/invalid-patch", at, "the patches are empty", "write a patch, or remove the entry");
  }
  const schema = () => context.schema.current;
  const apply: Configured["step"] = ({ set }) => {
    for (const { objects, from } of patches) applyMergePatches(set, objects, from, { schema, report });
  };
  return entries.length === 0 ? [] : [{ step: apply, at: { path: folder.file } }];
}

/** The text of a patch: a file's, or what stands in place. One of both must be there. */
function textOf(context: BuildContext, folder: Folder, path: string, inline: string, at: Place): PatchText | undefined {
  if (path !== "" && inline !== "") {
    const message = "the patch has a path and a text";
    return folder.report.fail("build/invalid-patch", at, message, "keep one of them");
  }
  if (inline !== "") return { text: inline, at, isFile: false };
  if (path === "") {
    return folder.report.fail("build/invalid-patch", at, "the patch has no path and no text", "add one of them");
  }
  const bytes = loadFile(context, folder, path, at);
  if (bytes === undefined) return undefined;
  return { text: new TextDecoder().decode(bytes), at: { path: join(folder.path, path) ?? path }, isFile: true };
}

function loader(context: BuildContext): LoadObjects {
  return (source, at, report): readonly Resource[] | undefined => {
    const { nodes, failures } = readManifests(source);
    if (failures.length === 0) return instantiate(nodes, at.path, context.schema);
    const isFile = at.line === undefined;
    return report.add(failures.map((failure) => ({ ...failure, at: isFile ? { ...failure.at, path: at.path } : at })));
  };
}
