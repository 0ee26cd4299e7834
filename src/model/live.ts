import type { JsonObject } from "./manifest.ts";
import type { ObjectRef } from "./ref.ts";

/** One entry of metadata.managedFields (server-side apply, KEP-555). */
export interface ManagedFields {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly time?: string;
  readonly subresource?: string;
  readonly fieldsV1?: JsonObject;
}

/** An object's metadata as the server has it now. */
export interface LiveMetadata {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  readonly ownerReferences: readonly { readonly kind: string; readonly name: string; readonly controller: boolean }[];
  readonly managedFields: readonly ManagedFields[];
}

/** A whole object as the server has it now. */
export interface LiveObject extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string; readonly uid: string; readonly resourceVersion: string };
}

/** What is to be seen of the watches from outside. */
export interface LiveStats {
  /** Objects that are kept. */
  readonly objects: number;
  /** Kinds with a watch, those that are only listed, and those that cannot be answered from now. */
  readonly watched: number;
  readonly listed: number;
  readonly doubtful: number;
  /** Lists by reason, watches that ended, times that the cluster went back, and hints given: since the beginning. */
  readonly relists: Readonly<Record<string, number>>;
  readonly watchesEnded: number;
  readonly regressions: number;
  readonly hints: number;
  /** For how long nothing was heard of the quietest watch; undefined when none stands. */
  readonly quietMs?: number;
}
