import type { Json, LiveMetadata, LiveObject, Manifest } from "../model/index.ts";

export type { LiveMetadata, LiveObject, ManagedFields } from "../model/index.ts";

/** A served kind, as discovery lists it. */
export interface Kind {
  readonly group: string;
  /** The version to talk to it in: the group's preferred one that serves it. */
  readonly version: string;
  /** Every version that serves it, preferred first. */
  readonly versions: readonly string[];
  readonly kind: string;
  /** The plural used in URLs. */
  readonly resource: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** What people may call it besides, such as `deploy`. */
  readonly shortNames?: readonly string[];
}

/** What the server serves. A group named in `failedGroups` could not be asked: its kinds are unknown, not absent. */
export interface Kinds {
  readonly kinds: readonly Kind[];
  readonly failedGroups: readonly string[];
  /** There is no server: any other kind may be served as well. */
  readonly open?: true;
}

/** Why the server, or the way to it, did not do what was asked. Messages hold no Secret value. */
export interface Problem {
  readonly kind: "status" | "network" | "timeout" | "decode";
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** metav1.Status.reason, such as `NotFound`, `Invalid`, `Conflict`, `AlreadyExists`. */
  readonly reason?: string;
  readonly message: string;
  readonly causes: readonly { readonly reason: string; readonly field: string; readonly message: string }[];
  readonly retryAfterMs?: number;
  /** True when a write may have happened although no answer came. */
  readonly ambiguous: boolean;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export interface ListOptions {
  readonly labelSelector?: string;
  /** Such as `involvedObject.uid=…`: each kind has a few fields to select by. */
  readonly fieldSelector?: string;
  readonly namespace?: string;
}

/** A complete list: all pages, or a Problem. */
export interface MetadataList {
  readonly items: readonly LiveMetadata[];
  readonly resourceVersion: string;
}

/** The same with whole objects: for few and small ones, which are read in one request. */
export interface ObjectList {
  readonly items: readonly LiveObject[];
  readonly resourceVersion: string;
}

interface ApplyOptions {
  readonly fieldManager: string;
  readonly force: boolean;
  readonly dryRun?: boolean;
}

export interface Applied {
  readonly created: boolean;
  readonly object: LiveObject;
}

/** A DELETE always names what it is about: the object that was read, at the version that was read. */
export interface RemoveOptions {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly propagation: "Background" | "Foreground" | "Orphan";
  readonly dryRun?: boolean;
}

export type PatchType =
  | "application/json-patch+json"
  | "application/merge-patch+json"
  | "application/strategic-merge-patch+json";

export type WatchEvent =
  | { readonly type: "added" | "modified" | "deleted"; readonly object: LiveMetadata }
  | { readonly type: "bookmark"; readonly resourceVersion: string }
  /** The watch ended; `gone` means that its version is too old and a new list is needed. */
  | { readonly type: "ended"; readonly gone: boolean; readonly problem?: Problem };

/**
 * A Kubernetes API server as the reconciler needs it. Every verb takes a signal and ends when it aborts (rejecting with
 * its reason); everything else that goes wrong is an Answer. Implementations: `connect` (a real server over HTTP) and the
 * embedded one; both pass `test/contract/cluster`.
 */
export interface Cluster {
  /** The uid of the kube-system namespace: which cluster this is. */
  identity(signal: AbortSignal): Promise<Answer<string>>;
  kinds(signal: AbortSignal): Promise<Answer<Kinds>>;
  list(kind: Kind, options: ListOptions, signal: AbortSignal): Promise<Answer<MetadataList>>;
  listObjects(kind: Kind, options: ListOptions, signal: AbortSignal): Promise<Answer<ObjectList>>;
  /** Undefined when the server says that there is no such object. Never read from a cache. */
  get(kind: Kind, namespace: string, name: string, signal: AbortSignal): Promise<Answer<LiveObject | undefined>>;
  metadata(kind: Kind, namespace: string, name: string, signal: AbortSignal): Promise<Answer<LiveMetadata | undefined>>;
  /**
   * Server-side apply; the kind is addressed in the manifest's own version. A field that the schema does not have is
   * always refused: the server's apply cannot do otherwise, whatever fieldValidation it is asked for.
   */
  apply(kind: Kind, manifest: Manifest, options: ApplyOptions, signal: AbortSignal): Promise<Answer<Applied>>;
  patch(
    kind: Kind,
    namespace: string,
    name: string,
    type: PatchType,
    body: Json,
    signal: AbortSignal,
  ): Promise<Answer<LiveObject>>;
  /** `gone` when there was nothing to delete; `terminating` while finalizers hold it. */
  remove(
    kind: Kind,
    namespace: string,
    name: string,
    options: RemoveOptions,
    signal: AbortSignal,
  ): Promise<Answer<"removed" | "terminating" | "gone">>;
  /** Metadata events after a list's version, until the signal aborts or the server ends it; the last one is `ended`. */
  watch(
    kind: Kind,
    options: ListOptions & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent>;
  /** Drops all connections. */
  close(): Promise<void>;
}
