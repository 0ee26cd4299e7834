import { type Creation, type FieldSpecs, selects, visitField } from "../config/field-spec.ts";
import { list, object } from "../kustomization/decode.ts";
import { fieldSpecShape, type ReplicaSpec, replicaShape } from "../kustomization/fields.ts";
import { currentId, previousIds } from "../resource.ts";
import { failOn, type Step } from "./step.ts";
import { decodeConfig, specsOf, type Transformer } from "./transformer.ts";

const CREATION: Creation = { kind: "scalar", tag: "!!int" };

/** Sets the number of replicas of the objects of a name. */
function replicasStep(name: string, count: string, specs: FieldSpecs): Step {
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
          delete node.explicitTag;
          delete node.untyped;
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

const configShape = object({ replica: replicaShape, fieldSpecs: list(fieldSpecShape) });

function stepOf(spec: ReplicaSpec, specs: FieldSpecs): Step {
  return replicasStep(spec.name ?? "", String(spec.count ?? 0), specs);
}

export const replicasTransformer: Transformer = {
  kind: "ReplicaCountTransformer",
  ofKustomization: (_context, { kustomization: { replicas = [] } }, config) =>
    replicas.map((spec) => ({ step: stepOf(spec, config.replicas), at: spec.at })),
  ofConfig(_context, folder, document) {
    const spec = decodeConfig(configShape, document, folder);
    if (spec === undefined) return [];
    return [{ step: stepOf(spec.replica ?? { at: spec.at }, specsOf(spec.fieldSpecs)), at: document.at }];
  },
};
