export {
  type BuildOptions,
  type BuiltObject,
  build,
  buildText,
} from "./build.ts";
export { newParseCache, type ParseCache } from "./cache.ts";
export { type PlacedDocument, readDocuments, readPlacedDocuments } from "./documents.ts";
export { kustomizationNames } from "./folder.ts";
export type { BuildLimits, LoadRestrictions } from "./source.ts";
