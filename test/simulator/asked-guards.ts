import type { Guard } from "./guards.ts";

type Text = readonly [name: string, text: string, without: string, ...seeds: readonly number[]];

function guardsOf(file: string, guards: readonly Text[]): readonly Guard[] {
  return guards.map(([name, text, without, ...seeds]) => ({ name, file, text, without, seeds }));
}

/** What people ask for in the cluster, and what is kept of it. */
const SUSPENDED: readonly Guard[] = [
  ...guardsOf("src/reconcile/suspended.ts", [
    ["suspended: asked for in the cluster", "suspended(service.id) === undefined", "true", 4],
    ["suspended: gone, in the cluster", "suspended?.(service) !== undefined ||", "false ||", 4],
    ["suspended: gone, by settings", "leavesAlone(policy, service) ||", "false ||", 128],
    ["suspended: gone, in git before", "(leftSuspended?.(service) === true && !confirmed(service))", "false", 23],
  ]),
  ...guardsOf("src/reconcile/planning.ts", [
    ["suspended: nothing is pruned of a gone one", "present || !suspended.has(service)", "true", 4],
    ["suspended: a gone one keeps what it owns", "...suspendedGone(state).map(suspendedClaimant)", "", 341],
  ]),
  ...guardsOf("src/status/orders.ts", [
    ["suspended: until its end", "return endOf(suspension) > nowMs;", "return true;", 105],
    ["suspended: others are not resumed", "(one) => !all && !globs.includes(one.glob)", "() => false", 4],
    ["suspended: what was asked for before", "isActive(one, nowMs) && !replaced.has(one.glob)", "false", 4],
  ]),
  ...guardsOf("src/status/globs.ts", [
    ["suspended: by the last part of an id", "is(service) || ", "is(service) && ", 4],
  ]),
];

/** What settings say. */
const SETTLED: readonly Guard[] = [
  ...guardsOf("src/plan/plan.ts", [
    ["settings: drift off", 'of.drift === "off" ?', "false ?", 430],
    ["settings: drift detect", 'if (mode === "detect") return', "if (false) return", 214],
  ]),
  ...guardsOf("src/plan/marks.ts", [
    [
      "settings: the mark of orphans",
      '...(stamp.deletionPolicy === "orphan" ? { [DELETION_ANNOTATION]: "orphan" } : {}),',
      "",
      34,
    ],
    ["settings: the mark of prune", '...(stamp.prune ? {} : { [PRUNE_ANNOTATION]: "disabled" }),', "", 51],
  ]),
  ...guardsOf("src/reconcile/revision.ts", [
    [
      "settings: unreadable is not none",
      "if (!step.policy.ok) return step.policy;\n      policy = step.policy.value;",
      "policy = step.policy.ok ? step.policy.value : NO_POLICY;",
      180,
    ],
  ]),
  ...guardsOf("src/services/settings.ts", [
    ["settings: wrong for some fails them", "if (failures.length > 0) {", "if (false) {", 17],
    [
      "settings: the nearer file",
      "[`${path}/${SETTINGS_FILE}`, SETTINGS_FILE]",
      "[SETTINGS_FILE, `${path}/${SETTINGS_FILE}`]",
      172,
    ],
    ["settings: defaults", "around.policy.defaults,", "", 71],
  ]),
  ...guardsOf("src/policy/layer.ts", [
    ["settings: not pruned is not pruned when gone", '(merged.prune ? "prune" : "orphan")', '"prune"', 21],
  ]),
];

/** Every guard of what people and settings ask for. */
export const ASKED: readonly Guard[] = [...SUSPENDED, ...SETTLED];
