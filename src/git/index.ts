export type { Credentials } from "./credentials.ts";
export type { Snapshot } from "./snapshot.ts";
export { openSource, type Source, type SourceOptions } from "./source.ts";
