export {
  type BuildOptions,
  type BuildResult,
  type BuiltObject,
  type BuiltResource,
  build,
  buildText,
} from "./build.ts";
export { newParseCache, type ParseCache } from "./cache.ts";
export { type RawDocument, readDocuments } from "./documents.ts";
export { kustomizationNames } from "./folder.ts";
export type { BuildLimits, LoadRestrictions } from "./source.ts";
