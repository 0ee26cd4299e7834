import { type LiveObject } from "../model/index.ts";
import { describing, failing, HEALTHY, type Health, progressing } from "./health.ts";
import { conditionOf, namedOf, words } from "./status.ts";

/** Established; failed when its names are taken. */
export function customResourceDefinitionHealth(object: LiveObject): Health {
  const refused = conditionOf(object, "NamesAccepted", "False");
  if (refused !== undefined) return failing(words(refused), describing(namedOf(object)));
  if (conditionOf(object, "Established", "True") !== undefined) return HEALTHY;
  const not = conditionOf(object, "Established", "False");
  if (not !== undefined && not.reason !== "Installing") return failing(words(not), describing(namedOf(object)));
  return progressing("it is not established yet");
}
