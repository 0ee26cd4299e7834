export { NO_STRANGERS, type Strangers } from "./adopt.ts";
export {
  type Autoscaler,
  autoscalerOf,
  isScalable,
  newAutoscalers,
  ownsReplicas,
  replicasOf,
  withReplicas,
} from "./autoscaled.ts";
export { type Breaker, type BreakerChange, breakerWith, DEFAULT_BREAKER } from "./breaker.ts";
export { type Claimant, type Desired, type LiveIndex, type Mentions, resolveClaims, withholding } from "./claims.ts";
export { type Declared, declare } from "./declare.ts";
export { afterRepair, type Fights, isOver } from "./drift.ts";
export { fieldChanges } from "./fields.ts";
export { type ForeignOwner, foreignOwners, type OwnerState, ownerKey } from "./foreign.ts";
export { hasInhabitants, type Inhabitants, objectionTo } from "./inhabitants.ts";
export { manifestText, objectProblem } from "./invalid.ts";
export { failedJob, selfCleaningJob } from "./jobs.ts";
export {
  APPLIED_ANNOTATION,
  FIELD_MANAGER,
  idOfLabel,
  labelValue,
  ownerOf,
  SERVICE_LABEL,
  STATUS_MANAGER,
} from "./marks.ts";

export { compareRefs, rankOf, STAGES, stageOf } from "./order.ts";
export { appliedFields, ownsLabel, uncovered } from "./ownership.ts";
export { type KindSet, kindKey, makePlans, type PlanInput, type ServicePlan, type Step, stepRef } from "./plan.ts";
export { asksForRecreation, notRecreated, underAnotherName } from "./recreate.ts";
export { returnedOwners } from "./returned.ts";
export { type Applied, type Before, heldIfRewritten } from "./rewritten.ts";
export { isOrphaned, keptBy, pruneDisabled } from "./switches.ts";
export { FLUX_V1_MARK, hasFormerManager, takeOverPatch } from "./takeover.ts";
