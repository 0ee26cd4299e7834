/**
 * Every expected failure has one of these codes. The set is closed and stable: scripts match on it, docs list it.
 * The word before the slash is the phase that found it.
 */
export type FailureCode =
  // the command line and the settings
  | "usage/invalid-flag"
  | "usage/invalid-repository"
  | "usage/invalid-ref"
  | "usage/no-such-service"
  | "usage/no-such-object"
  | "usage/invalid-settings"
  // the source: fetching and reading git
  | "source/unreachable"
  | "source/authentication"
  | "source/ref-not-found"
  | "source/empty-repository"
  | "source/path-not-found"
  | "source/timeout"
  | "source/locked"
  | "source/damaged"
  | "source/unreadable-object"
  | "source/too-large"
  // which services there are
  | "service/invalid-document"
  | "service/invalid-field"
  | "service/unsupported-field"
  | "service/unsupported-source"
  | "service/invalid-settings"
  | "service/duplicate-id"
  | "service/folder-not-found"
  | "service/path-outside-repository"
  | "service/dependency-cycle"
  | "service/dependency-not-found"
  | "service/dependency-not-ready"
  // the kustomize build
  | "build/malformed-yaml"
  | "build/duplicate-key"
  | "build/invalid-object"
  | "build/missing-kustomization"
  | "build/ambiguous-kustomization"
  | "build/invalid-kustomization"
  | "build/unknown-field"
  | "build/unsupported-field"
  | "build/unsupported-remote"
  | "build/unsupported-plugin"
  | "build/unsupported-helm"
  | "build/missing-resource"
  | "build/path-outside-repository"
  | "build/symlink-outside-repository"
  | "build/gitlink"
  | "build/cycle"
  | "build/duplicate-object"
  | "build/patch-target-not-found"
  | "build/invalid-patch"
  | "build/invalid-generator"
  | "build/invalid-transformer"
  | "build/invalid-selector"
  | "build/replacement"
  | "build/variable"
  | "build/conflict"
  | "build/too-large"
  | "build/deadline"
  | "build/out-of-memory"
  | "build/crashed"
  | "build/not-started"
  // deciding what to do
  | "plan/duplicate-definition"
  | "plan/foreign-owner"
  | "plan/unknown-kind"
  | "plan/missing-namespace"
  | "plan/unowned-live-object"
  // talking to the cluster
  | "cluster/invalid-kubeconfig"
  | "cluster/unreachable"
  | "cluster/unauthorized"
  | "cluster/forbidden"
  | "cluster/list-failed"
  | "cluster/discovery-failed"
  | "cluster/throttled"
  | "cluster/timeout"
  | "cluster/other-cluster"
  | "apply/invalid"
  | "apply/immutable"
  | "apply/conflict"
  | "apply/forbidden"
  | "apply/webhook"
  | "apply/missing-namespace"
  | "apply/unknown-kind"
  | "apply/not-established"
  | "apply/terminating"
  | "apply/failed"
  | "prune/failed"
  | "prune/changed-since-read"
  | "prune/held"
  | "health/failed"
  | "health/timeout"
  // what others do to our objects
  | "drift/flapping"
  | "drift/autoscaled"
  // the pass itself
  | "reconcile/deadline"
  | "reconcile/interrupted"
  | "reconcile/quarantined"
  | "reconcile/bug";

/** A place in the repository. `path` is relative to its root, `line` and `column` count from 1. */
export interface Place {
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * One expected failure: what, where, why and what to do next. Texts are one line, lower case, without a full stop, and
 * hold no credential and no Secret value: both are removed where the failure is made.
 */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  /** The next command or edit. */
  readonly remedy: string;
  readonly at?: Place;
  /** The folders that led to `at`, outermost first (kustomization → base → …). */
  readonly chain?: readonly Place[];
  /** The object concerned, as `kind/namespace/name`. */
  readonly object?: string;
}

/** `path:line:column`, leaving out what is not known. */
export function placeText(place: Place): string {
  return [place.path, place.line, place.column].filter((part) => part !== undefined).join(":");
}

export function compareFailures(a: Failure, b: Failure): number {
  const left = `${a.at?.path ?? ""}\0${String(a.at?.line ?? 0).padStart(9, "0")}\0${a.code}\0${a.message}`;
  const right = `${b.at?.path ?? ""}\0${String(b.at?.line ?? 0).padStart(9, "0")}\0${b.code}\0${b.message}`;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What was thrown where nothing may be: the failure of the service that was at work, and of no other (law L1). */
export function bug(cause: unknown): Failure {
  return {
    code: "reconcile/bug",
    message: `unexpected: ${cause instanceof Error ? cause.message : String(cause)}`,
    remedy: "this is a fault of gitops; the service is left as it is, please report it",
  };
}
