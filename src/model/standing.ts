import type { Failure, Place } from "./failure.ts";
import type { ServiceState } from "./outcome.ts";

/** Somebody asked that services be left alone. Times are ISO 8601. */
export interface Suspension {
  /** Over service ids, or their last part. */
  readonly glob: string;
  readonly reason: string;
  readonly author: string;
  readonly at: string;
  /** When it ends by itself; never, when absent. */
  readonly until?: string;
}

/** Somebody said that deletes which are held at a commit are meant. */
export interface Confirmation {
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  /** `gitops confirm`, a trailer of the commit itself, or `sync --confirm`. */
  readonly how: "command" | "trailer" | "flag";
}

/** As Kubernetes writes conditions; reasons are those of Flux (`ReconciliationSucceeded`, `BuildFailed`, …). */
export interface Condition {
  readonly type: "Ready" | "Healthy" | "Reconciling" | "Stalled";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  /** ISO 8601. */
  readonly lastTransitionTime: string;
}

/** One thing that happened to a service: something was written, or went another way than before. */
export interface HistoryEntry {
  /** ISO 8601. */
  readonly at: string;
  /** `main@sha1:…` */
  readonly revision: string;
  /** Hash over what the service declared. */
  readonly digest?: string;
  readonly durationMs: number;
  readonly result: ServiceState;
  /** What was done, or why not: `2 updated, 1 deleted`, `build/missing-resource`. */
  readonly what: string;
  readonly confirmed?: Confirmation;
}

/** A failure as it is kept: since when it is so, ISO 8601. */
export interface KeptFailure extends Pick<Failure, "code" | "message" | "remedy" | "object"> {
  readonly at?: Place;
  readonly since: string;
}

/** How one service stands, whoever asks. Revisions are in Flux's form, times ISO 8601. */
export interface ServiceStanding {
  readonly service: string;
  readonly state: ServiceState;
  readonly conditions: readonly Condition[];
  /** Revision of the last pass that looked after it. */
  readonly attempted: string;
  /** The last revision that was applied from end to end; never one of which anything is missing. */
  readonly applied?: string;
  readonly lastAttempt: string;
  readonly lastSuccess?: string;
  /** Objects that it declares and that are in place. */
  readonly objects: number;
  readonly failures: readonly KeptFailure[];
  readonly warnings: readonly KeptFailure[];
  readonly retry?: { readonly attempts: number; readonly nextAt: string };
  readonly suspended?: Suspension;
  /** All deletes that are held of it stay held, whatever anybody confirms. */
  readonly unconfirmable?: true;
  /** Newest first, five at most. */
  readonly history: readonly HistoryEntry[];
}
