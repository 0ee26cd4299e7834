import { createHash } from "node:crypto";
import type { Clock, Failure, Service, ServiceOutcome } from "../model/index.ts";
import { type Declared, type ServicePlan, stepRef } from "../plan/index.ts";
import { type Circuit, failedOnce, openCircuit } from "./circuit.ts";
import type { PassState } from "./state.ts";

/** Whether a service is tried in this pass. */
interface Trial {
  /** Its outcome, when it is left for now. */
  readonly left?: Pick<ServiceOutcome, "state" | "failures" | "retry">;
  /** Notes how it ended, and says when it is tried again. */
  ended(outcome: ServiceOutcome): Pick<ServiceOutcome, "retry">;
}

/**
 * A service that failed is left alone until its time has come, or until anything that it is made of changes: its objects, its
 * settings, what others leave to it. Only a process that stays has a memory of failures; a single sync tries everything.
 */
export function tryService(
  { io, request }: Pick<PassState, "io" | "request">,
  service: Service,
  plan: ServicePlan,
  failures: readonly Failure[],
): Trial {
  const { memory, clock } = io;
  if (memory?.circuits === undefined || request.mode !== "sync") return { ended: () => ({}) };
  const { circuits, random } = memory;
  const before = circuits.get(service.id);
  const left = before && openCircuit(before, madeOf(service, plan, failures), clock.monotonicMs());
  return {
    ...(left === undefined
      ? {}
      : { left: { state: "backoff" as const, failures: left.failures, retry: retryOf(left, clock) } }),
    ended({ state, failures: found }) {
      if (state !== "failed" && state !== "pending") {
        circuits.delete(service.id);
        return {};
      }
      const { retryMs } = service.settings;
      const failure = {
        of: madeOf(service, plan, failures),
        retryMs,
        nowMs: clock.monotonicMs(),
        random: random(),
        failures: found,
      };
      // What only waits for something to appear is looked for at an even pace.
      const circuit = failedOnce(state === "pending" ? undefined : before, failure);
      circuits.set(service.id, circuit);
      return { retry: retryOf(circuit, clock) };
    },
  };
}

/** As it is told: in wall time. */
function retryOf({ attempts, nextMs }: Circuit, clock: Clock): NonNullable<ServiceOutcome["retry"]> {
  return { attempts, nextAtMs: clock.nowMs() + nextMs - clock.monotonicMs() };
}

function madeOf({ settings }: Service, { steps, failures }: ServicePlan, known: readonly Failure[]): string {
  // Not what is to be done about each: a try that got half-way leaves less to do, and is the same try.
  const declared = steps.flatMap((step) => ("declared" in step ? [[stepRef(step), step.declared.hash]] : []));
  const said = [...known, ...failures].map(({ code, message }) => [code, message]);
  return createHash("sha256")
    .update(JSON.stringify([settings, declared, said]))
    .digest("hex");
}

/** A hash over all that a service declares. */
export function digestOf(declared: readonly Declared[]): string {
  const hash = createHash("sha256");
  for (const one of declared.map((each) => each.hash).toSorted()) hash.update(one);
  return `sha256:${hash.digest("hex")}`;
}
