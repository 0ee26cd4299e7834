import type { Discovery, Manifest, PassOutcome, Result, Revision } from "../model/index.ts";
import type { OnPassEvent, PassRequest } from "../reconcile/index.ts";
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

/** What commands do their work with; `openEngine` makes the real one. */
export interface Engine {
  /** Never rejects for what may be expected to go wrong: that stands in the outcome. */
  pass(request: PassRequest, onEvent: OnPassEvent, signal: AbortSignal): Promise<PassOutcome>;
  /** The commit that the ref points at now, by asking the repository. */
  latest(signal: AbortSignal): Promise<Result<string>>;
  discover(path: string, signal: AbortSignal): Promise<Result<Discovered>>;
  /** Builds one service of what was discovered. */
  build(found: Discovered, service: string, signal: AbortSignal): Promise<Result<Built>>;
  /** How many objects of the scope each service owns in the cluster, by service id. */
  owned(scope: string, signal: AbortSignal): Promise<Result<ReadonlyMap<string, number>>>;
  close(): Promise<void>;
}

export interface Discovered {
  readonly revision: Revision;
  readonly discovery: Discovery;
}

interface Built {
  /** Exactly what `kustomize build` prints. */
  readonly text: string;
  readonly objects: readonly Manifest[];
}

/** Makes an engine. Opens nothing that the command does not come to use. */
export type OpenEngine = (settings: Settings, world: World, signal: AbortSignal) => Promise<Result<Engine>>;
