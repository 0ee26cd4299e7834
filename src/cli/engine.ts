import type {
  Discovery,
  Explanation,
  LiveStats,
  Manifest,
  Orphans,
  PassOutcome,
  Result,
  Revision,
  ServiceTree,
  Suspension,
  Trace,
} from "../model/index.ts";
import type { Policy } from "../policy/index.ts";
import type { Named, OnPassEvent, PassRequest } from "../reconcile/index.ts";
import type { ConfirmOrder, Resumed, Standing, ToldEvent } from "../status/index.ts";
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

/** What commands do their work with; `openEngine` makes the real one. */
export interface Engine {
  /** Never rejects for what may be expected to go wrong: that stands in the outcome. */
  pass(request: PassRequest, onEvent: OnPassEvent, signal: AbortSignal): Promise<PassOutcome>;
  /**
   * From here on what the cluster holds is kept up to date by watches, for the passes that follow; calls back when somebody else
   * changed something of ours.
   */
  watch(listener: () => void): void;
  /**
   * Names what people asked for since the last pass read it (suspensions, confirmations); undefined when that is nothing, or cannot
   * be read.
   */
  askedSince(signal: AbortSignal): Promise<string | undefined>;
  /** What the watches see; undefined without them. */
  liveStats(): LiveStats | undefined;
  /** The commit that the ref points at now, by asking the repository. */
  latest(signal: AbortSignal): Promise<Result<string>>;
  discover(path: string, signal: AbortSignal): Promise<Result<Discovered>>;
  /** Builds one service of what was discovered. */
  build(found: Discovered, service: string, signal: AbortSignal): Promise<Result<Built>>;
  /** How many objects of the scope each service owns in the cluster, by service id. */
  owned(scope: string, signal: AbortSignal): Promise<Result<ReadonlyMap<string, number>>>;
  /** What a sync would do about a service, and why. */
  explain(request: PassRequest, service: string, signal: AbortSignal): Promise<Result<Explanation>>;
  /** What services of the scope have in the cluster. */
  trees(matches: (service: string) => boolean, signal: AbortSignal): Promise<Result<readonly ServiceTree[]>>;
  /** Where a live object comes from. */
  trace(request: PassRequest, object: Named, signal: AbortSignal): Promise<Result<Trace>>;
  /** What looks like ours in the cluster, and no service of the ref declares. */
  orphans(request: PassRequest, signal: AbortSignal): Promise<Result<Orphans>>;
  /** What the program keeps in the cluster about the scope; undefined when it is told to keep nothing. */
  standing(signal: AbortSignal): Promise<Result<Standing | undefined>>;
  /** Events of the scope, the oldest first. */
  events(signal: AbortSignal): Promise<Result<readonly ToldEvent[]>>;
  /** Leaves services alone from the next pass on. Answers all that is suspended then. */
  suspend(asked: SuspendRequest, signal: AbortSignal): Promise<Result<readonly Suspension[]>>;
  /** Takes suspensions back, by the globs that they were asked for with. */
  resume(globs: readonly string[], signal: AbortSignal): Promise<Result<Resumed>>;
  /** Lets deletes go that are held at a commit, from the next pass on. */
  confirm(commit: string, globs: readonly string[], signal: AbortSignal): Promise<Result<ConfirmOrder>>;
  close(): Promise<void>;
}

export interface SuspendRequest {
  readonly globs: readonly string[];
  readonly reason: string;
  readonly untilMs?: number;
}

export interface Discovered {
  readonly revision: Revision;
  readonly policy: Policy;
  readonly discovery: Discovery;
}

interface Built {
  /** Exactly what `kustomize build` prints. */
  readonly text: string;
  readonly objects: readonly Manifest[];
}

/** Makes an engine. Opens nothing that the command does not come to use. */
export type OpenEngine = (settings: Settings, world: World, signal: AbortSignal) => Promise<Result<Engine>>;
