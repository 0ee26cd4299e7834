export type { Commit } from "./commit.ts";
export type { Credentials } from "./credentials.ts";
export type { ListedFile, Snapshot } from "./snapshot.ts";
export { openSource, type Source, type SourceOptions } from "./source.ts";
