import { type Cluster, type LiveMetadata, type Problem, problemFailure } from "../cluster/index.ts";
import {
  type Confirmation,
  type Failure,
  failed,
  globProblem,
  ok,
  type Result,
  type ServiceStanding,
  type Suspension,
} from "../model/index.ts";
import { servicesOf } from "./groups.ts";
import type { KeptService, PassHead } from "./kept.ts";
import { type KeptObject, keptObject } from "./objects.ts";
import { type ConfirmingCommit, type ConfirmOrder, confirmationsOf, isActive, suspensionsOf } from "./orders.ts";
import { CONFIG_MAP, namesOf, type StatusPlace, standingSelector } from "./place.ts";
import { resolveService } from "./resolve.ts";
import { isSoundHead } from "./sound.ts";

/** All that the program keeps in the cluster about a scope, as it was at one moment. */
export interface Standing {
  readonly place: StatusPlace;
  /** The last pass over all services; undefined when there was none. */
  readonly head: PassHead | undefined;
  /** What is kept of the last pass is there, and cannot be understood. */
  readonly headless: boolean;
  /** Some of the records of services cannot be understood: one without a record may have had one. */
  readonly damaged: boolean;
  readonly suspensions: readonly Suspension[];
  readonly confirmations: readonly ConfirmOrder[];
  /** Jobs that ran and clean up after themselves: the hash that was applied, by object key. */
  readonly jobs: ReadonlyMap<string, string>;
  /** False when only what people asked for could be read: then nothing may be written back, or history would be lost. */
  readonly whole: boolean;
  /** How far the cluster was when this was read or written: the newest resourceVersion; empty when nothing was. */
  readonly version: string;
  /** What is kept, for `writeStatus`. */
  readonly kept: {
    readonly services: ReadonlyMap<string, KeptService>;
    readonly objects: ReadonlyMap<string, KeptObject>;
  };
  /** The suspension that holds a service now. */
  suspensionOf(service: string): Suspension | undefined;
  /** Who confirmed the deletes of a service at a commit: by command, or in the commit itself. */
  confirmed(service: string, commit: ConfirmingCommit): Confirmation | undefined;
  /** Every service that something is known of, by id. */
  services(): readonly ServiceStanding[];
}

/**
 * Reads all that is kept, in one request; of `before`, what a process read or wrote last, only whether it still is so. What
 * people asked for (suspensions above all) must be known before anything is written: when it cannot be read or understood,
 * that is a failure, never "nothing is suspended". No namespace, and no object in it, is nothing kept.
 */
export async function readStanding(
  cluster: Cluster,
  place: StatusPlace,
  nowMs: number,
  signal: AbortSignal,
  before?: Standing,
): Promise<Result<Standing>> {
  const options = { namespace: place.namespace, labelSelector: standingSelector(place) };
  if (before?.whole === true) {
    const now = await cluster.list(CONFIG_MAP, options, signal);
    if (now.ok && isSame(now.value.items, before.kept.objects))
      return ok(newStanding({ ...before, version: now.value.resourceVersion }, nowMs));
    if (!now.ok && now.problem.kind !== "status") return failed(unknown(place, now.problem));
  }
  const listed = await cluster.listObjects(CONFIG_MAP, options, signal);
  if (listed.ok) {
    const { items, resourceVersion } = listed.value;
    return standingOf(place, items.map(keptObject), { whole: true, version: resourceVersion }, nowMs);
  }
  if (listed.problem.kind !== "status") return failed(unknown(place, listed.problem));
  // A server that cannot list a kind may still know its objects.
  const names = namesOf(place);
  const objects: KeptObject[] = [];
  for (const name of [names.suspensions, names.confirmations, names.jobs, names.pass]) {
    const answer = await cluster.get(CONFIG_MAP, place.namespace, name, signal);
    if (!answer.ok) return failed(unknown(place, listed.problem));
    if (answer.value !== undefined) objects.push(keptObject(answer.value));
  }
  return standingOf(place, objects, { whole: false, version: "" }, nowMs);
}

function unknown({ namespace }: StatusPlace, problem: Problem): Failure {
  return problemFailure(problem, { verb: "read", what: `what is kept in ${namespace}` });
}

/** Whether these are the objects that were read, at the versions that were read. */
function isSame(items: readonly LiveMetadata[], objects: ReadonlyMap<string, KeptObject>): boolean {
  const same = ({ ref, uid, resourceVersion }: LiveMetadata): boolean => {
    const known = objects.get(ref.name);
    return known?.uid === uid && known.resourceVersion === resourceVersion;
  };
  return items.length === objects.size && items.every(same);
}

/** Nothing is kept, or nothing shall be. */
export function emptyStanding(place: StatusPlace): Standing {
  const kept = { services: new Map(), objects: new Map() };
  const nothing = {
    head: undefined,
    headless: false,
    damaged: false,
    suspensions: [],
    confirmations: [],
    jobs: new Map<string, string>(),
  };
  return newStanding({ place, ...nothing, whole: false, version: "", kept }, 0);
}

/** What is kept after some of it was written. */
export function standingAfter(
  before: Standing,
  written: Pick<Standing, "head" | "jobs" | "kept" | "version">,
  nowMs: number,
): Standing {
  const headless = before.headless && written.head === undefined;
  const damaged = before.damaged && servicesOf(groupsIn([...written.kept.objects.values()])).damaged;
  return newStanding({ ...before, ...written, headless, damaged }, nowMs);
}

function standingOf(
  place: StatusPlace,
  objects: readonly KeptObject[],
  { whole, version }: Pick<Standing, "whole" | "version">,
  nowMs: number,
): Result<Standing> {
  const names = namesOf(place);
  const kept = new Map(objects.map((one) => [one.name, one]));
  const text = (name: string, key: string): string | undefined => kept.get(name)?.data[key];
  const suspensions = suspensionsIn(text(names.suspensions, "suspensions"), nowMs);
  const confirmations = listIn(text(names.confirmations, "confirmations"), isConfirmOrder);
  const jobs = listIn(text(names.jobs, "jobs"), isJob);
  if (suspensions === undefined || "wrong" in suspensions)
    return failed(notUnderstood(place, names.suspensions, suspensions));
  if (confirmations === undefined) return failed(notUnderstood(place, names.confirmations));
  if (jobs === undefined) return failed(notUnderstood(place, names.jobs));
  const head = headIn(text(names.pass, "pass"));
  const { services, damaged } = servicesOf(groupsIn(objects));
  const groups = [...Array(head?.groups ?? 0).keys()].map((index) => kept.get(names.group(index)));
  const parts: Parts = {
    place,
    head,
    // Which groups there should be says the end of the last pass; one that is not there is not one without services.
    damaged: damaged || groups.some((group) => group?.data["services"] === undefined),
    headless: head === undefined && objects.some(({ name, data }) => name === names.pass || "services" in data),
    suspensions,
    confirmations,
    jobs: new Map(jobs),
    whole,
    version,
    kept: { services, objects: kept },
  };
  return ok(newStanding(parts, nowMs));
}

type Parts = Pick<
  Standing,
  "place" | "head" | "headless" | "damaged" | "suspensions" | "confirmations" | "jobs" | "whole" | "version" | "kept"
>;

function newStanding(parts: Parts, nowMs: number): Standing {
  const { place, head, headless, damaged, suspensions, confirmations, jobs, whole, version, kept } = parts;
  const suspended = suspensionsOf(suspensions, nowMs);
  // One pass asks for every service about one commit.
  const asked = new WeakMap<ConfirmingCommit, (service: string) => Confirmation | undefined>();
  return {
    place,
    head,
    headless,
    damaged,
    suspensions,
    confirmations,
    jobs,
    whole,
    version,
    kept,
    suspensionOf: suspended,
    confirmed(service, commit) {
      const known = asked.get(commit) ?? confirmationsOf(confirmations, commit);
      asked.set(commit, known);
      return known(service);
    },
    services: () =>
      [...kept.services]
        .map(([service, one]) => resolveService(service, one, head, suspended(service)))
        .toSorted((a, b) => (a.service < b.service ? -1 : 1)),
  };
}

function groupsIn(objects: readonly KeptObject[]): readonly string[] {
  return objects.flatMap(({ data }) => (data["services"] === undefined ? [] : [data["services"]]));
}

/** The list in a text; empty when there is no text, undefined when it is no such list. */
function listIn<T>(text: string | undefined, is: (value: unknown) => value is T): readonly T[] | undefined {
  if (text === undefined || text.trim() === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(is) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An entry that cannot be understood: which, and why. */
interface Wrong {
  readonly wrong: string;
  /** From 1 on. */
  readonly entry: number;
}

/**
 * The suspensions in a text. One that an older version took and that means nothing now may have held any service: so it is told,
 * and nothing is known to be suspended; unless its time is over, as it holds nobody any more.
 */
function suspensionsIn(text: string | undefined, nowMs: number): readonly Suspension[] | Wrong | undefined {
  const entries = listIn(text, (_one): _one is unknown => true);
  if (entries === undefined) return undefined;
  const suspensions: Suspension[] = [];
  for (const [index, one] of entries.entries()) {
    const wrong = shapeProblem(one);
    if (wrong !== undefined) return { wrong, entry: index + 1 };
    const suspension = one as Suspension;
    const problem = globProblem(suspension.glob);
    if (problem === undefined) suspensions.push(suspension);
    else if (isActive(suspension, nowMs)) return { wrong: `of ${suspension.author}: ${problem}`, entry: index + 1 };
  }
  return suspensions;
}

/** Why an entry is no suspension, whatever its glob. */
function shapeProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "it is no suspension";
  const one = value as Partial<Record<keyof Suspension, unknown>>;
  const of = typeof one.author === "string" ? `of ${one.author}: ` : "";
  const missing = (["glob", "reason", "author", "at"] as const).find((field) => typeof one[field] !== "string");
  if (missing !== undefined) return `${of}it has no ${missing}`;
  if (one.until === undefined || (typeof one.until === "string" && !Number.isNaN(Date.parse(one.until))))
    return undefined;
  return `${of}${JSON.stringify(one.until)} is no time to end at`;
}

function notUnderstood({ namespace }: StatusPlace, name: string, wrong?: Wrong): Failure {
  const message = `ConfigMap ${namespace}/${name} cannot be understood, so it cannot be known what was asked for`;
  const code = "usage/invalid-settings";
  if (wrong === undefined) {
    const remedy = "correct it, or delete it when nothing in it matters any more: gitops writes it anew";
    return { code, message, remedy };
  }
  const edit = `kubectl edit configmap ${name} --namespace ${namespace}`;
  return {
    code,
    message: `${message}: entry ${wrong.entry}, ${wrong.wrong}`,
    remedy: `correct entry ${wrong.entry}, or take it out when it need not hold any more: ${edit}`,
  };
}

function isConfirmOrder(value: unknown): value is ConfirmOrder {
  const one = value as Partial<ConfirmOrder> | null;
  if (typeof one !== "object" || one === null) return false;
  const texts = [one.commit, one.by, one.at].every((text) => typeof text === "string");
  return texts && /^[0-9a-f]{7,64}$/.test(one.commit ?? "") && Array.isArray(one.globs) && one.globs.every(isText);
}

function isJob(value: unknown): value is readonly [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function headIn(text: string | undefined): PassHead | undefined {
  if (text === undefined) return undefined;
  try {
    const head: unknown = JSON.parse(text);
    return isSoundHead(head) ? head : undefined;
  } catch {
    return undefined;
  }
}
