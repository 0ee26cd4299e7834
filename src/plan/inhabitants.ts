import { type LiveMetadata, refText } from "../model/index.ts";
import { ownerOf } from "./marks.ts";
import { ownsLabel } from "./ownership.ts";
import { keptBy } from "./switches.ts";

/**
 * What goes along when a Namespace or a CustomResourceDefinition is deleted. Not among it: what the cluster puts into every
 * namespace by itself, what a controller makes anew or takes away, and what is being deleted already.
 */
export type Inhabitants =
  | { readonly kind: "known"; readonly objects: readonly LiveMetadata[] }
  | { readonly kind: "unknown"; readonly why: string };

/** Why an object must not go for what would go along; undefined when nothing speaks against it. */
export interface Objection {
  readonly why: string;
  /** Whether somebody may say that it shall go nevertheless. */
  readonly confirmable: boolean;
}

/** Whether deleting an object takes others along. */
export function hasInhabitants({ ref: { group, kind } }: LiveMetadata): boolean {
  return (group === "" && kind === "Namespace") || (group === "apiextensions.k8s.io" && kind === CRD);
}

const CRD = "CustomResourceDefinition";

/**
 * A namespace goes only when all that lives in it is of its own service and may go, too; nobody can confirm for others. With
 * a definition all objects of it go, which is for people to say.
 */
export function objectionTo(live: LiveMetadata, inhabitants: Inhabitants | undefined): Objection | undefined {
  if (!hasInhabitants(live)) return undefined;
  if (inhabitants === undefined) return { why: "what lives in it is not known", confirmable: false };
  if (inhabitants.kind === "unknown") {
    return { why: `what lives in it is not known: ${inhabitants.why}`, confirmable: false };
  }
  const { objects } = inhabitants;
  if (live.ref.kind === CRD) {
    if (objects.length === 0) return undefined;
    return { why: `${CRD} is protected: ${counted(objects)} of it would go along`, confirmable: true };
  }
  const strange = objects.filter((object) => !goesAlong(object, live));
  const [first] = strange;
  if (first === undefined) return undefined;
  const service = ownerOf(live)?.id ?? "its service";
  const why = `it holds ${counted(strange)} that ${service} does not own or does not let go, such as ${refText(first.ref)}`;
  return { why, confirmable: false };
}

function counted(objects: readonly LiveMetadata[]): string {
  return `${objects.length} object${objects.length === 1 ? "" : "s"}`;
}

function goesAlong(object: LiveMetadata, home: LiveMetadata): boolean {
  const [owner, of] = [ownerOf(object), ownerOf(home)];
  if (owner === undefined || owner.service !== of?.service || owner.scope !== of.scope) return false;
  return ownsLabel(object) && keptBy(object) === undefined;
}
