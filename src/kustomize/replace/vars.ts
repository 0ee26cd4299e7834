import { type FieldSpecs, visitField } from "../config/field-spec.ts";
import { overwrite, scalar } from "../fields.ts";
import type { VarSpec } from "../kustomization/fields.ts";
import type { Report } from "../report.ts";
import { currentId, effectiveNamespace, idText, previousIds, type Resource, type ResourceId } from "../resource.ts";
import type { YamlNode } from "../yaml/node.ts";
import { expand, textOfVar, type VarValue } from "./expand.ts";
import { isProblem, lookup } from "./lookup.ts";
import { splitFieldPath } from "./path.ts";

/** The vars of a folder and all below it, by name. */
export type Vars = ReadonlyMap<string, VarSpec>;

/**
 * Adds a kustomization's vars: each marks the object that it refers to, so that it is found again under a later name, and
 * each name may be used once. Answers the vars together.
 */
export function addVars(known: Vars, specs: readonly VarSpec[], resources: readonly Resource[], report: Report): Vars {
  for (const spec of specs) {
    const wanted = targetOf(spec);
    const matches = resources.filter((resource) =>
      [currentId(resource), ...previousIds(resource)].some((id) => isTarget(wanted, id)),
    );
    const [match, second] = matches;
    if (second !== undefined) {
      const message = `the var ${spec.name ?? ""} refers to ${matches.length} resources (${idText(wanted)})`;
      report.fail("build/variable", spec.at, message, "add the namespace to objref");
    } else if (match !== undefined) match.refVarNames = [...match.refVarNames, spec.name ?? ""];
  }
  return joinVars(known, specs, report);
}

/** The vars of two folders together. */
export function mergeVars(known: Vars, others: Vars, report: Report): Vars {
  return joinVars(known, [...others.values()], report);
}

function joinVars(known: Vars, specs: readonly VarSpec[], report: Report): Vars {
  if (specs.length === 0) return known;
  const joined = new Map(known);
  for (const spec of specs) {
    const name = spec.name ?? "";
    if (joined.has(name)) {
      const message = `the var ${name} is defined twice`;
      report.fail("build/variable", spec.at, message, "give one of them another name, or remove it");
    } else joined.set(name, spec);
  }
  return joined;
}

/** Puts the values of all vars where field specs let them be. */
export function resolveVars(vars: Vars, resources: readonly Resource[], places: FieldSpecs, report: Report): void {
  if (vars.size === 0) return;
  const before = report.failures.length;
  const values = new Map<string, VarValue>();
  for (const [name, spec] of vars) {
    const value = valueOf(name, spec, resources, report);
    if (value !== undefined) values.set(name, value);
  }
  if (!report.cleanSince(before)) return;
  const look = (name: string): VarValue | undefined => values.get(name);
  for (const resource of resources) {
    const id = currentId(resource);
    for (const spec of places.of(id)) {
      const problem = visitField(resource.node, spec, undefined, (node) => replaceIn(node, look));
      if (problem === undefined) continue;
      const message = `vars cannot be replaced in ${spec.path} of ${idText(id)}: ${problem}`;
      report.fail("build/variable", resource.at, message, "correct the object, or the varReference that leads there");
    }
  }
}

function targetOf({ objref }: VarSpec): ResourceId {
  const { apiVersion = "", kind = "", name = "", namespace = "" } = objref ?? {};
  const parts = apiVersion === "" ? [] : apiVersion.split("/");
  const [group, version] =
    parts.length === 2
      ? [parts[0], parts[1]]
      : parts.length === 1
        ? [objref?.group, parts[0]]
        : [objref?.group, objref?.version];
  return { group: group ?? "", version: version ?? "", kind, name, namespace, clusterScoped: false };
}

/** No namespace means any. */
function isTarget(wanted: ResourceId, id: ResourceId): boolean {
  return (
    wanted.name === id.name &&
    wanted.kind === id.kind &&
    wanted.group === id.group &&
    wanted.version === id.version &&
    (wanted.namespace === "" || effectiveNamespace(wanted) === effectiveNamespace(id))
  );
}

/** Undefined when there is none, or it is a map or list, which kustomize then leaves alone. */
function valueOf(name: string, spec: VarSpec, resources: readonly Resource[], report: Report): VarValue | undefined {
  const resource = resources.find(({ refVarNames }) => refVarNames.includes(name));
  const stated = spec.fieldref?.fieldPath ?? "";
  const fieldPath = stated === "" ? "metadata.name" : stated;
  if (resource === undefined) {
    const message = `the var ${name} refers to ${idText(targetOf(spec))}, which is not among the resources`;
    return report.fail("build/variable", spec.at, message, "correct objref, or remove the var");
  }
  const found = lookup(resource.node, splitFieldPath(fieldPath).flatMap(withoutIndex));
  if (found === undefined || isProblem(found)) {
    const message = `the var ${name} refers to the field ${fieldPath}, which ${idText(currentId(resource))} does not have`;
    return report.fail("build/variable", spec.at, message, "correct fieldref.fieldPath");
  }
  return found.kind === "scalar" ? plainValue(found) : undefined;
}

/** `ports[0]` is `ports` and then `0`. */
function withoutIndex(part: string): readonly string[] {
  const match = /^(.*)\[(\d+)\]$/.exec(part);
  if (match === null) return [part];
  const [, name = "", index = ""] = match;
  return name === "" ? [index] : [name, index];
}

function plainValue(node: Extract<YamlNode, { kind: "scalar" }>): VarValue {
  const { tag, value } = node;
  if (tag === "!!int" && /^[-+]?\d+$/.test(value)) return BigInt(value.replace(/^\+/, ""));
  if (tag === "!!float" && Number.isFinite(Number(value))) return { float: Number(value) };
  if (tag === "!!bool") return value.toLowerCase() === "true";
  return value;
}

/** Replaces in a text, in the values of a map, or in the items of a list; answers what is wrong, if anything. */
function replaceIn(node: YamlNode, look: (name: string) => VarValue | undefined): string | undefined {
  if (node.kind === "scalar") replaceText(node, look);
  else if (node.kind === "sequence") {
    for (const item of node.items) {
      if (!isText(item)) return "the list has an item that is no text";
      replaceText(item, look);
    }
  } else {
    for (const { key, value } of node.entries) {
      if (!isText(key)) return `the key ${key.value} is no text`;
      replaceText(value, look);
    }
  }
  return undefined;
}

function replaceText(node: YamlNode, look: (name: string) => VarValue | undefined): void {
  if (!isText(node) || node.kind !== "scalar" || !node.value.includes("$")) return;
  const value = expand(node.value, look);
  const tag =
    typeof value === "string"
      ? "!!str"
      : typeof value === "boolean"
        ? "!!bool"
        : typeof value === "bigint"
          ? "!!int"
          : "!!float";
  overwrite(node, scalar(textOfVar(value, "alone"), tag));
}

function isText(node: YamlNode): boolean {
  return node.kind === "scalar" && node.tag === "!!str";
}
