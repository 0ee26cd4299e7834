import {
  bug,
  type Confirmation,
  type DeleteLimit,
  type DriftedField,
  type DriftMode,
  type Failure,
  type ForeignTool,
  type LiveMetadata,
  type ObjectRef,
  type Place,
  refKey,
} from "../model/index.ts";
import { NO_STRANGERS, type Strangers, taking } from "./adopt.ts";
import { type Autoscalers, autoscaledWarning, isAsApplied, leftToScale, NO_AUTOSCALERS } from "./autoscaled.ts";
import { type Breaker, tooMany } from "./breaker.ts";
import type { Claims, LiveIndex } from "./claims.ts";
import type { Declared } from "./declare.ts";
import { driftedFields, driftText, type Fights, flapping, flappingText, nextRepairMs } from "./drift.ts";
import { ownerKey, ownerText } from "./foreign.ts";
import { type Inhabitants, objectionTo } from "./inhabitants.ts";
import { ranJob } from "./jobs.ts";
import { labelValue, ownerLabels, ownerOf, STATUS_MANAGER } from "./marks.ts";
import { compareRefs } from "./order.ts";
import { appliedFields, ownsLabel, uncovered } from "./ownership.ts";
import { returnedOwners } from "./returned.ts";
import { isOrphaned, keptBy, pruneDisabled } from "./switches.ts";

/** One thing to do, or to leave, about one object. Steps of a plan are in the order in which they are done. */
export type Step =
  | {
      readonly action: "create" | "update" | "transfer" | "adopt" | "drifted" | "unchanged";
      readonly why: string;
      readonly declared: Declared;
      /** What others took from us, of an object that is as git has it but for that. */
      readonly drift?: readonly DriftedField[];
      /** What is remembered of a Job that failed and is gone. */
      readonly job?: string;
      readonly warning?: Failure;
    }
  /** `released`: why it would be held, had nobody confirmed it. */
  | { readonly action: "delete"; readonly why: string; readonly live: LiveMetadata; readonly released?: string }
  /** Would be deleted, but is not. `confirmable`: an explicit confirmation lets it go. */
  | { readonly action: "held"; readonly why: string; readonly live: LiveMetadata; readonly confirmable: boolean }
  | { readonly action: "kept"; readonly why: string; readonly live: LiveMetadata };

export interface ServicePlan {
  readonly service: string;
  /** False when the service is no longer in git and only its objects are left. */
  readonly present: boolean;
  readonly steps: readonly Step[];
  readonly failures: readonly Failure[];
  readonly warnings?: readonly Failure[];
  /** Who confirmed it, when deletes go that would be held otherwise. */
  readonly confirmed?: Confirmation;
  /** Revisions that it may hold objects of, and that the one at hand is not known to follow; absent when nobody asked. */
  readonly departed?: readonly string[];
}

export interface PlanInput {
  readonly scope: string;
  /** Services whose desired state is known, with their prune setting. Suspended and broken services are not among them. */
  readonly services: readonly {
    readonly service: string;
    readonly at: Place;
    readonly prune: boolean;
    /** What is done about drift; `enforce` when absent. */
    readonly drift?: DriftMode;
    /** Its own limit, in place of the usual one of a service. */
    readonly deleteLimit?: DeleteLimit;
    /** Tools that it takes objects over from although they are at work. */
    readonly adopt?: readonly ForeignTool[];
  }[];
  readonly claims: Claims;
  readonly live: LiveIndex;
  /** What else is there where services declare objects. */
  readonly strangers?: Strangers;
  /** What goes along with the Namespaces and definitions that may be deleted, by `refKey`. */
  readonly inhabitants?: ReadonlyMap<string, Inhabitants>;
  /** Namespaces of the program itself: never deleted. */
  readonly ownNamespaces?: readonly string[];
  /** Every service of the revision, also those that cannot be planned: none of them has left git. */
  readonly known: readonly string[];
  /** False when services that nobody lists may exist: then nothing is deleted for having left git. */
  readonly complete: boolean;
  /** Kinds (`group/kind`) whose objects could not be listed. */
  readonly unlisted: ReadonlySet<string>;
  /** Why nothing may be deleted for now, such as a cluster that was restored from a backup; no confirmation changes that. */
  readonly pausedDeletes?: string;
  /** Fields that the server took away right after an apply of the same hash, by object key: no drift. */
  readonly settled: ReadonlyMap<string, { readonly hash: string; readonly fields: readonly string[] }>;
  readonly autoscalers?: Autoscalers;
  /** Fights over fields with other writers, by object key, and the time (milliseconds since 1970). */
  readonly repairs?: { readonly fights: ReadonlyMap<string, Fights>; readonly nowMs: number };
  readonly breaker: Breaker;
  /** Live objects that an earlier plan found as they are declared. */
  readonly unchanged?: WeakMap<LiveMetadata, Declared>;
  /** Kinds (`group/kind`) that settings protect beside those that always are. */
  readonly protect?: KindSet;
  /** Whether settings keep what a service leaves behind that left git. */
  readonly orphans?: (service: string) => boolean;
  /** Services that left git while it said to leave them alone, and why nothing of them goes until somebody confirms. */
  readonly left?: ReadonlyMap<string, string>;
  /** Whether a plan is one to carry out: one that is not is none, and its deletes are none that could be too many. */
  readonly counts?: (plan: ServicePlan) => boolean;
  /** Why a service that is not in the revision may not have left git; nothing of it goes until somebody confirms. */
  readonly elsewhere?: (service: string) => string | undefined;
  /** Who confirmed the deletes of a service: holds of it that only wait for that are released. */
  readonly confirmed?: (service: string) => Confirmation | undefined;
  /** Jobs that ran and that the cluster cleaned up since: the hash that was applied, by object key. */
  readonly jobsDone?: ReadonlyMap<string, string>;
}

/** Deleting one of these takes with it what no repository brings back. */
export const PROTECTED: ReadonlySet<string> = new Set([
  "/Namespace",
  "apiextensions.k8s.io/CustomResourceDefinition",
  "/PersistentVolume",
  "/PersistentVolumeClaim",
]);

/**
 * What to do so that the cluster holds what the revision says, service by service: a pure function of desired state, live
 * state, ownership and policy. `diff` prints it and `sync` executes the same value. Deletes are proven one by one (law L2);
 * two proofs are left to the moment of deleting: the object read once more, and the preconditions.
 */
export function makePlans(input: PlanInput): readonly ServicePlan[] {
  const owned = ownedByService(input);
  const present = input.services.map((service) => planOne(service, owned, input));
  const known = new Set(input.known.map(labelValue));
  const gone = input.complete
    ? [...owned].filter(([label]) => !known.has(label)).map(([label, live]) => planGone(label, live, input))
    : [];
  const plans = [...present, ...gone].filter((plan) => input.counts?.(plan) !== false);
  return withRunBreakers(plans, owned, input)
    .map((plan) => ({ ...plan, steps: held(plan.steps, input.pausedDeletes, false, false) }))
    .map((plan) => withConfirmation(plan, input));
}

/** Names who confirmed it, when that made a difference. */
function withConfirmation(plan: ServicePlan, { confirmed }: PlanInput): ServicePlan {
  const released = plan.steps.some((step) => step.action === "delete" && step.released !== undefined);
  const by = released ? confirmed?.(plan.service) : undefined;
  return by === undefined ? plan : { ...plan, confirmed: by };
}

/**
 * Live objects of this scope by the service label that they carry. A server may show one object in several groups (Event,
 * or OpenShift's roles): it counts once, and as what somebody declares, or it would be deleted for not being declared twice.
 */
function ownedByService({ scope, live, claims }: PlanInput): OwnedByService {
  const shown = new Map<string, LiveMetadata>();
  for (const [key, object] of live) {
    if (!shown.has(object.uid) || claims.wanted.has(key)) shown.set(object.uid, object);
  }
  const owned = new Map<string, { readonly all: LiveMetadata[]; readonly unwanted: LiveMetadata[] }>();
  const scopeLabel = labelValue(scope);
  for (const [key, object] of live) {
    const owner = ownerLabels(object);
    if (owner?.scope !== scopeLabel) continue;
    if (shown.get(object.uid) !== object) continue;
    const known = owned.get(owner.service);
    const { all, unwanted } = known ?? { all: [], unwanted: [] };
    if (known === undefined) owned.set(owner.service, { all, unwanted });
    all.push(object);
    if (!claims.wanted.has(key)) unwanted.push(object);
  }
  return owned;
}

interface Owned {
  readonly all: readonly LiveMetadata[];
  /** What no service declares any more. */
  readonly unwanted: readonly LiveMetadata[];
}

type OwnedByService = ReadonlyMap<string, Owned>;

const NOTHING_OWNED: Owned = { all: [], unwanted: [] };

/** What cannot be planned is that service's failure, and leaves its objects alone (law L1). */
function planOne(service: PlanInput["services"][number], owned: OwnedByService, input: PlanInput): ServicePlan {
  try {
    return planPresent(service, owned.get(labelValue(service.service)) ?? NOTHING_OWNED, input);
  } catch (cause) {
    return { service: service.service, present: true, steps: [], failures: [{ ...bug(cause), at: service.at }] };
  }
}

function planPresent(of: PlanInput["services"][number], owned: Owned, input: PlanInput): ServicePlan {
  const { service, prune, deleteLimit } = of;
  const confirmed = owned.unwanted.length > 0 && input.confirmed?.(service) !== undefined;
  const granted = input.claims.granted.get(service) ?? [];
  const steps: Step[] = [];
  const failures: Failure[] = [...(input.claims.refused.get(service) ?? [])];
  for (const declared of granted) {
    const kind = kindKey(declared.ref);
    if (input.unlisted.has(kind)) failures.push(notListed(declared, kind));
    else {
      const step = asBefore(declared, input) ?? planDeclared(declared, of, input);
      // What something else scales is applied, and told, in another form than it is declared in.
      const plain = "action" in step && step.action === "unchanged" && step.why === "" && step.declared === declared;
      if (plain) remember(declared, input);
      if ("code" in step) failures.push(step);
      else steps.push(step);
    }
  }
  steps.sort((a, b) => compareRefs(stepRef(a), stepRef(b)));
  const removed = owned.unwanted
    .toSorted((a, b) => compareRefs(b.ref, a.ref))
    .map((object) => planRemoval(object, prune, confirmed, input));
  const unlisted = failures.some(({ code }) => code === "cluster/list-failed");
  const limit = deleteLimit ?? input.breaker.service;
  const why = unlisted
    ? "a kind of this service could not be listed"
    : granted.length === 0 && failures.length === 0 && removed.length > 0
      ? "the service declares no object any more, everything of it would be deleted"
      : tooMany(deletes(removed), () => owned.all.filter(ownsLabel).length, limit, "objects of the service");
  const warnings = steps.flatMap((step) => warningsOf(step, input));
  return {
    service,
    present: true,
    steps: [...steps, ...held(removed, why, !unlisted, confirmed)],
    failures,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** An object that was found as declared stays so while neither of the two is another one. */
function asBefore(declared: Declared, { live, unchanged }: PlanInput): Step | undefined {
  const object = live.get(declared.key);
  const same = object !== undefined && unchanged?.get(object) === declared;
  return same ? { action: "unchanged", why: "", declared } : undefined;
}

function remember(declared: Declared, { live, unchanged }: PlanInput): void {
  const object = live.get(declared.key);
  if (object !== undefined) unchanged?.set(object, declared);
}

function planGone(label: string, owned: Owned, input: PlanInput): ServicePlan {
  const ids = owned.all.map((object) => ownerOf(object)?.id ?? label);
  // A label that holds a hash does not say the id, and the annotations may be gone.
  const told = ids.find((id) => labelValue(id) === label);
  const service = told ?? label;
  const confirmed = owned.unwanted.length > 0 && input.confirmed?.(service) !== undefined;
  const removed = owned.unwanted
    .toSorted((a, b) => compareRefs(b.ref, a.ref))
    .map((object) => planRemoval(object, true, confirmed, input))
    .map((step) => orphaned(step, input.orphans?.(service) === true));
  // Whatever was said of the service, to suspend it or to keep what it leaves, was said of its id.
  const why = told === undefined ? NAMELESS : input.left?.get(service);
  const elsewhere = owned.unwanted.length > 0 ? input.elsewhere?.(service) : undefined;
  return { service, present: false, steps: held(removed, why ?? elsewhere, true, confirmed), failures: [] };
}

const NAMELESS = "its label is a hash and its annotation is gone, so which service it was of is not known";

function planDeclared(whole: Declared, of: PlanInput["services"][number], input: PlanInput): Step | Failure {
  const strangers = input.strangers ?? NO_STRANGERS;
  const key = whole.key;
  const object = input.live.get(key) ?? strangers.there.get(key);
  const declared = leftToScale(whole, object, input.autoscalers ?? NO_AUTOSCALERS);
  const taker = { scope: input.scope, service: of.service, adopt: of.adopt ?? [] };
  const taken = taking(declared, object, taker, strangers);
  if (taken.kind === "refused") return taken.failure;
  if (taken.kind === "left") return { action: "unchanged", why: taken.why, declared };
  if (taken.kind === "adopt") return { action: "adopt", why: taken.why, declared };
  if (object === undefined) {
    const ran = ranJob(declared, input.jobsDone?.get(key));
    if (ran !== undefined) return { action: "unchanged", ...ran, declared };
    return { action: "create", why: "not in the cluster", declared };
  }
  if (object.deletionTimestamp !== undefined) {
    const why = `terminating since ${object.deletionTimestamp}, created anew when it is gone`;
    return { action: "create", why, declared };
  }
  const owner = ownerOf(object);
  if (owner?.service !== labelValue(of.service)) {
    return { action: "transfer", why: `moved from ${owner?.id ?? "another owner"}`, declared };
  }
  if (!isAsApplied(object, declared, whole)) return { action: "update", why: "changed", declared };
  return of.drift === "off" ? { action: "unchanged", why: "", declared } : planDrift(declared, object, of.drift, input);
}

/** Of an object that was applied as git has it: whether others changed it since, and what is done about that. */
function planDrift(
  declared: Declared,
  object: LiveMetadata,
  mode: "enforce" | "detect" | undefined,
  { settled, repairs }: PlanInput,
): Step {
  const key = declared.key;
  const fields = appliedFields(object)?.fieldsV1;
  const known = settled.get(key);
  const excused = known?.hash === declared.hash ? known.fields : [];
  const lost =
    fields === undefined ? [] : uncovered(declared.manifest, fields).filter((path) => !excused.includes(path));
  if (fields !== undefined && lost.length === 0) return { action: "unchanged", why: "", declared };
  const drift = fields === undefined ? OWNERSHIP_GONE : driftedFields(declared.manifest, object, lost);
  const why = `drifted: ${fields === undefined ? "our field ownership is gone" : driftText(drift)}`;
  if (mode === "detect") return { action: "drifted", why, declared, drift };
  const nextMs = repairs && nextRepairMs(repairs.fights.get(key), declared.hash, drift, repairs.nowMs);
  if (nextMs === undefined) return { action: "update", why, declared, drift };
  const warning = flapping(declared.ref, declared.at, drift, nextMs);
  return { action: "drifted", why: flappingText(drift, nextMs), declared, drift, warning };
}

const OWNERSHIP_GONE: readonly DriftedField[] = [{ path: "metadata.managedFields" }];

/** What is not right about a step and holds up nothing. */
function warningsOf(step: Step, { autoscalers }: PlanInput): readonly Failure[] {
  if (!("declared" in step)) return [];
  const known = step.declared.autoscaled?.certain === true || step.action === "update";
  const scaled = known ? autoscaledWarning(step.declared, autoscalers ?? NO_AUTOSCALERS) : undefined;
  return [step.warning, scaled].filter((one) => one !== undefined);
}

/** An object of a service that left git stays when that service's deletion policy was to let go of it. */
function orphaned(step: Step, bySettings: boolean): Step {
  if ("declared" in step || step.action === "kept" || !(bySettings || isOrphaned(step.live))) return step;
  return { action: "kept", why: "its deletion policy is orphan", live: step.live };
}

/** Why an object that nobody declares any more goes, or stays. */
function planRemoval(live: LiveMetadata, prune: boolean, confirmed: boolean, input: PlanInput): Step {
  const kept = (why: string): Step => ({ action: "kept", why, live });
  if (live.deletionTimestamp !== undefined) return kept(`already being deleted since ${live.deletionTimestamp}`);
  if (!ownsLabel(live)) return kept("it carries our label, but our apply did not write it");
  const controller = live.ownerReferences.find((owner) => owner.controller);
  if (controller !== undefined) return kept(`it is controlled by ${controller.kind} ${controller.name}`);
  if (isOwn(live, input)) return kept("it is of gitops itself");
  if (!prune || pruneDisabled(live)) return kept(prune ? `it says ${keptBy(live)}` : "prune is disabled");
  const wanted = input.claims.mayBeWanted(live) ?? shownElsewhere(live, input);
  if (wanted !== undefined) return { action: "held", why: wanted, live, confirmable: false };
  const objection = objectionTo(live, input.inhabitants?.get(refKey(live.ref)));
  if (objection !== undefined && !(objection.confirmable && confirmed)) return { action: "held", live, ...objection };
  const sacred = isProtected(live.ref, input) ? `${live.ref.kind} is protected` : takenBack(live, input);
  if (sacred !== undefined && !confirmed) return { action: "held", why: sacred, live, confirmable: true };
  const released = objection?.why ?? sacred;
  return { action: "delete", why: "no longer in git", live, ...(released === undefined ? {} : { released }) };
}

/** Who of another tool applied an object after it was taken over, and is or may be at work on it: it may be theirs again. */
function takenBack(live: LiveMetadata, { strangers = NO_STRANGERS }: PlanInput): string | undefined {
  const owner = returnedOwners(live).find((one) => strangers.owners.get(ownerKey(one)) !== "gone");
  return owner && `${ownerText(owner)} has applied it since it was taken over`;
}

/** Whether an object is the program's own: its namespace, and what it keeps its records in. */
function isOwn({ ref, managedFields }: LiveMetadata, { ownNamespaces = [] }: PlanInput): boolean {
  if (kindKey(ref) === "/Namespace" && ownNamespaces.includes(ref.name)) return true;
  return managedFields.some(({ manager }) => manager === STATUS_MANAGER);
}

/** Kinds as `group/kind`, of which only this is asked. */
export type KindSet = Pick<ReadonlySet<string>, "has">;

/** Whether settings protect a kind; one that is named without a group is meant in whichever it is. */
export function protects(protect: KindSet | undefined, { group, kind }: ObjectRef): boolean {
  return protect?.has(kindKey({ group, kind })) === true || protect?.has(kindKey({ group: "", kind })) === true;
}

function isProtected(ref: ObjectRef, { protect }: PlanInput): boolean {
  return PROTECTED.has(kindKey(ref)) || protects(protect, ref);
}

/** Why an object may be one that is declared in another group, when the cluster does not say what it holds there. */
function shownElsewhere({ ref }: LiveMetadata, { unlisted, claims }: PlanInput): string | undefined {
  const kinds = [...unlisted].filter((kind) => kind.endsWith(`/${ref.kind}`));
  const same = kinds.find((kind) => claims.wanted.has(`${kind}/${ref.namespace}/${ref.name}`));
  return same === undefined ? undefined : `it may be the ${same} of the same name, and those could not be listed`;
}

/** The breakers over the whole run: too many services gone, or too many objects. They hold every delete that is left. */
function withRunBreakers(
  plans: readonly ServicePlan[],
  owned: OwnedByService,
  { breaker, confirmed, known }: PlanInput,
): readonly ServicePlan[] {
  const gone = plans.filter(({ present, steps }) => !present && deletes(steps) > 0).length;
  const total = plans.reduce((sum, { steps }) => sum + deletes(steps), 0);
  // A label that was copied, as controllers do for what they make, must not make the whole look larger than it is.
  const counts = (): readonly number[] =>
    [...owned.values()].map(({ all }) => all.filter(ownsLabel).length).filter((count) => count > 0);
  const isStranger = !known.some((service) => owned.has(labelValue(service)));
  const manyGone = tooMany(gone, () => counts().length, breaker.gone, "services");
  const objects = (): number => counts().reduce((sum, count) => sum + count, 0);
  const manyObjects = tooMany(total, objects, breaker.run, "objects of the run");
  const whyOfGone = isStranger ? STRANGER : (manyObjects ?? manyGone);
  return plans.map((plan) => {
    const why = plan.present ? manyObjects : whyOfGone;
    return {
      ...plan,
      steps: held(plan.steps, why, true, deletes(plan.steps) > 0 && confirmed?.(plan.service) !== undefined),
    };
  });
}

const STRANGER =
  "none of the services that the cluster holds is in this revision: is it the right repository, path and scope?";

/** Steps without deletes when there is a reason; whoever confirmed them releases those that may be. */
export function held(
  steps: readonly Step[],
  why: string | undefined,
  confirmable: boolean,
  confirmed: boolean,
): readonly Step[] {
  if (why === undefined) return steps;
  return steps.map((step) => {
    if (step.action !== "delete") return step;
    if (confirmable && confirmed) return { ...step, released: step.released ?? why };
    return { action: "held" as const, why, live: step.live, confirmable };
  });
}

function deletes(steps: readonly Step[]): number {
  return steps.filter(({ action }) => action === "delete").length;
}

/** The object a step is about. */
export function stepRef(step: Step): ObjectRef {
  return "declared" in step ? step.declared.ref : step.live.ref;
}

export function kindKey({ group, kind }: { readonly group: string; readonly kind: string }): string {
  return `${group}/${kind}`;
}

function notListed({ at }: Declared, kind: string): Failure {
  return {
    code: "cluster/list-failed",
    message: `objects of ${kind.replace(/^\//, "")} could not be listed, so what the cluster holds of them is unknown`,
    remedy: "see why the API server does not list them; nothing of this kind is written until it does",
    at,
  };
}
