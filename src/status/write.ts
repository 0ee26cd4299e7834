import pLimit from "p-limit";
import type { Cluster } from "../cluster/index.ts";
import {
  type Clock,
  type Failure,
  failed,
  ok,
  type PassOutcome,
  type Result,
  refKey,
  revisionText,
  type StepResult,
} from "../model/index.ts";
import { eventsOf, type StatusEvent, writeEvents } from "./events.ts";
import { groupCount, groupOfService, groupsNamed, groupTexts } from "./groups.ts";
import { isGood, type PassHead } from "./kept.ts";
import { keptFailures, lastNumber, nextServices } from "./next.ts";
import { type KeptObject, writeObject } from "./objects.ts";
import { namesOf } from "./place.ts";
import { readStanding, type Standing, standingAfter } from "./standing.ts";

/** What a pass was, beside its outcome. */
export interface PassAbout {
  /** It was about some services only. */
  readonly some: boolean;
  /** Longest between two times that the end of a pass is noted although nothing changed, milliseconds. */
  readonly heartbeatMs: number;
}

/** What was written: names of objects, and how many Events. */
export interface WrittenStatus {
  readonly objects: readonly string[];
  readonly events: number;
  /** Why Events could not be written; they are for people, and nothing else waits for them. */
  readonly unsaid: readonly Failure[];
  /** What is kept now. */
  readonly standing: Standing;
}

const WRITES_AT_ONCE = 4;

/**
 * Writes what a pass that wrote changed, and nothing when it changed nothing (law L6): the groups of the services that
 * differ, then the end of the pass, which is what says that a revision was applied, so that no crash in between claims more
 * than was done. When somebody else wrote meanwhile, it is read anew and tried once more.
 */
export async function writeStatus(
  cluster: Cluster,
  clock: Clock,
  standing: Standing,
  outcome: PassOutcome,
  about: PassAbout,
  signal: AbortSignal,
): Promise<Result<WrittenStatus>> {
  const first = await writeOnce(cluster, clock, standing, outcome, about, signal);
  if (first !== "changed") return first;
  const again = await readStanding(cluster, standing.place, clock.nowMs(), signal);
  if (!again.ok) return again;
  const second = again.value.whole
    ? await writeOnce(cluster, clock, again.value, outcome, { ...about, again: true }, signal)
    : "changed";
  return second === "changed" ? failed(overtaken(standing)) : second;
}

async function writeOnce(
  cluster: Cluster,
  clock: Clock,
  standing: Standing,
  outcome: PassOutcome,
  about: PassAbout & { readonly again?: boolean },
  signal: AbortSignal,
): Promise<Result<WrittenStatus> | "changed"> {
  const { place, head, kept } = standing;
  const nowMs = clock.nowMs();
  const names = namesOf(place);
  const before = { services: kept.services, damaged: standing.damaged, ...(head === undefined ? {} : { head }) };
  const after = nextServices(before, outcome, { nowMs, some: about.some, again: about.again === true });
  const still = after.changed.length === 0 && head !== undefined;
  const had = head?.groups ?? groupsNamed(kept.objects, names.group);
  const groups = still ? head.groups : groupCount(after.services, had);
  const writes = new Map<string, Readonly<Record<string, string>>>();
  const touched = new Set(after.changed.map(({ service }) => groupOfService(service, groups)));
  const wanted = groups === head?.groups && after.anew !== true ? touched : undefined;
  for (const [index, services] of groupTexts(after.services, groups, wanted)) {
    const name = names.group(index);
    if (kept.objects.get(name)?.data["services"] !== services) writes.set(name, { services });
  }
  // What another process noted meanwhile, this pass knows nothing of.
  const jobs = nextJobs(standing.jobs, outcome, about.some || about.again === true);
  if (jobsText(jobs) !== jobsText(standing.jobs)) writes.set(names.jobs, { jobs: jobsText(jobs) });
  const end = nextHead(standing, outcome, { groups, wrote: writes.size > 0, nowMs, ...about });

  const write = async (
    name: string,
    data: Readonly<Record<string, string>>,
  ): Promise<Result<KeptObject | "changed">> => {
    const written = await writeObject(cluster, place, name, data, kept.objects.get(name), signal);
    if (!written.ok) return written;
    return ok(written.value.kind === "written" ? written.value.object : "changed");
  };
  const limit = pLimit(WRITES_AT_ONCE);
  // One first: it makes the namespace when that is missing.
  const [one, ...rest] = [...writes];
  const results = one === undefined ? [] : [await write(...one)];
  results.push(...(await Promise.all(rest.map(([name, data]) => limit(() => write(name, data))))));
  if (end !== undefined && results.every((result) => result.ok && result.value !== "changed"))
    results.push(await write(names.pass, { pass: JSON.stringify(end) }));
  for (const result of results) {
    if (!result.ok) return result;
    if (result.value === "changed") return "changed";
  }
  const written = results.flatMap((result) => (result.ok && result.value !== "changed" ? [result.value] : []));
  const objects = new Map([...kept.objects, ...written.map((object) => [object.name, object] as const)]);
  const events = eventsOf(after.changed, { first: head === undefined, groups });
  const said = await say(cluster, standing, events, objects, nowMs, signal);
  // The end of the pass is written last.
  const version = written.at(-1)?.resourceVersion ?? standing.version;
  const now = { head: end ?? head, jobs, version, kept: { services: after.services, objects } };
  return ok({ objects: written.map(({ name }) => name), ...said, standing: standingAfter(standing, now, nowMs) });
}

async function say(
  cluster: Cluster,
  { place }: Standing,
  events: readonly StatusEvent[],
  objects: ReadonlyMap<string, KeptObject>,
  nowMs: number,
  signal: AbortSignal,
): Promise<{ readonly events: number; readonly unsaid: readonly Failure[] }> {
  const written = await writeEvents(cluster, place, events, objects, nowMs, signal);
  return written.ok ? { events: written.value, unsaid: [] } : { events: 0, unsaid: written.failures };
}

/** The end of the pass to note; undefined when there is nothing new to say. */
function nextHead(
  { head, kept }: Standing,
  outcome: PassOutcome,
  about: PassAbout & { readonly groups: number; readonly wrote: boolean; readonly nowMs: number },
): PassHead | undefined {
  const now = new Date(about.nowMs).toISOString();
  const failures = keptFailures(outcome.failures, head?.failures ?? [], now);
  if (outcome.revision === undefined || outcome.failures.length > 0) {
    const known = JSON.stringify(head?.failures ?? []);
    if (known === JSON.stringify(failures)) return undefined;
    return {
      number: head?.number ?? 0,
      revision: head?.revision ?? "",
      at: head?.at ?? now,
      groups: about.groups,
      failures,
    };
  }
  // A pass about some services says nothing of the others; but how many groups there are must be known.
  if (about.some) {
    if (head === undefined) return { number: 0, revision: "", at: now, groups: about.groups, failures: [] };
    return head.groups === about.groups ? undefined : { ...head, groups: about.groups };
  }
  const revision = revisionText(outcome.revision);
  const same = head !== undefined && head.revision === revision && head.failures.length === 0 && !about.wrote;
  // A clock that is ahead, here or elsewhere, must not keep it silent until the time that it told.
  if (same && Math.abs(about.nowMs - Date.parse(head.at)) < about.heartbeatMs) return undefined;
  const number = lastNumber({ services: kept.services, ...(head === undefined ? {} : { head }) }) + 1;
  return { number, revision, at: now, groups: about.groups, failures: [] };
}

/** Jobs that ran: those of this pass, and those of before that are still declared, or of which that is not known. */
function nextJobs(
  before: ReadonlyMap<string, string>,
  outcome: PassOutcome,
  some: boolean,
): ReadonlyMap<string, string> {
  const seen = new Map(outcome.services.flatMap(({ steps }) => steps.flatMap(jobOf)));
  const sure = !some && outcome.failures.length === 0 && outcome.services.every(({ state }) => isGood(state));
  const unseen = sure ? [] : [...before].filter(([key]) => !seen.has(key));
  // While something fails all the time, Jobs that left git stay; an object that is too big for them would not be written at all.
  let room = JOBS_CHARACTERS_MAX - charactersOf(seen);
  const kept = unseen.filter((job) => (room -= charactersOf([job])) >= 0);
  return new Map([...kept, ...seen]);
}

/** Of the 1 MiB that an object may have. */
const JOBS_CHARACTERS_MAX = 768 * 1024;

function charactersOf(jobs: Iterable<readonly [string, string]>): number {
  let characters = 0;
  for (const [key, hash] of jobs) characters += key.length + hash.length + '["",""],'.length;
  return characters;
}

function jobOf({ ref, job, result }: StepResult): readonly (readonly [string, string])[] {
  return job === undefined || result !== "done" ? [] : [[refKey(ref), job]];
}

function jobsText(jobs: ReadonlyMap<string, string>): string {
  return JSON.stringify([...jobs].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function overtaken({ place }: Standing): Failure {
  return {
    code: "apply/conflict",
    message: `somebody else keeps writing what is kept of scope ${place.scope} in ${place.namespace}`,
    remedy: "see if two processes sync the same scope at once; the next pass writes it again",
  };
}
