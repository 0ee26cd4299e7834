import type { Failure } from "../model/index.ts";

/**
 * What is remembered of a service that failed, so that it is not tried at every turn. Times are monotonic, milliseconds: a wall clock
 * that is set back would hold it for as long.
 */
export interface Circuit {
  /** What the service was made of when it failed: with anything else it is tried at once. */
  readonly of: string;
  readonly attempts: number;
  readonly nextMs: number;
  readonly failures: readonly Failure[];
}

/** However often a service failed, it is tried again after this at the latest. Source: kustomize-controller's --max-retry-delay. */
const RETRY_MS_MAX = 15 * 60_000;

/** Whether a service is to be left for now; undefined when it is to be tried. */
export function openCircuit(circuit: Circuit, of: string, nowMs: number): Circuit | undefined {
  return circuit.of === of && nowMs < circuit.nextMs ? circuit : undefined;
}

/** After a failure: the wait doubles from `retryMs`, with up to a tenth less, so that many that failed together part. */
export function failedOnce(
  before: Circuit | undefined,
  failure: {
    readonly of: string;
    readonly retryMs: number;
    readonly nowMs: number;
    readonly random: number;
    readonly failures: readonly Failure[];
  },
): Circuit {
  const { of, retryMs, nowMs, random, failures } = failure;
  const attempts = before?.of === of ? before.attempts + 1 : 1;
  const waitMs = Math.min(RETRY_MS_MAX, retryMs * 2 ** Math.min(attempts - 1, 20));
  return { of, attempts, nextMs: nowMs + waitMs * (1 - 0.1 * random), failures };
}
