import { type Guard, guard } from "./guard.ts";

const ADOPT = "src/plan/adopt.ts";
const TAKEOVER = "src/plan/takeover.ts";
const RECREATE = "src/plan/recreate.ts";
const AUTOSCALED = "src/plan/autoscaled.ts";
const APPLY = "src/reconcile/apply.ts";
const WORK = "src/reconcile/work.ts";
const HEALTH = "src/reconcile/health.ts";
const INHABITANTS = "src/plan/inhabitants.ts";

/** What others have, and how it is taken from them. */
export const GUARDS_OF_OTHERS: readonly Guard[] = [
  guard("adopt: no controller", ADOPT, "if (controller !== undefined) return", "if (false) return"),
  guard("adopt: whose it is", ADOPT, "if (holder !== undefined) return", "if (false) return"),
  guard("adopt: whether it is there", ADOPT, "if (unsure !== undefined) return", "if (false) return"),
  guard("adopt: an owner that was not asked", ADOPT, "return unasked ? {", "return false ? {"),
  guard(
    "adopt: unknown is not gone",
    ADOPT,
    '!tools.has(owner.tool) && owners.get(ownerKey(owner)) !== "gone"',
    '!tools.has(owner.tool) && owners.get(ownerKey(owner)) === "live"',
  ),
  guard("adopt: half taken", "src/plan/foreign.ts", " && annotations[SERVICE_ANNOTATION] === named", ""),
  guard(
    "adopt: owners that do not answer",
    "src/reconcile/foreign-owners.ts",
    'if (!answer.ok) return "unknown";\n        // A suspended',
    'if (!answer.ok) return "gone";\n        // A suspended',
  ),
  guard("takeover: not applied yet", TAKEOVER, "if (APPLIED_ANNOTATION in live.annotations)", "if (false)"),
  guard(
    "takeover: version",
    TAKEOVER,
    'return [...changes, { op: "replace", path: "/metadata/resourceVersion", value: live.resourceVersion }];',
    "return changes;",
  ),
  guard(
    "recreate: protected kinds",
    RECREATE,
    "if (PROTECTED.has(kind) || protects(owner.protect, ref))",
    "if (false)",
  ),
  guard(
    "recreate: asked for",
    "src/reconcile/recreate.ts",
    "if (!owner.recreate && !asksForRecreation(declared.manifest)) return",
    "if (false) return",
  ),
  guard("recreate: the new one is taken", "src/reconcile/recreate.ts", "if (doubt !== undefined) {", "if (false) {"),
  guard(
    "scaled: replicas are left",
    AUTOSCALED,
    "return { ...declared, ...sealed(withReplicas(declared.manifest, undefined)), autoscaled: { certain, replicas } };",
    "return declared;",
  ),
  guard(
    "scaled: or may be",
    AUTOSCALED,
    "if (!certain && (unknown === undefined || live === undefined)) return declared;",
    "if (!certain) return declared;",
  ),
  guard("scaled: as they are now", APPLY, "withReplicas(manifest, replicasOf(read.value))", "manifest"),
  guard("scaled: a new one", APPLY, "ok(withReplicas(manifest, autoscaled?.replicas))", "ok(manifest)"),
  guard(
    "health: as it was seen",
    HEALTH,
    "versions !== undefined && state.io.memory?.healthy.get(service.id) === versions",
    "state.io.memory?.healthy.has(service.id) === true",
  ),
  guard(
    "health: is waited for",
    HEALTH,
    "if (!settings.wait && settings.healthChecks.length === 0) return applied;",
    "return applied;",
  ),
  guard("health: a failure", HEALTH, 'return { ...outcome, state: "failed" };', "return outcome;"),
  guard("health: something newer", WORK, "either(stop, request.cancelWaits)", "either(stop, undefined)"),
  guard(
    "lives in it: of its service",
    INHABITANTS,
    "if (owner === undefined || owner.service !== of?.service || owner.scope !== of.scope) return false;",
    "",
  ),
];
