export type { Credentials } from "./credentials.ts";
export { gitUser } from "./identity.ts";
export type { LastChange } from "./last-change.ts";
export { createRepository, type NewRepository } from "./new-repository.ts";
export type { Snapshot } from "./snapshot.ts";
export { openSource, type Source, type SourceOptions } from "./source.ts";
