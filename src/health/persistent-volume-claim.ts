import { child, type LiveObject, text } from "../model/index.ts";
import { HEALTHY, type Health, progressing } from "./health.ts";

/** Bound. One of a class that binds with its first consumer stays pending until a pod uses it. */
export function persistentVolumeClaimHealth(object: LiveObject): Health {
  const phase = text(child(object, "status"), "phase") ?? "not looked at yet";
  return phase === "Bound" ? HEALTHY : progressing(`it is ${phase.toLowerCase()}, not bound`);
}
