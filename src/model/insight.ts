import type { Failure, Place } from "./failure.ts";
import type { StepSummary } from "./outcome.ts";
import type { ObjectRef } from "./ref.ts";
import type { Revision } from "./revision.ts";

/** A commit as people are told of it. */
export interface Authored {
  readonly commit: string;
  readonly author: string;
  readonly email: string;
  readonly subject: string;
  /** ISO 8601. */
  readonly at: string;
  /** False when the history at hand ends here: it may have been an earlier commit. */
  readonly exact: boolean;
}

/** What a sync of a revision would do about one service, and what makes it so. */
export interface Explanation {
  readonly service: string;
  readonly revision: Revision;
  readonly at?: Place;
  /** In a few words. */
  readonly because: string;
  /** Whether anything would be built, written or deleted. */
  readonly runs: boolean;
  /** Files and folders that its build looked at; absent when it has not been built, or failed. */
  readonly footprint?: number;
  /** Those that are not as the last build found them; absent when no build with the same settings is known. */
  readonly changed?: readonly string[];
  /** Who last changed what it is built from. */
  readonly change?: Authored;
  /** Objects about which something would be done, or is held. */
  readonly steps: readonly StepSummary[];
  readonly unchanged: number;
  /** Nobody looks whether others changed what is counted as unchanged: `drift: off`. */
  readonly driftUnseen?: true;
  readonly failures: readonly Failure[];
}

/** What a service has in the cluster. */
export interface ServiceTree {
  readonly service: string;
  readonly objects: readonly TreeObject[];
}

export interface TreeObject {
  readonly ref: ObjectRef;
  /** True when an apply of ours wrote the label that makes it the service's. */
  readonly proven: boolean;
  /** When it was last applied, ISO 8601. */
  readonly appliedAt?: string;
  /** Other field managers that have fields of it. */
  readonly others: readonly string[];
  /** Since when it is being deleted, ISO 8601. */
  readonly terminating?: string;
}

/** Where a live object comes from. */
export interface Trace {
  readonly object: ObjectRef;
  /** Its controllers, from the object's own to the one that a service declares. */
  readonly controllers: readonly ObjectRef[];
  /** The service that it belongs to, by its label; absent when none of ours. */
  readonly service?: string;
  readonly scope?: string;
  readonly proven: boolean;
  /** Tools that it names as its owners. */
  readonly managers: readonly string[];
  readonly revision: Revision;
  /** Where the service is defined, and where the object is declared, at the revision; absent when it is not. */
  readonly definedAt?: Place;
  readonly declaredAt?: Place;
  /** Who last changed the file that declares it. */
  readonly change?: Authored;
  /** What a sync would do about it. */
  readonly action?: StepSummary["action"];
  readonly why?: string;
}
