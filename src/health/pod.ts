import { child, type LiveObject, text } from "../model/index.ts";
import { HEALTHY, type Health, progressing } from "./health.ts";
import { conditionOf } from "./status.ts";
import { podTrouble } from "./trouble.ts";

/**
 * Ready, or ended: one that ended badly has ended too. What keeps it from becoming ready is told, and whether to give up on
 * it is left to who waits, who knows for how long it has been so.
 */
export function podHealth(object: LiveObject): Health {
  const phase = text(child(object, "status"), "phase") ?? "";
  if (phase === "Succeeded" || phase === "Failed") return HEALTHY;
  if (phase === "Running" && conditionOf(object, "Ready", "True") !== undefined) return HEALTHY;
  const trouble = podTrouble([object]);
  if (trouble !== undefined) return progressing(trouble.why);
  if (phase === "") return progressing("no kubelet or scheduler has looked at it yet");
  return progressing(phase === "Running" ? "it runs, and is not ready" : `it is ${phase.toLowerCase()}`);
}
