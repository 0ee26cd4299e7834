export { dependencyFailures } from "./dependencies.ts";
export { discover } from "./discover.ts";
export { sourcesOf } from "./overlay.ts";
