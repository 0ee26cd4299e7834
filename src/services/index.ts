export { withDependencies } from "./dependencies.ts";
export { discover } from "./discover.ts";
export { sourcesOf } from "./overlay.ts";
export { isWithin } from "./paths.ts";
export { type Definitions, newDefinitions } from "./reader.ts";
export { findPolicy } from "./settings.ts";
