import type { Place } from "../../model/index.ts";
import type { TransformerConfig } from "../config/config.ts";
import type { Report } from "../report.ts";
import { idText, originalId, type Resource, type Scopes } from "../resource.ts";
import type { ResourceSet } from "../resource-set.ts";

/** What a transformer has at hand when it runs: the objects so far, and where it was asked for. */
export interface StepContext {
  readonly set: ResourceSet;
  readonly config: TransformerConfig;
  readonly report: Report;
  readonly at: Place;
  readonly scopes: Scopes;
}

/** One change of a set of objects. What goes wrong is reported. */
export type Step = (context: StepContext) => void;

/** Reports what is wrong with a transformation of one object. */
export function failOn(context: StepContext, resource: Resource, message: string): undefined {
  const id = originalId(resource);
  return context.report.fail(
    "build/invalid-transformer",
    resource.at,
    `${message} (in ${idText(id)})`,
    "correct the object, or the field that asks for the change",
    `${id.kind}/${id.namespace}/${id.name}`,
  );
}
