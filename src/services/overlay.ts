import {
  isObject,
  type Json,
  type JsonObject,
  jsonText,
  type Overlay,
  type OverlayImage,
  type OverlayPatch,
  type Place,
  type Service,
  text,
} from "../model/index.ts";
import {
  type Fail,
  type Field,
  fieldName,
  noText,
  readBoolean,
  readList,
  readMap,
  readString,
  readTexts,
} from "./fields.ts";
import { resolvePath } from "./paths.ts";

/** Fields of a Flux Kustomization's `spec` that change what its folder builds. */
export const OVERLAY_FIELDS: readonly string[] = [
  "namePrefix",
  "nameSuffix",
  "patches",
  "patchesStrategicMerge",
  "patchesJson6902",
  "components",
  "ignoreMissingComponents",
  "images",
  "buildMetadata",
  "commonMetadata",
];

/** Fields that v1beta1 and v1beta2 have, and v1 has not. */
export const BETA_FIELDS: readonly string[] = ["patchesStrategicMerge", "patchesJson6902"];

const TARGET_FIELDS = ["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"] as const;
const OPERATION_FIELDS = ["op", "path", "from", "value"] as const;
const OPERATIONS: readonly string[] = ["test", "remove", "add", "replace", "move", "copy"];
const BUILD_METADATA: readonly string[] = ["managedByLabel", "originAnnotations", "transformerAnnotations"];
/** As kustomize tells a remote path, and whatever is no path relative to the folder. */
const NOT_LOCAL = /^(?:git::|gh:|ssh:\/\/|https?:\/\/|git@|github\.com[:/]|\/|file:\/\/\/)/i;

/** What a document changes about the build; undefined when it changes nothing. Wrong types are reported by field. */
export function readOverlay(spec: JsonObject, at: Place, fail: Fail): Overlay | undefined {
  const commonMetadata = readCommonMetadata(spec, fail);
  const overlay: Omit<Overlay, "at"> = {
    ...readAffixes(spec, fail),
    ...filled("patches", readPatches(spec, fail)),
    ...filled("patchesStrategicMerge", readMergePatches(spec, fail)),
    ...filled("patchesJson6902", readJsonPatches(spec, fail)),
    ...filled("components", readComponents(spec, fail)),
    ...filled("images", readImages(spec, fail)),
    ...filled("buildMetadata", readBuildMetadata(spec, fail)),
    ...(commonMetadata === undefined ? {} : { commonMetadata }),
  };
  const ignoreMissingComponents = readBoolean(spec, "ignoreMissingComponents", fail) === true;
  if (Object.keys(overlay).length === 0) return undefined;
  return { at, ...overlay, ...(ignoreMissingComponents ? { ignoreMissingComponents } : {}) };
}

/** The folders of its components, those that are in the repository. */
export function componentFolders(folder: string, overlay: Overlay | undefined): readonly string[] {
  return (overlay?.components ?? []).flatMap((path) => resolvePath(folder, path) ?? []);
}

/** The files and folders that may declare a service's objects: its folder, and where a document adds to it. */
export function sourcesOf({ folder, settings: { overlay } }: Pick<Service, "folder" | "settings">): readonly string[] {
  return overlay === undefined ? [folder] : [folder, overlay.at.path, ...componentFolders(folder, overlay)];
}

function filled<K extends string, T>(field: K, list: readonly T[]): { readonly [Field in K]?: readonly T[] } {
  return list.length === 0 ? {} : ({ [field]: list } as { readonly [Field in K]?: readonly T[] });
}

function readAffixes(spec: JsonObject, fail: Fail): Pick<Overlay, "namePrefix" | "nameSuffix"> {
  const affixes = readTexts(spec, ["namePrefix", "nameSuffix"], ["spec"], fail);
  for (const [field, value] of Object.entries(affixes)) {
    if (value.length <= 200) continue;
    fail("service/invalid-field", ["spec", field], "is longer than 200 characters", "shorten it");
  }
  return affixes;
}

function readTarget(value: Json | undefined, at: Field, fail: Fail): Pick<OverlayPatch, "target"> {
  const target = readMap(value, at, fail, TARGET_FIELDS);
  return target === undefined ? {} : { target: readTexts(target, TARGET_FIELDS, at, fail) };
}

function readPatches(spec: JsonObject, fail: Fail): readonly OverlayPatch[] {
  return readList(spec, "patches", fail).flatMap(({ value, at }) => {
    const entry = readMap(value ?? {}, at, fail, ["patch", "target"]);
    if (entry === undefined) return [];
    const patch = readString(entry, "patch", fail, at);
    if (patch === undefined && (entry["patch"] ?? null) === null) missing([...at, "patch"], fail);
    return [{ patch: patch ?? "", ...readTarget(entry["target"], [...at, "target"], fail) }];
  });
}

/** Objects, handed on as the JSON text that Flux makes of them. */
function readMergePatches(spec: JsonObject, fail: Fail): readonly string[] {
  return readList(spec, "patchesStrategicMerge", fail).flatMap(({ value, at }) => {
    const entry = readMap(value ?? {}, at, fail);
    if (entry === undefined) return [];
    const metadata = isObject(entry["metadata"]) ? entry["metadata"] : undefined;
    const complete = [text(entry, "apiVersion"), text(entry, "kind"), text(metadata, "name")].every(Boolean);
    if (!complete) {
      fail("service/invalid-field", at, "is no object with apiVersion, kind and metadata.name", "add them");
    }
    return [jsonText(entry, { sortKeys: true })];
  });
}

function readJsonPatches(spec: JsonObject, fail: Fail): readonly OverlayPatch[] {
  return readList(spec, "patchesJson6902", fail).flatMap(({ value, at }) => {
    const entry = readMap(value ?? {}, at, fail, ["patch", "target"]);
    if (entry === undefined) return [];
    if (!isObject(entry["target"])) missing([...at, "target"], fail);
    const operations = readList(entry, "patch", fail, at);
    if (operations.length === 0) missing([...at, "patch"], fail);
    const texts = operations.map((operation) => operationText(operation.value, operation.at, fail));
    return [{ patch: `[${texts.join(",")}]`, ...readTarget(entry["target"], [...at, "target"], fail) }];
  });
}

/** One operation as JSON. A value of null counts as none, as it does for Flux. */
function operationText(value: Json, at: Field, fail: Fail): string {
  const operation = readMap(value ?? {}, at, fail, OPERATION_FIELDS) ?? {};
  const { op = "", path = "", from } = readTexts(operation, ["op", "path", "from"], at, fail);
  if (!OPERATIONS.includes(op)) {
    fail("service/invalid-field", [...at, "op"], `is none of ${OPERATIONS.join(", ")}`, "write one of them");
  }
  const content = operation["value"] ?? undefined;
  return jsonText({
    op,
    path,
    ...(from === undefined ? {} : { from }),
    ...(content === undefined ? {} : { value: sorted(content) }),
  });
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  );
}

function readComponents(spec: JsonObject, fail: Fail): readonly string[] {
  return readTextList(spec, "components", fail, (path, at) => {
    if (path !== "" && !NOT_LOCAL.test(path)) return;
    const says = `${JSON.stringify(path)} is no local, relative path`;
    fail("service/invalid-field", at, says, "name a folder of this repository, relative to spec.path");
  });
}

function readBuildMetadata(spec: JsonObject, fail: Fail): readonly string[] {
  return readTextList(spec, "buildMetadata", fail, (value, at) => {
    if (BUILD_METADATA.includes(value)) return;
    fail("service/invalid-field", at, `is none of ${BUILD_METADATA.join(", ")}`, "write one of them");
  });
}

function readTextList(
  spec: JsonObject,
  field: string,
  fail: Fail,
  check: (value: string, at: Field) => void,
): readonly string[] {
  return readList(spec, field, fail).flatMap(({ value, at }) => {
    if (typeof value === "string") check(value, at);
    else noText(at, fail);
    return typeof value === "string" ? [value] : [];
  });
}

function readImages(spec: JsonObject, fail: Fail): readonly OverlayImage[] {
  return readList(spec, "images", fail).flatMap(({ value, at }) => {
    const entry = readMap(value ?? {}, at, fail, ["name", "newName", "newTag", "digest"]);
    if (entry === undefined) return [];
    const image = readTexts(entry, ["name", "newName", "newTag", "digest"], at, fail);
    if ((entry["name"] ?? "") === "") missing([...at, "name"], fail);
    return [{ ...image, name: image.name ?? "" }];
  });
}

function readCommonMetadata(spec: JsonObject, fail: Fail): Overlay["commonMetadata"] {
  const at = ["spec", "commonMetadata"];
  const map = readMap(spec["commonMetadata"], at, fail, ["labels", "annotations"]);
  if (map === undefined) return undefined;
  const entries = (field: "labels" | "annotations"): Readonly<Record<string, string>> => {
    const inside = [...at, field];
    const given = readMap(map[field], inside, fail) ?? {};
    return Object.fromEntries(Object.keys(given).map((key) => [key, readString(given, key, fail, inside) ?? ""]));
  };
  const read = { labels: entries("labels"), annotations: entries("annotations") };
  return Object.keys(read.labels).length + Object.keys(read.annotations).length === 0 ? undefined : read;
}

function missing(field: Field, fail: Fail): void {
  fail("service/invalid-field", field, "is missing", `add ${fieldName(field)}`);
}
