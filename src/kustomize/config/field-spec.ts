import { mapping, overwrite, scalar } from "../fields.ts";
import { valueAt } from "../resource.ts";
import type { MappingNode, ScalarTag, YamlNode } from "../yaml/node.ts";

/** Group, version and kind; "" means any when it selects. */
export interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A place in the objects of some kinds. The path is split once, here. */
export interface FieldSpec extends Gvk {
  readonly path: string;
  readonly create: boolean;
  readonly segments: readonly string[];
}

export function fieldSpec(path: string, gvk: Partial<Gvk> = {}, create = false): FieldSpec {
  const { group = "", version = "", kind = "" } = gvk;
  return { group, version, kind, path, create, segments: splitPath(path) };
}

/** Splits at unescaped slashes; one leading slash does not count. */
export function splitPath(path: string): readonly string[] {
  const parts = path.split("/");
  if (parts.length > 1 && parts[0] === "") parts.shift();
  const segments: string[] = [];
  for (const part of parts) {
    const last = segments.at(-1);
    if (last?.endsWith("\\") === true) segments[segments.length - 1] = `${last.slice(0, -1)}/${part}`;
    else segments.push(part);
  }
  return segments;
}

/** True when a selector whose empty parts are wildcards takes this kind. */
export function selects(selector: Gvk, gvk: Gvk): boolean {
  return (
    (selector.kind === "" || selector.kind === gvk.kind) &&
    (selector.group === "" || selector.group === gvk.group) &&
    (selector.version === "" || selector.version === gvk.version)
  );
}

/** A list of specs that remembers which of them concern a kind. Immutable but for that memory. */
export interface FieldSpecs {
  readonly all: readonly FieldSpec[];
  /** The specs for a kind, in order. */
  of(gvk: Gvk): readonly FieldSpec[];
}

export function fieldSpecs(all: readonly FieldSpec[]): FieldSpecs {
  const known = new Map<string, readonly FieldSpec[]>();
  return {
    all,
    of(gvk) {
      const key = `${gvk.group}/${gvk.version}/${gvk.kind}`;
      let specs = known.get(key);
      if (specs === undefined) {
        specs = all.filter((spec) => selects(spec, gvk));
        known.set(key, specs);
      }
      return specs;
    },
  };
}

/** What is made where the path ends and nothing is there. */
export interface Creation {
  readonly kind: "scalar" | "mapping";
  /** The tag given to a null that is turned into it. */
  readonly tag: ScalarTag;
}

/** Sees the node at the end of a path and may change it; answers what is wrong, if anything. */
export type Visit = (node: YamlNode) => string | undefined;

/**
 * Follows a field spec through an object: sequences are walked item by item, missing parts end the walk or are made
 * when the spec says so. Answers what is wrong, or undefined.
 */
export function visitField(
  node: YamlNode,
  spec: FieldSpec,
  creation: Creation | undefined,
  visit: Visit,
): string | undefined {
  return follow(node, spec, 0, spec.create ? creation : undefined, visit);
}

function follow(
  node: YamlNode,
  spec: FieldSpec,
  depth: number,
  creation: Creation | undefined,
  visit: Visit,
): string | undefined {
  if (depth === spec.segments.length) return visit(node);
  if (node.kind === "scalar") {
    return node.tag === "!!null" ? undefined : `field ${spec.path} leads through a value that is no map or list`;
  }
  if (node.kind === "sequence") {
    for (const item of node.items) {
      const problem = follow(item, spec, depth, creation, visit);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const segment = spec.segments[depth] ?? "";
  const list = segment.endsWith("[]");
  const name = (list ? segment.slice(0, -2) : segment).trim();
  if (name === "") return `field path ${spec.path} has an empty part`;
  const next = fieldOf(node, name, depth + 1 === spec.segments.length, list ? undefined : creation);
  if (next === undefined) return undefined;
  if (list && next.kind === "scalar" && next.tag === "!!null") {
    overwrite(next, { kind: "sequence", items: [], flow: false, line: next.line, column: next.column });
  }
  return follow(next, spec, depth + 1, creation, visit);
}

/** The field's value; made, or made of a null, when a creation is asked for. */
function fieldOf(map: MappingNode, name: string, last: boolean, creation: Creation | undefined): YamlNode | undefined {
  const present = valueAt(map, name);
  if (creation === undefined) return present;
  const asMap = !last || creation.kind === "mapping";
  if (present === undefined) {
    const made = asMap ? mapping() : scalar("", creation.tag);
    map.entries.push({ key: scalar(name), value: made });
    return made;
  }
  if (present.kind !== "scalar" || present.tag !== "!!null") return present;
  if (asMap) overwrite(present, mapping());
  else present.tag = creation.tag;
  return present;
}
