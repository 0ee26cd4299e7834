import { type Failure, type ForeignTool, type LiveMetadata, refText } from "../model/index.ts";
import type { LiveIndex } from "./claims.ts";
import type { Declared } from "./declare.ts";
import { type ForeignOwner, foreignOwners, type OwnerState, ownerKey, ownerText } from "./foreign.ts";
import { labelValue, ownerOf } from "./marks.ts";
import { ownsLabel } from "./ownership.ts";
import { asksForAdoption, leftAlone } from "./switches.ts";

/** What is in the cluster without our label where services declare objects. */
export interface Strangers {
  readonly there: LiveIndex;
  /** Objects of which the cluster did not say whether they are there, by `refKey`, and why. */
  readonly unknown: ReadonlyMap<string, string>;
  /** How the owners are that these objects, and those whose label of ours is no proof, say they have; by `ownerKey`. */
  readonly owners: ReadonlyMap<string, OwnerState>;
}

export const NO_STRANGERS: Strangers = { there: new Map(), unknown: new Map(), owners: new Map() };

/** Who declares an object, and from whom that one takes over. */
export interface Taker {
  readonly scope: string;
  readonly service: string;
  readonly adopt: readonly ForeignTool[];
}

/**
 * Whether a declared object may be written. `ours`: it is not there yet, or it is ours by proof. `adopt`: it is there, and
 * nobody's, or given up. `left`: a switch says to leave it. `refused`: it is somebody's who is alive.
 */
export type Taking =
  | { readonly kind: "ours" }
  | { readonly kind: "adopt" | "left"; readonly why: string }
  | { readonly kind: "refused"; readonly failure: Failure };

export function taking(
  declared: Declared,
  object: LiveMetadata | undefined,
  taker: Taker,
  { there, unknown, owners }: Strangers,
): Taking {
  const left = leftAlone(declared.manifest, object);
  if (left !== undefined) return { kind: "left", why: left };
  const unsure = unknown.get(declared.key);
  if (unsure !== undefined) return { kind: "refused", failure: notSeen(declared, unsure) };
  // What is being deleted cannot be had, and whoever had it lets go of it.
  if (object === undefined || object.deletionTimestamp !== undefined) return { kind: "ours" };
  const label = ownerOf(object);
  const mine = label?.service === labelValue(taker.service) && label.scope === labelValue(taker.scope);
  if (ownsLabel(object)) {
    // The list that claims were settled by did not show it: whoever has it was not asked.
    const unasked = !mine && there.get(declared.key) === object;
    return unasked ? { kind: "refused", failure: unlistedOwner(declared, object) } : { kind: "ours" };
  }
  const controller = object.ownerReferences.find((owner) => owner.controller);
  if (controller !== undefined) return { kind: "refused", failure: controlled(declared, controller) };
  // Ours by label, and somebody took away the record of who set what: that is drift.
  if (mine) return { kind: "ours" };
  // We write Flux's marks, too: beside our label they say no more than that does.
  const foreign = foreignOwners(object).filter(
    ({ kind, namespace, name }) => kind !== "Kustomization" || labelValue(`${namespace}/${name}`) !== label?.service,
  );
  const tools = new Set<ForeignTool>(taker.adopt);
  const holder = asksForAdoption(declared.manifest)
    ? undefined
    : foreign.find((owner) => !tools.has(owner.tool) && owners.get(ownerKey(owner)) !== "gone");
  if (holder !== undefined) return { kind: "refused", failure: foreignFailure(declared, holder, owners) };
  return { kind: "adopt", why: adoptionText(object, foreign, owners) };
}

function adoptionText(
  object: LiveMetadata,
  foreign: readonly ForeignOwner[],
  owners: ReadonlyMap<string, OwnerState>,
): string {
  const [first] = foreign;
  if (first !== undefined) {
    const gone = owners.get(ownerKey(first)) === "gone";
    return gone ? `there already, left by ${ownerText(first)}` : `taken over from ${ownerText(first)}`;
  }
  const owner = ownerOf(object);
  if (owner !== undefined) return `there already, with a label of ${owner.id} that no apply of ours wrote`;
  const writers = object.managedFields.filter(({ subresource }) => (subresource ?? "") === "");
  const last = writers.toSorted((a, b) => ((a.time ?? "") < (b.time ?? "") ? -1 : 1)).at(-1);
  return last === undefined ? "there already" : `there already, last written by ${last.manager}`;
}

function foreignFailure({ ref, at }: Declared, owner: ForeignOwner, owners: ReadonlyMap<string, OwnerState>): Failure {
  const object = refText(ref);
  const state = owners.get(ownerKey(owner)) === "live" ? "belongs to" : "may belong to";
  const suspend = owner.kind === "Kustomization" ? "suspend that" : "remove it there without deleting the object";
  return {
    code: "plan/foreign-owner",
    message: `${object} ${state} ${ownerText(owner)}${state === "belongs to" ? "" : ", which could not be asked for"}`,
    remedy: `${suspend}, or take it over: --adopt ${owner.tool}, or annotate it in git with gitops.bulkhead.dev/adopt: enabled`,
    at,
    object,
  };
}

function unlistedOwner({ ref, at }: Declared, live: LiveMetadata): Failure {
  const object = refText(ref);
  return {
    code: "plan/foreign-owner",
    message: `${object} is owned by ${ownerOf(live)?.id ?? "another service"}, which came about just now`,
    remedy: "run again: the next pass looks at it afresh",
    at,
    object,
  };
}

function controlled({ ref, at }: Declared, controller: LiveMetadata["ownerReferences"][number]): Failure {
  const object = refText(ref);
  return {
    code: "plan/foreign-owner",
    message: `${object} is there already and controlled by ${controller.kind} ${controller.name}`,
    remedy: "declare what makes it, not what it makes; or give it another name",
    at,
    object,
  };
}

function notSeen({ ref, at }: Declared, why: string): Failure {
  const object = refText(ref);
  return {
    code: "cluster/list-failed",
    message: `whether ${object} is there already, and whose it is, could not be asked: ${why}`,
    remedy: "see why the API server does not answer; the object is not written until it does",
    at,
    object,
  };
}
