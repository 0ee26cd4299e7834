import type { Failure, Place } from "./failure.ts";
import type { Json } from "./manifest.ts";
import type { ObjectRef } from "./ref.ts";
import type { Revision } from "./revision.ts";
import type { Confirmation } from "./standing.ts";

/** What a plan does about one object. `held` and `kept` are deletes that are not done. */
export type StepAction =
  | "create"
  | "update"
  | "transfer"
  /** There already, and nobody's or given up by another tool: it becomes ours in place. */
  | "adopt"
  /** Deleted and created anew, because a field that cannot change did; only where that was asked for. */
  | "recreate"
  /** Somebody changed it, and it is only reported. */
  | "drifted"
  | "unchanged"
  | "delete"
  /** Would be deleted, but a guard (breaker, protected kind, doubt) says no; `why` tells which. Counts for exit code 3. */
  | "held"
  /** No longer declared, and kept on purpose: prune is off for the service or the object. */
  | "kept";

/** One field that an update changes; absent means that the field is not there. Secret values are masked. */
export interface FieldChange {
  /** As people write it: `spec.template.spec.containers[name=api].image`. */
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** One object of a plan. */
export interface StepSummary {
  readonly ref: ObjectRef;
  readonly action: StepAction;
  /** Why this action: `changed`, `drifted: spec.replicas`, `moved from shop/cart`, `breaker: …`. */
  readonly why: string;
  /** Of a held delete: whether a confirmation lets it go. One that none lets go is decided anew by the next pass. */
  readonly confirmable?: boolean;
  /** Where the object is declared; absent for deletes. */
  readonly at?: Place;
  /** What somebody else took from us since our last apply, of a step that found drift. */
  readonly drift?: readonly DriftedField[];
  /**
   * Of a Job that cleans up after itself: the hash of what is declared, for once it ran it must not run again; with a word more
   * when it was seen to fail.
   */
  readonly job?: string;
  /** Field by field, when the pass was asked to say (diff). A created object has every field. */
  readonly fields?: readonly FieldChange[];
}

/** A field of ours that somebody else set or removed. `manager` and `since` (ISO 8601) are of who has it now. */
export interface DriftedField {
  readonly path: string;
  readonly manager?: string;
  readonly since?: string;
}

/** What became of one step. `planned` in a dry run, or when the pass ended before it. */
export interface StepResult extends StepSummary {
  readonly result: "done" | "planned" | "failed";
  readonly failure?: Failure;
}

/**
 * - `synced`: every step done. `unchanged`: there was nothing to do. `planned`: a dry run found something to do.
 * - `held`: nothing failed, but something would be deleted and is not.
 * - `drifted`: nothing failed, but somebody changed something and it is only reported.
 * - `progressing`: applied; a newer revision, or the end of the run, came before it was seen healthy.
 * - `failed`: at least one failure; what could be done is done. `blocked`: a dependency is not ready, nothing was tried.
 * - `pending`: nothing failed, but something it needs (a kind, a namespace) is not there yet; it continues by itself.
 * - `backoff`: failed before, and nothing that it is made of changed since; it is tried again at `retry.nextAtMs`.
 * - `suspended`: left alone as asked. `interrupted`: the pass was told to stop before this service was through.
 */
export type ServiceState =
  | "synced"
  | "unchanged"
  | "planned"
  | "held"
  | "drifted"
  | "progressing"
  | "failed"
  | "blocked"
  | "pending"
  | "backoff"
  | "suspended"
  | "interrupted";

/** How healthy what a service applied is; only of services that wait for it. */
export interface HealthSummary {
  readonly state: "healthy" | "progressing" | "failed";
  /** What is not healthy, and why. */
  readonly objects: readonly { readonly ref: ObjectRef; readonly why: string }[];
}

/** What one pass did for one service. Durations are milliseconds. */
export interface ServiceOutcome {
  readonly service: string;
  readonly state: ServiceState;
  /** Where the service is defined; absent for one that left git. */
  readonly at?: Place;
  /** False when the build was known from an earlier pass. */
  readonly built: boolean;
  readonly steps: readonly StepResult[];
  readonly failures: readonly Failure[];
  /** What is not right and holds up nothing: an autoscaler that git fights with, a fight with another writer. */
  readonly warnings?: readonly Failure[];
  readonly health?: HealthSummary;
  /** Why it was worked on, or not: `commit: 3 files changed`, `drift`, `retry`. */
  readonly because?: string;
  /** Hash over what it declares; equal digests mean equal objects. */
  readonly digest?: string;
  /** Of a service that failed: how often in a row, and when it is tried again (milliseconds since 1970). */
  readonly retry?: { readonly attempts: number; readonly nextAtMs: number };
  readonly tenant?: string;
  /** Who confirmed deletes that would have been held. */
  readonly confirmed?: Confirmation;
  /** Where deletes depended on it: revisions that it may hold objects of, and that the one at hand is not known to follow. */
  readonly departed?: readonly string[];
  /** Git says to leave it alone, whatever people asked for in the cluster; `unknown` where that cannot be read. */
  readonly suspendedInGit?: true | "unknown";
  readonly durationMs: number;
}

/** What one pass did. `failures` are those of the run itself: with any, nothing was changed. */
export interface PassOutcome {
  readonly revision?: Revision;
  readonly services: readonly ServiceOutcome[];
  readonly failures: readonly Failure[];
  /** Some kinds could not be listed: what services left behind that are in git no more may not have been seen. */
  readonly blind?: true;
  readonly builds: number;
  readonly durationMs: number;
}

/** What a pass tells while it goes, for progress lines, logs and metrics. */
export type PassEvent =
  /** Something that people should know and that stops nothing: one line. */
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "phase"; readonly phase: "fetch" | "discover" | "list" | "build" | "apply" | "prune" }
  | { readonly type: "fetched"; readonly revision: Revision }
  | { readonly type: "discovered"; readonly services: number; readonly broken: number }
  | { readonly type: "built"; readonly service: string; readonly ok: boolean; readonly durationMs: number }
  | { readonly type: "started"; readonly service: string }
  /** What is not healthy yet of a service that was applied; told whenever it changes. */
  | { readonly type: "waiting"; readonly service: string; readonly objects: HealthSummary["objects"] }
  | { readonly type: "step"; readonly service: string; readonly step: StepResult }
  | { readonly type: "finished"; readonly outcome: ServiceOutcome };
