export type { BuildJob, TreeSource } from "./job.ts";
export type { BuildAnswer } from "./messages.ts";
export { BUILDERS_DEFAULTS, type Builders, type BuildersOptions, openBuilders } from "./pool.ts";
export { shareOf } from "./share.ts";
