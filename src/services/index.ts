export { withDependencies } from "./dependencies.ts";
export { discover } from "./discover.ts";
export { sourcesOf } from "./overlay.ts";
export { folderOf, isWithin, linkOn, resolvePath } from "./paths.ts";
export { type Definitions, newDefinitions } from "./reader.ts";
export { findPolicy } from "./settings.ts";
