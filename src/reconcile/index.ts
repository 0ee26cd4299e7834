export { buildJob } from "./builds.ts";
export { explain } from "./explain.ts";
export { type Memory, newMemory } from "./memory.ts";
export { findOrphans } from "./orphans.ts";
export { runPass } from "./pass.ts";
export type { BuildCache, Death, Io, OnPassEvent, PassRequest } from "./pass-types.ts";
export { type OpenRevision, openRevision } from "./revision.ts";
export { type Named, serviceTrees, trace } from "./trace.ts";
