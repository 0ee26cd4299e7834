import type { ForeignTool } from "../../src/model/index.ts";
import type { Breaker } from "../../src/plan/index.ts";
import type { BuildTrouble } from "./builds.ts";
import type { Edit } from "./edits.ts";
import { withHomes, withKeeping } from "./keeping.ts";
import { type Breakage, PLAIN, type ServiceSpec, type Spelling, type Thing, type ThingKind } from "./monorepo.ts";
import type { Act } from "./people.ts";
import { newRandom, type Random } from "./random.ts";
import type { GitFault } from "./repository.ts";
import { withAdoption, withSettings } from "./settings.ts";
import { type AskedStep, withSuspensions } from "./suspensions.ts";
import type { FaultKind, Trouble } from "./trouble.ts";
import type { WatchFault, WatchTrouble } from "./watches.ts";
import type { Webhook } from "./webhook.ts";
import { type ForeignStep, type Others, widened } from "./widening.ts";

/** One run of the program, and what goes wrong in it. */
export interface RunStep {
  readonly step: "run";
  readonly mode: "sync" | "diff" | "dry-run";
  readonly trouble: Trouble;
  readonly builds: readonly BuildTrouble[];
  readonly git?: GitFault;
  readonly cache: "kept" | "wiped" | "torn" | "mixed";
  /** Confirms what is held: at the revision at hand, at one that is not, or by too few of its digits. */
  readonly confirm: Confirm;
  /** Only services that match. */
  readonly only?: string;
  /** A process that watches idles for so long before. */
  readonly afterMs?: number;
  /** Objects of these tools are taken over. */
  readonly adopt?: readonly ForeignTool[];
  /** Something newer is there so long after the run began. */
  readonly newerAfterMs?: number;
  /** Somebody asks for something right before this request of it; what the run goes by is read before. */
  readonly meanwhile?: { readonly at: number; readonly asked: AskedStep };
}

export type Confirm = "nothing" | "head" | "another" | "few digits";

export type Step =
  | { readonly step: "commit"; readonly edits: readonly Edit[]; readonly confirms?: string }
  | { readonly step: "reset"; readonly back: number }
  | { readonly step: "act"; readonly act: Act }
  | { readonly step: "watch"; readonly trouble: WatchTrouble }
  | AskedStep
  | ForeignStep
  | RunStep;

/** All that happens, as plain data: steps can be left out and it is still a history. */
export interface History {
  readonly seed: number;
  readonly breaker: Breaker;
  readonly webhook?: Webhook;
  /** All runs are of one process, as long as it does not die. */
  readonly stays?: true;
  /** And it watches the cluster. */
  readonly watches?: true;
  /** What people ask for, and how services are, is kept in the cluster. */
  readonly records?: true;
  /** The breaker is not given by flags: settings say what holds. */
  readonly flagless?: true;
  readonly others?: Others;
  readonly steps: readonly Step[];
}

const NAMES = ["a", "b", "c"] as const;
const SERVICES = ["cart", "pay", "mail", "web"] as const;
const BREAKAGES: readonly [Breakage, ...Breakage[]] = [
  "yaml",
  "kustomization",
  "resource",
  "field",
  "document",
  "folder",
  "twice",
];
const SPELLINGS: readonly [Spelling, ...Spelling[]] = ["plain", "labelled", "far", "anchored", "unserved", "kept"];
export const FAULTS: readonly [FaultKind, ...FaultKind[]] = [
  "lost-before",
  "lost-after",
  "conflict",
  "throttled",
  "server-error",
  "unavailable",
  "forbidden",
  "timeout",
  "truncated",
  "stale",
  "group",
  "slow",
];
const ACTS: readonly [Act["act"], ...Act["act"][]] = [
  "edit",
  "relabel",
  "unlabel",
  "forget",
  "delete",
  "recreate",
  "restore",
  "claim",
  "copy",
  "child",
  "adopt",
  "transfer",
  "rescope",
  "reapply",
  "keep",
  "hold",
  "release",
];

const LOOSE_BREAKER: Breaker = {
  service: { free: 3, share: 0.5, max: 50 },
  run: { free: 10, share: 0.2, max: 200 },
  gone: { free: 1, share: 0.2, max: 20 },
};
const TIGHT_BREAKER: Breaker = {
  service: { free: 1, share: 0.5, max: 3 },
  run: { free: 2, share: 0.4, max: 4 },
  gone: { free: 0, share: 0.3, max: 2 },
};

const TIGHT_RUN: Breaker = {
  service: { free: 3, share: 0.5, max: 50 },
  run: { free: 1, share: 0.2, max: 2 },
  gone: { free: 5, share: 0.5, max: 20 },
};

/** The history of a seed. */
export function historyOf(seed: number): History {
  const random = newRandom(seed);
  const breaker = random.pick([LOOSE_BREAKER, LOOSE_BREAKER, TIGHT_BREAKER, TIGHT_RUN]);
  const first: Edit[] = [];
  const services = 2 + random.int(3);
  for (let index = 0; index < services; index += 1) first.push({ edit: "add-service", added: service(random, index) });
  if (random.chance(0.3)) first.push({ edit: "base", base: 0, things: [thing(random)] });
  if (random.chance(0.2)) first.push({ edit: "loose", thing: thing(random) });
  const steps: Step[] = [{ step: "commit", edits: first }, run(random, random.chance(0.7))];
  for (let round = 1 + random.int(3); round > 0; round -= 1) {
    if (random.chance(0.35)) steps.push({ step: "act", act: anAct(random) });
    if (random.chance(0.12)) steps.push({ step: "reset", back: 1 + random.int(3) });
    else steps.push({ step: "commit", edits: Array.from({ length: 1 + random.int(3) }, () => edit(random)) });
    if (random.chance(0.15)) steps.push({ step: "act", act: anAct(random) });
    steps.push(run(random, random.chance(0.3)));
  }
  const webhook = random.chance(0.15) ? random.pick<Webhook>(["strips", "rewrites"]) : undefined;
  const confirmed = random.chance(0.06) ? misconfirmed(random, steps) : steps;
  const stays = random.chance(0.4);
  const plain: History = { seed, breaker, steps: confirmed, ...(webhook === undefined ? {} : { webhook }) };
  if (!stays) return wider(plain);
  // Other chances than those above: what a history holds besides stays as it is.
  const others = newRandom(seed + OTHERS);
  const seeing = others.chance(0.15)
    ? { ...plain, stays }
    : { ...plain, stays, watches: true as const, steps: watched(others, confirmed) };
  return wider(seeing);
}

function wider(history: History): History {
  return withHomes(withKeeping(withSuspensions(withAdoption(withSettings(widened(history))))));
}

const OTHERS = 2 ** 31;
const WATCH_FAULTS: readonly [WatchFault, ...WatchFault[]] = [
  "dropped",
  "refused",
  "expired",
  "truncated",
  "silent",
  "late",
  "twice",
  "swapped",
  "lost",
  "past",
  "ended",
  "away",
];

/** With trouble on watches, and time that passes between runs. */
function watched(random: Random, steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step, index): Step[] => {
    const of = random.chance(0.4) ? "all" : random.int(12);
    const trouble = { fault: random.pick(WATCH_FAULTS), of } as const;
    const before: Step[] = index > 1 && random.chance(0.4) ? [{ step: "watch", trouble }] : [];
    const afterMs = random.pick(PAUSES_MS);
    return [...before, step.step === "run" && afterMs > 0 ? { ...step, afterMs } : step];
  });
}

const PAUSES_MS = [0, 0, 1000, 60_000, 5 * 60_000, 20 * 60_000] as const;

/** One of the runs is told to confirm what is not its revision. */
function misconfirmed(random: Random, steps: readonly Step[]): readonly Step[] {
  const runs = steps.flatMap((step, index) => (step.step === "run" ? [index] : []));
  const chosen = runs[random.int(runs.length)];
  const confirm = random.pick<Confirm>(["another", "few digits"]);
  return steps.map((step, index) => (step.step === "run" && index === chosen ? { ...step, confirm } : step));
}

function thing(random: Random): Thing {
  const kind = random.weighted<ThingKind>([
    [8, "ConfigMap"],
    [2, "Secret"],
    [3, "Role"],
    [1, "ClusterRole"],
    [1, "PersistentVolumeClaim"],
    [1, "Namespace"],
    [1, "Widget"],
    [1, "CustomResourceDefinition"],
  ]);
  const generated: Spelling = kind === "ConfigMap" ? "generated" : "plain";
  const unserved: Spelling = kind === "Role" ? "unserved" : "plain";
  const spelling = random.weighted<Spelling>([
    [9, "plain"],
    [3, generated],
    [1, "labelled"],
    [1, "far"],
    [1, "anchored"],
    [1, "kept"],
    [1, unserved],
  ]);
  const namespace = random.weighted<Thing["namespace"]>([
    [6, "one"],
    [2, "two"],
    [1, "three"],
  ]);
  return { kind, namespace, name: random.pick(NAMES), value: value(random), spelling };
}

function value(random: Random): string {
  return `v${random.int(4)}`;
}

function service(random: Random, index: number): ServiceSpec {
  const name = SERVICES[index % SERVICES.length] ?? "cart";
  const things: Thing[] = [];
  for (let count = 1 + random.int(4); count > 0; count -= 1) {
    const made = thing(random);
    if (!things.some((one) => one.kind === made.kind && one.name === made.name)) things.push(made);
  }
  const settings = {
    ...PLAIN,
    prune: !random.chance(0.08),
    suspend: random.chance(0.05),
    dependsOn: index > 0 && random.chance(0.15) ? [SERVICES[0]] : [],
    targetNamespace: random.chance(0.06) ? ("two" as const) : ("" as const),
    prefix: random.chance(0.1) ? ("p-" as const) : ("" as const),
  };
  const form = random.chance(0.75) ? "flux" : "folder";
  return { name, form, folder: name, things, bases: random.chance(0.2) ? [random.int(2)] : [], settings };
}

function edit(random: Random): Edit {
  const [at, which, to, base] = [random.int(12), random.int(12), random.int(12), random.int(2)];
  const name = random.pick(["old", "new", ...SERVICES]);
  const make = random.weighted<() => Edit>([
    [3, () => ({ edit: "add", service: at, thing: thing(random) })],
    [5, () => ({ edit: "drop", service: at, thing: which })],
    [6, () => ({ edit: "move", service: at, thing: which, to })],
    [1, () => ({ edit: "move", service: at, thing: which, to, spelling: "unserved" })],
    [2, () => ({ edit: "copy", service: at, thing: which, to })],
    [1, () => ({ edit: "copy", service: at, thing: which, to, spelling: "unserved" })],
    [2, () => ({ edit: "drop-some", service: at })],
    [3, () => ({ edit: "change", service: at, thing: which, value: value(random) })],
    [2, () => ({ edit: "respell", service: at, thing: which, spelling: random.pick(SPELLINGS) })],
    [2, () => ({ edit: "drop-service", service: at })],
    [1, () => ({ edit: "drop-all", service: at })],
    [1, () => ({ edit: "rename-service", service: at, name })],
    [1, () => ({ edit: "rename-folder", service: at, folder: name })],
    [1, () => ({ edit: "split-service", service: at, name })],
    [1, () => ({ edit: "merge-services", service: at, into: to })],
    [5, () => ({ edit: "break", service: at, breakage: random.pick(BREAKAGES) })],
    [2, () => ({ edit: "mend", service: at })],
    [1, () => ({ edit: "set", service: at, settings: { suspend: random.chance(0.7) } })],
    [1, () => ({ edit: "set", service: at, settings: { prune: random.chance(0.3) } })],
    [1, () => ({ edit: "set", service: at, settings: { targetNamespace: random.chance(0.5) ? "two" : "" } })],
    [1, () => ({ edit: "set", service: at, settings: { dependsOn: random.chance(0.5) ? [] : [name] } })],
    [2, () => ({ edit: "depend", service: at, on: to })],
    [1, () => ({ edit: "use-base", service: at, base })],
    [2, () => ({ edit: "move-to-base", service: at, thing: which, base })],
    [2, () => ({ edit: "move-to-loose", service: at, thing: which })],
    [1, () => ({ edit: "drop-loose" })],
    [1, () => ({ edit: "add-service", added: service(random, at) })],
    [1, () => ({ edit: "path", gone: random.chance(0.5) })],
  ]);
  return make();
}

function anAct(random: Random): Act {
  return { act: random.pick(ACTS), of: random.int(24), with: random.int(24) };
}

/** Requests of one run: discovery and lists come first, so that trouble begins to matter after those. */
const LISTS = 8;
const REQUESTS = 16;

function run(random: Random, calm: boolean): RunStep {
  const at = (): number => (random.chance(0.25) ? random.int(LISTS) : LISTS + random.int(REQUESTS));
  const moment = (): number | "read" | "delete" =>
    random.weighted<() => number | "read" | "delete">([
      [1, at],
      [2, () => "read"],
      [1, () => "delete"],
    ])();
  const quiet: RunStep = {
    step: "run",
    mode: "sync",
    trouble: { faults: [], acts: [] },
    builds: [],
    cache: "kept",
    confirm: random.chance(0.12) ? "head" : "nothing",
  };
  if (calm) return quiet;
  const faults = random.chance(0.5)
    ? Array.from({ length: 1 + random.int(2) }, () => ({ at: at(), kind: random.pick(FAULTS) }))
    : [];
  const acts = random.chance(0.5)
    ? Array.from({ length: 1 + random.int(3) }, () => ({ at: moment(), act: anAct(random) }))
    : [];
  const git: readonly GitFault[] = random.chance(0.06) ? [random.pick(["down", "empty", "content"])] : [];
  const builds: readonly BuildTrouble[] = random.chance(0.2)
    ? [{ at: random.int(4), kind: random.pick(["late", "deadline"]) }]
    : [];
  return {
    ...quiet,
    mode: random.weighted<RunStep["mode"]>([
      [20, "sync"],
      [1, "diff"],
      [1, "dry-run"],
    ]),
    trouble: {
      faults,
      acts,
      ...(random.chance(0.15) ? { crash: { at: at(), after: random.chance(0.5) } } : {}),
      ...(random.chance(0.05) ? { stopAt: at() } : {}),
    },
    builds,
    cache: random.weighted<RunStep["cache"]>([
      [8, "kept"],
      [2, "wiped"],
      [1, "torn"],
      [1, "mixed"],
    ]),
    ...(git[0] === undefined ? {} : { git: git[0] }),
    ...(random.chance(0.08) ? { only: random.pick(["*/cart", "*/pay", "*a*"]) } : {}),
  };
}
