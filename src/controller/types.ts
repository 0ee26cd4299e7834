import type { Clock, PassEvent, PassOutcome, Result } from "../model/index.ts";
import type { Log, Metrics } from "../report/index.ts";

/** `drift`: somebody else changed something of ours. `asked`: people suspended, resumed or confirmed something. */
export type Hint = "drift" | "asked";

/** What the long run works through. */
export interface ControllerIo {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  /** The commit that the ref points at now. */
  latest(signal: AbortSignal): Promise<Result<string>>;
  /** One sync; the same that the command does. Ends at a safe point when the signal aborts; `cancelWaits` ends only waiting. */
  pass(onEvent: (event: PassEvent) => void, signal: AbortSignal, cancelWaits: AbortSignal): Promise<PassOutcome>;
  /** Calls back when a pass has something to do that neither the ref nor the time tells; answers how to stop that. */
  onHint?(listener: (why: Hint) => void): () => void;
  /** Hears every outcome, before the next pass begins. */
  onOutcome(outcome: PassOutcome): Promise<void>;
}

/** Durations are milliseconds. */
export interface ControllerSettings {
  /** How often the ref is looked at. */
  readonly pollMs: number;
  /** How often everything is compared with the cluster although the ref stands still. */
  readonly intervalMs: number;
  /** When nothing has moved for longer, `/healthz` fails. */
  readonly stuckAfterMs: number;
  /** Where probes and metrics are served. Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
}
