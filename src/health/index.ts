export { describing, type Health } from "./health.ts";
export { vanishesWhenDone } from "./job.ts";
export { hasHealth, healthOf } from "./kinds.ts";
export {
  CLUSTER_GRACE_MS,
  POD_GRACE_MS,
  podTrouble,
  RESTARTS_MAX,
  refusedByEvents,
  refusedPods,
  soonest,
  type Trouble,
} from "./trouble.ts";
