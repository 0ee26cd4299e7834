import type { Place } from "../model/index.ts";
import { type Accumulator, addConfig, addResources, checkDuplicates, newAccumulator } from "./accumulator.ts";
import { configOfCrds } from "./config/crds.ts";
import { configOfFiles } from "./config/files.ts";
import type { BuildContext } from "./context.ts";
import { setMetadataMap, textMap } from "./fields.ts";
import { type Folder, mayRead, openFolder, remote } from "./folder.ts";
import { absorb } from "./generate/absorb.ts";
import { externalGenerators, generators } from "./generators.ts";
import type { Placed } from "./kustomization/decode.ts";
import { resourcesOf } from "./manifests.ts";
import { builtinOrigin, hasOrigin, joinOrigin, noteTransformer, type Origin, setOrigin } from "./origin.ts";
import { isRemote } from "./paths.ts";
import { addVars, mergeVars } from "./replace/index.ts";
import { isEmptyNode, type Resource, valueAt } from "./resource.ts";
import type { ResourceSet } from "./resource-set.ts";
import { chooseSchema } from "./schema-choice.ts";
import type { Found } from "./symlinks.ts";
import type { Step } from "./transform/step.ts";
import { externalTransformers, transformers } from "./transformers.ts";
import { cloneNode } from "./yaml/index.ts";

/** kustomize's order for one folder: what it takes in, what it makes, its components, then its changes. */
export function accumulateFolder(context: BuildContext, folder: Folder, accumulator: Accumulator): void {
  const { kustomization: k, report } = folder;
  const mark = report.failures.length;
  accumulateResources(context, folder, accumulator, [...(k.resources ?? []), ...(k.bases ?? [])]);
  if (context.source.exhausted()) return;
  const at = { path: folder.file };
  addConfig(accumulator, configOfFiles(context, folder, k.configurations ?? []), at, report);
  addConfig(accumulator, configOfCrds(context, folder, k.crds ?? []), at, report);
  runGenerators(context, folder, accumulator);
  accumulateComponents(context, folder, accumulator, k.components ?? []);
  // Changes of objects that are not all there would fail for reasons that are none.
  if (!report.cleanSince(mark)) return;
  runTransformers(context, folder, accumulator);
  runValidators(context, folder, accumulator);
  accumulator.vars = addVars(accumulator.vars, k.vars ?? [], accumulator.set.resources, report);
}

/** Adds what paths lead to: the objects of a file, or what a folder builds. */
export function accumulateResources(
  context: BuildContext,
  folder: Folder,
  accumulator: Accumulator,
  paths: readonly Placed<string>[],
): void {
  for (const { value: path, at } of paths) {
    if (context.source.exhausted()) return;
    const found = findResource(context, folder, path, at);
    if (found === undefined) continue;
    if (found.entry.kind === "tree") accumulateChild(context, folder, accumulator, found, path, at, false);
    else if (mayRead(context, folder, found, at)) {
      const resources = resourcesOfFile(context, folder, found, path, at);
      addResources(accumulator.set, resources, at, folder.report);
    }
  }
}

function findResource(context: BuildContext, folder: Folder, path: string, at: Place): Found | undefined {
  const { report } = folder;
  if (path === "") return report.fail("build/missing-resource", at, "the path is empty", "name a file or a folder");
  if (/^https?:/i.test(path)) return remote(path, at, report);
  const mark = report.failures.length;
  const found = context.source.find(folder.path, path, at, report);
  if (
    found?.entry.kind === "tree" &&
    path.split("/").some((part) => part.replaceAll(".", "") !== "" && part.includes(".."))
  ) {
    const message = `${path} is two entries in one: a part of it holds ..`;
    return report.fail("build/missing-resource", at, message, "check the indentation of the list");
  }
  if (found !== undefined || !report.cleanSince(mark)) return found;
  if (isRemote(path)) return remote(path, at, report);
  return report.fail("build/missing-resource", at, `${path} is not in this commit`, "add it, or correct the path");
}

function resourcesOfFile(
  context: BuildContext,
  folder: Folder,
  found: Found,
  path: string,
  at: Place,
): readonly Resource[] {
  const bytes = context.source.read(found, at, folder.report);
  if (bytes === undefined) return [];
  const resources = resourcesOf(context.cache, found.entry.id, bytes, found.path, context.schema, folder.report);
  if (resources === undefined || !context.source.countObjects(resources.length, at, folder.report)) return [];
  if (context.metadata.length > 0) {
    for (const resource of resources) setOrigin(resource, { path: joinOrigin(folder.originPath, path) });
  }
  return resources;
}

function accumulateComponents(
  context: BuildContext,
  folder: Folder,
  accumulator: Accumulator,
  paths: readonly Placed<string>[],
): void {
  for (const { value: path, at } of paths) {
    if (context.source.exhausted()) return;
    const found = findResource(context, folder, path, at);
    if (found === undefined) continue;
    if (found.entry.kind === "tree") accumulateChild(context, folder, accumulator, found, path, at, true);
    else folder.report.fail("build/missing-resource", at, `${path} is no folder`, "name a component's folder");
  }
}

/** A base builds on its own and is added; a component works on what is there. */
function accumulateChild(
  context: BuildContext,
  folder: Folder,
  accumulator: Accumulator,
  found: Found,
  path: string,
  at: Place,
  component: boolean,
): void {
  const child = openFolder(context, found, at, folder, joinOrigin(folder.originPath, path));
  if (child === undefined) return;
  chooseSchema(context, child);
  const isComponent = child.kustomization.kind === "Component";
  if (component !== isComponent) {
    const message = component ? `${path} is no component` : `${path} is a component`;
    const remedy = component ? "list it under resources" : "list it under components";
    folder.report.fail("build/invalid-kustomization", at, message, remedy);
    return;
  }
  if (component) {
    accumulateFolder(context, child, accumulator);
    checkDuplicates(accumulator.set, at, folder.report);
    return;
  }
  const inner = newAccumulator();
  accumulateFolder(context, child, inner);
  addResources(accumulator.set, inner.set.resources, at, folder.report);
  addConfig(accumulator, inner.config, at, folder.report);
  accumulator.vars = mergeVars(accumulator.vars, inner.vars, folder.report);
}

function runGenerators(context: BuildContext, folder: Folder, accumulator: Accumulator): void {
  for (const row of generators) {
    const origin = context.metadata.length > 0 ? builtinOrigin(folder, row.kind) : undefined;
    for (const generate of row.ofKustomization(context, folder))
      takeIn(context, folder, accumulator, generate(), origin);
  }
  for (const { generate, origin } of externalGenerators(context, folder)) {
    takeIn(context, folder, accumulator, generate(), origin);
  }
}

function takeIn(
  context: BuildContext,
  folder: Folder,
  accumulator: Accumulator,
  generated: readonly Resource[],
  origin: Origin | undefined,
): void {
  if (!context.source.countObjects(generated.length, { path: folder.file }, folder.report)) return;
  if (origin !== undefined) for (const made of generated) if (!hasOrigin(made)) setOrigin(made, origin);
  absorb(accumulator.set, generated, folder.report);
}

function runTransformers(context: BuildContext, folder: Folder, accumulator: Accumulator): void {
  const run = (step: Step, at: Place, origin: Origin | undefined): void => {
    const { set, config } = accumulator;
    step({ set, config, report: folder.report, at, scopes: context.schema });
    if (origin !== undefined) noteTransformer(set.resources, origin);
    dropEmpty(set);
  };
  for (const row of transformers) {
    const origin = context.metadata.length > 0 ? builtinOrigin(folder, row.kind) : undefined;
    for (const { step, at } of row.ofKustomization(context, folder, accumulator.config)) run(step, at, origin);
  }
  for (const { step, at, origin } of externalTransformers(context, folder, folder.kustomization.transformers ?? [])) {
    run(step, at, origin);
  }
}

function dropEmpty(set: ResourceSet): void {
  if (set.resources.some((resource) => isEmptyNode(resource.node))) {
    set.reset(set.resources.filter((resource) => !isEmptyNode(resource.node)));
  }
}

/** A validator may look, and must leave everything but its label as it was. */
function runValidators(context: BuildContext, folder: Folder, accumulator: Accumulator): void {
  const { set, config } = accumulator;
  for (const { step, at } of externalTransformers(context, folder, folder.kustomization.validators ?? [])) {
    const before = textOf(set.resources);
    step({ set, config, report: folder.report, at, scopes: context.schema });
    if (textOf(set.resources.map(withoutValidatorLabel)) === before) continue;
    const remedy = "list it under transformers if it is to change objects";
    folder.report.fail("build/invalid-transformer", at, "a validator changes objects", remedy);
  }
}

const VALIDATED_BY = "validated-by";

function withoutValidatorLabel(resource: Resource): Resource {
  const labels = textMap(valueAt(valueAt(resource.node, "metadata"), "labels"));
  if (!labels.delete(VALIDATED_BY)) return resource;
  const node = cloneNode(resource.node);
  setMetadataMap(node, "labels", labels);
  return { ...resource, node };
}

function textOf(resources: readonly Resource[]): string {
  return JSON.stringify(
    resources.map(({ node, previous, prefixes, suffixes }) => [node, previous, prefixes, suffixes]),
    (key, value: unknown) => (key === "line" || key === "column" ? undefined : value),
  );
}
