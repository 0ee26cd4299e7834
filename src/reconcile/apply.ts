import {
  type Applied,
  type Cluster,
  isOnlyImmutable,
  type Kind,
  type Problem,
  problemFailure,
} from "../cluster/index.ts";
import {
  type Clock,
  child,
  type Failure,
  failed,
  isObject,
  type Json,
  type LiveMetadata,
  type LiveObject,
  type Manifest,
  type ObjectRef,
  ok,
  type Result,
  refText,
  text,
} from "../model/index.ts";
import {
  type Declared,
  FIELD_MANAGER,
  kindKey,
  ownsReplicas,
  replicasOf,
  uncovered,
  withReplicas,
} from "../plan/index.ts";
import { established } from "./definitions.ts";
import { takeOver } from "./take-over.ts";

/** What applying one object needs of the pass. */
export interface Applier {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly dryRun: boolean;
  kindOf(ref: ObjectRef): Kind | undefined;
  /** Kinds that become served only in this pass, when their definition is applied. */
  isNew(kind: Kind): boolean;
  /** Whether anything of this pass defines a kind that is not served yet: what is suspended or refused does not. */
  isComing(ref: ObjectRef): boolean;
  /** Notes a definition that was applied. */
  defined(declared: Declared): void;
  /** The objects of this revision that must be there before `declared`: its namespace, its kind's definition. */
  needs(declared: Declared): readonly Declared[];
  /** What the plan knew of the object, whoever has it; undefined when it was not there. */
  live(ref: ObjectRef): LiveMetadata | undefined;
  /** Notes which fields the server took away right after our apply. */
  settle(declared: Declared, fields: readonly string[]): void;
}

/** What became of an apply. `immutable`: the server would take the object if it were new, and refuses only to change it. */
export type ApplyResult =
  | { readonly ok: true; readonly value: "created" | "updated" }
  | { readonly ok: false; readonly failures: readonly Failure[]; readonly immutable?: true };

/** How long a kind may stay unknown after its definition was established: discovery of the server lags. */
const LAG_MS_MAX = 10_000;
const LAG_POLL_MS = 100;
/** How often an object is read again that changes between being read and being applied. */
const READS_MAX = 8;

/** One server-side apply of one object, after what it needs is there. */
export async function apply(
  applier: Applier,
  declared: Declared,
  need: (needed: Declared) => Promise<Failure | undefined>,
  signal: AbortSignal,
): Promise<ApplyResult> {
  const object = refText(declared.ref);
  const kind = applier.kindOf(declared.ref);
  if (kind === undefined) throw new Error(`no kind for ${object}: it was planned without one`);
  let outdated: Failure | undefined;
  for (const needed of applier.needs(declared)) {
    const failure = await need(needed);
    if (failure === undefined) continue;
    const lacking = lacks(declared, needed, failure);
    // A kind that is served stays so when its new definition is refused: only what asks for something new has to wait (law L1).
    if (needed.ref.kind === "Namespace" || applier.isNew(kind)) return failed(lacking);
    outdated = lacking;
  }
  if (applier.isNew(kind) && !applier.isComing(declared.ref)) return failed(undefinedKind(declared));
  // What comes into being only in this pass cannot be judged by a server that does not have it.
  if (applier.dryRun && (applier.isNew(kind) || applier.needs(declared).length > 0)) return ok("created");
  const going = await stillGoing(applier, kind, declared, signal);
  if (going !== undefined) return failed(going);
  if (!applier.dryRun) {
    const ready = await takeOver(applier.cluster, kind, declared, applier.live(declared.ref), signal);
    if (!ready.ok) return ready;
  }
  const answer = await applyUnmoved(applier, kind, declared, signal);
  if (!answer.ok) {
    const unserved = answer.failures.some(({ code }) => code === "apply/unknown-kind");
    return outdated !== undefined && unserved ? failed(outdated) : answer;
  }
  const isDefinition = kindKey(declared.ref) === "apiextensions.k8s.io/CustomResourceDefinition";
  if (isDefinition) applier.defined(declared);
  const { created, object: live } = answer.value;
  const done = ok(created ? ("created" as const) : ("updated" as const));
  if (applier.dryRun) return done;
  applier.settle(declared, uncovered(declared.manifest, appliedFieldsOf(live)));
  const since = text(live.metadata, "deletionTimestamp");
  if (since !== undefined) return failed(terminating(declared, since, live.metadata["finalizers"]));
  if (isDefinition) {
    const ready = await established(applier.cluster, applier.clock, kind, declared.manifest, signal);
    if (!ready.ok) return ready;
  }
  return done;
}

function lacks({ ref, at }: Declared, needed: Declared, failure: Failure): Failure {
  const object = refText(ref);
  return {
    code: needed.ref.kind === "Namespace" ? "apply/missing-namespace" : "apply/unknown-kind",
    message: `${object} needs ${refText(needed.ref)}, which could not be applied: ${failure.message}`,
    remedy: `mend ${refText(needed.ref)} first`,
    at,
    object,
  };
}

/** The revision defines its kind, and nobody applies that: no use in waiting for it now. */
function undefinedKind({ ref, at }: Declared): Failure {
  const object = refText(ref);
  return {
    code: "apply/unknown-kind",
    message: `the API server serves no kind for ${object}, and what defines it in this revision is not applied`,
    remedy: "see the service with its CustomResourceDefinition: it is suspended, or is refused it",
    at,
    object,
  };
}

/** What to say of an object that was going away when the plan was made, and still is. It is created when it is gone. */
async function stillGoing(
  applier: Applier,
  kind: Kind,
  declared: Declared,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const { ref, at } = declared;
  if (applier.live(ref)?.deletionTimestamp === undefined) return undefined;
  const now = await applier.cluster.metadata(kind, ref.namespace, ref.name, signal);
  if (!now.ok) return problemFailure(now.problem, { verb: "read", what: ref, at });
  const since = now.value?.deletionTimestamp;
  return since === undefined ? undefined : terminating(declared, since, now.value?.finalizers);
}

/** An object that is being deleted: what is applied to it goes with it. */
export function terminating({ ref, at }: Declared, since: string, finalizers: Json | undefined): Failure {
  const object = refText(ref);
  const held = Array.isArray(finalizers) && finalizers.length > 0 ? `, held by ${finalizers.join(", ")}` : "";
  return {
    code: "apply/terminating",
    message: `${object} is terminating since ${since}${held}; it is created anew when it is gone`,
    remedy: "wait, or see what its finalizers wait for; it continues by itself",
    at,
    object,
  };
}

type Applying =
  | { readonly ok: true; readonly value: Applied }
  | { readonly ok: false; readonly failures: readonly Failure[]; readonly immutable?: true; readonly moved?: true };

/** Applies; an object whose replicas are not ours to set is read first, and again when it changed in between. */
async function applyUnmoved(applier: Applier, kind: Kind, declared: Declared, signal: AbortSignal): Promise<Applying> {
  if (declared.autoscaled === undefined) return await applyOnce(applier, kind, declared, declared.manifest, signal);
  for (let reads = 1; ; reads += 1) {
    const manifest = await unmoved(applier, kind, declared, signal);
    if (!manifest.ok) return manifest;
    const answer = await applyOnce(applier, kind, declared, manifest.value, signal);
    if (answer.ok || answer.moved === undefined || reads === READS_MAX) return answer;
  }
}

/**
 * What to apply of an object that something else scales. One that is new gets git's number. Replicas that our last apply set
 * are said again as they are now, for they would fall to 1 if they became nobody's; and the object must be the same and as it was
 * read then, or a number that was set meanwhile would be set back. Replicas that are not ours are not mentioned.
 */
async function unmoved(
  applier: Applier,
  kind: Kind,
  { ref, at, manifest, autoscaled }: Declared,
  signal: AbortSignal,
): Promise<Result<Manifest>> {
  const read = applier.isNew(kind)
    ? ({ ok: true, value: undefined } as const)
    : await applier.cluster.get(kind, ref.namespace, ref.name, signal);
  if (!read.ok) return failed(problemFailure(read.problem, { verb: "read", what: ref, at }));
  if (read.value === undefined) return ok(withReplicas(manifest, autoscaled?.replicas));
  // Without the uid, one that was deleted meanwhile would be created with a number that is not git's.
  const { resourceVersion, uid } = read.value.metadata;
  if (!ownsReplicas(appliedFieldsOf(read.value))) return ok({ ...manifest, metadata: { ...manifest.metadata, uid } });
  const same = withReplicas(manifest, replicasOf(read.value));
  return ok({ ...same, metadata: { ...same.metadata, uid, resourceVersion } });
}

async function applyOnce(
  applier: Applier,
  kind: Kind,
  { ref, at }: Declared,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<Applying> {
  const { cluster, clock, dryRun } = applier;
  const options = { fieldManager: FIELD_MANAGER, force: true, ...(dryRun ? { dryRun } : {}) };
  for (const until = clock.monotonicMs() + LAG_MS_MAX; ; await clock.sleep(LAG_POLL_MS, signal)) {
    const answer = await cluster.apply(kind, manifest, options, signal);
    if (answer.ok) return answer;
    const failure = problemFailure(answer.problem, { verb: "apply", what: ref, at });
    const lagging = failure.code === "apply/unknown-kind" && applier.isNew(kind) && clock.monotonicMs() < until;
    if (lagging) continue;
    if (isMoved(answer.problem)) return { ...failed(failure), moved: true };
    return { ...failed(failure), ...(isOnlyImmutable(answer.problem) ? { immutable: true } : {}) };
  }
}

/** Whether the object is not the one that was read, or not as it was then: a uid says that by 409 of none, and by 422 of another. */
function isMoved({ status, causes }: Problem): boolean {
  return status === 409 || (status === 422 && causes.some(({ field }) => field === "metadata.uid"));
}

/** fieldsV1 of our Apply entry on an object as the server answered it. */
function appliedFieldsOf(object: LiveObject): Record<string, Json> {
  const entries = object.metadata["managedFields"];
  if (!Array.isArray(entries)) return {};
  const ours = entries.find(
    (entry: Json) =>
      isObject(entry) &&
      entry["manager"] === FIELD_MANAGER &&
      entry["operation"] === "Apply" &&
      (entry["subresource"] ?? "") === "",
  );
  return { ...child(ours, "fieldsV1") };
}

/** A promise per object, so that whoever needs it first applies it, once. */
export function once<T>(run: (declared: Declared) => Promise<T>): (declared: Declared) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  return (declared) => {
    const key = declared.key;
    const known = running.get(key);
    if (known !== undefined) return known;
    const started = run(declared);
    running.set(key, started);
    return started;
  };
}
