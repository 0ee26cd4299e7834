import type { Builders } from "../builders/index.ts";
import type { Cluster } from "../cluster/index.ts";
import type { Snapshot, Source } from "../git/index.ts";
import type { Live } from "../live/index.ts";
import type { Clock, Confirmation, ForeignTool, PassEvent } from "../model/index.ts";
import type { BreakerChange } from "../plan/index.ts";
import type { Memory } from "./memory.ts";

/** The effects a pass works through, made once in `cli/` and handed down. */
export interface Io {
  readonly source: Source;
  readonly cluster: Cluster;
  readonly builders: Builders;
  readonly cache: BuildCache;
  readonly clock: Clock;
  /** Of this process; a pass without one begins with nothing. */
  readonly memory?: Memory;
  /** What the cluster holds, where that is kept from pass to pass; `cluster` is its cluster then. Else it is listed each time. */
  readonly live?: Pick<Live, "inventory" | "use">;
}

/** What else was built when a process was killed during a build. */
export type Death = "alone" | "beside";

/** Results of builds, by key, from pass to pass. Disposable: losing it costs time, never correctness. */
export interface BuildCache {
  read(key: string): Promise<string | undefined>;
  /** `text` is one line. */
  write(key: string, text: string): Promise<void>;
  /** Called when a pass is through: what was written shall outlive the process. */
  save(): Promise<void>;
  /** A build begins, by itself or beside others; what it answers is called when it ends. Whoever comes after a process that is killed knows it. */
  begin(key: string, alone: boolean): () => void;
  /** Whether processes were killed during the build of this key, and the worst of that; answered once. */
  takeDeath(key: string): Promise<Death | undefined>;
}

export interface PassRequest {
  /**
   * `sync` writes. `dry-run` plans, and sends what it would write with dryRun=All so that the server judges it. `diff`
   * plans, and says field by field what would change. The last two write nothing.
   */
  readonly mode: "sync" | "dry-run" | "diff";
  /** Folder below which services are discovered; "" is the whole repository. */
  readonly path: string;
  /** Names the set of services this program keeps in the cluster; what carries another scope is another's. */
  readonly scope: string;
  /** Globs over service ids; none means all. Services that do not match are neither touched nor pruned. */
  readonly services: readonly string[];
  /** The commit whose held deletes are confirmed (an unambiguous prefix of at least 7 digits). */
  readonly confirm?: string;
  /** Who confirmed the deletes of a service at a commit, before this pass. */
  readonly confirmed?: (service: string, commit: Snapshot["commit"]) => Confirmation | undefined;
  /** Who runs this pass, for the record. */
  readonly author?: string;
  /** Why a service is left alone as people asked in the cluster; what git says of it comes on top. */
  readonly suspended?: (service: string) => string | undefined;
  /** Whether a service that is in git no more was suspended there when it was last seen; `unknown` is taken for yes. */
  readonly leftSuspended?: (service: string) => boolean | "unknown";
  /** Jobs that ran and that the cluster cleaned up since: the hash that was applied, by object key. */
  readonly jobsDone?: ReadonlyMap<string, string>;
  /** Revisions that a service may hold objects of, as they were kept; absent where nothing is kept. */
  readonly appliedAt?: (service: string) => AppliedAt | "unknown";
  /** The file that a service was last defined in, as it was kept. */
  readonly definedAt?: (service: string) => string | undefined;
  /** Why nothing may be deleted, whatever this process itself knows of the cluster. */
  readonly pausedDeletes?: string;
  /** Namespace of namespaced objects that name none. */
  readonly defaultNamespace: string;
  /** Services worked on at once. */
  readonly concurrency: number;
  /** Limits of deletes that go over those of the revision's settings, number by number. */
  readonly breaker: BreakerChange;
  /** Ends waiting for health, and nothing else: something newer is there to be applied. */
  readonly cancelWaits?: AbortSignal;
  /** Takes over objects that these tools have, for every service. */
  readonly adopt?: readonly ForeignTool[];
  /** Namespaces of the program itself: never deleted. */
  readonly ownNamespaces?: readonly string[];
}

/** Revisions in Flux's form, and when the service was last as git said, ISO 8601. */
export interface AppliedAt {
  readonly revisions: readonly string[];
  readonly since?: string;
}

export type OnPassEvent = (event: PassEvent) => void;
