import type { LiveMetadata } from "../../src/cluster/index.ts";
import { child, type DeleteLimit, type Json, stringMap } from "../../src/model/index.ts";
import type { Breaker } from "../../src/plan/index.ts";
import { judgeReplicas } from "./autoscaling.ts";
import { judgeRecreation, refusalBefore } from "./frozen.ts";
import { type Intent, type ServiceIntent, type Wish, wantersOf } from "./intent.ts";
import { judgeMarks } from "./left-alone.ts";
import { isInventory, listed } from "./lists.ts";
import { asId, asLabel, isOrphan, isProven, type Live, strangersIn } from "./live.ts";
import { keepsItself } from "./marks.ts";
import { VALUE } from "./monorepo.ts";
import { judgePatience, judgeReadiness, type Times } from "./rollouts.ts";
import { judgePatch, judgeStranger, type Tools } from "./strangers.ts";
import type { IsConfirmed } from "./suspensions.ts";
import { type Request, toldMetadata } from "./trouble.ts";

/** A law that was broken, and how. */
export interface Violation {
  readonly law: string;
  readonly what: string;
}

/** One run as the judge sees it. */
export interface RunRecord {
  readonly intent: Intent;
  readonly scope: string;
  readonly breaker: Breaker;
  readonly isConfirmed: IsConfirmed;
  /** The confirmation was not of the revision at hand. */
  readonly misconfirmed: boolean;
  readonly writes: boolean;
  /** Whether a service was asked for in this run. */
  readonly selected: (id: string) => boolean;
  /** Nothing may be written at all: the revision could not be had. */
  readonly sourceFailed: boolean;
  /** Services whose build ended without an answer. */
  readonly unbuilt: ReadonlySet<string>;
  /** Some build was not waited for. */
  readonly late: boolean;
  readonly requests: readonly Request[];
  readonly tools: Tools;
  readonly times?: Times;
  /** Whether the revision does not follow from the one at which a service, by its label, was last as git said. */
  readonly rewritten?: (label: string) => boolean;
  /** Why nothing may be deleted, as the run was told. */
  readonly paused?: string | undefined;
}

const APPLIED = "gitops.bulkhead.dev/applied";
const PROTECTED: ReadonlySet<string> = new Set(["Namespace", "CustomResourceDefinition", "PersistentVolumeClaim"]);

/** Every write of one run, held against what the revision means and what the cluster held at that moment. */
export function judgeRun(run: RunRecord): readonly Violation[] {
  const found: Violation[] = [];
  const say = (law: string, { verb, kind, namespace, name }: Request, why: string): void => {
    found.push({ law, what: `${verb} ${kind?.kind} ${namespace}/${name}: ${why}` });
  };
  const writes = run.requests.filter(({ verb }) => verb === "apply" || verb === "remove" || verb === "patch");
  for (const write of writes) {
    if (!run.writes && !write.dryRun) say("a diff writes nothing", write, "it was written");
    if (write.verb === "remove" && run.paused !== undefined) say("L6 not on the word of the past", write, run.paused);
    if (run.misconfirmed) say("a confirmation is of its revision", write, "what was confirmed is another one");
    if (run.sourceFailed || !run.intent.usable) say("L3 unknown is not empty", write, "the revision could not be had");
  }
  if (found.length > 0) return found;
  writes.forEach((write) => {
    if (write.dryRun) return;
    if (write.verb === "remove") judgeRemove(run, write, (why) => say("L2 a delete is proven", write, why));
    if (write.verb === "apply" && write.done) judgeApply(run, write, (why) => say("L4 one owner", write, why));
    if (write.verb === "patch" && write.done) judgePatch(run, write, (why) => say("L4 nobody else's", write, why));
  });
  if (run.times !== undefined) found.push(...judgePatience(run, run.times));
  judgeBreakers(run, (what) => found.push({ law: "L2 under the breakers", what }));
  return found;
}

type Say = (why: string) => void;

function serviceOf(run: RunRecord, label: string): ServiceIntent | undefined {
  const service = run.intent.services.find(({ id }) => asLabel(id) === label);
  return service !== undefined && run.unbuilt.has(service.id) ? { ...service, state: "unknown" } : service;
}

function judgeRemove(run: RunRecord, request: Request, say: Say): void {
  const { before, kind, remove } = request;
  const index = run.requests.indexOf(request);
  const earlier = run.requests.slice(0, index);
  const key = `${kind?.group}/${kind?.kind}/${request.namespace}/${request.name}`;
  const same = (one: Request): boolean =>
    one.kind?.kind === kind?.kind && one.namespace === request.namespace && one.name === request.name;
  const last = earlier.filter(same).at(-1);
  const read = last?.verb === "metadata" ? toldMetadata(last) : undefined;
  if (read === undefined) say("it was not read live just before");
  else if (remove?.uid !== read.uid || remove.resourceVersion !== read.resourceVersion) {
    say("the preconditions are not those of the object that was read");
  }
  const refused = refusalBefore(run, request);
  // What is declared and is in no list is looked at before anything is applied.
  const look = refused === undefined ? undefined : earlier.find((one) => one.verb === "metadata" && same(one));
  const planned = listed(run, key) ?? (look && toldMetadata(look));
  if (planned === undefined) say("it was in no list of this run");
  else if (planned.uid !== remove?.uid) say("it is not the object that the plan saw");
  if (!request.done || before === undefined) return;
  if (before.uid !== planned?.uid) say("another object was deleted than the one that the plan saw");
  const { owner } = before;
  if (owner === undefined || owner.scope !== run.scope) return say("it carries no owner label of this scope");
  if (!owner.proven) say("its owner label was not written by an apply of ours");
  if (planned !== undefined && planned.labels["gitops.bulkhead.dev/service"] !== owner.service) {
    say("its owner is not the one that the plan saw");
  }
  if (planned !== undefined && planned.annotations[APPLIED] !== before.annotations[APPLIED]) {
    say("it was applied again since the plan saw it");
  }
  const confirmed = run.isConfirmed(asId(owner.service));
  if (before.terminating) say("it is being deleted already");
  if (before.controlled) say("another object controls it");
  if (keepsItself(before)) say("it says that it must not be pruned");
  const sacred = PROTECTED.has(before.kind.kind) || run.intent.isProtected(before.kind);
  if (sacred && !confirmed) say("its kind is protected and nobody confirmed");
  if (refused !== undefined) return judgeRecreation(run, request, refused, say);
  if (!confirmed && run.rewritten?.(owner.service) === true) say("history was rewritten since it was applied");
  const wanters = wantersOf(run.intent, key);
  if (wanters.length > 0) say(`${wanters.join(" and ")} want it`);
  for (const along of takenAlong(request)) {
    const wanting = wantersOf(run.intent, along.key);
    if (wanting.length > 0) say(`${along.key} goes with it, which ${wanting.join(" and ")} want`);
  }
  for (const id of inhabitantsMeant(run.intent, before)) say(`${id} wants something that lives in it`);
  if (before.kind.kind === "Namespace") judgeInhabitants(before, request.world, earlier, say);
  judgeOwner(run, before, owner.service, earlier, say);
}

/** What the owner of a deleted object has to be. */
function judgeOwner(run: RunRecord, before: Live, label: string, earlier: readonly Request[], say: Say): void {
  const service = serviceOf(run, label);
  if (service === undefined) {
    if (!run.intent.complete) say("its owner may be in a definition that cannot be read");
    const id = asId(label);
    if (run.intent.leftAlone(id)) say(`${id}, which left git, is left alone`);
    if (run.intent.orphaned(id) || isOrphan(before)) say(`what ${id} left behind stays`);
    if (!run.selected(label.replaceAll("_", "/"))) say(`${label} was not asked for`);
    return;
  }
  if (!run.selected(service.id)) say(`${service.id} was not asked for`);
  if (service.state !== "known") say(`what ${service.id} wants is ${service.state}`);
  if (!service.prune) say(`prune is off for ${service.id}`);
  const wanted = new Set(service.wishes.map(({ key }) => key));
  const applies = earlier.filter(({ verb }) => verb === "apply");
  const keyOf = ({ kind, namespace, name }: Request): string => `${kind?.group}/${kind?.kind}/${namespace}/${name}`;
  // What was refused at first is there when it was recreated.
  const failed = applies.find(
    (one, index) =>
      one.told?.ok === false &&
      wanted.has(keyOf(one)) &&
      !applies.slice(index).some((later) => later.told?.ok === true && keyOf(later) === keyOf(one)),
  );
  if (failed !== undefined) say(`${service.id} could not apply ${failed.kind?.kind} ${failed.name}`);
  const kinds = new Set(service.wishes.map(({ kind }) => kind));
  const unlisted = run.requests.find(
    (one) => isInventory(one) && one.told?.ok === false && kinds.has(one.kind?.kind as "Role"),
  );
  if (unlisted !== undefined) say(`${unlisted.kind?.kind} of ${service.id} could not be listed`);
  if (service.wishes.some(({ unserved }) => unserved)) say(`${service.id} declares what is not served`);
  if (service.wishes.length === 0 && !run.isConfirmed(service.id)) say(`${service.id} declares nothing any more`);
}

/** Services that are meant to have something in a namespace, or of a definition's kind, there or not. */
function inhabitantsMeant({ services }: Intent, { kind, name }: Live): readonly string[] {
  const livesIn = ({ kind: of, namespace, unserved }: Wish): boolean =>
    !unserved && (kind.kind === "Namespace" ? namespace === name : of === "Widget");
  if (kind.kind !== "Namespace" && kind.kind !== "CustomResourceDefinition") return [];
  return services.filter(({ state, wishes }) => state === "known" && wishes.some(livesIn)).map(({ id }) => id);
}

/** A namespace goes only with what its own service has in it and lets go, as far as anybody could know right before. */
function judgeInhabitants(home: Live, world: readonly Live[], earlier: readonly Request[], say: Say): void {
  const looks = earlier.filter(({ verb, options }) => verb === "list" && options?.namespace === home.name);
  if (looks.length === 0) return say("nobody looked at what lives in it");
  const last = new Map(looks.map((look) => [`${look.kind?.group}/${look.kind?.kind}`, look]));
  const seen = new Set<string>();
  for (const { kind, told } of last.values()) {
    if (told?.ok !== true) say(`${kind?.kind} in it could not be listed`);
    else for (const { uid } of (told.value as { items: readonly LiveMetadata[] }).items) seen.add(uid);
  }
  for (const strange of strangersIn(home, world))
    if (seen.has(strange.uid)) say(`${strange.key} goes with it, which is not its service's to let go`);
}

/** What the deletion of a namespace or a definition takes with it. */
function takenAlong({ before, world }: Request): readonly Live[] {
  if (before?.kind.kind === "Namespace") return world.filter(({ namespace }) => namespace === before.name);
  if (before?.kind.kind === "CustomResourceDefinition") return world.filter(({ kind }) => kind.kind === "Widget");
  return [];
}

function judgeApply(run: RunRecord, request: Request, say: Say): void {
  const { manifest, kind, before } = request;
  const metadata = manifest?.metadata;
  const labels = stringMap(metadata?.["labels"] as never);
  const service = serviceOf(run, labels["gitops.bulkhead.dev/service"] ?? "");
  if (service === undefined) return say("no service of the revision is its owner");
  if (service.state !== "known") say(`what ${service.id} wants is ${service.state}`);
  // A namespace or a definition is applied for whoever needs it.
  const shared = kind?.kind === "Namespace" || kind?.kind === "CustomResourceDefinition";
  if (!shared && !run.selected(service.id)) say(`${service.id} was not asked for`);
  const key = `${kind?.group}/${kind?.kind}/${request.namespace}/${request.name}`;
  const wish = service.wishes.find((one) => one.key === key);
  if (wish === undefined) return say(`${service.id} does not want it`);
  const annotated = stringMap(metadata?.["annotations"] as never)[VALUE];
  const value = annotated ?? stringMap(child(manifest, "data"))["value"];
  if (!service.wishes.some((one) => one.key === key && one.value === value)) {
    say(`${service.id} wants another value`);
  }
  judgeStranger(run, request, service.id, wish, say);
  judgeMarks(run, request, wish, say);
  judgeReplicas(run, request, wish, say);
  if (!shared) judgeReadiness(run, request, service, say);
  for (const dependency of service.dependsOn) {
    const other = run.intent.services.find(({ id }) => id === dependency);
    if (!shared && other?.state === "unknown" && run.selected(dependency))
      say(`${dependency}, which it needs, is not ready`);
  }
  const list = run.requests.find((one) => isInventory(one) && one.kind?.kind === kind?.kind);
  if (list?.told?.ok === false) return say("its kind could not be listed");
  const then = list?.all.find((one) => one.key === key);
  if (list === undefined && before?.owner?.proven === true && before.owner.service !== asLabel(service.id)) {
    return say("it was taken from another owner, and its kind was never listed");
  }
  const mine = then?.owner?.proven === true && then.owner.service === asLabel(service.id);
  const rival = run.intent.services.find(
    ({ id, state, wishes }) =>
      id !== service.id && state === "known" && wishes.some((one) => one.key === key && !one.unserved),
  );
  judgeRepair(run, service, key, request, say);
  if (rival !== undefined && !mine && !run.late && list?.fault !== "stale")
    say(`${rival.id} wants it, too, and ${service.id} does not own it`);
  if (list?.fault === "stale" || then?.owner === undefined || before?.uid !== then.uid) return;
  judgeTaking(run, service, key, then.owner, say);
}

/** What others changed of an object is taken back only where settings say so. */
function judgeRepair(run: RunRecord, service: ServiceIntent, key: string, { manifest }: Request, say: Say): void {
  const planned = listed(run, key);
  if (service.drift === "enforce" || planned === undefined || planned.deletionTimestamp !== undefined) return;
  if (planned.labels["gitops.bulkhead.dev/service"] !== asLabel(service.id)) return;
  if (planned.labels["gitops.bulkhead.dev/scope"] !== run.scope) return;
  const applied = stringMap(manifest?.metadata["annotations"] as never)[APPLIED];
  if (planned.annotations[APPLIED] === applied)
    say(`drift is ${service.drift} for ${service.id}, and it was applied as it is`);
}

/** Whether a service may have an object that had a proven owner when the run began. */
function judgeTaking(
  run: RunRecord,
  service: ServiceIntent,
  key: string,
  owner: NonNullable<Live["owner"]>,
  say: Say,
): void {
  if (!owner.proven) return;
  if (owner.scope !== run.scope) return say(`it belongs to scope ${owner.scope}`);
  if (owner.service === asLabel(service.id)) return;
  const other = serviceOf(run, owner.service);
  if (other === undefined) {
    if (!run.intent.complete) say("its owner may be in a definition that cannot be read");
    if (run.intent.leftAlone(asId(owner.service))) say(`its owner ${owner.service}, which left git, is left alone`);
    return;
  }
  if (other.state !== "known") return say(`its owner is ${other.id}, and what that wants is ${other.state}`);
  if (!run.late && other.wishes.some((wish) => wish.key === key)) say(`its owner ${other.id} wants it, too`);
}

/** Counts what a run tried to delete against the limits that it was given. */
function judgeBreakers(run: RunRecord, say: (what: string) => void): void {
  const owned = new Map<string, number>();
  const labelOf = new Map<string, string>();
  const labelled = new Set<string>();
  for (const { told } of run.requests.filter(isInventory)) {
    if (told?.ok !== true) continue;
    for (const { labels, uid, managedFields } of (told.value as { items: readonly LiveMetadata[] }).items) {
      const label = labels["gitops.bulkhead.dev/service"];
      if (label === undefined || labels["gitops.bulkhead.dev/scope"] !== run.scope) continue;
      labelled.add(label);
      if (!isProven(managedFields as unknown as Json)) continue;
      owned.set(label, (owned.get(label) ?? 0) + 1);
      labelOf.set(uid, label);
    }
  }
  const deleted = new Map<string, number>();
  for (const request of run.requests) {
    const { verb, remove, dryRun } = request;
    if (verb === "remove" && refusalBefore(run, request) !== undefined) continue;
    const label = labelOf.get(remove?.uid ?? "");
    if (label !== undefined && run.isConfirmed(asId(label))) continue;
    if (verb === "remove" && !dryRun && label !== undefined) deleted.set(label, (deleted.get(label) ?? 0) + 1);
  }
  const over = (count: number, whole: number, limit: { free: number; share: number; max: number }): boolean =>
    count > limit.free && (count > limit.share * whole || count > limit.max);
  const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
  const known = new Set(run.intent.services.map(({ id }) => asLabel(id)));
  const limitOf = (label: string): DeleteLimit => serviceOf(run, label)?.deleteLimit ?? run.breaker.service;
  for (const [label, count] of deleted) {
    if (known.has(label) && over(count, owned.get(label) ?? 0, limitOf(label)))
      say(`${count} of ${owned.get(label) ?? 0} objects of ${label}`);
  }
  if (over(sum(deleted), sum(owned), run.breaker.run)) say(`${sum(deleted)} of all ${sum(owned)} objects`);
  const gone = [...deleted.keys()].filter((label) => !known.has(label)).length;
  if (gone > 0 && ![...known].some((label) => labelled.has(label))) say("no service of the revision is in the cluster");
  if (over(gone, owned.size, run.breaker.gone)) say(`${gone} services that are gone, of ${owned.size}`);
}
