import type { ServicePlan, Step } from "../plan/index.ts";
import type { Assembled } from "./assemble.ts";

const NAMED = 3;

/** Why a service was worked on, or why there was nothing to do, in a few words for people. */
export function becauseOf(
  { built, changed }: Pick<Assembled, "built" | "changed">,
  { steps }: Pick<ServicePlan, "steps">,
): string {
  const reasons: string[] = [];
  if (built && changed === undefined) reasons.push("not built before with these settings");
  if (built && changed !== undefined) reasons.push(`changed: ${listed(changed)}`);
  const isDrifted = (step: Step): boolean => "drift" in step && step.drift !== undefined;
  const drifted = steps.filter(isDrifted).length;
  const left = steps.filter((step) => isDrifted(step) && step.action === "drifted").length;
  if (drifted > 0)
    reasons.push(`${drifted} of its objects drifted${left === drifted ? ", which is left so for now" : ""}`);
  const other = steps.filter(({ action }) => !QUIET.has(action)).length - drifted;
  if (!built && other > 0) reasons.push(`${other} of its objects are not as git says`);
  const held = steps.filter(({ action }) => action === "held").length;
  if (held > 0) reasons.push(`${held} ${held === 1 ? "delete is" : "deletes are"} held`);
  return reasons.length === 0 ? "nothing changed" : reasons.join("; ");
}

const QUIET: ReadonlySet<string> = new Set(["unchanged", "kept", "held"]);

function listed(paths: readonly string[]): string {
  const more = paths.length - NAMED;
  return `${paths.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
