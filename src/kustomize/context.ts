import type { Accumulator } from "./accumulator.ts";
import type { ParseCache } from "./cache.ts";
import type { Folder } from "./folder.ts";
import type { Placed } from "./kustomization/decode.ts";
import type { Report } from "./report.ts";
import type { Scopes } from "./resource.ts";
import type { BesideBuiltin, Schema } from "./schema/index.ts";
import type { BuildLimits, Source } from "./source.ts";

/** The schema that a build uses: the first kustomization that names one decides, as in kustomize. */
export interface SchemaInUse extends Scopes {
  readonly current: Schema;
  /** What would become of the built-in schema if a custom one were chosen now. */
  readonly beside: BesideBuiltin;
  /** Ignored once one is chosen. */
  choose(schema: Schema): void;
}

/** All that one build shares. It lives as long as the build. */
export interface BuildContext {
  readonly source: Source;
  readonly cache: ParseCache;
  readonly limits: BuildLimits;
  readonly report: Report;
  readonly schema: SchemaInUse;
  /** `buildMetadata` of the folder that is built: it holds for all folders below. */
  metadata: readonly string[];
  /** Adds what paths lead to; plugins are listed by such paths, too. */
  accumulate(folder: Folder, accumulator: Accumulator, paths: readonly Placed<string>[]): void;
}
