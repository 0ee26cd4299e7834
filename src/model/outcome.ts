import type { Failure, Place } from "./failure.ts";
import type { Json } from "./manifest.ts";
import type { ObjectRef } from "./ref.ts";
import type { Revision } from "./revision.ts";

/** What a plan does about one object. `held` and `kept` are deletes that are not done. */
export type StepAction =
  | "create"
  | "update"
  | "transfer"
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
  /** Where the object is declared; absent for deletes. */
  readonly at?: Place;
  /** Field by field, when the pass was asked to say (diff). A created object has every field. */
  readonly fields?: readonly FieldChange[];
}

/** What became of one step. `planned` in a dry run, or when the pass ended before it. */
export interface StepResult extends StepSummary {
  readonly result: "done" | "planned" | "failed";
  readonly failure?: Failure;
}

/**
 * - `synced`: every step done. `unchanged`: there was nothing to do. `planned`: a dry run found something to do.
 * - `held`: nothing failed, but something would be deleted and is not.
 * - `failed`: at least one failure; what could be done is done. `blocked`: a dependency is not ready, nothing was tried.
 * - `suspended`: left alone as asked. `interrupted`: the pass was told to stop before this service was through.
 */
export type ServiceState =
  | "synced"
  | "unchanged"
  | "planned"
  | "held"
  | "failed"
  | "blocked"
  | "suspended"
  | "interrupted";

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
  readonly durationMs: number;
}

/** What one pass did. `failures` are those of the run itself: with any, nothing was changed. */
export interface PassOutcome {
  readonly revision?: Revision;
  readonly services: readonly ServiceOutcome[];
  readonly failures: readonly Failure[];
  readonly builds: number;
  readonly durationMs: number;
}

/** What a pass tells while it goes, for progress lines, logs and metrics. */
export type PassEvent =
  | { readonly type: "phase"; readonly phase: "fetch" | "discover" | "list" | "build" | "apply" | "prune" }
  | { readonly type: "fetched"; readonly revision: Revision }
  | { readonly type: "discovered"; readonly services: number; readonly broken: number }
  | { readonly type: "built"; readonly service: string; readonly ok: boolean; readonly durationMs: number }
  | { readonly type: "started"; readonly service: string }
  | { readonly type: "step"; readonly service: string; readonly step: StepResult }
  | { readonly type: "finished"; readonly outcome: ServiceOutcome };
