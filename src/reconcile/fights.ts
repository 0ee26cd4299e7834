import { type Clock, type DriftedField, isObject, type Json, type ObjectRef, refKey } from "../model/index.ts";
import { afterRepair, type Fights, isOver } from "../plan/index.ts";
import type { BuildCache } from "./pass-types.ts";

/** Fields that were taken back from other writers lately, by object: what keeps a fight from becoming a hot loop. */
export interface FightMemory {
  readonly known: ReadonlyMap<string, Fights>;
  repaired(ref: ObjectRef, hash: string, drift: readonly DriftedField[]): void;
  /** Keeps it for the next pass, when anything changed. */
  save(): Promise<void>;
}

/** Kept in the disposable cache: losing it costs a few writes. Fights that are over are left behind. */
export async function openFights(cache: BuildCache, scope: string, clock: Clock): Promise<FightMemory> {
  const key = `fights-${scope}`;
  const known = new Map<string, Fights>();
  for (const [object, fights] of parse(await cache.read(key)))
    if (!isOver(fights, clock.nowMs())) known.set(object, fights);
  const state = { changed: false };
  return {
    known,
    repaired(ref, hash, drift) {
      if (drift.length === 0) return;
      const object = refKey(ref);
      known.set(object, afterRepair(known.get(object), hash, drift, clock.nowMs()));
      state.changed = true;
    },
    async save() {
      if (state.changed) await cache.write(key, JSON.stringify([...known]));
    },
  };
}

function parse(text: string | undefined): readonly (readonly [string, Fights])[] {
  if (text === undefined) return [];
  try {
    const entries = JSON.parse(text) as Json;
    return Array.isArray(entries) ? entries.flatMap((entry: Json) => fightsOf(entry)) : [];
  } catch {
    // A damaged cache is an empty one.
    return [];
  }
}

function fightsOf(entry: Json): readonly (readonly [string, Fights])[] {
  const [object, value] = Array.isArray(entry) ? (entry as readonly Json[]) : [];
  if (typeof object !== "string" || !isObject(value)) return [];
  const { hash, fields } = value;
  if (typeof hash !== "string" || !isObject(fields)) return [];
  const sound = Object.values(fields).every(
    (fight) => isObject(fight) && typeof fight["count"] === "number" && typeof fight["lastMs"] === "number",
  );
  return sound ? [[object, { hash, fields: fields as unknown as Fights["fields"] }]] : [];
}
