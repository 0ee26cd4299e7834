import type { MessagePort } from "node:worker_threads";
import type { BuildLimits, BuiltObject, LoadRestrictions } from "../kustomize/index.ts";
import type { Failure, Overlay } from "../model/index.ts";
import type { Pack } from "./blobs.ts";

/** What a thread is told when it starts. */
export interface ThreadSettings {
  /** Where it asks for blobs, one question at a time, waiting for the answer. */
  readonly asks: MessagePort;
  /** One Int32: how many questions were answered. The thread sleeps on it. */
  readonly answered: SharedArrayBuffer;
  readonly blobBytesMax: number;
  readonly limits: BuildLimits;
}

export interface JobMessage {
  readonly folder: string;
  readonly text: boolean;
  readonly options: JobOptions;
  /** `listing` is UTF-8, shared by all threads, parsed once for each key. */
  readonly source: { readonly key: string; readonly listing: SharedArrayBuffer };
  /** Content that the build will probably read. */
  readonly pack: Pack;
}

/** What of `kustomize.build`'s options a caller may set for one job. */
export interface JobOptions {
  /** Whether files outside the folder of the kustomization that names them may be read; folders always may. */
  readonly loadRestrictions: LoadRestrictions;
  /** A folder without a kustomization file is built as one that names all manifests in and below it, as Flux does. */
  readonly generate: boolean;
  /** Overrides the namespace of every namespaced object. */
  readonly namespace?: string;
  /** What a Flux document changes besides. */
  readonly overlay?: Overlay;
}

export interface AskMessage {
  readonly ids: readonly string[];
}

export type GiveMessage = { readonly pack: Pack } | { readonly error: string };

/**
 * What became of a job. The footprint is there on failure too: a build that failed fails again until something in it
 * changes, except for `build/deadline`, `build/out-of-memory` and `build/crashed`, which say nothing about the input.
 */
export type BuildAnswer =
  | {
      readonly ok: true;
      readonly objects: readonly BuiltObject[];
      readonly footprint: readonly (readonly [path: string, id: string])[];
      /** As `kustomize build` prints it, when asked for. */
      readonly text?: string;
    }
  | {
      readonly ok: false;
      readonly failures: readonly Failure[];
      readonly footprint?: readonly (readonly [path: string, id: string])[];
    };

/** What a thread says: that it is ready, once, then one answer for each job. */
export type ThreadMessage = "ready" | BuildAnswer;
