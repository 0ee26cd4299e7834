import type { JobOptions } from "./messages.ts";

/** One revision's files, as builds read them. */
export interface TreeSource {
  /** The id of the root tree: equal keys are equal listings. */
  readonly key: string;
  /** See Listing for the format. */
  readonly listing: string;
  /** Content by id. What is not in the answer is too large to be loaded; rejects when something cannot be had. */
  blobs(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Uint8Array>>;
}

export interface BuildJob {
  readonly service: string;
  readonly folder: string;
  readonly source: TreeSource;
  readonly options: JobOptions;
  /** Whether the answer holds the text of `kustomize build`, too. */
  readonly text?: boolean;
  /** Told when the build takes longer than is fair: whoever waits for all builds should go on without it. */
  readonly onLate?: () => void;
  /** Whoever else waits goes first, and nothing runs beside it. It is late before it begins. */
  readonly last?: boolean;
  /** Told whenever it begins to run; what that answers is called when it runs no more. */
  readonly onRun?: () => () => void;
}
