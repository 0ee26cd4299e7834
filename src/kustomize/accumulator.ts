import type { Place } from "../model/index.ts";
import { emptyConfig, mergeConfig, type TransformerConfig } from "./config/config.ts";
import type { Vars } from "./replace/index.ts";
import type { Report } from "./report.ts";
import { currentId, idText, type Resource } from "./resource.ts";
import { newResourceSet, type ResourceSet } from "./resource-set.ts";

/** What a folder and all below it give: objects, the field specs that apply to them, and vars that are not set yet. */
export interface Accumulator {
  readonly set: ResourceSet;
  config: TransformerConfig;
  vars: Vars;
}

export function newAccumulator(): Accumulator {
  return { set: newResourceSet(), config: emptyConfig(), vars: new Map() };
}

export function addConfig(accumulator: Accumulator, config: TransformerConfig, at: Place, report: Report): void {
  const merged = mergeConfig(accumulator.config, config);
  if (typeof merged !== "string") accumulator.config = merged;
  else report.fail("build/conflict", at, merged, "make the field specs of the configurations agree");
}

export function addResources(set: ResourceSet, resources: readonly Resource[], at: Place, report: Report): void {
  for (const resource of resources) {
    const present = set.append(resource);
    if (present !== undefined) reportDuplicate(resource, present, at, report);
  }
}

/** Objects of one id that came to be after they were added: by a prefix, say. */
export function checkDuplicates(set: ResourceSet, at: Place, report: Report): void {
  const checked = newResourceSet();
  addResources(checked, set.resources, at, report);
}

function reportDuplicate(resource: Resource, present: Resource, at: Place, report: Report): void {
  const id = currentId(resource);
  const first = `${present.at.path}${present.at.line === undefined ? "" : `:${present.at.line}`}`;
  report.fail(
    "build/duplicate-object",
    resource.at.path === "" ? at : resource.at,
    `${idText(id)} is defined twice, first in ${first}`,
    "leave one out, or patch the first one",
    `${id.kind}/${id.namespace}/${id.name}`,
  );
}
