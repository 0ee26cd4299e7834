import { type Creation, type FieldSpecs, selects, visitField } from "../config/field-spec.ts";
import { currentId, previousIds } from "../resource.ts";
import { failOn, type Step } from "./step.ts";

const CREATION: Creation = { kind: "scalar", tag: "!!int" };

/** Sets the number of replicas of the objects of a name. */
export function replicasStep(name: string, count: string, specs: FieldSpecs): Step {
  return (context) => {
    let found = false;
    for (const spec of specs.all) {
      for (const resource of context.set.resources) {
        const ids = [...previousIds(resource), currentId(resource)];
        if (!ids.some((id) => id.name === name && selects(spec, id))) continue;
        found = true;
        if (!selects(spec, currentId(resource))) continue;
        const problem = visitField(resource.node, spec, CREATION, (node) => {
          if (node.kind !== "scalar") return `${spec.path} must be a number`;
          node.tag = "!!int";
          node.value = count;
          node.style = "plain";
          delete node.explicitTag;
          return undefined;
        });
        if (problem !== undefined) failOn(context, resource, problem);
      }
    }
    if (found) return;
    context.report.fail(
      "build/invalid-transformer",
      context.at,
      `replicas names ${name}, but no object of that name has replicas`,
      "correct the name, or remove the entry",
    );
  };
}
