export { accessFrom } from "./access.ts";
export { type ClusterConfig, connect } from "./connect.ts";
export { isOnlyImmutable, problemFailure } from "./failure-of.ts";
export { readJson, writeJson } from "./json-exact.ts";
export { isLiveObject, liveMetadata } from "./metadata.ts";
export { holdsSecrets } from "./paths.ts";
export type {
  Answer,
  Applied,
  Cluster,
  Kind,
  ListOptions,
  LiveMetadata,
  LiveObject,
  MetadataList,
  PatchType,
  Problem,
  RemoveOptions,
  WatchEvent,
} from "./port.ts";
export { statusProblem } from "./problem.ts";
export { readOnly } from "./read-only.ts";
