export { type Breaker, type BreakerChange, breakerWith, DEFAULT_BREAKER } from "./breaker.ts";
export { type Claimant, type Desired, type LiveIndex, type Mentions, resolveClaims } from "./claims.ts";
export { type Declared, declare } from "./declare.ts";
export { fieldChanges } from "./fields.ts";
export { APPLIED_ANNOTATION, FIELD_MANAGER, labelValue, ownerOf, pruneDisabled, SERVICE_LABEL } from "./marks.ts";
export { rankOf, STAGES, stageOf } from "./order.ts";
export { appliedFields, ownsLabel, uncovered } from "./ownership.ts";
export { kindKey, makePlans, type PlanInput, type ServicePlan, type Step, stepRef } from "./plan.ts";
