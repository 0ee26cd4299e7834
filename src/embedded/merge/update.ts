import type { Json } from "../../model/index.ts";
import type { Type } from "../schema/type.ts";
import { type Comparison, compare } from "./compare.ts";
import { equal } from "./equal.ts";
import { difference, emptySet, type FieldSet, intersection, isEmpty, union, without } from "./field-set.ts";
import { fieldsOf, withNamedFields } from "./leaves.ts";
import { mergeValues } from "./merge.ts";
import { removeFields } from "./remove.ts";

/** What one manager owns. */
export interface Owned {
  readonly set: FieldSet;
  readonly apiVersion: string;
  readonly applied: boolean;
}

/** By manager identifier. */
export type Managers = ReadonlyMap<string, Owned>;

/** How an object's kind merges. */
export interface Merging {
  /** The type in a version; undefined when it is no longer served. */
  typeIn(apiVersion: string): Type | undefined;
  readonly apiVersion: string;
  /** The object in another version. */
  convert(object: Json, apiVersion: string): Json;
  /** Paths that this request cannot own (status on the object itself, spec on its status). */
  readonly reset: FieldSet;
}

export interface Conflict {
  readonly manager: string;
  readonly set: FieldSet;
}

export type ApplyOutcome =
  /** `object` is undefined when nothing changed. */
  | { readonly ok: true; readonly object: Json | undefined; readonly managers: Managers }
  | { readonly ok: false; readonly conflicts: readonly Conflict[] };

/** Who owns what after `live` was replaced by `next` in an update by `manager`. */
export function updateManagers(
  merging: Merging,
  live: Json,
  next: Json,
  managers: Managers,
  manager: string,
): Managers {
  const settled = settle(merging, live, next, managers, manager, true);
  if (!settled.ok) return managers;
  const { added, modified, removed } = settled.comparison;
  const after = new Map(settled.managers);
  const before = after.get(manager)?.set ?? emptySet();
  const set = without(union(union(difference(before, removed), modified), added), merging.reset);
  if (isEmpty(set)) after.delete(manager);
  else after.set(manager, { set, apiVersion: merging.apiVersion, applied: false });
  return after;
}

/** Server-side apply (KEP-555): merges, takes away what the manager no longer applies and nobody else owns. */
export function applyManaged(
  merging: Merging,
  live: Json,
  config: Json,
  managers: Managers,
  manager: string,
  force: boolean,
): ApplyOutcome {
  const type = typeOf(merging, merging.apiVersion);
  const last = managers.get(manager);
  const after = new Map(managers);
  const set = without(fieldsOf(type, config), merging.reset);
  after.set(manager, { set, apiVersion: merging.apiVersion, applied: true });
  const object = prune(merging, mergeValues(type, live, config) ?? {}, after, last) ?? {};
  const settled = settle(merging, live, object, after, manager, force);
  if (!settled.ok) return settled;
  return { ok: true, object: equal(live, object) ? undefined : object, managers: settled.managers };
}

type Settled =
  | { readonly ok: true; readonly managers: Managers; readonly comparison: Comparison }
  | { readonly ok: false; readonly conflicts: readonly Conflict[] };

/** Takes from every other manager what changed and what is gone; without force, what changed is a conflict. */
function settle(
  merging: Merging,
  live: Json,
  next: Json,
  managers: Managers,
  manager: string,
  force: boolean,
): Settled {
  const whole = compare(typeOf(merging, merging.apiVersion), live, next);
  const byVersion = new Map([[merging.apiVersion, visible(whole, merging.reset)]]);
  const conflicts: Conflict[] = [];
  const after = new Map<string, Owned>();
  for (const [id, owned] of managers) {
    if (id === manager) {
      after.set(id, owned);
      continue;
    }
    const known = byVersion.get(owned.apiVersion);
    const type = merging.typeIn(owned.apiVersion);
    if (type === undefined) continue;
    const changes = known ?? visible(compareIn(merging, owned.apiVersion, type, live, next), merging.reset);
    byVersion.set(owned.apiVersion, changes);
    const taken = intersection(owned.set, union(changes.modified, changes.added));
    if (!isEmpty(taken)) conflicts.push({ manager: id, set: taken });
    after.set(id, { ...owned, set: difference(difference(owned.set, taken), changes.removed) });
  }
  if (!force && conflicts.length > 0) return { ok: false, conflicts };
  for (const [id, owned] of after) if (isEmpty(owned.set)) after.delete(id);
  return { ok: true, managers: after, comparison: byVersion.get(merging.apiVersion) ?? whole };
}

function compareIn(merging: Merging, apiVersion: string, type: Type, live: Json, next: Json): Comparison {
  return compare(type, merging.convert(live, apiVersion), merging.convert(next, apiVersion));
}

function visible(comparison: Comparison, reset: FieldSet): Comparison {
  if (isEmpty(reset)) return comparison;
  return {
    added: without(comparison.added, reset),
    modified: without(comparison.modified, reset),
    removed: without(comparison.removed, reset),
  };
}

/**
 * Takes what was applied last time out of the merged object, then puts back what anyone owns now, and items that were
 * not ours to take because something else hangs below them.
 */
function prune(merging: Merging, merged: Json, managers: Managers, last: Owned | undefined): Json | undefined {
  if (last === undefined || isEmpty(last.set)) return merged;
  const type = merging.typeIn(last.apiVersion);
  if (type === undefined) return merged;
  const lastSet = withNamedFields(last.set, type);
  const whole = merging.convert(merged, last.apiVersion);
  let pruned = removeFields(type, whole, lastSet);
  const owned = new Map<string, FieldSet>();
  for (const { apiVersion, set } of managers.values())
    owned.set(apiVersion, union(owned.get(apiVersion) ?? emptySet(), set));
  const versions = [last.apiVersion, ...[...owned.keys()].filter((version) => version !== last.apiVersion)];
  for (const version of versions) {
    const versionType = merging.typeIn(version);
    const managed = owned.get(version);
    if (versionType === undefined || managed === undefined) continue;
    const [all, left] = [merging.convert(whole, version), pruned && merging.convert(pruned, version)];
    const kept = union(named(versionType, left), withNamedFields(managed, versionType));
    pruned = removeFields(versionType, all, difference(named(versionType, all), kept));
  }
  const left = pruned && merging.convert(pruned, last.apiVersion);
  const gone = intersection(difference(named(type, whole), named(type, left)), lastSet);
  const result = removeFields(type, whole, gone);
  return result && merging.convert(result, merging.apiVersion);
}

/** The fields of a value, with the structs on the way to them. */
function named(type: Type, value: Json | undefined): FieldSet {
  return value === undefined ? emptySet() : withNamedFields(fieldsOf(type, value), type);
}

function typeOf(merging: Merging, apiVersion: string): Type {
  const type = merging.typeIn(apiVersion);
  if (type === undefined) throw new Error(`no type for ${apiVersion}`);
  return type;
}
