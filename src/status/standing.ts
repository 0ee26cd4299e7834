import { type Cluster, problemFailure } from "../cluster/index.ts";
import { type Confirmation, failed, ok, type Result, type ServiceStanding, type Suspension } from "../model/index.ts";
import { servicesOf } from "./groups.ts";
import type { KeptService, PassHead } from "./kept.ts";
import { type KeptObject, keptObject } from "./objects.ts";
import { type ConfirmingCommit, type ConfirmOrder, confirmationOf, suspensionOf } from "./orders.ts";
import { CONFIG_MAP, namesOf, type StatusPlace, standingSelector } from "./place.ts";
import { resolveService } from "./resolve.ts";

/** All that the program keeps in the cluster about a scope, as it was at one moment. */
export interface Standing {
  readonly place: StatusPlace;
  /** The last pass over all services; undefined when there was none. */
  readonly head: PassHead | undefined;
  readonly suspensions: readonly Suspension[];
  readonly confirmations: readonly ConfirmOrder[];
  /** Jobs that ran and clean up after themselves: the hash that was applied, by object key. */
  readonly jobs: ReadonlyMap<string, string>;
  /** False when only what people asked for could be read: then nothing may be written back, or history would be lost. */
  readonly whole: boolean;
  /** True when anything is kept at all. */
  readonly exists: boolean;
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
 * Reads all that is kept, in one request. What people asked for (suspensions above all) must be known before anything is
 * written: when it cannot be read or understood, that is a failure, never "nothing is suspended". No namespace, and no
 * object in it, is nothing kept.
 */
export async function readStanding(
  cluster: Cluster,
  place: StatusPlace,
  nowMs: number,
  signal: AbortSignal,
): Promise<Result<Standing>> {
  const options = { namespace: place.namespace, labelSelector: standingSelector(place) };
  const listed = await cluster.listObjects(CONFIG_MAP, options, signal);
  if (listed.ok) return standingOf(place, listed.value.items.map(keptObject), true, nowMs);
  // A server that cannot list a kind may still know its objects.
  const names = namesOf(place);
  const objects: KeptObject[] = [];
  for (const name of [names.suspensions, names.confirmations, names.jobs]) {
    const answer = await cluster.get(CONFIG_MAP, place.namespace, name, signal);
    if (!answer.ok) {
      const failure = problemFailure(listed.problem, { verb: "read", what: `what is kept in ${place.namespace}` });
      return failed({ ...failure, message: `it cannot be known what is suspended: ${failure.message}` });
    }
    if (answer.value !== undefined) objects.push(keptObject(answer.value));
  }
  return standingOf(place, objects, false, nowMs);
}

/** Nothing is kept, or nothing shall be. */
export function emptyStanding(place: StatusPlace): Standing {
  return newStanding(place, { objects: [], suspensions: [], confirmations: [], jobs: [], whole: false, nowMs: 0 });
}

function standingOf(
  place: StatusPlace,
  objects: readonly KeptObject[],
  whole: boolean,
  nowMs: number,
): Result<Standing> {
  const names = namesOf(place);
  const text = (name: string, key: string): string | undefined => objects.find((one) => one.name === name)?.data[key];
  const suspensions = listIn(text(names.suspensions, "suspensions"), isSuspension);
  const confirmations = listIn(text(names.confirmations, "confirmations"), isConfirmOrder);
  const jobs = listIn(text(names.jobs, "jobs"), isJob);
  for (const [name, list] of [
    [names.suspensions, suspensions],
    [names.confirmations, confirmations],
    [names.jobs, jobs],
  ] as const) {
    if (list !== undefined) continue;
    return failed({
      code: "usage/invalid-settings",
      message: `ConfigMap ${place.namespace}/${name} cannot be understood, so it cannot be known what was asked for`,
      remedy: "correct it, or delete it when nothing in it matters any more: gitops writes it anew",
    });
  }
  return ok(
    newStanding(place, {
      objects,
      suspensions: suspensions ?? [],
      confirmations: confirmations ?? [],
      jobs: jobs ?? [],
      whole,
      nowMs,
    }),
  );
}

interface Parts {
  readonly objects: readonly KeptObject[];
  readonly suspensions: readonly Suspension[];
  readonly confirmations: readonly ConfirmOrder[];
  readonly jobs: readonly (readonly [string, string])[];
  readonly whole: boolean;
  readonly nowMs: number;
}

function newStanding(place: StatusPlace, parts: Parts): Standing {
  const { objects, suspensions, confirmations, whole, nowMs } = parts;
  const names = namesOf(place);
  const head = headIn(objects.find((one) => one.name === names.pass)?.data["pass"]);
  const groups = objects.flatMap(({ data }) => (data["services"] === undefined ? [] : [data["services"]]));
  const services = servicesOf(groups);
  const suspended = (service: string): Suspension | undefined => suspensionOf(suspensions, service, nowMs);
  return {
    place,
    head,
    suspensions,
    confirmations,
    jobs: new Map(parts.jobs),
    whole,
    exists: objects.length > 0,
    kept: { services, objects: new Map(objects.map((one) => [one.name, one])) },
    suspensionOf: suspended,
    confirmed: (service, commit) => confirmationOf(confirmations, service, commit),
    services: () =>
      [...services]
        .map(([service, kept]) => resolveService(service, kept, head, suspended(service)))
        .toSorted((a, b) => (a.service < b.service ? -1 : 1)),
  };
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

function isSuspension(value: unknown): value is Suspension {
  const one = value as Partial<Suspension> | null;
  if (typeof one !== "object" || one === null) return false;
  const texts = [one.glob, one.reason, one.author, one.at].every((text) => typeof text === "string");
  return texts && (one.until === undefined || !Number.isNaN(Date.parse(one.until)));
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
    const head = JSON.parse(text) as Partial<PassHead> | null;
    const sound =
      typeof head?.number === "number" &&
      typeof head.revision === "string" &&
      typeof head.at === "string" &&
      typeof head.groups === "number" &&
      Array.isArray(head.failures);
    return sound ? (head as PassHead) : undefined;
  } catch {
    return undefined;
  }
}
