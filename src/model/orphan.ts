import type { ObjectRef } from "./ref.ts";
import type { Revision } from "./revision.ts";

/** An object that looks like one of ours, or like one of Flux v1's, and that no service of the revision declares. */
export interface Orphan {
  readonly ref: ObjectRef;
  /** The service that its label names; absent without such a label. */
  readonly service?: string;
  readonly why: string;
  /** True when a sync at this revision deletes it. */
  readonly deleted: boolean;
}

/** What nobody declares, and what could not be looked at. */
export interface Orphans {
  readonly revision: Revision;
  readonly orphans: readonly Orphan[];
  /** Kinds that could not be listed, and why: there may be more. */
  readonly unlisted: readonly { readonly kind: string; readonly why: string }[];
  /** False when definitions could not be read: what their services own is not told. */
  readonly complete: boolean;
}
