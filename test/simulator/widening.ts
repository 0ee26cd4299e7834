import type { ForeignTool } from "../../src/model/index.ts";
import type { Edit } from "./edits.ts";
import { type Foreigner, MARKINGS, type OwnerName } from "./foreign.ts";
import type { History, RunStep, Step } from "./history.ts";
import type { ServiceSpec, Settings, Spelling, Thing, ThingKind } from "./monorepo.ts";
import type { Act } from "./people.ts";
import { newRandom, type Random } from "./random.ts";
import type { FaultKind, Moment, Trouble } from "./trouble.ts";

/** What a cluster has besides what every history has. */
export interface Others {
  /** Other tools and their owners, whom the program may look at or not. */
  readonly tools?: "seen" | "veiled";
  /** Deployments, and what scales them. */
  readonly workloads?: true;
  /** How long a rollout takes. */
  readonly rolloutMs?: number;
}

/** Other tools have objects here or come by them, and what is left of one that goes. */
export type ForeignStep = { readonly step: "foreign"; readonly foreigner: Foreigner | "retire" };

const WIDER = 3 * 2 ** 29;
/** Requests of a run before it looks at what is there already: discovery, and one list a kind. */
const LOOKS = 12;
/** And, in a cluster with workloads, before it lists autoscalers. */
const SCALERS = 11;
const TOOLS: readonly [ForeignTool, ...ForeignTool[]] = ["flux", "helm", "argo", "kapp"];
const OWNERS: readonly [OwnerName, ...OwnerName[]] = ["busy", "busy", "past", "paused"];

type Theme = "none" | "tools" | "frozen" | "scaled" | "rollouts";

/** A history with what others have, with what cannot be changed, scales by itself, or takes its time; about half stay as they are. */
export function widened(history: History): History {
  const random = newRandom(history.seed + WIDER);
  const theme = random.weighted<Theme>([
    [52, "none"],
    [18, "tools"],
    [12, "frozen"],
    [10, "scaled"],
    [8, "rollouts"],
  ]);
  switch (theme) {
    case "none":
      return history;
    case "tools":
      return withTools(history, random);
    case "frozen":
      return withFrozen(history, random);
    case "scaled":
      return withScaled(history, random);
    case "rollouts":
      return withRollouts(history, random);
  }
}

function withTools(history: History, random: Random): History {
  const foreign = (): Step => ({ step: "foreign", foreigner: foreigner(random) });
  const respelled = withServices(history.steps, (service) => ({
    ...service,
    things: service.things.map((one) =>
      one.spelling === "plain" && random.chance(0.15) ? { ...one, spelling: "adopting" as const } : one,
    ),
  }));
  const before = respelled.flatMap((step, index) =>
    index === 1 ? [...Array.from({ length: 1 + random.int(3) }, foreign), step] : [step],
  );
  const extras: Step[][] = [];
  if (random.chance(0.6)) extras.push([foreign(), quietRun(random)]);
  if (random.chance(0.3)) extras.push([{ step: "foreign", foreigner: "retire" }]);
  if (random.chance(0.4)) extras.push([{ step: "act", act: anAct(random, "mark") }]);
  if (random.chance(0.5)) {
    const run = quietRun(random);
    const crash = random.chance(0.7) ? { crash: { at: "patched" as const, after: false } } : {};
    extras.push([
      { step: "act", act: anAct(random, "former") },
      { ...run, trouble: { ...run.trouble, ...crash } },
    ]);
  }
  if (random.chance(0.3)) extras.push([{ step: "commit", edits: [respell(random, "adopting")] }]);
  const steps = interleaved(random, before, extras).map((step): Step => {
    if (step.step !== "run") return step;
    const adopting = random.chance(0.35) ? { adopt: some(random, TOOLS) } : {};
    const acts = random.weighted<() => Trouble["acts"]>([
      [6, () => []],
      [2, () => [{ at: "patch", act: anAct(random, random.pick(["edit", "mark"])) }]],
      [2, () => [{ at: "read", act: anAct(random, random.pick(["mark", "transfer", "transfer"])) }]],
    ])();
    const crash = random.chance(0.3) ? { crash: { at: "patched" as const, after: false } } : {};
    // Looks at what is there come after discovery and the lists, and those at owners after these.
    const fault = random.weighted<() => Trouble["faults"]>([
      [5, () => []],
      [
        4,
        () => [{ at: LOOKS + random.int(12), kind: random.pick<FaultKind>(["forbidden", "unavailable", "timeout"]) }],
      ],
      [2, () => [{ at: 0, kind: "group" }]],
    ])();
    const faults = [...step.trouble.faults, ...fault];
    const trouble = { ...step.trouble, faults, acts: [...step.trouble.acts, ...acts], ...crash };
    return { ...step, ...adopting, trouble };
  });
  return { ...history, steps, others: { tools: random.chance(0.2) ? "veiled" : "seen" } };
}

function foreigner(random: Random): Foreigner {
  const marking = random.chance(0.3) ? "flux" : random.pick(MARKINGS);
  return { marking, owner: random.pick(OWNERS), of: random.int(24) };
}

function withFrozen(history: History, random: Random): History {
  const kinds = random.chance(0.4) ? FREEZABLE : (["ConfigMap", "Secret", "PersistentVolumeClaim"] as const);
  const spelling = (): Spelling => random.pick<Spelling>(["immutable", "recreated", "recreated", "willing", "plain"]);
  const steps = withServices(history.steps, (service, index) =>
    added(service, made(random.pick<ThingKind>(kinds), `f${index}`, random, { spelling: spelling() })),
  );
  const last = lastThings(steps);
  const extras: Step[][] = [];
  for (let rounds = 1 + random.int(3); rounds > 0; rounds -= 1) {
    const service = random.int(last.length);
    const thing = last[service] ?? 0;
    const change: Edit = { edit: "change", service, thing, value: value(random) };
    const edits: Edit[] = random.chance(0.35)
      ? [change, { edit: "respell", service, thing, spelling: spelling() }]
      : [change];
    const acts = random.chance(0.4)
      ? [{ at: random.pick<Moment>(["delete", "read", "apply"]), act: anAct(random, random.pick(LATE_ACTS)) }]
      : [];
    const run = quietRun(random);
    extras.push([
      { step: "commit", edits },
      { ...run, trouble: { ...run.trouble, acts } },
    ]);
  }
  if (random.chance(0.6)) extras.push([{ step: "act", act: anAct(random, "freeze") }, quietRun(random)]);
  const others: Others = kinds === FREEZABLE ? { workloads: true } : {};
  return { ...history, steps: interleaved(random, steps, extras), others };
}

const FREEZABLE: readonly [ThingKind, ...ThingKind[]] = ["ConfigMap", "Secret", "PersistentVolumeClaim", "Deployment"];
const LATE_ACTS: readonly [Act["act"], ...Act["act"][]] = ["edit", "keep", "adopt", "relabel", "recreate", "reapply"];

function withScaled(history: History, random: Random): History {
  const scaler = (name: string): Thing => made("HorizontalPodAutoscaler", name, random);
  const names: string[] = [];
  const steps = withServices(history.steps, (service, index) => {
    const name = random.chance(0.7) ? "w" : `w${index}`;
    const before = names[random.int(names.length + 1)];
    names.push(name);
    const first = index === 0 || name !== "w" ? [made("Deployment", name, random)] : [];
    return added(service, ...first, ...(random.chance(0.5) ? [scaler(before ?? name)] : []));
  });
  const last = lastThings(steps);
  const extras: Step[][] = [];
  for (let rounds = 1 + random.int(3); rounds > 0; rounds -= 1) {
    const service = random.int(last.length);
    const thing = Math.max(0, (last[service] ?? 0) - random.int(2));
    const edit = random.weighted<Edit>([
      [4, { edit: "change", service, thing, value: value(random) }],
      [3, { edit: "add", service, thing: scaler(random.pick(["w", `w${service}`])) }],
      [2, { edit: "drop", service, thing }],
    ]);
    const scale: readonly Step[] = random.chance(0.5) ? [{ step: "act", act: anAct(random, "scale") }] : [];
    const at = random.weighted<Moment | number>([
      [2, "apply"],
      [1, 12 + random.int(20)],
    ]);
    const run = quietRun(random);
    const acts = random.chance(0.6) ? [{ at, act: anAct(random, "scale") }] : [];
    // Autoscalers are listed right after everything else is.
    const faults = random.chance(0.3) ? [{ at: SCALERS, kind: random.pick<FaultKind>(["forbidden", "timeout"]) }] : [];
    extras.push([...scale, { step: "commit", edits: [edit] }, { ...run, trouble: { faults, acts } }]);
  }
  return { ...history, steps: interleaved(random, steps, extras), others: { workloads: true } };
}

function withRollouts(history: History, random: Random): History {
  const rollout = (): Pick<Thing, "rollout"> =>
    random.weighted<Pick<Thing, "rollout">>([
      [6, {}],
      [1, { rollout: "fail" }],
      [1, { rollout: "stuck" }],
    ]);
  const waits: string[] = [];
  const steps = withServices(history.steps, (service, index) => {
    const things = random.chance(0.8) ? [made("Deployment", `r${index}`, random, rollout())] : [];
    if (service.form !== "flux") return added(service, ...things);
    const needed = random.chance(0.7) ? waits.slice(-1) : [];
    waits.push(service.name);
    const wait: Pick<Settings, "wait" | "timeout"> = random.chance(0.7)
      ? { wait: random.pick(["all", "all", "checks"]), timeout: random.pick(["1m", "3m"]) }
      : {};
    const { settings } = service;
    const dependsOn = needed.length === 0 ? settings.dependsOn : needed;
    return added({ ...service, settings: { ...settings, ...wait, dependsOn } }, ...things);
  });
  const last = lastThings(steps);
  const extras: Step[][] = [];
  for (let rounds = 1 + random.int(2); rounds > 0; rounds -= 1) {
    const service = random.int(last.length);
    const thing = last[service] ?? 0;
    const again: readonly Edit[] = random.chance(0.5)
      ? [{ edit: "change", service, thing, value: value(random) }]
      : [
          { edit: "drop", service, thing },
          { edit: "add", service, thing: made("Deployment", `r${service}`, random, rollout()) },
        ];
    extras.push([{ step: "commit", edits: again }, quietRun(random)]);
  }
  const hurried = interleaved(random, steps, extras).map((step): Step => {
    if (step.step !== "run" || !random.chance(0.3)) return step;
    return { ...step, newerAfterMs: random.pick([0, 5000, 30_000, 100_000]) };
  });
  const rolloutMs = random.pick([0, 2000, 20_000, 90_000]);
  return { ...history, steps: hurried, others: { workloads: true, rolloutMs } };
}

/** The services that a history begins with, as they are changed. */
function withServices(
  [first, ...rest]: readonly Step[],
  change: (service: ServiceSpec, index: number) => ServiceSpec,
): readonly Step[] {
  if (first?.step !== "commit") return first === undefined ? [] : [first, ...rest];
  const edits = first.edits.map((edit, index) =>
    edit.edit === "add-service" ? { ...edit, added: change(edit.added, index) } : edit,
  );
  return [{ ...first, edits }, ...rest];
}

function added(service: ServiceSpec, ...things: readonly Thing[]): ServiceSpec {
  return { ...service, things: [...service.things, ...things] };
}

/** Where the last object of each service is that a history begins with. */
function lastThings([first]: readonly Step[]): readonly number[] {
  const edits = first?.step === "commit" ? first.edits : [];
  return edits.flatMap((edit) => (edit.edit === "add-service" ? [edit.added.things.length - 1] : []));
}

function made(kind: ThingKind, name: string, random: Random, more: Partial<Thing> = {}): Thing {
  return { kind, namespace: "one", name, value: value(random), spelling: "plain", ...more };
}

/** Each of the extras somewhere after the first run, in their order. */
function interleaved(random: Random, steps: readonly Step[], extras: readonly (readonly Step[])[]): readonly Step[] {
  const first = steps.findIndex(({ step }) => step === "run") + 1;
  const places = extras.map(() => first + random.int(steps.length - first + 1)).toSorted((a, b) => a - b);
  return Array.from({ length: steps.length + 1 }, (_, index) => [
    ...extras.flatMap((extra, which) => (places[which] === index ? extra : [])),
    ...steps.slice(index, index + 1),
  ]).flat();
}

function some<T>(random: Random, all: readonly T[]): readonly T[] {
  return all.filter(() => random.chance(0.5));
}

function respell(random: Random, spelling: Spelling): Edit {
  return { edit: "respell", service: random.int(12), thing: random.int(12), spelling };
}

function value(random: Random): string {
  return `v${random.int(4)}`;
}

function anAct(random: Random, act: Act["act"]): Act {
  return { act, of: random.int(24), with: random.int(24) };
}

/** A run in which nothing goes wrong. */
export function calm(): RunStep {
  return {
    step: "run",
    mode: "sync",
    trouble: { faults: [], acts: [] },
    builds: [],
    cache: "kept",
    confirm: "nothing",
  };
}

function quietRun(random: Random): RunStep {
  return { ...calm(), confirm: random.chance(0.1) ? "head" : "nothing" };
}
