import { createHash } from "node:crypto";
import type { Kind } from "../cluster/index.ts";
import { labelValue } from "../plan/index.ts";

/** Where the program keeps what it knows: one namespace, and in it the objects of one scope. */
export interface StatusPlace {
  readonly namespace: string;
  readonly scope: string;
}

/** Names the scope on every object that is kept. It is no owner label: such objects are never planned and never pruned. */
const STANDING_LABEL = "gitops.bulkhead.dev/standing";

export const CONFIG_MAP: Kind = core("ConfigMap", "configmaps", true);
export const NAMESPACE: Kind = core("Namespace", "namespaces", false);
export const EVENT: Kind = core("Event", "events", true);

/** Names of the objects that are kept of a scope. A scope may be any text, so its hash stands in the name. */
export function namesOf({ scope }: StatusPlace) {
  const hash = createHash("sha256").update(scope).digest("hex").slice(0, 8);
  return {
    pass: `gitops-pass-${hash}`,
    suspensions: `gitops-suspensions-${hash}`,
    confirmations: `gitops-confirmations-${hash}`,
    jobs: `gitops-jobs-${hash}`,
    group: (index: number): string => `gitops-status-${hash}-${index}`,
  };
}

export function standingLabels({ scope }: StatusPlace): Readonly<Record<string, string>> {
  return { [STANDING_LABEL]: labelValue(scope) };
}

export function standingSelector(place: StatusPlace): string {
  return `${STANDING_LABEL}=${labelValue(place.scope)}`;
}

function core(kind: string, resource: string, namespaced: boolean): Kind {
  const verbs = ["get", "list", "patch"];
  return { group: "", version: "v1", versions: ["v1"], kind, resource, namespaced, verbs };
}
