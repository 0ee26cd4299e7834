export { dependencyFailures } from "./dependencies.ts";
export { discover } from "./discover.ts";
export { durationMs } from "./duration.ts";
export { sourcesOf } from "./overlay.ts";
