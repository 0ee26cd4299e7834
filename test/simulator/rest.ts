import type { PassOutcome } from "../../src/model/index.ts";
import { child, refKey, stringMap } from "../../src/model/index.ts";
import { unmetReplicas } from "./autoscaling.ts";
import { frozenExcuse } from "./frozen.ts";
import type { Intent, ServiceIntent, Wish } from "./intent.ts";
import type { Violation } from "./judge.ts";
import { marksExcuse } from "./left-alone.ts";
import { asId, asLabel, isOrphan, isOrphanByApply, type Live, strangersIn } from "./live.ts";
import { keepsItself } from "./marks.ts";
import { VALUE } from "./monorepo.ts";
import { EDITED } from "./people.ts";
import { unhealthyIn } from "./rollouts.ts";
import { strangersExcuse, type Tools } from "./strangers.ts";

/** What is left when nothing happens any more. */
export interface Rest {
  readonly intent: Intent;
  readonly scope: string;
  readonly outcome: PassOutcome;
  readonly live: readonly Live[];
  readonly tools: Tools;
}

/** States of services that did not come to their end: nothing is pruned of them. */
const UNDONE: ReadonlySet<string> = new Set(["failed", "pending"]);

/** Whether the cluster holds what the revision means, service by service. */
export function judgeRest(rest: Rest): readonly Violation[] {
  const { intent, outcome } = rest;
  const found: Violation[] = [];
  if (!intent.usable) return found;
  if (outcome.failures.length > 0)
    found.push({ law: "I7 it converges", what: `the run fails: ${outcome.failures[0]?.message}` });
  for (const service of intent.services) {
    const said = outcome.services.find((one) => one.service === service.id);
    const say = (law: string, what: string): void => void found.push({ law, what: `${service.id}: ${what}` });
    if (said === undefined) {
      if (intent.complete) say("L7 silence is not health", "nothing was said of it");
      continue;
    }
    const { state, failures } = said;
    const why = failures[0]?.message ?? "";
    if (service.state === "suspended" && state !== "suspended") say("L7 silence is not health", `it is ${state}`);
    // Of a definition that cannot be read, what was said of it before holds.
    const expected = service.suspend || !intent.complete ? ["failed", "suspended"] : ["failed"];
    if (service.state === "unknown" && !expected.includes(state)) say("L7 silence is not health", `it is ${state}`);
    if (service.state !== "known") continue;
    if (state === "backoff") say("I7 it converges", `it is left alone after its time has come: ${why}`);
    if (state === "drifted" && service.drift !== "detect") say("I7 it converges", `it is drifted: ${why}`);
    if (state === "blocked") {
      const ready = (id: string): boolean =>
        ["synced", "unchanged", "held"].includes(outcome.services.find((one) => one.service === id)?.state ?? "");
      if (service.dependsOn.every(ready)) say("L1 isolation", `it is blocked though what it needs is ready: ${why}`);
      continue;
    }
    const excuses = service.wishes.map((wish) => excuseFor(rest, service, wish));
    const ill = unhealthyIn(service, rest.live);
    if (UNDONE.has(state) && ill === undefined && excuses.every((excuse) => excuse === undefined))
      say("L1 isolation", `it is ${state}: ${why}`);
    if (state === "progressing") say("I7 it converges", "it is progressing though nobody cut its wait short");
    if (ill !== undefined && !UNDONE.has(state)) say("L7 silence is not health", `it is ${state}, and ${ill}`);
    service.wishes.forEach((wish, index) => {
      const problem = excuses[index] === undefined ? unmet(rest, service, wish) : undefined;
      if (problem !== undefined) say("I3 what is declared is there", `${wish.key} ${problem}`);
    });
  }
  return found;
}

/** Why a service need not have what it wants; undefined when it must. */
function excuseFor({ intent, scope, live, tools }: Rest, service: ServiceIntent, wish: Wish): string | undefined {
  if (wish.unserved) return "its version is not served";
  const rivals = intent.services.filter(
    ({ id, state, wishes }) => id !== service.id && state === "known" && wishes.some(({ key }) => key === wish.key),
  );
  const now = live.find(({ key }) => key === wish.key);
  const owner = now?.owner?.proven === true ? now.owner : undefined;
  const mine = owner?.scope === scope && owner.service === asLabel(service.id);
  if (rivals.length > 0 && !mine) return "another one wants it";
  if (service.wishes.filter(({ key }) => key === wish.key).length > 1) return "it is declared twice";
  if (wish.namespace === "three" && !live.some(({ key, terminating }) => key === "/Namespace//three" && !terminating))
    return "its namespace is not there";
  if (wish.kind === "Widget" && !live.some(({ key }) => key.endsWith("CustomResourceDefinition//widgets.sim.dev")))
    return "its kind is not there";
  if (owner === undefined && now?.controlled === true) return "another object controls it";
  const excuse =
    marksExcuse(now, wish) ??
    strangersExcuse(now, { scope, service: service.id }, wish, tools) ??
    frozenExcuse(now, service.id, wish, intent);
  if (excuse !== undefined) return excuse;
  if (owner === undefined || mine) return undefined;
  if (owner.scope !== scope) return "it belongs to another scope";
  const other = intent.services.find(({ id }) => asLabel(id) === owner.service);
  if (other === undefined) {
    const id = asId(owner.service);
    const left = intent.leftAlone(id) || intent.mayBeLeftAlone?.(id) === true;
    return intent.complete && !left ? undefined : "its owner cannot be asked";
  }
  return other.state === "known" ? undefined : "its owner cannot be asked";
}

function unmet({ intent, scope, live, outcome }: Rest, service: ServiceIntent, wish: Wish): string | undefined {
  const now = live.find(({ key }) => key === wish.key);
  if (now === undefined) return "is not there";
  if (now.terminating) return "is being deleted";
  const drifts = service.drift !== "enforce" && isLeftChanged(now, wish);
  if (drifts && service.drift === "detect" && !isToldOf(outcome, service.id, wish)) return "is not told to be drifted";
  if (now.owner?.service !== asLabel(service.id) || now.owner.scope !== scope || !(now.owner.proven || drifts))
    return `is owned by ${now.owner?.service ?? "nobody"}`;
  const annotated = wish.generated ? wish.value : now.annotations[VALUE];
  if (annotated !== wish.value && !drifts) return `has value ${annotated}, not ${wish.value}`;
  const data = stringMap(child(now.object, "data"))["value"];
  if (wish.kind === "ConfigMap" && data !== wish.value) return `holds ${data}, not ${wish.value}`;
  const replicas = drifts ? undefined : unmetReplicas(now, wish, live, intent);
  if (replicas !== undefined) return replicas;
  if (service.orphan && !isOrphan(now)) return "does not say that it stays";
  if (!service.orphan && isOrphanByApply(now)) return "says that it stays when its service goes";
  if (!service.prune && !keepsItself(now)) return "does not say that it is not pruned";
  return undefined;
}

/** Whether somebody changed an object who is left to it: a field, or the record of who wrote which. */
function isLeftChanged(now: Live, wish: Wish): boolean {
  return (!wish.generated && now.annotations[VALUE] === EDITED) || now.owner?.proven === false;
}

function isToldOf({ services }: PassOutcome, id: string, { key }: Wish): boolean {
  const said = services.find(({ service }) => service === id);
  // Whoever was not tried has said why.
  if (said === undefined || said.steps.length === 0) return said?.state === "failed";
  return said.steps.some(({ ref, action }) => action === "drifted" && refKey(ref) === key);
}

/** Objects of ours that nobody wants any more and that nothing speaks for, after everything held was confirmed. */
export function judgeLeftovers({ intent, scope, outcome, live }: Rest): readonly Violation[] {
  if (!intent.usable || !intent.complete) return [];
  const states = new Map(outcome.services.map(({ service, state }) => [asLabel(service), state]));
  const unsure = intent.services.some(({ state }) => state !== "known");
  return live
    .filter(({ key, owner, terminating, controlled, ...one }) => {
      if (owner?.proven !== true || owner.scope !== scope || terminating || controlled) return false;
      const all = { key, owner, terminating, controlled, ...one };
      if (keepsItself(all) || (one.kind.kind === "Namespace" && strangersIn(all, live).length > 0)) return false;
      if (intent.services.some(({ wishes }) => wishes.some((wish) => wish.key === key))) return false;
      if (intent.services.some(({ wishes }) => wishes.some((wish) => livesIn(wish, key)))) return false;
      const service = intent.services.find(({ id }) => asLabel(id) === owner.service);
      if (service === undefined) {
        const id = asId(owner.service);
        if (isOrphan(all) || intent.orphaned(id) || intent.leftAlone(id)) return false;
        if (intent.mayBeLeftAlone?.(id) === true) return false;
      }
      if (service !== undefined && (!service.prune || service.state !== "known")) return false;
      if (UNDONE.has(states.get(owner.service) ?? "") || states.get(owner.service) === "blocked") return false;
      return !unsure;
    })
    .map(({ key, owner }) => ({ law: "I2 nothing is left over", what: `${key} of ${owner?.service}` }));
}

/** Whether an object would go with another one. */
function livesIn({ kind, namespace }: Wish, key: string): boolean {
  return key === `/Namespace//${namespace}` || (kind === "Widget" && key.includes("/CustomResourceDefinition/"));
}
