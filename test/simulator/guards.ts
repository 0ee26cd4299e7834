import { ASKED } from "./asked-guards.ts";
import { type Guard, guard } from "./guard.ts";
import { GUARDS_OF_OTHERS } from "./guards-of-others.ts";
import { GUARDS_OF_KEEPING } from "./kept-guards.ts";

const CLAIMS = "src/plan/claims.ts";
const PLAN = "src/plan/plan.ts";
const REMOVE = "src/reconcile/remove.ts";
const ASSEMBLE = "src/reconcile/assemble.ts";
const WORK = "src/reconcile/work.ts";
const PASS = "src/reconcile/pass.ts";
const DISCOVER = "src/services/discover.ts";

/** The doubts right before a delete. */
const LIVE_DOUBTS: readonly Guard[] = [
  guard(
    "remove: read live",
    REMOVE,
    "const read = await cluster.metadata(kind, ref.namespace, ref.name, signal);",
    "const read = { ok: true, value: planned };",
  ),
  guard("remove: same uid", REMOVE, "if (now.uid !== planned.uid)", "if (false)"),
  guard("remove: same service", REMOVE, "owner.service !== before?.service", "false"),
  guard("remove: same scope", REMOVE, "owner.scope !== before.scope", "false"),
  guard("remove: label still ours", REMOVE, "if (!ownsLabel(now))", "if (false)"),
  guard(
    "remove: not applied again",
    REMOVE,
    "if (now.annotations[APPLIED_ANNOTATION] !== planned.annotations[APPLIED_ANNOTATION])",
    "if (false)",
  ),
  guard("remove: not deleted twice", REMOVE, "if (read.value.deletionTimestamp !== undefined)", "if (false)"),
  guard("remove: no controller", REMOVE, "if (now.ownerReferences.some(({ controller }) => controller))", "if (false)"),
  guard("remove: prune not disabled", REMOVE, "if (pruneDisabled(now))", "if (false)"),
  guard("remove: what lives in it now", WORK, "if (objection !== undefined) return failed(objection);", ""),
  guard("remove: uid precondition", REMOVE, "{ uid, resourceVersion, propagation", "{ resourceVersion, propagation"),
  guard("remove: version precondition", REMOVE, "{ uid, resourceVersion, propagation", "{ uid, propagation"),
];

const removal = (of: "unwanted" | "all", prune: string): string => `const removed = owned.${of}
    .toSorted((a, b) => compareRefs(b.ref, a.ref))
    .map((object) => planRemoval(object, ${prune}, `;

/** What a plan deletes, and what it holds or keeps. */
const PLANNED: readonly Guard[] = [
  guard("plan: label is ours", PLAN, "if (!ownsLabel(live)) return kept(", "if (false) return kept("),
  guard("plan: no controller", PLAN, "if (controller !== undefined) return kept(", "if (false) return kept("),
  guard("plan: prune of the service", PLAN, "if (!prune || pruneDisabled(live))", "if (pruneDisabled(live))"),
  guard("plan: prune of the object", PLAN, "if (!prune || pruneDisabled(live))", "if (!prune)"),
  guard("plan: may be wanted", PLAN, "if (wanted !== undefined) return", "if (false) return"),
  guard(
    "plan: what lives in it",
    PLAN,
    "if (objection !== undefined && !(objection.confirmable && confirmed)) return",
    "if (false) return",
  ),
  guard("plan: protected kinds", PLAN, "if (sacred !== undefined && !confirmed) return", "if (false) return"),
  guard("plan: wanted, its service present", PLAN, removal("unwanted", "prune"), removal("all", "prune")),
  guard("plan: wanted, its service gone", PLAN, removal("unwanted", "true"), removal("all", "true")),
  guard("plan: scope", PLAN, "if (owner?.scope !== scopeLabel) continue", "if (owner === undefined) continue"),
  guard("plan: complete discovery", PLAN, "const gone = input.complete\n", "const gone = true\n"),
  guard("plan: gone is not known", PLAN, ".filter(([label]) => !known.has(label)).map", ".map"),
  guard("plan: unlisted kinds", PLAN, "if (input.unlisted.has(kind)) failures.push", "if (false) failures.push"),
  guard(
    "plan: nothing declared any more",
    PLAN,
    "granted.length === 0 && failures.length === 0 && removed",
    "false && removed",
  ),
  guard(
    "breaker: service",
    PLAN,
    'tooMany(deletes(removed), () => owned.all.filter(ownsLabel).length, limit, "objects of the service")',
    "undefined",
  ),
  guard("breaker: run", PLAN, 'tooMany(total, objects, breaker.run, "objects of the run")', "undefined"),
  guard("breaker: a stranger revision", PLAN, "isStranger ? STRANGER :", "false ? STRANGER :"),
  guard("breaker: gone services", PLAN, 'tooMany(gone, () => counts().length, breaker.gone, "services")', "undefined"),
  guard(
    "execute: all applied before",
    "src/reconcile/execute.ts",
    "hands, failures.length > 0, note)",
    "hands, false, note)",
  ),
];

/** Who may have which object. */
const CLAIMED: readonly Guard[] = [
  guard(
    "claims: proven owner",
    CLAIMS,
    "owner === undefined || !ownsLabel(live)) return",
    "owner === undefined) return",
  ),
  guard("claims: other scope", CLAIMS, "if (owner.scope !== scope) {", "if (false) {"),
  guard(
    "claims: complete discovery",
    CLAIMS,
    'if (complete) return { kind: "released", owner: owner.id };',
    'return { kind: "released", owner: owner.id };',
  ),
  guard("claims: owner unknown", CLAIMS, 'if (claimant.desired.kind === "unknown") {', "if (false) {"),
  guard("claims: owner keeps it", CLAIMS, "return still ? {", "return false ? {"),
  guard("claims: one claimant", CLAIMS, "if (free && (one === winner || ", "if (free && (true || "),
  guard("claims: mentioned by an unknown", CLAIMS, "if (wanting !== undefined) return", "if (false) return"),
  guard("claims: lives in it", CLAIMS, "if (inhabitant !== undefined) return", "if (false) return"),
  guard("claims: wanted and not served", CLAIMS, "new Map([...unfit, ...[...claims]", "new Map([...[...claims]"),
  guard("claims: kept and not served", CLAIMS, "|| unfit.includes(claimant.service)", "|| false"),
];

/** What is known, and what is not. */
const KNOWN: readonly Guard[] = [
  guard(
    "unknown: failed build",
    ASSEMBLE,
    'kind: "unknown",\n      why: "its build failed",',
    'kind: "known", declared: [],',
  ),
  guard("unknown: suspended", ASSEMBLE, "if (!service.settings.suspend) return", "if (true) return"),
  guard("unknown: one object failed", ASSEMBLE, "failures.push(one);", ""),
  guard("unknown: a group that does not answer", ASSEMBLE, "inventory.failedGroups.has(ref.group) ?", "false ?"),
  guard(
    "unknown: unlisted kinds",
    "src/live/inventory.ts",
    "if (!answer.ok) unlisted.set(kindKey(kind), answer.problem);",
    "if (!answer.ok) {}",
  ),
  guard(
    "unknown: path not found",
    "src/reconcile/revision.ts",
    'if (tree.entry(path)?.kind !== "tree" && path !== "") {',
    "if (false) {",
  ),
  guard(
    "unknown: unreadable definitions",
    DISCOVER,
    "complete: !broken.some(({ unreadable }) => unreadable)",
    "complete: true",
  ),
  guard("unknown: folder gone", DISCOVER, "[...broken, ...missing.map(withoutFolder)]", "broken"),
  guard("unknown: tainted documents", DISCOVER, "if (failures.length > 0 || (tainted", "if (false && (tainted"),
  guard(
    "cache: footprint",
    "src/reconcile/builds.ts",
    '((tree.entry(path)?.id ?? "absent") === id ? [] : [path])',
    "[]",
  ),
  guard(
    "cache: torn entries",
    "src/reconcile/builds.ts",
    "if (end < 0 || digest(body) !== text.slice(0, end))",
    "if (end < 0)",
  ),
  guard("work: suspended", WORK, "if (service.settings.suspend)", "if (false)"),
  guard("work: dependencies", WORK, "if (unready.length > 0) return", "if (false) return"),
  guard("work: selected, present", WORK, "if (selected(service.id)) waiting.set", "waiting.set"),
  guard("work: selected, gone", WORK, " || !selected(plan.service)) continue", ") continue"),
  guard("work: a dry run", WORK, 'dryRun: request.mode !== "sync",', "dryRun: false,"),
  guard("confirm: the revision at hand", PASS, "commit.startsWith(confirm.toLowerCase())", "true"),
  guard("confirm: enough digits", PASS, "confirm.length >= 7 && ", ""),
  guard("drift: not what a webhook strips", PLAN, "known?.hash === declared.hash ? known.fields : []", "[]"),
];

const LIVE = "src/live/live.ts";
const KEEPER = "src/live/keeper.ts";

/** What a process that stays may go by. */
const REMEMBERED: readonly Guard[] = [
  guard("memory: declared is of its build", ASSEMBLE, "known?.answer === answer && known.from", "known?.from"),
  guard("memory: declared as it is set", ASSEMBLE, " && known.from === from) return known.all", ") return known.all"),
  guard("memory: unchanged as declared", PLAN, "unchanged?.get(object) === declared", "unchanged?.has(object)"),
  guard(
    "memory: what failed is tried again",
    "src/reconcile/circuit.ts",
    "circuit.of === of && nowMs < circuit.nextMs",
    "circuit.of === of",
  ),
  guard("live: no answer in doubt", LIVE, "if (!known.has(keeper)) unlisted", "if (false) unlisted"),
  guard("live: fresh while it watches", KEEPER, 'isWatchable(post) && post.doing !== "wait"', "true"),
  guard("live: silence", LIVE, "if (heardMs !== undefined && nowMs - heardMs > silenceMs)", "if (false)"),
  guard("live: lists from time to time", LIVE, "const due = nowMs >= relistAtMs;", "const due = false;"),
  guard("plan: nothing on the word of the past", "src/reconcile/planning.ts", "...pausedDeletes(state),", ""),
];

/** Every guard of law L2, those that it leans on, and those of what is known without asking. */
export const GUARDS: readonly Guard[] = [
  ...LIVE_DOUBTS,
  ...PLANNED,
  ...CLAIMED,
  ...KNOWN,
  ...REMEMBERED,
  ...GUARDS_OF_OTHERS,
  ...ASKED,
  ...GUARDS_OF_KEEPING,
];
