import { child, isObject, type Json, type JsonObject, stringMap } from "../../src/model/index.ts";
import type { Intent, Wish } from "./intent.ts";
import type { RunRecord } from "./judge.ts";
import { asLabel, type Live } from "./live.ts";
import { keepsItself } from "./marks.ts";
import { isFixed, modeFor, VALUE } from "./monorepo.ts";
import type { Request } from "./trouble.ts";

const APPLIED = "gitops.bulkhead.dev/applied";
const NEVER: ReadonlySet<string> = new Set([
  "Namespace",
  "CustomResourceDefinition",
  "PersistentVolumeClaim",
  "PersistentVolume",
]);

/** Whether an object differs from what is wanted in a field that the API server does not let change. */
function isStuck({ object }: Live, { kind, value, spelling }: Wish): boolean {
  const spec = child(object, "spec");
  if (kind === "ConfigMap" || kind === "Secret") {
    const data = stringMap(child(object, "data"))["value"] ?? "";
    const holds = kind === "ConfigMap" ? data : Buffer.from(data, "base64").toString();
    return object["immutable"] === true && (holds !== value || !isFixed(spelling));
  }
  if (kind === "PersistentVolumeClaim") {
    const modes = spec?.["accessModes"];
    return Array.isArray(modes) && modes[0] !== modeFor({ value, spelling });
  }
  if (kind !== "Deployment") return false;
  const app = stringMap(child(child(spec, "selector"), "matchLabels"))["app"] ?? "";
  return isFixed(spelling) ? !app.endsWith(`-${value}`) : /-v\d$/.test(app);
}

function isWilling({ spelling }: Wish): boolean {
  return spelling === "recreated" || spelling === "willing";
}

/** Why an object stays as it is although something else is wanted; undefined when it must not. */
export function frozenExcuse(
  now: Live | undefined,
  service: string,
  wish: Wish,
  { isProtected }: Pick<Intent, "isProtected">,
): string | undefined {
  if (now === undefined || !isStuck(now, wish)) return undefined;
  const never = NEVER.has(wish.kind) || isProtected(now.kind);
  if (!isWilling(wish) || never) return "it cannot be changed";
  const { owner } = now;
  if (owner?.proven !== true || owner.service !== asLabel(service)) return "it cannot be changed, and is not ours";
  if (now.controlled || keepsItself(now)) return "it cannot be changed, and must not be deleted";
  // What git says is what was applied, and somebody froze another value.
  return now.annotations[VALUE] === wish.value || now.annotations[VALUE] === "edited"
    ? "it was applied just so before"
    : undefined;
}

/** The refused apply that a delete comes of; undefined for one that is of no change. */
export function refusalBefore(run: RunRecord, remove: Request): Request | undefined {
  const earlier = run.requests.slice(0, run.requests.indexOf(remove));
  return earlier.findLast(
    (one) =>
      one.verb === "apply" &&
      !one.dryRun &&
      isSame(one, remove) &&
      one.told?.ok === false &&
      one.told.problem.status === 422,
  );
}

/** What is deleted only to be created anew. */
export function judgeRecreation(run: RunRecord, remove: Request, refused: Request, say: (why: string) => void): void {
  const { before, kind } = remove;
  const key = `${kind?.group}/${kind?.kind}/${remove.namespace}/${remove.name}`;
  const wanting = run.intent.services.filter(({ wishes }) => wishes.some((wish) => wish.key === key));
  const service = wanting.find(({ id }) => asLabel(id) === before?.owner?.service);
  if (service === undefined) return say("no service that wants it owns it");
  if (service.state !== "known" || run.unbuilt.has(service.id)) say(`what ${service.id} wants is not known`);
  if (!run.selected(service.id)) say(`${service.id} was not asked for`);
  if (kind !== undefined && (NEVER.has(kind.kind) || run.intent.isProtected(kind))) say("its kind is never recreated");
  const opted = service.wishes.some((wish) => wish.key === key && isWilling(wish));
  if (!opted) say("nobody asked to have it recreated");
  const annotations = stringMap(child(refused.manifest?.metadata as Json as never, "annotations"));
  if (before !== undefined && annotations[APPLIED] === before.annotations[APPLIED])
    say("it was applied just so before: drift is no reason to recreate");
  const between = run.requests.slice(run.requests.indexOf(refused), run.requests.indexOf(remove));
  const tried = between.some(
    (one) => one.verb === "apply" && one.dryRun && one.kind?.kind === kind?.kind && one.told?.ok === true,
  );
  if (!tried) say("nobody asked whether the new one would be taken");
}

function isSame(one: Request, { kind, namespace, name }: Request): boolean {
  return one.kind?.kind === kind?.kind && one.namespace === namespace && one.name === name;
}

/** Another value in an object, whatever its kind. */
export function frozenBody({ kind }: Live): JsonObject {
  return kind.kind === "Secret" ? { stringData: { value: "frozen" } } : { data: { value: "frozen" } };
}

/** Whether an object is one that somebody can freeze by setting its `immutable`. */
export function isFreezable({ kind, object }: Live): boolean {
  return (kind.kind === "ConfigMap" || kind.kind === "Secret") && isObject(object["data"]);
}
