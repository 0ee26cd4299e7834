export { type Access, type AccessInput, accessFrom } from "./access.ts";
export { type ClusterConfig, type Connection, connect } from "./connect.ts";
export { type Doing, problemFailure } from "./failure-of.ts";
export { readJson, writeJson } from "./json-exact.ts";
export { isLiveObject, liveMetadata } from "./metadata.ts";
export type {
  Answer,
  Applied,
  ApplyOptions,
  Cluster,
  Kind,
  Kinds,
  ListOptions,
  LiveMetadata,
  LiveObject,
  ManagedFields,
  MetadataList,
  PatchType,
  Problem,
  RemoveOptions,
  WatchEvent,
} from "./port.ts";
export { readOnly } from "./read-only.ts";
