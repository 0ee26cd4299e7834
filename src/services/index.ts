export { dependencyFailures } from "./dependencies.ts";
export { type DiscoveryStep, discover } from "./discover.ts";
export { durationMs } from "./duration.ts";
