import { child, isObject, type Json, type JsonObject } from "../../src/model/index.ts";
import type { Intent, ServiceIntent } from "./intent.ts";
import type { RunRecord, Violation } from "./judge.ts";
import { asLabel, type Live } from "./live.ts";
import { ROLLOUT } from "./monorepo.ts";
import type { Request } from "./trouble.ts";

/** When a run began and ended, and when something newer came, by the clock of the run. */
export interface Times {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly newerMs?: number;
}

/** What is not waited for is through within this: answers, builds and kinds may be late, health is not among it. */
const PROMPT_MS = 60_000;

/** Whether a Deployment is rolled out as its status says: the judge's own reading. */
function isHealthy(object: JsonObject): boolean {
  const [spec, status, metadata] = [child(object, "spec"), child(object, "status"), child(object, "metadata")];
  const replicas = Number(spec?.["replicas"] ?? 1);
  const conditions: Json = status?.["conditions"] ?? [];
  const late =
    Array.isArray(conditions) &&
    conditions.some((one: Json) => isObject(one) && one["reason"] === "ProgressDeadlineExceeded");
  const count = (name: string): boolean => Number(status?.[name] ?? 0) >= replicas;
  const seen = status?.["observedGeneration"] === metadata?.["generation"];
  return seen && !late && count("updatedReplicas") && count("availableReplicas") && count("readyReplicas");
}

/** Whatever a service depends on was seen ready, before anything of the service is applied. */
export function judgeReadiness(
  run: RunRecord,
  request: Request,
  service: ServiceIntent,
  say: (why: string) => void,
): void {
  const earlier = run.requests.slice(0, run.requests.indexOf(request));
  for (const id of service.dependsOn) {
    const needed = run.intent.services.find((one) => one.id === id);
    if (needed?.state !== "known" || run.unbuilt.has(id) || !run.selected(id)) continue;
    for (const key of needed.awaited) {
      // What went away while the run was at it counts as it was: an owner's end takes along what it owns, at any time.
      const seen = ({ all }: Request): Live | undefined => all.find((one) => one.key === key);
      const now = seen(request) ?? seen(earlier.findLast((one) => seen(one) !== undefined) ?? request);
      const told = earlier.some(
        (one) =>
          one.verb === "get" &&
          keyOf(one) === key &&
          one.told?.ok === true &&
          isObject(one.told.value as Json) &&
          isHealthy(one.told.value as JsonObject),
      );
      if (!told && !wasKnown(earlier, key) && (now === undefined || !isHealthy(now.object)))
        say(`${id} is not ready: ${key}`);
    }
    const wanted = new Set(needed.wishes.map(({ key }) => key));
    const last = new Map(
      earlier
        .filter(({ verb, dryRun, manifest }) => verb === "apply" && !dryRun && isOf(manifest, id))
        .map((one) => [keyOf(one), one]),
    );
    for (const [key, one] of last)
      if (wanted.has(key) && one.told?.ok === false) say(`${id}, which it needs, could not apply ${key}`);
  }
}

/** Whether a process that watches knew this object to be healthy when its run began, and has left it alone since. */
function wasKnown(earlier: readonly Request[], key: string): boolean {
  const known = earlier.filter((one) => one.known === true && one.fault === undefined).flatMap(({ all }) => all);
  const wrote = ({ verb, dryRun }: Request): boolean => !dryRun && (verb === "apply" || verb === "patch");
  return (
    known.some((one) => one.key === key && isHealthy(one.object)) &&
    !earlier.some((one) => wrote(one) && keyOf(one) === key)
  );
}

function isOf(manifest: Request["manifest"], id: string): boolean {
  return child(manifest?.metadata as never, "labels")?.["gitops.bulkhead.dev/service"] === asLabel(id);
}

function keyOf({ kind, namespace, name }: Request): string {
  return `${kind?.group}/${kind?.kind}/${namespace}/${name}`;
}

/** Nobody waits for the health of what he does not depend on, and nobody at all once something newer is there. */
export function judgePatience(run: RunRecord, { beganMs, endedMs, newerMs }: Times): readonly Violation[] {
  const found: Violation[] = [];
  if (newerMs !== undefined && endedMs - newerMs > PROMPT_MS)
    found.push({ law: "W a newer revision ends waits", what: `the run goes on for ${endedMs - newerMs} ms` });
  const patient = new Set(run.intent.services.filter((one) => waitsForOthers(run.intent, one)).map(({ id }) => id));
  for (const { verb, manifest, atMs, name } of run.requests) {
    if (verb !== "apply" || (atMs ?? beganMs) - beganMs <= PROMPT_MS) continue;
    const service = run.intent.services.find(({ id }) => isOf(manifest, id));
    if (service !== undefined && !patient.has(service.id))
      found.push({ law: "L1 isolation", what: `${name} of ${service.id} is applied late, though it waits for nobody` });
  }
  return found;
}

/** Whether something that a service depends on, at any distance, waits for its health. */
function waitsForOthers({ services }: Intent, service: ServiceIntent): boolean {
  const seen = new Set<string>();
  const pending = [...service.dependsOn];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const one = services.find(({ id }) => id === next);
    if (one?.waits === true) return true;
    pending.push(...(one?.dependsOn ?? []));
  }
  return false;
}

/** What a service waits for and does not get to be ready, once nothing happens any more. */
export function unhealthyIn({ awaited }: ServiceIntent, live: readonly Live[]): string | undefined {
  const ill = awaited
    .map((key) => live.find((one) => one.key === key))
    .find((one) => one !== undefined && !one.terminating && !isHealthy(one.object));
  return ill === undefined ? undefined : `${ill.key} does not become ready (${ill.annotations[ROLLOUT] ?? "slowly"})`;
}
