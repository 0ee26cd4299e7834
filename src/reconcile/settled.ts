import type { JsonObject } from "../model/index.ts";
import { type ObjectRef, refKey } from "../model/index.ts";
import type { BuildCache } from "./pass-types.ts";

/** What the server took away from an object right after our apply: an admission webhook's doing, no drift. */
export interface Settled {
  readonly known: ReadonlyMap<string, { readonly hash: string; readonly fields: readonly string[] }>;
  note(ref: ObjectRef, hash: string, fields: readonly string[]): void;
  /** Keeps it for the next pass, when anything changed. */
  save(): Promise<void>;
}

/** Kept in the disposable cache: losing it costs one apply that changes nothing. */
export async function openSettled(cache: BuildCache, scope: string): Promise<Settled> {
  const key = `settled-${scope}`;
  const known = new Map<string, { hash: string; fields: readonly string[] }>();
  for (const [object, entry] of parse(await cache.read(key))) known.set(object, entry);
  let changed = false;
  return {
    known,
    note(ref, hash, fields) {
      const object = refKey(ref);
      if (fields.length === 0) changed = known.delete(object) || changed;
      else {
        known.set(object, { hash, fields });
        changed = true;
      }
    },
    async save() {
      if (changed) await cache.write(key, JSON.stringify([...known]));
    },
  };
}

function parse(text: string | undefined): readonly (readonly [string, { hash: string; fields: readonly string[] }])[] {
  if (text === undefined) return [];
  try {
    const entries: unknown = JSON.parse(text);
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    // A damaged cache is an empty one.
    return [];
  }
}

function isEntry(value: unknown): value is [string, { hash: string; fields: readonly string[] }] {
  if (!Array.isArray(value) || typeof value[0] !== "string") return false;
  const entry = value[1] as JsonObject | undefined;
  return typeof entry?.["hash"] === "string" && Array.isArray(entry["fields"]);
}
