export { buildJob } from "./builds.ts";
export { type Memory, newMemory } from "./memory.ts";
export { findOrphans } from "./orphans.ts";
export { runPass } from "./pass.ts";
export type { BuildCache, OnPassEvent, PassRequest } from "./pass-types.ts";
export { type OpenRevision, openRevision } from "./revision.ts";
