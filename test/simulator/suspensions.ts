import type { askedRequest } from "../../src/cli/keeping.ts";
import type { Cluster } from "../../src/cluster/index.ts";
import type { Clock, PassOutcome } from "../../src/model/index.ts";
import type { PassRequest } from "../../src/reconcile/index.ts";
import type { confirm, readStanding, resume, Standing, suspend, writeStatus } from "../../src/status/index.ts";
import { CONFIG_MAP } from "../../src/status/place.ts";
import type { Edit } from "./edits.ts";
import type { History, RunStep, Step } from "./history.ts";
import type { Intent } from "./intent.ts";
import type { Breakage } from "./monorepo.ts";
import { newRandom, type Random } from "./random.ts";
import type { Commit, Repository } from "./repository.ts";
import { isMeant } from "./settings.ts";

/**
 * What people ask for in the cluster: services that match are left alone, for a while or until somebody says otherwise; or their
 * deletes may go, at the commit that is there now or at one before it. Or somebody cuts off what is kept of services.
 */
export type AskedStep =
  | { readonly step: "suspend"; readonly glob: string; readonly forMs?: number }
  | { readonly step: "resume"; readonly glob: string }
  | { readonly step: "confirm"; readonly glob: string; readonly of: "head" | "earlier" }
  | { readonly step: "damage" };

/** Whether somebody confirmed the deletes of a service, by its id. */
export type IsConfirmed = (id: string) => boolean;

/** What people had asked for when a run began: what they ask for later is not for it. */
export interface Asked {
  readonly isConfirmed: IsConfirmed;
  isHeld(id: string, nowMs: number): boolean;
}

export const NOTHING_ASKED: Asked = { isConfirmed: () => false, isHeld: () => false };

/** The program's own ways of keeping what people asked for. */
export interface Keeping {
  readonly askedRequest: typeof askedRequest;
  readonly confirm: typeof confirm;
  readonly readStanding: typeof readStanding;
  readonly resume: typeof resume;
  readonly suspend: typeof suspend;
  readonly writeStatus: typeof writeStatus;
}

/** One run, as far as what is kept depends on it. */
interface RunEnd {
  /** What the revision meant, without what people asked for in the cluster. */
  readonly meant: Intent;
  readonly outcome: PassOutcome | undefined;
  readonly selected: (id: string) => boolean;
  readonly some: boolean;
  /** Others look, and write nothing. */
  readonly wrote: boolean;
  readonly asked: Asked;
}

/** What is kept in the cluster between runs, by the program; and what that has to be, by the judge's own account. */
export interface Records {
  play(step: AskedStep, clock: Clock, repository: Repository): Promise<void>;
  /** The request with what people asked for; undefined when that cannot be read. */
  asked(cluster: Cluster, clock: Clock, request: PassRequest): Promise<PassRequest | undefined>;
  /** What people have asked for by now, of a run at a commit; the commit itself may confirm, too. */
  now(commit: Commit): Asked;
  /** What a revision means while people have asked for something else. */
  seenWith(meant: Intent, nowMs: number, asked: Asked): Intent;
  /** Writes what is kept of a run that came to its end. */
  ended(run: RunEnd, clock: Clock): Promise<void>;
  /** Whether anything is suspended. */
  holds(nowMs: number): boolean;
}

const never = new AbortController().signal;
const NAMESPACE = "gitops-system";
const HEARTBEAT_MS = 15 * 60_000;

/** `scope` is of the history alone; where it is played, others may have been before. */
export function newRecords(keeping: Keeping, cluster: Cluster, scope: string): Records {
  const place = { namespace: NAMESPACE, scope };
  const settings = { cluster: { kind: "kubeconfig" }, statusNamespace: NAMESPACE, scope };
  const state: { held: readonly Held[]; orders: readonly Order[]; standing?: Standing } = { held: [], orders: [] };
  // Services by whether git said to leave them alone when it was last read and that was written down.
  const saidByGit = new Map<string, boolean>();
  // Whoever was in a revision that a run saw, though it died: of what is damaged nobody knows who had been taken out of it.
  const ever = new Set<string>();
  // Those of which the program may have read that much, or not: what else of them it could read is not known here.
  const perhapsSaid = new Set<string>();
  return {
    async play(step, clock, repository) {
      const nowMs = clock.nowMs();
      if (step.step === "damage") {
        const kept = need(await keeping.readStanding(cluster, place, nowMs, never)).kept.objects;
        for (const { name, data } of kept.values()) {
          const { services } = data;
          if (services !== undefined) await cut(cluster, name, services);
        }
        for (const id of ever) perhapsSaid.add(id);
        return;
      }
      if (step.step === "confirm") {
        const commit = step.of === "head" ? repository.head().id : repository.earlier().id;
        const order = { commit, globs: [step.glob], by: "jo", at: new Date(nowMs).toISOString() };
        need(await keeping.confirm(cluster, clock, place, order, never));
        state.orders = [...state.orders, { commit, glob: step.glob }];
        return;
      }
      const others = state.held.filter(({ glob }) => glob !== step.glob);
      if (step.step === "resume") {
        need(await keeping.resume(cluster, clock, place, [step.glob], never));
        state.held = step.glob === "*" || step.glob === "**" ? [] : others;
        return;
      }
      const { glob, forMs = Number.POSITIVE_INFINITY } = step;
      const until = forMs === Number.POSITIVE_INFINITY ? {} : { until: new Date(nowMs + forMs).toISOString() };
      const added = { glob, reason: "a look at it", author: "jo", at: new Date(nowMs).toISOString(), ...until };
      need(await keeping.suspend(cluster, clock, place, [added], never));
      state.held = [...others, { glob, untilMs: nowMs + forMs }];
    },
    async asked(way, clock, request) {
      const about = { cluster: way, settings, world: { clock } } as unknown as Parameters<typeof askedRequest>[0];
      const known = await keeping.askedRequest(about, request, never);
      state.standing = need(await keeping.readStanding(cluster, place, clock.nowMs(), never));
      return known.ok ? known.value : undefined;
    },
    now({ id: commit, confirms }) {
      const { held, orders } = state;
      return {
        isConfirmed: (id) =>
          (confirms !== undefined && isMeant(confirms, id)) ||
          orders.some((order) => order.commit === commit && isMeant(order.glob, id)),
        isHeld: (id, nowMs) => held.some(({ glob, untilMs }) => untilMs > nowMs && isMeant(glob, id)),
      };
    },
    seenWith(meant, nowMs, asked) {
      for (const { id } of meant.services) ever.add(id);
      const isHeld: Asked["isHeld"] = (...of) => asked.isHeld(...of);
      return {
        ...meant,
        services: meant.services.map((service) => {
          if (!isHeld(service.id, nowMs)) return service;
          return { ...service, suspend: true, state: service.state === "known" ? "suspended" : service.state };
        }),
        leftAlone: (id) =>
          meant.leftAlone(id) || isHeld(id, nowMs) || (saidByGit.get(id) === true && !asked.isConfirmed(id)),
        mayBeLeftAlone: (id) => perhapsSaid.has(id),
      };
    },
    async ended({ meant, outcome, selected, some, wrote, asked }, clock) {
      const { standing } = state;
      if (outcome === undefined || !wrote || standing === undefined) return;
      need(await keeping.writeStatus(cluster, clock, standing, outcome, { some, heartbeatMs: HEARTBEAT_MS }, never));
      if (outcome.revision === undefined || outcome.failures.length > 0) return;
      const present = new Set(meant.services.map(({ id }) => id));
      for (const { id, state } of meant.services)
        if (selected(id) && state !== "unknown") saidByGit.set(id, state === "suspended");
      for (const { id, state, suspend } of meant.services) if (suspend && state === "unknown") perhapsSaid.add(id);
      // Settings may have held it once it was gone: as git did, if the program saw anything of it.
      for (const id of saidByGit.keys()) if (!present.has(id) && meant.leftAlone(id)) perhapsSaid.add(id);
      // What was confirmed need not be held a second time, unless somebody else held it then.
      const held = (id: string): boolean => asked.isHeld(id, clock.nowMs()) || meant.leftAlone(id);
      for (const id of saidByGit.keys())
        if (!present.has(id) && asked.isConfirmed(id) && selected(id) && !held(id)) saidByGit.delete(id);
    },
    holds: (nowMs) => state.held.some(({ untilMs }) => untilMs > nowMs),
  };
}

async function cut(cluster: Cluster, name: string, services: string): Promise<void> {
  const body = { data: { services: services.slice(0, services.length / 2) } };
  const patched = await cluster.patch(CONFIG_MAP, NAMESPACE, name, "application/merge-patch+json", body, never);
  if (!patched.ok) throw new Error(`${name} cannot be damaged: ${patched.problem.message}`);
}

interface Order {
  readonly glob: string;
  readonly commit: string;
}

interface Held {
  readonly glob: string;
  readonly untilMs: number;
}

function need<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failures: readonly unknown[] },
): T {
  if (!result.ok) throw new Error(`what is kept cannot be read or written: ${JSON.stringify(result.failures)}`);
  return result.value;
}

const GLOBS: readonly [string, ...string[]] = [
  "cart",
  "pay",
  "*",
  "flux-system/*",
  "*a*",
  "**",
  "fleet/**",
  "mail",
  "web",
];
const TIMES_MS: readonly [number, ...number[]] = [60_000, 10 * 60_000, 60 * 60_000];
const OTHERS = 2 ** 30;

/** Some histories have people who suspend and resume; what a history holds besides stays as it is. */
export function withSuspensions(history: History): History {
  const random = newRandom(history.seed + OTHERS);
  if (!random.chance(0.2)) return history;
  const steps = history.steps.flatMap((step, index): Step[] => {
    const before: Step[] = index > 0 && random.chance(0.4) ? [asked(random)] : [];
    if (step.step !== "commit" || index === 0 || !random.chance(0.5)) return [...before, step];
    return [...before, { ...step, edits: [...step.edits, edit(random)] }];
  });
  return withHaste(
    withConfirmations({
      ...history,
      records: true,
      steps: random.chance(0.35) ? [...steps, ...farewell(random)] : steps,
    }),
  );
}

/** People do not wait for a run to end. */
function withHaste(history: History): History {
  const random = newRandom(history.seed + 3 * OTHERS);
  if (!random.chance(0.5)) return history;
  const steps = history.steps.map((step): Step => {
    if (step.step !== "run" || !random.chance(0.35)) return step;
    const confirm: AskedStep = { step: "confirm", glob: random.pick(GLOBS), of: "head" };
    return { ...step, meanwhile: { at: random.int(30), asked: random.chance(0.25) ? confirm : asked(random) } };
  });
  return { ...history, steps };
}

/** Some of those have people who confirm what is held, too: by an order, or in the commit itself. */
function withConfirmations(history: History): History {
  const random = newRandom(history.seed + 2 * OTHERS);
  if (!random.chance(0.4)) return history;
  const steps = history.steps.flatMap((step, index): Step[] => {
    if (step.step === "commit" && index > 0 && random.chance(0.15)) return [{ ...step, confirms: random.pick(GLOBS) }];
    if (step.step !== "run" || !random.chance(0.3)) return [step];
    if (random.chance(0.2)) return [{ step: "damage" }, step];
    const of = random.chance(0.8) ? ("head" as const) : ("earlier" as const);
    return [{ step: "confirm", glob: random.pick(GLOBS), of }, step];
  });
  return { ...history, steps };
}

/** A service leaves git that git said to leave alone, and so did people, perhaps. */
function farewell(random: Random): readonly Step[] {
  const service = random.int(12);
  const suspended: Edit = { edit: "set", service, settings: { suspend: true } };
  const broken: Edit = { edit: "break", service, breakage: random.pick<Breakage>(["field", "document", "yaml"]) };
  const all: AskedStep = { step: "suspend", glob: "*" };
  return [
    { step: "commit", edits: [suspended] },
    ...(random.chance(0.3) ? [all] : []),
    plainRun(random),
    ...(random.chance(0.4) ? [{ step: "commit" as const, edits: [broken] }, plainRun(random)] : []),
    { step: "commit", edits: [{ edit: "drop-service", service }] },
    plainRun(random),
    ...(random.chance(0.5) ? [{ step: "resume" as const, glob: "*" }] : []),
    plainRun(random),
  ];
}

function plainRun(random: Random): RunStep {
  const faults = random.chance(0.25) ? [{ at: random.int(9), kind: "server-error" as const }] : [];
  const trouble = { faults, acts: [] };
  return { step: "run", mode: "sync", trouble, builds: [], cache: "kept", confirm: "nothing" };
}

function asked(random: Random): AskedStep {
  const glob = random.pick(GLOBS);
  if (random.chance(0.35)) return { step: "resume", glob };
  return { step: "suspend", glob, ...(random.chance(0.4) ? { forMs: random.pick(TIMES_MS) } : {}) };
}

/** What matters to whom is suspended: git says so or not, or has him no more. */
function edit(random: Random): Edit {
  const service = random.int(12);
  const make = random.weighted<() => Edit>([
    [3, () => ({ edit: "set", service, settings: { suspend: random.chance(0.75) } })],
    [3, () => ({ edit: "drop-service", service })],
    [1, () => ({ edit: "drop", service, thing: random.int(12) })],
  ]);
  return make();
}
