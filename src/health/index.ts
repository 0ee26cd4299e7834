export { isUnseen } from "./generic.ts";
export { describing } from "./health.ts";
export { vanishesWhenDone } from "./job.ts";
export { hasHealth, healthOf } from "./kinds.ts";
export {
  CLUSTER_GRACE_MS,
  podTrouble,
  refusedByEvents,
  refusedPods,
  soonest,
  type Trouble,
} from "./trouble.ts";
