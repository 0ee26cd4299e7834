import { type Creation, type FieldSpecs, visitField } from "../config/field-spec.ts";
import { byCodeUnit, scalar, setField } from "../fields.ts";
import { currentId, type Resource } from "../resource.ts";
import { failOn, type Step } from "./step.ts";

const CREATION: Creation = { kind: "mapping", tag: "!!str" };

/** Adds labels or annotations at the places of field specs. */
export function textEntriesStep(entries: ReadonlyMap<string, string>, specs: FieldSpecs): Step {
  const keys = [...entries.keys()].sort(byCodeUnit);
  return (context) => {
    for (const resource of context.set.resources) {
      const problem = addEntries(resource, keys, entries, specs);
      if (problem !== undefined) failOn(context, resource, problem);
    }
  };
}

export function addEntries(
  resource: Resource,
  keys: readonly string[],
  entries: ReadonlyMap<string, string>,
  specs: FieldSpecs,
): string | undefined {
  const concerned = specs.of(currentId(resource));
  for (const key of keys) {
    const value = scalar(entries.get(key) ?? ""); // one node for all places, as kustomize has it
    for (const spec of concerned) {
      const problem = visitField(resource.node, spec, CREATION, (node) => {
        if (node.kind === "mapping") setField(node, key, value);
        else if (node.kind === "sequence" || node.tag !== "!!null") return `${spec.path} must be a map`;
        return undefined;
      });
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}
