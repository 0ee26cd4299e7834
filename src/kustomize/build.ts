import type { Failure, Footprint, Manifest, Overlay, Place, Tree } from "../model/index.ts";
import { accumulateFolder, accumulateResources } from "./accumulate.ts";
import { type Accumulator, checkDuplicates, newAccumulator } from "./accumulator.ts";
import type { ParseCache } from "./cache.ts";
import { fieldSpec, fieldSpecs } from "./config/field-spec.ts";
import type { BuildContext } from "./context.ts";
import { setMetadataMap } from "./fields.ts";
import { type Folder, openFolder } from "./folder.ts";
import { generatedFolder } from "./generated-folder.ts";
import { objectProblem } from "./manifests.ts";
import { annotationsOf, ORIGIN, TRANSFORMATIONS } from "./origin.ts";
import { addsContent, setCommonMetadata, withOverlay } from "./overlay.ts";
import { resolveVars } from "./replace/index.ts";
import { newReport } from "./report.ts";
import { currentId, hasReadablePast, idText, type Resource } from "./resource.ts";
import { chooseSchema, newSchemaInUse } from "./schema-choice.ts";
import { type BuildLimits, type LoadRestrictions, newSource } from "./source.ts";
import { appendHashes } from "./transform/hash.ts";
import { fixNameReferences } from "./transform/name-reference.ts";
import { sortResources } from "./transform/sort.ts";
import type { StepContext } from "./transform/step.ts";
import { addEntries } from "./transform/text-entries.ts";
import { toJson, writeYaml, type YamlNode } from "./yaml/index.ts";

export interface BuildOptions {
  readonly cache: ParseCache;
  readonly limits: BuildLimits;
  readonly loadRestrictions: LoadRestrictions;
  /** What `kustomize build --reorder` sets; a kustomization's own sortOptions go before it. */
  readonly reorder?: "none" | "legacy";
  readonly managedByLabel?: boolean;
  /** Goes before the kustomization's own `namespace`: Flux's `spec.targetNamespace`. */
  readonly namespace?: string;
  /** What a Flux document adds to the kustomization of the folder, and to the objects that are built. */
  readonly overlay?: Overlay;
  /** Take a folder without a kustomization for one that lists all manifests in and below it, as Flux does. */
  readonly generate?: boolean;
}

/** One object of a build and where it was defined. */
export interface BuiltResource {
  readonly node: YamlNode;
  readonly at: Place;
}

export interface BuiltObject {
  readonly manifest: Manifest;
  readonly at: Place;
}

export type BuildResult =
  | {
      readonly ok: true;
      readonly resources: readonly BuiltResource[];
      /** The objects as values, made when first asked for. */
      readonly objects: readonly BuiltObject[];
      readonly footprint: Footprint;
    }
  | { readonly ok: false; readonly failures: readonly Failure[]; readonly footprint: Footprint };

/** Builds a folder as `kustomize build` does. Pure: the answer depends on the options and the footprint alone. */
export function build(tree: Tree, path: string, options: BuildOptions): BuildResult {
  const report = newReport();
  const source = newSource(tree, options.limits, options.loadRestrictions);
  const { cache, limits } = options;
  const context: BuildContext = {
    source,
    cache,
    limits,
    report,
    schema: newSchemaInUse(cache.schema),
    metadata: [],
    accumulate: (folder, into, paths) => accumulateResources(context, folder, into, paths),
  };
  const accumulator = newAccumulator();
  const folder = rootFolder(context, path, options);
  if (folder !== undefined) {
    context.metadata = folder.kustomization.buildMetadata ?? [];
    chooseSchema(context, folder);
    accumulateFolder(context, folder, accumulator);
  }
  if (folder === undefined || report.failures.length > 0) return failure(context);
  finish(context, folder, accumulator, options);
  return report.failures.length > 0 ? failure(context) : success(context, accumulator.set.resources);
}

/** The text that `kustomize build` prints. */
export function buildText(result: Extract<BuildResult, { ok: true }>): string {
  return writeYaml(result.resources.map(({ node }) => node));
}

function rootFolder(context: BuildContext, path: string, options: BuildOptions): Folder | undefined {
  const at = { path };
  const mark = context.report.failures.length;
  const found = context.source.find("", path, at, context.report);
  if (found?.entry.kind !== "tree") {
    if (!context.report.cleanSince(mark)) return undefined;
    return context.report.fail("build/missing-kustomization", at, `there is no folder ${path}`, "correct the path");
  }
  const made = options.generate === true ? generatedFolder(context, found, at) : undefined;
  const own = made ?? openFolder(context, found, at, undefined, "", addsContent(options.overlay));
  if (own === undefined) return undefined;
  const folder = made === undefined && options.generate === true ? withFluxMetadata(own) : own;
  const { namespace = "", overlay } = options;
  const placed = namespace === "" ? folder : { ...folder, kustomization: { ...folder.kustomization, namespace } };
  return overlay === undefined ? placed : withOverlay(context, placed, overlay);
}

/** Flux has a kustomization that lists no resources note their origin: else kustomize could take it for empty. */
function withFluxMetadata(folder: Folder): Folder {
  if ((folder.kustomization.resources ?? []).length > 0) return folder;
  return { ...folder, kustomization: { ...folder.kustomization, buildMetadata: ["originAnnotations"] } };
}

/** What kustomize does once, for the folder that is built: hashes, references, vars, order and the last labels. */
function finish(context: BuildContext, folder: Folder, accumulator: Accumulator, options: BuildOptions): void {
  const { report } = folder;
  const { set, config } = accumulator;
  const at = { path: folder.file };
  const step: StepContext = { set, config, report, at, scopes: context.schema };
  appendHashes(step);
  fixNameReferences(step, config);
  resolveVars(accumulator.vars, set.resources, config.varReference, report);
  dropLocal(step);
  checkDuplicates(set, at, report);
  const { sortOptions } = folder.kustomization;
  const order = sortOptions ?? (options.reorder === "legacy" ? { at, order: "legacy" } : undefined);
  if (order !== undefined) set.reset(sortResources(set.resources, order, order.at, report) ?? []);
  const metadata = new Set(context.metadata);
  if (options.managedByLabel === true || metadata.has("managedByLabel")) labelAll(set.resources);
  for (const resource of set.resources) finishAnnotations(resource, metadata);
  if (options.overlay?.commonMetadata !== undefined) setCommonMetadata(set.resources, options.overlay.commonMetadata);
}

const LOST = "for a while the object's name, namespace or kind was empty or had a comma, and then it was changed again";
const RENAME = "do not empty the name by a patch, and use no comma";

/**
 * Objects that say that they are for local use are built with, and not given out. kustomize takes them out by their ids,
 * and so cannot when another object has the same.
 */
function dropLocal({ set, report }: StepContext): void {
  const local = new Set<Resource>();
  for (const resource of set.resources) {
    const problem = objectProblem(resource.node);
    if (problem !== undefined)
      report.fail("build/invalid-object", resource.at, problem, "correct the patch that did it");
    else if (!hasReadablePast(resource)) report.fail("build/invalid-object", resource.at, LOST, RENAME);
    if (isLocal(resource)) local.add(resource);
  }
  if (local.size === 0) return;
  const named = new Map<string, Resource>();
  for (const resource of set.resources) {
    const id = idText(currentId(resource));
    const first = named.get(id);
    if (first === undefined) named.set(id, resource);
    else if (local.has(first) || local.has(resource)) {
      const message = `more than one object is ${id}, and one of them is for local use`;
      report.fail("build/duplicate-object", resource.at, message, "give them different names", id);
    }
  }
  set.reset(set.resources.filter((resource) => !local.has(resource)));
}

function isLocal(resource: Resource): boolean {
  const local = annotationsOf(resource).get("config.kubernetes.io/local-config");
  return local !== undefined && local !== "false";
}

const MANAGED_BY = new Map([["app.kubernetes.io/managed-by", "kustomize-(devel)"]]);
const OWN_LABELS = fieldSpecs([fieldSpec("metadata/labels", {}, true)]);

function labelAll(resources: readonly Resource[]): void {
  for (const resource of resources) addEntries(resource, [...MANAGED_BY.keys()], MANAGED_BY, OWN_LABELS);
}

const INTERNAL = "internal.config.kubernetes.io/";
/** Notes that kustomize takes for its own, and removes. */
const NOTES: ReadonlySet<string> = new Set([
  ...[
    "previousKinds",
    "previousNames",
    "prefixes",
    "suffixes",
    "previousNamespaces",
    "allowNameChange",
    "allowKindChange",
    "refBy",
    "generatorBehavior",
    "needsHashSuffix",
    "path",
    "index",
    "seqindent",
    "id",
    "annotations-migration-resource-id",
    "helm-generated",
  ].map((note) => `${INTERNAL}${note}`),
  "config.kubernetes.io/path",
  "config.kubernetes.io/index",
  "config.k8s.io/id",
]);

/** kustomize rewrites every object's annotations at the end: sorted, all text, none left empty. */
function finishAnnotations(resource: Resource, metadata: ReadonlySet<string>): void {
  const annotations = annotationsOf(resource);
  for (const key of annotations.keys()) if (NOTES.has(key)) annotations.delete(key);
  if (!metadata.has("originAnnotations")) annotations.delete(ORIGIN);
  if (!metadata.has("transformerAnnotations")) annotations.delete(TRANSFORMATIONS);
  setMetadataMap(resource.node, "annotations", annotations);
}

function failure(context: BuildContext): BuildResult {
  return { ok: false, failures: context.report.failures, footprint: context.source.footprint };
}

function success(context: BuildContext, resources: readonly Resource[]): BuildResult {
  const built = resources.map(({ node, at }) => ({ node, at }));
  let objects: readonly BuiltObject[] | undefined;
  return {
    ok: true,
    resources: built,
    get objects() {
      objects ??= built.map(({ node, at }) => ({ manifest: toJson(node, "kyaml") as Manifest, at }));
      return objects;
    },
    footprint: context.source.footprint,
  };
}
