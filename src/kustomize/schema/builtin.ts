import { builtinTable } from "./builtin.generated.ts";
import type { Schema, SchemaTable } from "./table.ts";

/**
 * The schema kustomize uses unless told otherwise: Kubernetes v1.21.2 as its API server publishes it, plus kustomize's own
 * kinds. Every call parses anew (a fraction of a millisecond): make it once and pass it on.
 */
export function builtinSchema(): Schema {
  const table: SchemaTable = JSON.parse(builtinTable);
  return table;
}

/** The one value that `openapi.version` may have. */
export const BUILTIN_VERSION = "v1.21.2";
