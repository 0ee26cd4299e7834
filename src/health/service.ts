import { child, type LiveObject, text } from "../model/index.ts";
import { HEALTHY, type Health, progressing } from "./health.ts";

/** There; a load balancer has its cluster address. Its outer address is not waited for, as kstatus has it. */
export function serviceHealth(object: LiveObject): Health {
  const spec = child(object, "spec");
  if (text(spec, "type") !== "LoadBalancer" || (text(spec, "clusterIP") ?? "") !== "") return HEALTHY;
  return progressing("it has no cluster address");
}
