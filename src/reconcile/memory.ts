import type { BuildAnswer } from "../builders/index.ts";
import type { LiveMetadata } from "../model/index.ts";
import type { Declared } from "../plan/index.ts";
import { type Definitions, newDefinitions } from "../services/index.ts";
import type { AllDeclared } from "./assemble.ts";
import type { Circuit } from "./circuit.ts";

/**
 * What a process keeps from pass to pass, so that a pass costs what changed since the last one. Each entry carries all it was
 * made from and is used only when that is the same again: losing the memory costs time, never correctness.
 */
export interface Memory {
  readonly definitions: Definitions;
  /** Known builds by service, with the entry of the cache that they were read from. */
  readonly builds: Map<string, { readonly key: string; readonly text: string; readonly answer: BuildAnswer }>;
  /** Builds whose objects were all looked at, and are objects. */
  readonly soundBuilds: WeakSet<BuildAnswer>;
  /** What services declare, by id, with what that was made from. */
  readonly declared: Map<string, { readonly answer: BuildAnswer; readonly from: string; readonly all: AllDeclared }>;
  /** Objects that were found as they are declared, for as long as neither changes. */
  readonly unchanged: WeakMap<LiveMetadata, Declared>;
  /** Since when services wait for the health of what they applied, by id; monotonic milliseconds. */
  readonly waits: Map<string, { readonly of: string; readonly sinceMs: number }>;
  /** Services whose objects were all seen healthy, by id, and at which versions. */
  readonly healthy: Map<string, string>;
  /** Services that failed, by id; absent in a process that tries each of them once and ends. */
  readonly circuits?: Map<string, Circuit>;
  /** Notices that were given, which are not given again. */
  readonly told: Set<string>;
  /** A number from 0 to 1, so that what failed together is not tried together. */
  readonly random: () => number;
}

/** Drops what is about services that are not there any more. */
export function forgetGone(
  { builds, declared, circuits, waits, healthy }: Memory,
  services: readonly { readonly id: string }[],
): void {
  const there = new Set(services.map(({ id }) => id));
  for (const kept of [builds, declared, circuits, waits, healthy])
    for (const id of kept?.keys() ?? []) if (!there.has(id)) kept?.delete(id);
}

export function newMemory(random: () => number = Math.random): Memory {
  return {
    definitions: newDefinitions(),
    builds: new Map(),
    soundBuilds: new WeakSet(),
    declared: new Map(),
    unchanged: new WeakMap(),
    waits: new Map(),
    healthy: new Map(),
    told: new Set(),
    circuits: new Map(),
    random,
  };
}
