import type { History, RunStep, Step } from "./history.ts";
import { type Program, simulate, type Verdict } from "./simulate.ts";

/**
 * The least that still breaks the same law: whatever can be left out is, one thing after the other, until nothing more can.
 * What a step refers to is picked from what is there, so that a history with less in it is still one.
 */
export async function shrunk(history: History, verdict: Verdict, program?: Program): Promise<[History, Verdict]> {
  let [least, why] = [history, verdict];
  const law = verdict.violations[0]?.law;
  for (let smaller = true; smaller; ) {
    smaller = false;
    for (const candidate of smallerThan(least)) {
      const tried = await simulate(candidate, program);
      if (tried.violations[0]?.law !== law) continue;
      [least, why] = [candidate, tried];
      smaller = true;
      break;
    }
  }
  return [least, why];
}

function* smallerThan(history: History): Generator<History> {
  const { webhook, ...admitted } = history;
  const { watches, ...blind } = history;
  const { stays, ...forgetful } = blind;
  const { steps } = history;
  const { records, ...unkept } = history;
  const { flagless, ...limited } = history;
  const { others, ...alone } = history;
  if (webhook !== undefined) yield admitted;
  if (others !== undefined && !usesWorkloads(steps)) yield alone;
  if (records !== undefined) yield unkept;
  if (flagless !== undefined) yield limited;
  if (watches !== undefined) yield blind;
  else if (stays !== undefined) yield forgetful;
  for (let index = steps.length - 1; index >= 0; index -= 1) yield { ...history, steps: steps.toSpliced(index, 1) };
  for (const [index, step] of steps.entries()) {
    for (const less of smallerSteps(step)) yield { ...history, steps: steps.with(index, less) };
  }
}

/** Whether kinds are declared that only a cluster with workloads serves: without them a history is another one. */
function usesWorkloads(steps: readonly Step[]): boolean {
  return /"(Deployment|HorizontalPodAutoscaler)"/.test(JSON.stringify(steps));
}

function* smallerSteps(step: Step): Generator<Step> {
  if (step.step === "run") yield* smallerRuns(step);
  if (step.step !== "commit") return;
  const { edits } = step;
  for (const index of edits.keys()) if (edits.length > 1) yield { ...step, edits: edits.toSpliced(index, 1) };
  for (const [index, edit] of edits.entries()) {
    if (edit.edit !== "add-service") continue;
    const { things } = edit.added;
    for (const at of things.keys()) {
      const added = { ...edit.added, things: things.toSpliced(at, 1) };
      yield { ...step, edits: edits.with(index, { ...edit, added }) };
    }
  }
}

function* smallerRuns(step: RunStep): Generator<RunStep> {
  const { trouble, builds } = step;
  const { crash, stopAt, ...mild } = trouble;
  if (crash !== undefined) yield { ...step, trouble: stopAt === undefined ? mild : { ...mild, stopAt } };
  if (stopAt !== undefined) yield { ...step, trouble: crash === undefined ? mild : { ...mild, crash } };
  for (const index of trouble.faults.keys())
    yield { ...step, trouble: { ...trouble, faults: trouble.faults.toSpliced(index, 1) } };
  for (const index of trouble.acts.keys())
    yield { ...step, trouble: { ...trouble, acts: trouble.acts.toSpliced(index, 1) } };
  for (const index of builds.keys()) yield { ...step, builds: builds.toSpliced(index, 1) };
  if (step.cache !== "kept") yield { ...step, cache: "kept" };
  if (step.confirm !== "nothing") yield { ...step, confirm: "nothing" };
  const { git, ...clean } = step;
  const { only, ...whole } = step;
  const { afterMs, ...soon } = step;
  if (git !== undefined) yield clean;
  if (only !== undefined) yield whole;
  if (afterMs !== undefined) yield soon;
  const { adopt, ...modest } = step;
  const { newerAfterMs, ...patient } = step;
  if (adopt !== undefined) yield modest;
  if (newerAfterMs !== undefined) yield patient;
  const { meanwhile, ...alone } = step;
  if (meanwhile !== undefined) yield alone;
}
