import type { HealthSummary, HistoryEntry, KeptFailure, Place, ServiceState } from "../model/index.ts";

/**
 * What is kept of one service. Nothing in it changes while nothing happens, so that a pass which finds all as it was writes
 * nothing: which revision a good service is at, and when it was last seen so, stands once for all in `PassHead`.
 */
export interface KeptService {
  /** `synced` also stands for `unchanged`: which of both is only news of one pass. */
  readonly state: ServiceState;
  /** The number of the pass that wrote this. A `PassHead` of this number or a later one has newer times and revisions. */
  readonly pass: number;
  /** When this was written. Times are ISO 8601. */
  readonly at: string;
  /** Revision that was attempted then. */
  readonly revision: string;
  /** The last success before, or with, this. */
  readonly applied?: { readonly revision: string; readonly at: string };
  readonly objects: number;
  /** When each condition last changed its status. */
  readonly since: Readonly<Record<string, string>>;
  readonly failures: readonly KeptFailure[];
  readonly warnings: readonly KeptFailure[];
  /** Failures that were too many to keep. */
  readonly more?: number;
  readonly health?: {
    readonly state: HealthSummary["state"];
    readonly objects: readonly { readonly object: string; readonly why: string }[];
  };
  /** Git said to leave it alone when that could be read last: what it owns stays, should it leave git (law L3). */
  readonly suspendedInGit?: true;
  /** Why it is held or left alone. */
  readonly why?: string;
  /** All that is held of it stays whatever anybody confirms. */
  readonly unconfirmable?: true;
  readonly retry?: { readonly attempts: number; readonly nextAt: string };
  readonly digest?: string;
  /** Revisions that it may still hold objects of, and that the ones applied since are not known to follow. */
  readonly departed?: readonly string[];
  /** Where it is defined; of one that left git, where it was last. */
  readonly defined?: Place;
  readonly history: readonly HistoryEntry[];
}

/** More groups than this there are never. */
export const GROUPS_MAX = 256;

/** The last pass over all services of a scope. */
export interface PassHead {
  /** Counts passes that changed something. */
  readonly number: number;
  readonly revision: string;
  /** When it ended, to within the time between two heartbeats. */
  readonly at: string;
  /** How many groups the services are kept in. */
  readonly groups: number;
  /** Why the last run could do nothing at all; empty when it could. */
  readonly failures: readonly KeptFailure[];
}

/** States in which the cluster is as git says. */
export function isGood(state: ServiceState): boolean {
  return state === "synced" || state === "unchanged";
}
