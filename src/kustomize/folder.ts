import type { Place } from "../model/index.ts";
import type { BuildContext } from "./context.ts";
import { type Decoding, fieldPlace, placeOf } from "./kustomization/decode.ts";
import { type Kustomization, kustomizationShape } from "./kustomization/fields.ts";
import { atPath } from "./manifests.ts";
import { isRemote, isWithin, relativeTo } from "./paths.ts";
import type { Report } from "./report.ts";
import type { Found } from "./symlinks.ts";
import { parseYaml, toJson } from "./yaml/index.ts";
import type { MappingNode } from "./yaml/node.ts";

/** The names under which kustomize looks for a kustomization; a folder may have one of them. */
export const kustomizationNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"] as const;

/** A folder with its kustomization, on the way from the folder that is built. */
export interface Folder {
  /** Where it is, symlinks followed. */
  readonly path: string;
  /** Of the kustomization file, relative to the repository. */
  readonly file: string;
  readonly fileName: string;
  readonly kustomization: Kustomization;
  readonly node: MappingNode | undefined;
  /** The folders that led here, outermost first, and this one. */
  readonly visited: readonly string[];
  readonly report: Report;
  /** How the resources before it named the way here, for origin annotations. */
  readonly originPath: string;
}

/** Reads a folder's kustomization, which may only be empty when something is added to it; undefined after a failure, reported. */
export function openFolder(
  context: BuildContext,
  found: Found,
  at: Place,
  parent: Folder | undefined,
  originPath: string,
  mayBeEmpty = false,
): Folder | undefined {
  const outer = parent?.report ?? context.report;
  const visited = parent?.visited ?? [];
  const cycle = visited.find((folder) => isWithin(folder, found.path));
  if (cycle !== undefined) {
    const chain = [...visited, found.path].map((folder) => folder || ".").join(" → ");
    return outer.fail("build/cycle", at, `folders lead in a circle: ${chain}`, "remove one of these references");
  }
  if (visited.length >= context.limits.depth) {
    const message = `more than ${context.limits.depth} folders lead to each other`;
    return outer.fail("build/too-large", at, message, "flatten the chain of bases");
  }
  const file = findKustomization(context, found.path, at, outer);
  if (file === undefined) return undefined;
  const report = parent === undefined ? outer : outer.within(at);
  const decoded = readKustomization(context, file, report, mayBeEmpty);
  if (decoded === undefined) return undefined;
  return {
    path: found.path,
    file: file.path,
    fileName: file.path.slice(file.path.lastIndexOf("/") + 1),
    ...decoded,
    visited: [...visited, found.path],
    report,
    originPath,
  };
}

/** A file of this name. A folder in its place is part of the footprint: it may become one. */
export function kustomizationAt(
  context: BuildContext,
  folder: string,
  name: string,
  at: Place,
  report: Report,
): Found | undefined {
  const found = context.source.find(folder, name, at, report, "is fine");
  if (found?.entry.kind === "tree") context.source.list(found.path);
  return found?.entry.kind === "blob" ? found : undefined;
}

/** The kustomization file of a folder: exactly one of the names. */
function findKustomization(context: BuildContext, folder: string, at: Place, report: Report): Found | undefined {
  const mark = report.failures.length;
  const files = kustomizationNames.flatMap((name) => {
    const found = kustomizationAt(context, folder, name, at, report);
    return found === undefined ? [] : [{ name, found }];
  });
  const [first, second] = files;
  if (!report.cleanSince(mark)) return undefined;
  const where = folder === "" ? "the root folder" : folder;
  if (first === undefined) {
    context.source.list(folder);
    const message = `${where} has no kustomization.yaml`;
    return report.fail("build/missing-kustomization", at, message, "add a kustomization.yaml, or name another folder");
  }
  if (second === undefined) return first.found;
  const names = files.map(({ name }) => name).join(" and ");
  return report.fail("build/ambiguous-kustomization", at, `${where} has ${names}`, "keep one of them");
}

function readKustomization(
  context: BuildContext,
  file: Found,
  report: Report,
  mayBeEmpty: boolean,
): Pick<Folder, "kustomization" | "node"> | undefined {
  const bytes = context.source.read(file, { path: file.path }, report);
  if (bytes === undefined) return undefined;
  const parsed = context.cache.keep("kustomization", file.entry.id, bytes.length, () =>
    parseYaml(new TextDecoder().decode(bytes), { path: "", mode: "kubernetes" }),
  );
  if (!parsed.ok) return report.add(atPath(parsed.failures, file.path));
  const node = parsed.value[0]?.root;
  if (node === undefined || (node.kind === "scalar" && node.tag === "!!null")) {
    return report.fail("build/invalid-kustomization", { path: file.path }, "the file is empty", "list resources in it");
  }
  const mark = report.failures.length;
  const kustomization = kustomizationShape(node, "", decodingOf(file.path, report, true));
  if (kustomization === undefined || node.kind !== "mapping") return undefined;
  checkKustomization(kustomization, node, file.path, report);
  if (!mayBeEmpty && saysNothing(kustomization)) {
    const message = "the kustomization says nothing";
    report.fail("build/invalid-kustomization", { path: file.path }, message, "list resources in it");
  }
  return report.cleanSince(mark) ? { kustomization, node } : undefined;
}

export function decodingOf(path: string, report: Report, strict: boolean): Decoding {
  return { path, report, strict, json: (node) => toJson(node, "kubernetes") };
}

function checkKustomization(k: Kustomization, node: MappingNode, path: string, report: Report): void {
  const kind = k.kind === undefined || k.kind === "" ? "Kustomization" : k.kind;
  const at = (field: string): Place => fieldPlace(node, field, path) ?? placeOf(node, path);
  if (kind !== "Kustomization" && kind !== "Component") {
    report.fail("build/invalid-kustomization", at("kind"), `kind is ${kind}`, "write Kustomization or Component");
    return;
  }
  const version = kind === "Component" ? "kustomize.config.k8s.io/v1alpha1" : "kustomize.config.k8s.io/v1beta1";
  if (k.apiVersion !== undefined && k.apiVersion !== "" && k.apiVersion !== version) {
    const message = `apiVersion of a ${kind} is ${k.apiVersion}`;
    report.fail("build/invalid-kustomization", at("apiVersion"), message, `write ${version}`);
  }
  for (const field of ["helmCharts", "helmChartInflationGenerator"] as const) {
    if ((k[field]?.length ?? 0) === 0) continue;
    const remedy = "render the chart with helm template, commit the result and list it under resources";
    report.fail("build/unsupported-helm", at(field), `${field} would run helm`, remedy);
  }
}

const META: ReadonlySet<string> = new Set(["at", "apiVersion", "kind"]);
/** Lists that are moved into another field, so that an empty one leaves no trace. */
const MOVED: ReadonlySet<string> = new Set(["bases", "imageTags", "helmChartInflationGenerator"]);

function saysNothing(k: Kustomization): boolean {
  return Object.entries(k).every(
    ([field, value]) =>
      META.has(field) || value === "" || (MOVED.has(field) && Array.isArray(value) && value.length === 0),
  );
}

/** A file that a kustomization names; undefined when it cannot be had, which is reported. */
export function findFile(context: BuildContext, folder: Folder, path: string, at: Place): Found | undefined {
  const { report } = folder;
  if (/^https?:/i.test(path)) return remote(path, at, report);
  const mark = report.failures.length;
  const found = context.source.find(folder.path, path, at, report);
  if (found === undefined) {
    if (!report.cleanSince(mark)) return undefined;
    return isRemote(path)
      ? remote(path, at, report)
      : report.fail("build/missing-resource", at, `${path} is not in this commit`, "add the file, or correct the path");
  }
  if (found.entry.kind === "tree") {
    context.source.list(found.path); // it may become a file
    return report.fail("build/missing-resource", at, `${path} is a folder`, "name a file");
  }
  return mayRead(context, folder, found, at) ? found : undefined;
}

/** kustomize reads only files in or below the kustomization's folder, unless it is told otherwise. */
export function mayRead(context: BuildContext, folder: Folder, found: Found, at: Place): boolean {
  if (context.source.restrictions === "none" || isWithin(found.path, folder.path)) return true;
  const seen = relativeTo(found.path, folder.path);
  folder.report.fail(
    "build/path-outside-repository",
    at,
    `${seen} is not in or below the folder of the kustomization`,
    "move the file into the folder or below it, or make it a base: a folder with a kustomization of its own",
  );
  return false;
}

/** The bytes of a file that a kustomization names. */
export function loadFile(context: BuildContext, folder: Folder, path: string, at: Place): Uint8Array | undefined {
  const found = findFile(context, folder, path, at);
  return found === undefined ? undefined : context.source.read(found, at, folder.report);
}

export function remote(path: string, at: Place, report: Report): undefined {
  const remedy = "copy the files into the repository and name them by path";
  return report.fail(
    "build/unsupported-remote",
    at,
    `${path.replace(/\/\/[^/@]*@/, "//")} is not in this repository`,
    remedy,
  );
}
