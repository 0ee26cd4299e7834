import { type Kind, problemFailure } from "../cluster/index.ts";
import { type Failure, failed, type LiveMetadata, ok, type Result } from "../model/index.ts";
import {
  asksForRecreation,
  type Declared,
  FIELD_MANAGER,
  type KindSet,
  notRecreated,
  underAnotherName,
} from "../plan/index.ts";
import { type Applier, apply, terminating } from "./apply.ts";
import { remove } from "./remove.ts";

/** How long a deleted object is waited for; one that finalizers hold for longer is created by a later pass. */
const GONE_MS_MAX = 5_000;
const GONE_POLL_MS = 100;

/** On whose behalf an object is applied, and whether all of the service may be deleted and created anew. */
export interface Owner {
  readonly scope: string;
  readonly service: string;
  readonly recreate: boolean;
  /** Kinds that settings protect. */
  readonly protect: KindSet;
  /** Why nothing may be deleted for now. */
  readonly pausedDeletes?: string;
}

/**
 * Applies an object. One that exists and whose change the server refuses only because it cannot change is deleted and created
 * anew where that is asked for, by the service's settings or on the object; else it stays, and the refusal is the failure.
 * A pass that dies in between has deleted what the next one creates.
 */
export async function applyOrRecreate(
  applier: Applier,
  declared: Declared,
  owner: Owner,
  need: (needed: Declared) => Promise<Failure | undefined>,
  signal: AbortSignal,
): Promise<Result<"created" | "updated" | "recreated">> {
  const answer = await apply(applier, declared, need, signal);
  if (answer.ok || answer.immutable === undefined) return answer;
  if (!owner.recreate && !asksForRecreation(declared.manifest)) return failed(...answer.failures.map(ofJob));
  const live = applier.live(declared.ref);
  const why = owner.pausedDeletes ?? notRecreated(declared, live, owner);
  if (why !== undefined || live === undefined) return failed(...answer.failures.map((one) => stays(one, why ?? "")));
  const kind = applier.kindOf(declared.ref);
  if (kind === undefined) throw new Error(`${declared.ref.kind} was applied without a kind`);
  const doubt = await refusal(applier, kind, declared, signal);
  if (doubt !== undefined) {
    const because = `the API server would not take the new one: ${doubt.message}`;
    return failed(...answer.failures.map((one) => stays(one, because)));
  }
  // Nothing can be said of what comes after a delete that is not done.
  if (applier.dryRun) return ok("recreated");
  const gone = await removed(applier, kind, declared, live, signal);
  if (gone !== undefined) return failed(gone);
  const created = await apply(applier, declared, need, signal);
  return created.ok ? ok("recreated") : created;
}

/** Why the server would refuse the new object, asked under a name that nobody has: what is deleted has to come back. */
async function refusal(
  { cluster }: Applier,
  kind: Kind,
  declared: Declared,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const options = { fieldManager: FIELD_MANAGER, force: true, dryRun: true };
  const answer = await cluster.apply(kind, underAnotherName(declared), options, signal);
  return answer.ok ? undefined : problemFailure(answer.problem, { verb: "apply", what: declared.ref, at: declared.at });
}

/** Deletes the object with every proof of law L2 and waits until it is gone; why not, when it did not go. */
async function removed(
  { cluster, clock }: Applier,
  kind: Kind,
  declared: Declared,
  live: LiveMetadata,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const { ref, at } = declared;
  const answer = await remove(cluster, kind, live, false, signal);
  if (!answer.ok) return answer.failures[0];
  for (const until = clock.monotonicMs() + GONE_MS_MAX; ; await clock.sleep(GONE_POLL_MS, signal)) {
    const now = await cluster.metadata(kind, ref.namespace, ref.name, signal);
    if (!now.ok) return problemFailure(now.problem, { verb: "read", what: ref, at });
    // Somebody else may be faster; what is there then is applied to like anything else.
    if (now.value === undefined || now.value.uid !== live.uid) return undefined;
    const since = now.value.deletionTimestamp;
    if (clock.monotonicMs() > until) return terminating(declared, since ?? "now", now.value.finalizers);
  }
}

function stays(failure: Failure, why: string): Failure {
  return {
    ...failure,
    message: `${failure.message}; it is not recreated: ${why}`,
    remedy: "undo the change; or delete the object by hand, when nothing is lost with it",
  };
}

/** A Job runs once: its template never changes, and most often another name says what is meant. */
function ofJob(failure: Failure): Failure {
  if (failure.object?.startsWith("batch/Job ") !== true) return failure;
  return {
    ...failure,
    remedy:
      "give the Job another name, or ask for it to be recreated: annotation gitops.bulkhead.dev/recreate: enabled",
  };
}
