import pLimit from "p-limit";
import type { Failure, FailureCode, FieldChange, ServiceOutcome, StepResult, StepSummary } from "../model/index.ts";
import { compareFailures, type Result } from "../model/index.ts";
import {
  type Declared,
  rankOf,
  type ServicePlan,
  STAGES,
  type Step,
  selfCleaningJob,
  stageOf,
  stepRef,
} from "../plan/index.ts";

type ApplyStep = Extract<Step, { readonly declared: Declared }>;
type Rest = Pick<StepResult, "result" | "failure" | "fields"> & Partial<Pick<StepResult, "action" | "why">>;

/** The outcome of a plan in which everything is as it should be; undefined when there is anything to do, or to say. */
export function asItIs({ steps, failures, warnings }: ServicePlan): Pick<ServiceOutcome, "steps"> | undefined {
  if (failures.length > 0 || warnings !== undefined) return undefined;
  if (steps.some(({ action }) => action !== "unchanged")) return undefined;
  return { steps: steps.map((step) => summary(step, { result: "done" })) };
}

/** What one service's steps do to the cluster; the pass provides it. */
export interface Hands {
  /** Applies an object, once a pass however many ask for it. `recreated`: it was deleted first, as was asked for. */
  apply(step: ApplyStep): Promise<Result<unknown>>;
  remove(step: Step & { action: "delete" }): Promise<Result<unknown>>;
  /** Field by field, for a diff. */
  compare(step: Step): Promise<readonly FieldChange[] | undefined>;
  onStep(result: StepResult): void;
  /** True once the pass shall end: no step begins after that. */
  stopped(): boolean;
}

/** Objects of one rank applied at once. The API server's own limit is reached by several services at once. */
const STEPS_AT_ONCE = 4;

/**
 * Carries out one plan: stage by stage and rank by rank. A failure stops nothing, so that every failure is found; an object
 * that needs another one (its namespace, its kind's definition) fails with it. Deletes come last, and only when everything
 * was applied.
 */
export async function execute(
  plan: ServicePlan,
  mode: "sync" | "dry-run" | "diff",
  hands: Hands,
): Promise<Pick<ServiceOutcome, "steps" | "failures" | "warnings" | "state">> {
  const results: StepResult[] = [];
  const failures: Failure[] = [...plan.failures];
  const note = (step: Step, rest: Rest): void => {
    const result = summary(step, rest);
    results.push(result);
    if (rest.failure !== undefined) failures.push(rest.failure);
    hands.onStep(result);
  };
  const applies = plan.steps.filter((step) => "declared" in step);
  for (const stage of STAGES) {
    const staged = applies.filter((step) => stageOf(stepRef(step)) === stage);
    for (const group of ranks(staged)) {
      const limit = pLimit(STEPS_AT_ONCE);
      await Promise.all(
        group.map((step) =>
          limit(async () => {
            if (step.action === "unchanged" || step.action === "drifted") return note(step, { result: "done" });
            if (hands.stopped()) return note(step, { result: "planned" });
            if (mode === "diff") return note(step, { result: "planned", ...(await fieldsOf(hands, step)) });
            const answer = await hands.apply(step);
            const result = mode === "sync" ? "done" : "planned";
            if (answer.ok) return note(step, { result, ...(answer.value === "recreated" ? RECREATED : {}) });
            const [failure] = answer.failures;
            if (failure === undefined) return note(step, { result: "failed" });
            return note(step, { result: PENDING.has(failure.code) ? "planned" : "failed", failure });
          }),
        ),
      );
    }
  }
  await prune(plan, mode, hands, failures.length > 0, note);
  return {
    steps: results,
    failures: failures.toSorted(compareFailures),
    ...(plan.warnings === undefined ? {} : { warnings: plan.warnings.toSorted(compareFailures) }),
    state: stateOf(results, failures, mode, hands.stopped()),
  };
}

async function prune(
  plan: ServicePlan,
  mode: "sync" | "dry-run" | "diff",
  hands: Hands,
  incomplete: boolean,
  note: (step: Step, rest: Rest) => void,
): Promise<void> {
  for (const step of plan.steps) {
    if ("declared" in step) continue;
    if (step.action !== "delete" || mode === "diff" || incomplete || hands.stopped()) {
      note(step, { result: step.action === "delete" || step.action === "held" ? "planned" : "done" });
      continue;
    }
    const answer = await hands.remove(step);
    const failure = answer.ok ? undefined : answer.failures[0];
    if (failure === undefined) note(step, { result: mode === "sync" ? "done" : "planned" });
    else note(step, { result: "failed", failure });
  }
}

function ranks<T extends Step>(steps: readonly T[]): readonly (readonly T[])[] {
  const groups = new Map<number, T[]>();
  for (const step of steps) {
    const rank = rankOf(stepRef(step));
    const group = groups.get(rank);
    if (group === undefined) groups.set(rank, [step]);
    else group.push(step);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

async function fieldsOf(hands: Hands, step: Step): Promise<Pick<StepResult, "fields">> {
  const fields = await hands.compare(step);
  return fields === undefined ? {} : { fields };
}

function summary(step: Step, rest: Rest): StepResult {
  return { ...summaryOf(step), ...rest };
}

/** What is to be said of one step of a plan. */
export function summaryOf(step: Step): StepSummary {
  const confirmable = step.action === "held" ? { confirmable: step.confirmable } : {};
  return { ref: stepRef(step), action: step.action, why: step.why, ...confirmable, ...declaredPart(step) };
}

function declaredPart(step: Step): Pick<StepResult, "at" | "drift" | "job"> {
  if (!("declared" in step)) return {};
  const job = step.job ?? selfCleaningJob(step.declared);
  return {
    at: step.declared.at,
    ...(step.drift === undefined ? {} : { drift: step.drift }),
    ...(job === undefined ? {} : { job }),
  };
}

const RECREATED = { action: "recreate", why: "changed in a field that cannot change" } as const;

/** What is not there yet, or not gone yet: the service continues by itself when that changes. */
const PENDING: ReadonlySet<FailureCode> = new Set([
  "plan/unknown-kind",
  "apply/unknown-kind",
  "apply/missing-namespace",
  "apply/terminating",
]);

/** Nothing is to be done about these. */
const LEFT: ReadonlySet<StepResult["action"]> = new Set(["unchanged", "drifted", "kept"]);

/** The state of a service, of what became of its steps. `stopped`: the pass ended before it was through. */
export function stateOf(
  results: readonly Pick<StepResult, "action" | "result">[],
  failures: readonly Pick<Failure, "code">[],
  mode: "sync" | "dry-run" | "diff",
  stopped: boolean,
): ServiceOutcome["state"] {
  if (failures.length > 0) return failures.every(({ code }) => PENDING.has(code)) ? "pending" : "failed";
  const todo = results.filter(({ action }) => !LEFT.has(action) && action !== "held");
  if (mode === "sync" && stopped && todo.some(({ result }) => result === "planned")) return "interrupted";
  if (results.some(({ action }) => action === "held")) return "held";
  if (results.some(({ action }) => action === "drifted")) return "drifted";
  if (todo.length === 0) return "unchanged";
  return mode === "sync" ? "synced" : "planned";
}
