import { type Guard, guard } from "./guard.ts";

type Text = readonly [name: string, text: string, without: string];

function guardsOf(file: string, guards: readonly Text[]): readonly Guard[] {
  return guards.map(([name, text, without]) => guard(name, file, text, without));
}

/** What people ask for in the cluster, and what is kept of it. */
const SUSPENDED: readonly Guard[] = [
  ...guardsOf("src/reconcile/suspended.ts", [
    ["suspended: asked for in the cluster", "suspended(service.id) === undefined", "true"],
    ["suspended: gone, in the cluster", "suspended?.(service) ?? (leavesAlone", "(leavesAlone"],
    ["suspended: gone, by settings", "leavesAlone(policy, service) ? suspendedBecause", "false ? suspendedBecause"],
    ["suspended: gone, in git before", "if (left === false || confirmed(service)) return [];", "return [];"],
  ]),
  ...guardsOf("src/reconcile/planning.ts", [
    ["suspended: nothing is pruned of a gone one", "present || !suspended.has(service)", "true"],
    ["suspended: a gone one keeps what it owns", "...state.suspendedGone.map(suspendedClaimant)", ""],
  ]),
  ...guardsOf("src/status/orders.ts", [
    ["suspended: until its end", "return endOf(suspension) > nowMs;", "return true;"],
    ["suspended: others are not resumed", "(one) => !all && !globs.includes(one.glob)", "() => false"],
    ["suspended: what was asked for before", "isActive(one, nowMs) && !replaced.has(one.glob)", "false"],
    ["confirm: an order is of its commit", "commit.id.startsWith(one.commit)", "true"],
    ["confirm: an order is of its services", "names.some((name) => name(service))", "true"],
    ["confirm: a trailer is of its services", "!trailer.some((name) => name(service))", "trailer.length === 0"],
  ]),
  ...guardsOf("src/cli/keeping.ts", [
    ["damaged: no record is not none", "kept === undefined && standing.damaged ?", "false ?"],
  ]),
  ...guardsOf("src/status/next.ts", [
    ["damaged: what was applied before", "isLost ? [...asked, LOST] : asked", "asked"],
    ["damaged: written anew as said", "old === undefined ? damaged :", "old === undefined ? false :"],
  ]),
  ...guardsOf("src/model/service-glob.ts", [
    ["suspended: by the last part of an id", " || (!wholly && id.includes(SLASH) &&", " || (false &&"],
  ]),
];

/** What settings say. */
const SETTLED: readonly Guard[] = [
  ...guardsOf("src/plan/plan.ts", [
    ["suspended: what git suspended is held", "NAMELESS : input.left?.get(service)", "NAMELESS : undefined"],
    ["settings: drift off", 'of.drift === "off" ?', "false ?"],
    ["settings: drift detect", 'if (mode === "detect") return', "if (false) return"],
  ]),
  ...guardsOf("src/plan/marks.ts", [
    [
      "settings: the mark of orphans",
      '...(stamp.deletionPolicy === "orphan" ? { [DELETION_ANNOTATION]: "orphan" } : {}),',
      "",
    ],
    ["settings: the mark of prune", '...(stamp.prune ? {} : { [PRUNE_ANNOTATION]: "disabled" }),', ""],
  ]),
  ...guardsOf("src/reconcile/revision.ts", [
    [
      "settings: unreadable is not none",
      "if (!step.policy.ok) return step.policy;\n      policy = step.policy.value;",
      "policy = step.policy.ok ? step.policy.value : NO_POLICY;",
    ],
  ]),
  ...guardsOf("src/services/settings.ts", [
    ["settings: wrong for some fails them", "if (failures.length > 0) {", "if (false) {"],
    [
      "settings: the nearer file",
      "[`${path}/${SETTINGS_FILE}`, SETTINGS_FILE]",
      "[SETTINGS_FILE, `${path}/${SETTINGS_FILE}`]",
    ],
    ["settings: defaults", "around.policy.defaults,", ""],
  ]),
  ...guardsOf("src/policy/layer.ts", [
    ["settings: not pruned is not pruned when gone", '(merged.prune ? "prune" : "orphan")', '"prune"'],
  ]),
];

/** Every guard of what people and settings ask for. */
export const ASKED: readonly Guard[] = [...SUSPENDED, ...SETTLED];
