import { type Guard, guard } from "./guard.ts";

type Text = readonly [name: string, text: string, without: string];

function guardsOf(file: string, guards: readonly Text[]): readonly Guard[] {
  return guards.map(([name, text, without]) => guard(name, file, text, without));
}

const EVERY = "PROTECTED.has(kindKey(ref)) || protects(protect, ref)";
const LIMIT = "breakerWith(revision.policy.breaker, request.breaker)";
const GONE_STAYS = "(bySettings || isOrphaned(step.live))";
const UNDER = "share <= limit.share && count <= limit.max";
const LOOK = "firstSet(here, LEFT_ALONE) ?? (live === undefined ? undefined : firstSet(live, LEFT_ALONE))";
const ANY_MARK = "[annotations[key], labels[key]].some";

/** Whom settings are for, and what goes over what. */
const READ: readonly Guard[] = [
  ...guardsOf("src/policy/match.ts", [
    ["settings: what globs leave out", " && !left.some((matches) => matches(id))", ""],
    ["settings: globs that only leave out", "named.length === 0 || ", ""],
  ]),
  ...guardsOf("src/policy/layer.ts", [
    [
      "settings: the last one wins",
      "...layers.map((layer) => layer.says)",
      "...layers.map((layer) => layer.says).toReversed()",
    ],
    ["settings: a limit of its own", "Object.assign({ ...usualLimit }, ...limits)", "({ ...usualLimit })"],
    ["settings: its own number goes over what is free", "free: Math.min(limit.free, limit.max) };", "};"],
  ]),
  ...guardsOf("src/policy/read.ts", [
    [
      "settings: gone, what is wrong is left alone",
      "if (matching.some(({ failures }) => failures.length > 0)) return true;",
      "",
    ],
    [
      "settings: gone, suspended by entries",
      "matching.findLast(({ layer }) => layer.says.suspend !== undefined)?.layer.says.suspend ??\n",
      "",
    ],
    ["settings: gone, suspended by defaults", "    defaults.says.suspend ??\n", ""],
    ["settings: gone, a policy of entries", 'if (policy !== undefined) return policy === "orphan";', ""],
    [
      "settings: gone, not pruned by entries",
      "return says.findLast(({ prune }) => prune !== undefined)?.prune === false;",
      "return false;",
    ],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a text of the source
    ["settings: kinds without a group", 'kind.includes("/") ? kind : `/${kind}`', "kind"],
    ["settings: one document", "if (second === undefined) return ok(first);", "return ok(first);"],
  ]),
  ...guardsOf("src/services/settings.ts", [
    ["settings: of its folder", "...(own?.ok === true ? [own.value] : []),", ""],
    ["settings: wrong in its folder", ", ...(own?.ok === false ? own.failures : [])", ""],
    ["settings: wrong entries", "...entries.flatMap((entry) => entry.failures), ", ""],
    ["settings: entries", "...entries.map(({ layer }) => withoutItself(layer, service.id)),", ""],
    [
      "settings: the usual limit of a service",
      "{ ...DEFAULT_DELETE_LIMIT, ...around.policy.breaker.service }",
      "DEFAULT_DELETE_LIMIT",
    ],
  ]),
];

/** What is kept because settings, or marks, say so. */
const KEPT: readonly Guard[] = [
  ...guardsOf("src/plan/plan.ts", [
    ["protected: by settings", EVERY, "PROTECTED.has(kindKey(ref))"],
    ["protected: always", EVERY, "protects(protect, ref)"],
    ["protected: in whichever group", ' || protect?.has(kindKey({ group: "", kind })) === true', ""],
    ["protected: in its group", "protect?.has(kindKey({ group, kind })) === true || ", ""],
    ["gone: stays by settings", GONE_STAYS, "isOrphaned(step.live)"],
    ["gone: stays by its mark", GONE_STAYS, "bySettings"],
    ["breaker: its own limit", "deleteLimit ?? input.breaker.service", "input.breaker.service"],
    ["breaker: copies are not of the service", "() => owned.all.filter(ownsLabel).length", "() => owned.all.length"],
    [
      "breaker: copies are not of the run",
      "[...owned.values()].map(({ all }) => all.filter(ownsLabel).length)",
      "[...owned.values()].map(({ all }) => all.length)",
    ],
    ["lives in it: nobody confirms for others", "!(objection.confirmable && confirmed)", "!confirmed"],
  ]),
  ...guardsOf("src/plan/recreate.ts", [
    [
      "recreate: not what settings protect",
      "PROTECTED.has(kind) || protects(owner.protect, ref)",
      "PROTECTED.has(kind)",
    ],
    [
      "recreate: not what is always protected",
      "PROTECTED.has(kind) || protects(owner.protect, ref)",
      "protects(owner.protect, ref)",
    ],
    [
      "recreate: not another service's",
      "if (live === undefined || !ours || !ownsLabel(live)) return",
      "if (live === undefined || !ownsLabel(live)) return",
    ],
    ["recreate: not for drift", "if (live.annotations[APPLIED_ANNOTATION] === hash) return", "if (false) return"],
  ]),
  ...guardsOf("src/plan/breaker.ts", [
    ["breaker: a share", UNDER, "count <= limit.max"],
    ["breaker: a number", UNDER, "share <= limit.share"],
    ["breaker: the number goes over what is free", "free: Math.min(merged.free, merged.max) };", "};"],
  ]),
  ...guardsOf("src/reconcile/planning.ts", [
    ["breaker: settings", LIMIT, "breakerWith(request.breaker)"],
    ["breaker: flags", LIMIT, "breakerWith(revision.policy.breaker)"],
    ["breaker: flags go over settings", LIMIT, "breakerWith(request.breaker, revision.policy.breaker)"],
  ]),
  ...guardsOf("src/plan/switches.ts", [
    ["marks: left alone in git", LOOK, "(live === undefined ? undefined : firstSet(live, LEFT_ALONE))"],
    ["marks: left alone in the cluster", LOOK, "firstSet(here, LEFT_ALONE)"],
    ["marks: written once", 'live !== undefined && says(here, FLUX_APPLY, "ifnotpresent")', "false"],
    ["marks: left alone is not pruned", "  ...LEFT_ALONE,\n  [PRUNE", "  [PRUNE"],
    ["marks: not pruned", '  [PRUNE_ANNOTATION, "disabled"],\n', ""],
    ["marks: not pruned, as Flux says it", '  [FLUX_PRUNE, "disabled"],\n', ""],
    ["marks: only synced", '  [IGNORE[0], "sync_only"],\n  [IGNORE[1], "sync_only"],\n', ""],
    ["marks: without regard to case", "value?.toLowerCase() === wanted", "value === wanted"],
    ["marks: as a label", ANY_MARK, "[annotations[key]].some"],
    ["marks: as an annotation", ANY_MARK, "[labels[key]].some"],
  ]),
];

/** What a namespace must not take along. */
const ALONG: readonly Guard[] = [
  ...guardsOf("src/plan/inhabitants.ts", [
    [
      "lives in it: proven",
      "return ownsLabel(object) && keptBy(object) === undefined;",
      "return keptBy(object) === undefined;",
    ],
    ["lives in it: not kept", "return ownsLabel(object) && keptBy(object) === undefined;", "return ownsLabel(object);"],
    [
      "lives in it: known",
      'if (inhabitants.kind === "unknown") {',
      'if (inhabitants.kind === "unknown") return undefined;\n  if ((inhabitants as Inhabitants).kind === "unknown") {',
    ],
  ]),
];

/** Who lets go of what is kept. */
const LET_GO: readonly Guard[] = [
  ...guardsOf("src/plan/plan.ts", [
    [
      "plan: nobody confirms on the word of the past",
      "held(plan.steps, input.pausedDeletes, false, false)",
      "held(plan.steps, input.pausedDeletes, true, input.confirmed?.(plan.service) !== undefined)",
    ],
  ]),
];

/** Every guard of what settings and marks keep. */
export const GUARDS_OF_KEEPING: readonly Guard[] = [...READ, ...KEPT, ...ALONG, ...LET_GO];
