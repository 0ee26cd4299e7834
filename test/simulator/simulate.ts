import { askedRequest } from "../../src/cli/keeping.ts";
import type { Cluster } from "../../src/cluster/index.ts";
import { openLive } from "../../src/live/index.ts";
import type { PassOutcome } from "../../src/model/index.ts";
import { newMemory, type PassRequest, runPass } from "../../src/reconcile/index.ts";
import { confirm, readStanding, resume, suspend, writeStatus } from "../../src/status/index.ts";
import { confirmation, newerThan, selector } from "./asking.ts";
import { memoryCache, simulatedBuilders } from "./builds.ts";
import { edited } from "./edits.ts";
import { ownersAtWork, retire, settle } from "./foreign.ts";
import type { History, RunStep, Step } from "./history.ts";
import { type Intent, intentOf } from "./intent.ts";
import { judgeRun, type Violation } from "./judge.ts";
import { isInventory } from "./lists.ts";
import { asLabel } from "./live.ts";
import { EMPTY_MONOREPO, PATH } from "./monorepo.ts";
import { act, releaseAll } from "./people.ts";
import { newRepository, type Repository } from "./repository.ts";
import { judgeLeftovers, judgeRest } from "./rest.ts";
import { countingFile, limitsOf, mendedSettings } from "./settings.ts";
import { embeddedStage, type Stage } from "./stage.ts";
import { newProcess, newWatching, type Process, toldBy, type Watching } from "./staying.ts";
import type { Tools } from "./strangers.ts";
import { type Keeping, NOTHING_ASKED, newRecords, type Records } from "./suspensions.ts";
import { NO_TROUBLE, troubled } from "./trouble.ts";
import type { RunClock } from "./virtual-clock.ts";

/** What became of a history: where it broke a law, and what the API server logged. */
export interface Verdict {
  readonly violations: readonly Violation[];
  /** The number of the step that broke it; `steps.length` and above are the runs to rest. */
  readonly at: number;
  /** One line a request, in order. */
  readonly audit: readonly string[];
}

/** The program under test; a mutated build of it can be put in its place. */
export interface Program extends Keeping {
  readonly runPass: typeof runPass;
  readonly newMemory: typeof newMemory;
  readonly openLive: typeof openLive;
}

const PROGRAM: Program = {
  runPass,
  newMemory,
  openLive,
  askedRequest,
  confirm,
  readStanding,
  resume,
  suspend,
  writeStatus,
};

const LONG_MS = 24 * 60 * 60_000;
/** After a long time, watches that fell silent are found to be so, and stand again. */
const SETTLES_MS = 5 * 60_000;
/** Runs after the last step until nothing changes any more. */
const RUNS_TO_REST = 6;

/** Plays a history through the real reconciler and stops at the first law that is broken. */
export async function simulate(history: History, program: Program = PROGRAM, place?: Stage): Promise<Verdict> {
  const stage = place ?? (await embeddedStage(history));
  const repository = newRepository(EMPTY_MONOREPO);
  const records =
    history.records === true ? newRecords(program, stage.ground.program, `${SCOPE}-${history.seed}`) : undefined;
  const world: World = {
    history,
    program,
    stage,
    repository,
    records,
    applied: new Map(),
    cache: memoryCache(),
    staying: {},
    stops: new Set(),
  };
  await renewed(world);
  const verdict = (at: number, violations: readonly Violation[]): Verdict => ({ at, violations, audit: stage.audit });
  try {
    for (const [at, step] of history.steps.entries()) {
      const violations = await played(world, step);
      if (violations.length > 0) return verdict(at, violations);
    }
    return verdict(history.steps.length, await brought(world));
  } finally {
    world.staying.process?.watching?.end();
    // A process that died waits for ever, and whatever it holds would be held.
    for (const stop of world.stops) stop.abort("the history is over");
    await stage.close();
  }
}

/** A process that stays, where there is one, is another one from here on. */
async function renewed({ history, program, stage, staying }: World): Promise<void> {
  if (history.stays !== true) return;
  staying.process?.watching?.end();
  const process = newProcess(program.newMemory);
  staying.process = process;
  if (history.watches !== true || stage.watches !== true) return;
  const clock = stage.clock();
  const way = await stage.way(NO_TROUBLE, clock);
  const { cluster } = troubled(stage.ground, way, NO_TROUBLE, new AbortController());
  staying.calm = cluster;
  staying.process = { ...process, watching: newWatching(program.openLive, cluster, stage.ground.program, clock) };
}

interface World {
  readonly history: History;
  readonly program: Program;
  readonly stage: Stage;
  readonly repository: Repository;
  readonly records: Records | undefined;
  /** Commits at which services, by their labels, were last as git said, as far as that was written down. */
  readonly applied: Map<string, string>;
  readonly cache: ReturnType<typeof memoryCache>;
  /** The process that stays, and its way to the cluster between runs. */
  readonly staying: { process?: Process; calm?: Cluster };
  /** How each run is stopped. */
  readonly stops: Set<AbortController>;
}

async function played(world: World, step: Step): Promise<readonly Violation[]> {
  const { repository, stage } = world;
  switch (step.step) {
    case "commit":
      repository.commit(step.edits.reduce(edited, repository.head().monorepo), step.confirms);
      return [];
    case "reset":
      repository.reset(step.back);
      return [];
    case "act":
      await act(stage.ground, step.act);
      await stage.settled();
      return [];
    case "watch":
      world.staying.process?.watching?.watches.trouble(step.trouble);
      return [];
    case "foreign":
      if (step.foreigner === "retire") await retire(stage.ground);
      else await settle(stage.ground, intentOf(repository.head().monorepo), step.foreigner);
      return [];
    case "suspend":
    case "resume":
    case "confirm":
    case "damage":
      await world.records?.play(step, clockOf(world), repository);
      return [];
    case "run":
      await world.staying.process?.watching?.idle(step.afterMs ?? 0);
      return (await run(world, step)).violations;
  }
}

function clockOf({ staying, stage }: World): RunClock {
  return staying.process?.watching?.clock ?? stage.clock();
}

interface Ran {
  readonly violations: readonly Violation[];
  readonly outcome?: PassOutcome;
  /** Requests that were to change something, and were granted. */
  readonly writes: readonly string[];
  /** Lists of all of a kind. */
  readonly lists: readonly string[];
  /** What was to be, as the run had to see it. */
  readonly intent: Intent;
  /** Why nothing was deleted, for a while. */
  readonly paused?: string | undefined;
}

const SCOPE = "simulated";

async function run(world: World, step: RunStep): Promise<Ran> {
  const { cache, repository, stage, history, records } = world;
  const flags = history.flagless === true ? {} : history.breaker;
  const watching = world.staying.process?.watching;
  const clock = clockOf(world);
  if (step.cache === "wiped") cache.wipe();
  else if (step.cache !== "kept") cache.corrupt(step.cache);
  const stop = new AbortController();
  world.stops.add(stop);
  const way = await stage.way(step.trouble, clock);
  const { cluster, requests, crashed, ended } = troubled(stage.ground, way, step.trouble, stop, {
    nowMs: () => clock.monotonicMs(),
    onRequest: async (at) => {
      if (at === step.meanwhile?.at) await played(world, step.meanwhile.asked);
    },
  });
  const commit = repository.head();
  const picked = { selected: selector(step.only), some: step.only !== undefined, wrote: step.mode === "sync" };
  const unbuilt = new Set<string>();
  const builders = simulatedBuilders(repository, step.builds, clock, (service) => unbuilt.add(service));
  const meant = intentOf(commit.monorepo);
  const asked = records?.now(commit) ?? NOTHING_ASKED;
  const isConfirmed = (id: string): boolean => step.confirm === "head" || asked.isConfirmed(id);
  const intent = records?.seenWith(meant, clock.nowMs(), { ...asked, isConfirmed }) ?? meant;
  const unasked: PassRequest = {
    mode: step.mode,
    path: PATH,
    scope: SCOPE,
    services: step.only === undefined ? [] : [step.only],
    defaultNamespace: "one",
    concurrency: 3,
    breaker: flags,
    ...(step.adopt === undefined ? {} : { adopt: step.adopt }),
    ...confirmation(step.confirm, commit.id),
  };
  const tools = await toolsFor(world, step);
  const newer = newerThan(step, clock);
  const told = watching && (await toldBy(watching, stage.ground, requests));
  watching?.go(cluster);
  const { memory } = world.staying.process ?? {};
  const io = {
    source: repository.source(step.git),
    cluster: watching?.cluster ?? cluster,
    builders,
    cache,
    clock,
    ...(memory === undefined ? {} : { memory }),
    ...(told === undefined ? {} : { live: told.live }),
  };
  let outcome: PassOutcome | undefined;
  let thrown: string | undefined;
  const pass = async (): Promise<PassOutcome | undefined> => {
    const request = records === undefined ? unasked : await records.asked(cluster, clock, unasked);
    // Where it cannot be known what people asked for, nothing is done.
    if (request === undefined) return undefined;
    return await world.program.runPass(io, { ...request, ...newer.request }, () => undefined, stop.signal);
  };
  const passed = pass().then(
    (done) => void (outcome = done),
    (cause: unknown) => void (thrown = cause instanceof Error ? cause.message : "no error"),
  );
  // What a crashed run still has in its hands is left to itself: none of its requests gets anywhere.
  const ends = new Promise<void>((resolve) => {
    void passed.then(resolve);
    void crashed.then(resolve);
  });
  const through = await clock.runUntil(ends);
  await ended();
  const times = newer.over();
  await stage.settled();
  if (world.staying.calm !== undefined) watching?.go(world.staying.calm);
  if (step.trouble.crash !== undefined) await renewed(world);
  const lists = requests.filter((one) => isInventory(one) && one.known === undefined);
  await records?.ended({ meant, outcome, asked: { ...asked, isConfirmed }, ...picked }, clock);
  const violations = [
    ...judgeRun({
      intent,
      scope: SCOPE,
      breaker: limitsOf(countingFile(commit.monorepo), flags),
      isConfirmed,
      misconfirmed: step.confirm === "another" || step.confirm === "few digits",
      writes: step.mode === "sync",
      selected: picked.selected,
      sourceFailed: lacksSource(step, intent, memory !== undefined),
      unbuilt,
      late: step.builds.length > 0,
      // A process that watches goes by what it knows, whatever it lists to know it.
      requests: watching === undefined ? requests : requests.filter((one) => !lists.includes(one)),
      paused: told?.paused(),
      rewritten: (label) => isRewritten(world, label, commit.id),
      tools,
      ...(history.others?.rolloutMs === undefined ? {} : { times }),
    }),
    ...(told?.violations ?? []),
    ...(through ? [] : [{ law: "D it ends", what: "the run hangs" }]),
    ...(thrown === undefined ? [] : [{ law: "D it ends", what: `the run throws: ${thrown}` }]),
    ...bugsIn(outcome),
  ];
  if (step.mode === "sync" && outcome !== undefined) noteApplied(world, outcome, picked.some);
  const writes = requests
    .filter(({ verb, dryRun, done }) => done && (verb === "apply" || verb === "remove" || verb === "patch") && !dryRun)
    .map(({ verb, kind, namespace, name }) => `${verb} ${kind?.kind} ${namespace}/${name}`);
  return {
    violations,
    writes,
    lists: lists.map(({ kind }) => kind?.kind ?? ""),
    intent,
    paused: told?.paused(),
    ...(outcome === undefined ? {} : { outcome }),
  };
}

/** What a pass over all services wrote down; of one over some only that those may be somewhere else by now. */
function noteApplied({ applied, records }: World, { revision, services, failures }: PassOutcome, some: boolean): void {
  if (records === undefined || revision === undefined || failures.length > 0) return;
  const before = new Map(applied);
  if (!some) applied.clear();
  for (const { service, state } of services) {
    const label = asLabel(service);
    const known = state === "synced" || state === "unchanged" ? revision.commit : before.get(label);
    if (some || known === undefined) applied.delete(label);
    else applied.set(label, known);
  }
}

function isRewritten({ applied, repository }: World, label: string, commit: string): boolean {
  const before = applied.get(label);
  return before !== undefined && !repository.follows(commit, before);
}

/** A revision without any definition has no content that could be missing, and a process may have read all that there is. */
function lacksSource({ git }: RunStep, { services }: Intent, remembers: boolean): boolean {
  return git === "content" ? services.length > 0 && !remembers : git !== undefined;
}

/** How other tools are when a run begins. */
async function toolsFor({ history, stage }: World, { adopt = [] }: Partial<RunStep>): Promise<Tools> {
  const { tools } = history.others ?? {};
  const atWork = tools === undefined ? new Set<string>() : await ownersAtWork(stage.ground);
  return { atWork, veiled: tools === "veiled", adopt };
}

function bugsIn(outcome: PassOutcome | undefined): readonly Violation[] {
  return (outcome?.services ?? []).flatMap(({ service, failures }) =>
    failures
      .filter(({ code }) => code === "reconcile/bug")
      .map(({ message }) => ({ law: "no bug", what: `${service}: ${message}` })),
  );
}

const CALM: RunStep = {
  step: "run",
  mode: "sync",
  trouble: NO_TROUBLE,
  builds: [],
  cache: "kept",
  confirm: "nothing",
};

const PAUSED_MS_MAX = 15 * 60_000;
const PROMPT_MS = 30_000;

/** Deletes that are paused, since the cluster went back, go on when that is over. */
async function settleDown(watching: Watching | undefined): Promise<void> {
  if (watching === undefined) return;
  watching.watches.calm();
  const asked = watching.live.inventory(new AbortController().signal);
  await watching.clock.runUntil(asked);
  const known = await asked;
  if (known.ok && known.value.paused !== undefined) await watching.idle(PAUSED_MS_MAX);
}

/** Runs without trouble until one writes nothing, and judges what is there then. */
async function brought(world: World): Promise<readonly Violation[]> {
  await settleDown(world.staying.process?.watching);
  // What finalizers hold is left alone while they do.
  for (const _ of ["deletes", "finds deleted"]) {
    await world.staying.process?.watching?.idle(0);
    const held = await run(world, CALM);
    if (held.violations.length > 0) return held.violations;
  }
  await releaseAll(world.stage.ground);
  await world.stage.settled();
  const first = await toRest(world, CALM);
  if (first.violations.length > 0 || first.outcome === undefined) return first.violations;
  const rest = { live: await world.stage.ground.list(), scope: SCOPE, tools: await toolsFor(world, {}) };
  const unmet = judgeRest({ ...rest, intent: first.intent, outcome: first.outcome });
  if (unmet.length > 0) return unmet;
  await longAfter(world);
  const beganMs = clockOf(world).monotonicMs();
  const again = await run(world, CALM);
  if (again.violations.length > 0) return again.violations;
  const builds = again.outcome?.builds ?? 0;
  if (again.writes.length + builds > 0)
    return [{ law: "I8 a no-op is free", what: `${builds} builds, writes ${again.writes.join(", ")}` }];
  // Whoever waits for what never gets healthy is there when everything is listed, as it is from time to time.
  const isPrompt = clockOf(world).monotonicMs() - beganMs < PROMPT_MS;
  if (isPrompt && world.staying.process?.watching !== undefined && again.lists.length > 0)
    return [{ law: "I8 a no-op is free", what: `lists of ${again.lists.join(", ")}` }];
  const ended = await confirmed(world);
  return ended.length > 0 || !(await isFreed(world)) ? ended : await confirmed(world);
}

/** Everything that was held is confirmed: what is there then, and nothing else. */
async function confirmed(world: World): Promise<readonly Violation[]> {
  const ran = await toRest(world, { ...CALM, confirm: "head" });
  const { violations, outcome, intent } = ran;
  if (violations.length > 0 || outcome === undefined) return violations;
  const end = {
    intent,
    outcome,
    live: await world.stage.ground.list(),
    scope: SCOPE,
    tools: await toolsFor(world, {}),
  };
  return [...judgeRest(end), ...judgeLeftovers(end)];
}

/** Whether people held anything up: they resume it, and put right what is wrong with settings. */
async function isFreed(world: World): Promise<boolean> {
  const { records, repository } = world;
  const { monorepo } = repository.head();
  const mended = mendedSettings(monorepo);
  const clock = clockOf(world);
  const isMended = JSON.stringify(mended) !== JSON.stringify(monorepo);
  const holds = records?.holds(clock.nowMs()) === true;
  if (isMended) repository.commit(mended);
  if (holds) await records.play({ step: "resume", glob: "*" }, clock, repository);
  return isMended || holds;
}

async function toRest(world: World, step: RunStep): Promise<Ran> {
  let writes: readonly string[] = [];
  for (let count = 0; count < RUNS_TO_REST; count += 1) {
    // Whoever failed, or fought with somebody over a field, tries again after a while.
    await longAfter(world);
    const ran = await run(world, step);
    const isRest = ran.writes.length === 0 && ran.paused === undefined;
    if (ran.violations.length > 0 || isRest) return ran;
    if (ran.paused !== undefined) await world.staying.process?.watching?.idle(PAUSED_MS_MAX);
    writes = ran.writes;
  }
  const what = `it still writes after ${RUNS_TO_REST} runs: ${writes.slice(0, 3).join(", ")}`;
  return {
    violations: [{ law: "I7 it converges", what }],
    writes,
    lists: [],
    intent: intentOf(world.repository.head().monorepo),
  };
}

async function longAfter({ stage, staying }: World): Promise<void> {
  stage.skip(LONG_MS);
  await staying.process?.watching?.idle(SETTLES_MS);
}
