import type { LiveObject } from "../model/index.ts";
import { describing, failing, HEALTHY, type Health, progressing } from "./health.ts";
import { conditionsOf, namedOf, words } from "./status.ts";

/** Established; failed when its names are taken. The first condition that says either counts, as kstatus has it. */
export function customResourceDefinitionHealth(object: LiveObject): Health {
  for (const condition of conditionsOf(object)) {
    const { type, status, reason } = condition;
    const installs = type === "Established" && reason === "Installing";
    if (type === "Established" && status === "True") return HEALTHY;
    if ((type === "Established" || type === "NamesAccepted") && status === "False" && !installs)
      return failing(words(condition), describing(namedOf(object)));
  }
  return progressing("it is not established yet");
}
