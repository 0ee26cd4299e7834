import { child, type LiveObject, text } from "../model/index.ts";
import { describing, failing, HEALTHY, type Health, progressing } from "./health.ts";
import { conditionOf, conditionsOf, integer, namedOf, words } from "./status.ts";

/** What goes before any kind's own rule: being deleted, not looked at since it changed, Reconciling and Stalled. */
export function commonHealth(object: LiveObject): Health | undefined {
  const deleted = text(object.metadata, "deletionTimestamp");
  if (deleted !== undefined) return { state: "terminating", why: `it is being deleted since ${deleted}` };
  if (isUnseen(object)) return progressing("its controller has not looked at its last change yet");
  // The first that is set counts, in the order in which its controller wrote them.
  for (const condition of conditionsOf(object)) {
    if (condition.status !== "True") continue;
    if (condition.type === "Reconciling") return progressing(words(condition));
    if (condition.type === "Stalled") return failing(words(condition), describing(namedOf(object)));
  }
  return undefined;
}

/** Whether an object's controller has looked at it, and not at its last change yet. */
export function isUnseen(object: LiveObject): boolean {
  const generation = integer(object.metadata, "generation");
  const observed = integer(child(object, "status"), "observedGeneration");
  return generation !== undefined && observed !== undefined && observed !== generation;
}

/** A kind without a rule of its own: what its Ready condition says; without one, it is healthy by being there. */
export function readyHealth(object: LiveObject): Health {
  const ready = conditionOf(object, "Ready", "False") ?? conditionOf(object, "Ready", "Unknown");
  return ready === undefined ? HEALTHY : progressing(words(ready));
}
