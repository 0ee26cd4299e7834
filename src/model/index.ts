export type { Clock, Deadline } from "./clock.ts";
export { DURATION, durationMs } from "./duration.ts";
export { bug, compareFailures, type Failure, type FailureCode, type Place, placeText } from "./failure.ts";
export type { Authored, Explanation, ServiceTree, Trace } from "./insight.ts";
export type { LiveMetadata, LiveObject, LiveStats, ManagedFields } from "./live.ts";
export {
  child,
  isObject,
  type Json,
  type JsonObject,
  jsonText,
  type Manifest,
  stringMap,
  text,
} from "./manifest.ts";
export { nearest, nearestId } from "./nearest.ts";
export type { Orphan, Orphans } from "./orphan.ts";
export type {
  DriftedField,
  FieldChange,
  HealthSummary,
  PassEvent,
  PassOutcome,
  ServiceOutcome,
  ServiceState,
  StepAction,
  StepResult,
  StepSummary,
} from "./outcome.ts";
export type { Overlay, OverlayImage, OverlayPatch } from "./overlay.ts";
export { groupOf, type ObjectRef, refKey, refOf, refText, versionOf } from "./ref.ts";
export { failed, ok, type Result, unreachable } from "./result.ts";
export { type Ancestry, commitOf, isSameRevision, type Revision, revisionText } from "./revision.ts";
export {
  type BrokenService,
  DEFAULT_DELETE_LIMIT,
  DEFAULT_SETTINGS,
  type DeleteLimit,
  type Discovery,
  type DriftMode,
  type ForeignTool,
  type HealthCheck,
  type Service,
  type ServiceSettings,
} from "./service.ts";
export { globOf, globProblem, serviceGlob } from "./service-glob.ts";
export type {
  Condition,
  Confirmation,
  HistoryEntry,
  KeptFailure,
  ServiceStanding,
  Suspension,
} from "./standing.ts";
export { ABSENT, type Footprint, type Tree, type TreeEntry } from "./tree.ts";
