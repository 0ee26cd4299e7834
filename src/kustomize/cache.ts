import { defaultConfig, type TransformerConfig } from "./config/config.ts";
import { builtinSchema, type Schema } from "./schema/index.ts";

/**
 * What was read of blobs, by blob id, for any number of builds of any revisions. What it holds is never changed: who
 * edits a node clones it first. Not to be shared between threads.
 */
export interface ParseCache {
  readonly defaults: TransformerConfig;
  readonly schema: Schema;
  /** The value kept for a blob read in some way, or made now and kept. */
  keep<T>(kind: CachedKind, id: string, bytes: number, make: () => T): T;
}

/** The ways to read a blob; each gives another type, which only its own reader keeps and takes. */
export type CachedKind = "manifests" | "kustomization" | "schema" | "config";

/**
 * Text of this many bytes is kept parsed, at some 40 times as much memory; the oldest goes first. Reading again costs
 * little more than cloning what is kept, so more would not pay.
 */
const CACHED_BYTES_MAX = 4 * 1024 * 1024;

export function newParseCache(bytesMax: number = CACHED_BYTES_MAX): ParseCache {
  const kept = new Map<string, { readonly value: unknown; readonly bytes: number }>();
  let total = 0;
  return {
    defaults: defaultConfig(),
    schema: builtinSchema(),
    keep<T>(kind: CachedKind, id: string, bytes: number, make: () => T): T {
      const key = `${kind}:${id}`;
      const known = kept.get(key);
      if (known !== undefined) return known.value as T;
      const value = make();
      kept.set(key, { value, bytes });
      total += bytes;
      for (const [oldest, entry] of kept) {
        if (total <= bytesMax || oldest === key) break;
        kept.delete(oldest);
        total -= entry.bytes;
      }
      return value;
    },
  };
}
