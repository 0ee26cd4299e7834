import {
  type DriftedField,
  type Failure,
  isObject,
  type Json,
  type JsonObject,
  type LiveMetadata,
  type ManagedFields,
  type ObjectRef,
  type Place,
  refText,
} from "../model/index.ts";
import { FIELD_MANAGER } from "./marks.ts";
import { uncovered } from "./ownership.ts";

/**
 * Who has each field now that we had, and since when: of the managers whose entry covers the field, the one that wrote last.
 * No manager: the field is nobody's, so it was removed. `lost` are paths as `uncovered` tells them.
 */
export function driftedFields(
  desired: JsonObject,
  live: LiveMetadata,
  lost: readonly string[],
): readonly DriftedField[] {
  const others = live.managedFields
    .filter((entry) => !isOurs(entry) && entry.subresource !== "status")
    .toSorted((a, b) => compareTexts(b.time ?? "", a.time ?? ""))
    .map((entry) => ({ entry, missing: entry.fieldsV1 === undefined ? [] : uncovered(desired, entry.fieldsV1) }));
  return lost
    .flatMap((path) => leavesBelow(desired, path))
    .map((path) => {
      const holder = others.find(({ missing }) => !missing.some((gap) => isWithin(path, gap)))?.entry;
      if (holder === undefined) return { path };
      const since = holder.time === undefined ? {} : { since: holder.time };
      return { path, manager: managerText(holder), ...since };
    });
}

/** A part of an object with more leaves is named as a whole. */
const LEAVES_MAX = 20;

/** The single fields of a lost part: `data` of which nothing is left becomes `data.A`, `data.B`. */
function leavesBelow(desired: JsonObject, path: string): readonly string[] {
  const leaves = leavesOf(valueAt(desired, path), path);
  return leaves.length > LEAVES_MAX ? [path] : leaves;
}

function leavesOf(value: Json | undefined, path: string): readonly string[] {
  const entries = isObject(value) ? Object.entries(value).filter(([, below]) => below !== null) : [];
  return entries.length === 0 ? [path] : entries.flatMap(([key, below]) => leavesOf(below, `${path}.${key}`));
}

/** The value at a path as `uncovered` writes it; undefined in a list. A key may hold dots, so the longest that fits is meant. */
function valueAt(object: JsonObject, path: string): Json | undefined {
  const fits = Object.keys(object).filter((key) => path === key || path.startsWith(`${key}.`));
  const key = fits.reduce((longest, one) => (one.length > longest.length ? one : longest), "");
  const value = object[key];
  if (path === key) return value;
  return isObject(value) ? valueAt(value, path.slice(key.length + 1)) : undefined;
}

/** `spec.replicas (kubectl-edit, since 2026-01-02T12:03:00Z), data.A`: the first ones, and how many more there are. */
export function driftText(drift: readonly DriftedField[]): string {
  const shown = drift.slice(0, FIELDS_SHOWN_MAX).map(({ path, manager, since }) => {
    if (manager === undefined) return path;
    return `${path} (${manager}${since === undefined ? "" : `, since ${since}`})`;
  });
  const more = drift.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

const FIELDS_SHOWN_MAX = 3;

/** How often a field of an object was taken back from another writer, and when it was last. Milliseconds since 1970. */
export interface Fight {
  readonly count: number;
  readonly lastMs: number;
}

/** Fights over one object, by field, while it is declared as `hash` says. */
export interface Fights {
  readonly hash: string;
  readonly fields: Readonly<Record<string, Fight>>;
}

/** A field is taken back this often at once; more is a fight. */
export const FREE_REPAIRS = 3;
/** The first wait of a fight. It doubles with each repair that did not last … */
export const FIGHT_WAIT_MS = 60_000;
/** … up to this. */
export const FIGHT_WAIT_MS_MAX = 60 * 60_000;
/** A field that stays as it is for so long after its wait is fought over no more. */
export const FIGHT_QUIET_MS = 30 * 60_000;

/**
 * When drift may be repaired: now (undefined), or the time at which the next try is due. It waits only while every field is
 * fought over: one that somebody just changed for the first time is put right at once.
 */
export function nextRepairMs(
  fights: Fights | undefined,
  hash: string,
  drift: readonly DriftedField[],
  nowMs: number,
): number | undefined {
  if (fights?.hash !== hash || drift.length === 0) return undefined;
  let next = Number.POSITIVE_INFINITY;
  for (const { path } of drift) {
    const fight = fights.fields[path];
    // Of a time that is to come nothing is known: the clock was set back.
    if (fight === undefined || fight.lastMs > nowMs) return undefined;
    next = Math.min(next, fight.lastMs + waitMs(fight.count));
  }
  return next > nowMs ? next : undefined;
}

/** What is remembered after a repair of drift. Fights that ended are forgotten. */
export function afterRepair(
  fights: Fights | undefined,
  hash: string,
  drift: readonly DriftedField[],
  nowMs: number,
): Fights {
  const known = fights?.hash === hash ? Object.entries(fights.fields) : [];
  const going = known.filter(([, fight]) => isGoing(fight, nowMs));
  const fields: Record<string, Fight> = Object.assign(Object.create(null), Object.fromEntries(going));
  for (const { path } of drift) fields[path] = { count: (fields[path]?.count ?? 0) + 1, lastMs: nowMs };
  return { hash, fields };
}

/** Whether nothing of an object is fought over any more. */
export function isOver({ fields }: Fights, nowMs: number): boolean {
  return !Object.values(fields).some((fight) => isGoing(fight, nowMs));
}

function isGoing({ count, lastMs }: Fight, nowMs: number): boolean {
  return nowMs - lastMs < waitMs(count) + FIGHT_QUIET_MS;
}

/** 0 for the first repairs, then 1, 2, 4 … minutes, up to an hour. */
function waitMs(count: number): number {
  if (count < FREE_REPAIRS) return 0;
  return Math.min(FIGHT_WAIT_MS_MAX, FIGHT_WAIT_MS * 2 ** Math.min(count - FREE_REPAIRS, 20));
}

/** Why drift is not repaired now, of an object that somebody else keeps changing. */
export function flapping(ref: ObjectRef, at: Place, drift: readonly DriftedField[], nextMs: number): Failure {
  const object = refText(ref);
  return {
    code: "drift/flapping",
    message: `${object} is changed back each time: ${driftText(drift)}; next try at ${timeText(nextMs)}`,
    remedy: `make ${managers(drift)} leave these fields alone, or remove them from git`,
    at,
    object,
  };
}

/** `flapping with vpa-updater; next try at 2026-01-02T12:03:00Z: spec.replicas (…)`. */
export function flappingText(drift: readonly DriftedField[], nextMs: number): string {
  return `flapping with ${managers(drift)}; next try at ${timeText(nextMs)}: ${driftText(drift)}`;
}

function managers(drift: readonly DriftedField[]): string {
  const names = new Set(drift.flatMap(({ manager }) => manager ?? []));
  return names.size === 0 ? "whoever removes them" : [...names].join(", ");
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function isOurs({ manager, operation }: ManagedFields): boolean {
  return manager === FIELD_MANAGER && operation === "Apply";
}

/** A manager that writes through a subresource is told with it: `kube-controller-manager/scale`. */
function managerText({ manager, subresource }: ManagedFields): string {
  const name = manager === "" ? "unnamed" : manager;
  return subresource === undefined || subresource === "" ? name : `${name}/${subresource}`;
}

/** Whether `path` is `gap` or something below it. */
function isWithin(path: string, gap: string): boolean {
  return path === gap || path.startsWith(`${gap}.`) || path.startsWith(`${gap}[`);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
