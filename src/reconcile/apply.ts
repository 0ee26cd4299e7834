import { type Applied, type Cluster, type Kind, problemFailure } from "../cluster/index.ts";
import {
  type Clock,
  child,
  type Failure,
  failed,
  isObject,
  type Json,
  type LiveObject,
  type ObjectRef,
  ok,
  type Result,
  refKey,
  refText,
} from "../model/index.ts";
import { type Declared, FIELD_MANAGER, kindKey, uncovered } from "../plan/index.ts";
import { established } from "./definitions.ts";

/** What applying one object needs of the pass. */
export interface Applier {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly dryRun: boolean;
  kindOf(ref: ObjectRef): Kind | undefined;
  /** Kinds that become served only in this pass, when their definition is applied. */
  isNew(kind: Kind): boolean;
  /** The objects of this revision that must be there before `declared`: its namespace, its kind's definition. */
  needs(declared: Declared): readonly Declared[];
  /** Notes which fields the server took away right after our apply. */
  settle(declared: Declared, fields: readonly string[]): void;
}

/** How long a kind may stay unknown after its definition was established: discovery of the server lags. */
const LAG_MS_MAX = 10_000;
const LAG_POLL_MS = 100;

/** One server-side apply of one object, after what it needs is there. */
export async function apply(
  applier: Applier,
  declared: Declared,
  need: (needed: Declared) => Promise<Failure | undefined>,
  signal: AbortSignal,
): Promise<Result<"created" | "updated">> {
  const object = refText(declared.ref);
  for (const needed of applier.needs(declared)) {
    const failure = await need(needed);
    if (failure === undefined) continue;
    return failed({
      code: needed.ref.kind === "Namespace" ? "apply/missing-namespace" : "apply/unknown-kind",
      message: `${object} needs ${refText(needed.ref)}, which could not be applied: ${failure.message}`,
      remedy: `mend ${refText(needed.ref)} first`,
      at: declared.at,
      object,
    });
  }
  const kind = applier.kindOf(declared.ref);
  if (kind === undefined) throw new Error(`no kind for ${object}: it was planned without one`);
  // What comes into being only in this pass cannot be judged by a server that does not have it.
  if (applier.dryRun && (applier.isNew(kind) || applier.needs(declared).length > 0)) return ok("created");
  const answer = await applyOnce(applier, kind, declared, signal);
  if (!answer.ok) return answer;
  if (applier.dryRun) return ok(answer.value.created ? "created" : "updated");
  applier.settle(declared, uncovered(declared.manifest, appliedFieldsOf(answer.value.object)));
  if (kindKey(declared.ref) === "apiextensions.k8s.io/CustomResourceDefinition") {
    const ready = await established(applier.cluster, applier.clock, kind, declared.manifest, signal);
    if (!ready.ok) return ready;
  }
  return ok(answer.value.created ? "created" : "updated");
}

async function applyOnce(
  applier: Applier,
  kind: Kind,
  { manifest, ref, at }: Declared,
  signal: AbortSignal,
): Promise<Result<Applied>> {
  const { cluster, clock, dryRun } = applier;
  const options = { fieldManager: FIELD_MANAGER, force: true, ...(dryRun ? { dryRun } : {}) };
  for (const until = clock.monotonicMs() + LAG_MS_MAX; ; await clock.sleep(LAG_POLL_MS, signal)) {
    const answer = await cluster.apply(kind, manifest, options, signal);
    if (answer.ok) return answer;
    const failure = problemFailure(answer.problem, { verb: "apply", what: ref, at });
    const lagging = failure.code === "apply/unknown-kind" && applier.isNew(kind) && clock.monotonicMs() < until;
    if (!lagging) return failed(failure);
  }
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
    const key = refKey(declared.ref);
    const known = running.get(key);
    if (known !== undefined) return known;
    const started = run(declared);
    running.set(key, started);
    return started;
  };
}
