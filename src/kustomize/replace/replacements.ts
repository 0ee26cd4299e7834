import type { Place } from "../../model/index.ts";
import { untypedScalar } from "../fields.ts";
import type { ReplacementSpec, SelectorSpec } from "../kustomization/fields.ts";
import { compileSelector, holds, matchesKind, matchesMetadata, type Selector } from "../patch/index.ts";
import type { Report } from "../report.ts";
import {
  currentId,
  idText,
  isEmptyNode,
  namespaceOf,
  previousIds,
  type Resource,
  type ResourceId,
} from "../resource.ts";
import type { ResourceSet } from "../resource-set.ts";
import type { YamlNode } from "../yaml/node.ts";
import { isProblem, lookup } from "./lookup.ts";
import { splitFieldPath } from "./path.ts";
import { type Placing, place } from "./place.ts";

const DEFAULT_PATH = "metadata.name";

/** Copies values from objects to objects, one replacement after the other, as kustomize's replacement filter does. */
export function applyReplacements(set: ResourceSet, replacements: readonly ReplacementSpec[], report: Report): void {
  const setting: Setting = { set, misfits: new Map(), report };
  for (const replacement of replacements) {
    const { source, sourceValue, targets, at } = replacement;
    if (targets === undefined || (source === undefined && sourceValue === undefined)) {
      fail(report, at, "a replacement needs a source and targets", "add source (or sourceValue) and targets");
      return;
    }
    if (source !== undefined && sourceValue !== undefined) {
      fail(report, at, "a replacement has both source and sourceValue", "keep one of them");
      return;
    }
    const value = source === undefined ? untypedScalar(sourceValue ?? "") : valueFrom(set, source, report);
    if (value === undefined) return;
    for (const target of targets) if (!applyTo(setting, target, value)) return;
  }
  for (const { at, message, object } of setting.misfits.values())
    report.fail("build/replacement", at, message, "correct the value, or make the field a text", object);
  set.idsChanged();
}

/** What the replacements of one list share. */
interface Setting {
  readonly set: ResourceSet;
  /** Fields that hold what is not of their type. */
  readonly misfits: Map<YamlNode, { readonly at: Place; readonly message: string; readonly object: string }>;
  readonly report: Report;
}

type SourceSpec = NonNullable<ReplacementSpec["source"]>;
type TargetSpec = NonNullable<ReplacementSpec["targets"]>[number];

function valueFrom(set: ResourceSet, source: SourceSpec, report: Report): YamlNode | undefined {
  const [match, second] = set.resources.filter((resource) => idsOf(resource).some((id) => isSource(source, id)));
  const wanted = describe(source);
  if (match === undefined || second !== undefined) {
    return fail(
      report,
      source.at,
      match === undefined ? `no resource is the source ${wanted}` : `more than one resource is the source ${wanted}`,
      "correct the source's kind, name and namespace so that they say which one is meant",
    );
  }
  const fieldPath = source.fieldPath === undefined || source.fieldPath === "" ? DEFAULT_PATH : source.fieldPath;
  const found = lookup(match.node, splitFieldPath(fieldPath));
  if (isProblem(found) || found === undefined || isEmptyNode(found)) {
    const why = isProblem(found) ? `: ${found.problem}` : "";
    return fail(
      report,
      source.at,
      `the source ${wanted} has no field ${fieldPath}${why}`,
      "correct fieldPath, or give the source that field",
    );
  }
  const delimiter = source.options?.delimiter ?? "";
  if (delimiter === "") return found;
  if (found.kind !== "scalar") {
    return fail(report, source.at, `a delimiter cannot split ${fieldPath}, which is no text`, "remove the delimiter");
  }
  const parts = found.value.split(delimiter);
  const index = Number(source.options?.index ?? 0);
  const part = index < 0 ? undefined : parts[index];
  if (part === undefined) {
    const message = `index ${index} is beyond the ${parts.length} parts of ${fieldPath}`;
    return fail(report, source.at, message, "correct options.index or options.delimiter");
  }
  return { ...found, value: part };
}

/** False after a failure. */
function applyTo({ set, misfits, report }: Setting, target: TargetSpec, value: YamlNode): boolean {
  if (target.select === undefined) {
    fail(report, target.at, "a target selects nothing", "add select with the kind or name of what to change");
    return false;
  }
  const select = compileSelector(target.select, report);
  const rejects = (target.reject ?? []).map((spec) => ({ spec, selector: compileSelector(spec, report) }));
  if (select === undefined || rejects.some(({ selector }) => selector === undefined)) return false;
  const { options } = target;
  const how = {
    create: options?.create === true,
    delimiter: options?.delimiter ?? "",
    index: Number(options?.index ?? 0),
  };
  const paths = target.fieldPaths === undefined || target.fieldPaths.length === 0 ? [DEFAULT_PATH] : target.fieldPaths;
  for (const resource of set.resources) {
    const ids = idsOf(resource);
    if (!matchesMetadata(select, resource)) continue;
    if (rejects.some(({ spec, selector }) => selector !== undefined && isRejected(spec, selector, resource, ids)))
      continue;
    if (!ids.some((id) => matchesId(select, id))) continue;
    const object = idText(currentId(resource));
    const judge: Placing["judge"] = (field, problem) => {
      if (problem === undefined) misfits.delete(field);
      else misfits.set(field, { at: target.at, message: `${problem} (in ${object})`, object });
    };
    for (const path of paths) {
      const problem = place(resource.node, path, value, { ...how, judge });
      if (problem === undefined) continue;
      report.fail(
        "build/replacement",
        target.at,
        `${problem} (in ${object})`,
        "correct fieldPaths, or the object",
        object,
      );
      return false;
    }
  }
  return true;
}

/** A reject's label and annotation selectors reject by themselves, and so does what else it says. */
function isRejected(spec: SelectorSpec, selector: Selector, resource: Resource, ids: readonly ResourceId[]): boolean {
  const byMetadata = selector.labels.stated || selector.annotations.stated;
  if (byMetadata && matchesMetadata(selector, resource)) return true;
  const says = [spec.group, spec.version, spec.kind, spec.name, spec.namespace].some((text) => (text ?? "") !== "");
  return says && ids.some((id) => matchesId(selector, id));
}

function matchesId(selector: Selector, id: ResourceId): boolean {
  return matchesKind(selector, id) && holds(selector.name, id.name) && holds(selector.namespace, id.namespace);
}

/** The present id, as it is written, and the ones before. */
function idsOf(resource: Resource): readonly ResourceId[] {
  return [{ ...currentId(resource), namespace: namespaceOf(resource) }, ...previousIds(resource)];
}

function isSource(source: SourceSpec, id: ResourceId): boolean {
  const { group = "", version = "", kind = "", name = "", namespace = "" } = source;
  return (
    (name === "" || name === id.name) &&
    (namespace === "" || namespace === (id.namespace === "" ? "default" : id.namespace)) &&
    (group === "" || group === id.group) &&
    (version === "" || version === id.version) &&
    (kind === "" || kind === id.kind)
  );
}

function describe({ group = "", version = "", kind = "", name = "", namespace = "" }: SourceSpec): string {
  return idText({ group, version, kind, name, namespace, clusterScoped: false });
}

function fail(report: Report, at: Place, message: string, remedy: string): undefined {
  return report.fail("build/replacement", at, message, remedy);
}
