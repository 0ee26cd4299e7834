import { createHash } from "node:crypto";
import { type Cluster, problemFailure } from "../cluster/index.ts";
import { child, failed, type LiveObject, ok, type Result, stringMap, text } from "../model/index.ts";
import { STATUS_MANAGER } from "../plan/index.ts";
import { conditionsOf } from "./conditions.ts";
import { groupOfService } from "./groups.ts";
import { isGood, type KeptService } from "./kept.ts";
import { type Changed, isDriftRepair } from "./next.ts";
import type { KeptObject } from "./objects.ts";
import { EVENT, namesOf, type StatusPlace, standingLabels, standingSelector } from "./place.ts";

/** One thing to tell about a service, in its group's Events. */
export interface StatusEvent {
  readonly service: string;
  readonly group: number;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** An Event as it is read back. */
export interface ToldEvent {
  /** Empty of one about all services. */
  readonly service: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
}

/** A pass tells no more than this one by one; of the rest it tells how many there are. */
const EVENTS_MAX = 20;
/** Drift of a service that comes back all the time is told so often at most. */
const DRIFT_AGAIN_MS = 10 * 60_000;
const MESSAGE_MAX = 1000;
const SERVICE_ANNOTATION = "gitops.bulkhead.dev/about";

/**
 * What changed, in words: only when a service goes from one condition to another, when drift was written back, or when a
 * warning is new. `first`: nothing was known before, so that only what is wrong is worth telling.
 */
export function eventsOf(
  changed: readonly Changed[],
  about: { readonly first: boolean; readonly groups: number },
): readonly StatusEvent[] {
  const all = changed.flatMap((change) =>
    eventsOfService(change, about.first).map((event) => ({
      ...event,
      service: change.service,
      group: groupOfService(change.service, about.groups),
    })),
  );
  const order = all.toSorted((a, b) => (a.type === b.type ? 0 : a.type === "Warning" ? -1 : 1));
  const rest = order.slice(EVENTS_MAX);
  const worst = rest[0];
  if (worst === undefined) return order;
  const message = `${rest.length} more: ${rest.map(({ service }) => service).join(", ")}`;
  return [
    ...order.slice(0, EVENTS_MAX),
    { service: "", group: 0, type: worst.type, reason: "More", message: message.slice(0, MESSAGE_MAX) },
  ];
}

type Said = Pick<StatusEvent, "type" | "reason" | "message">;

function eventsOfService({ before, after, outcome }: Changed, first: boolean): readonly Said[] {
  if (after === undefined) {
    if (first) return [];
    const removed: Said = { type: "Normal", reason: "Removed", message: "left git, and nothing of it is left" };
    if (outcome?.confirmed === undefined) return [removed];
    const { by, how } = outcome.confirmed;
    const deleted = outcome.steps.filter(({ action, result }) => action === "delete" && result === "done").length;
    const message = `${deleted} ${deleted === 1 ? "object" : "objects"} deleted, confirmed by ${by} (${how})`;
    return [removed, { type: "Normal", reason: "Confirmed", message }];
  }
  const events: Said[] = [];
  const [was, is] = [before === undefined ? undefined : readyOf(before), readyOf(after)];
  const moved = was?.status !== is.status || was.reason !== is.reason;
  if (moved && isGood(after.state)) {
    if (!first) events.push({ type: "Normal", reason: is.reason, message: is.message });
  } else if (moved) {
    const type = after.state === "suspended" || is.status === "Unknown" ? "Normal" : "Warning";
    if (!first || type === "Warning") events.push({ type, reason: is.reason, message: is.message });
  }
  const entry = after.history[0];
  const told = before?.history[0];
  if (outcome !== undefined && isDriftRepair(outcome) && entry !== told) {
    const again = told?.what.includes("drift repaired") === true;
    const soon = again && Date.parse(entry?.at ?? "") - Date.parse(told?.at ?? "") < DRIFT_AGAIN_MS;
    if (!soon) events.push({ type: "Warning", reason: "DriftRepaired", message: entry?.what ?? "" });
  }
  if (entry !== told && entry?.confirmed !== undefined) {
    const { by, how } = entry.confirmed;
    events.push({ type: "Normal", reason: "Confirmed", message: `${entry.what}, confirmed by ${by} (${how})` });
  }
  const known = new Set(before?.warnings.map(({ code }) => code));
  for (const { code, message } of after.warnings) {
    if (!known.has(code)) events.push({ type: "Warning", reason: warningReason(code), message });
  }
  return events.map((event) => ({ ...event, message: event.message.slice(0, MESSAGE_MAX) }));
}

/** `drift/flapping` is Flapping. */
function warningReason(code: string): string {
  const words = code.slice(code.indexOf("/") + 1).split("-");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function readyOf(kept: KeptService): { readonly status: string; readonly reason: string; readonly message: string } {
  const found = conditionsOf(kept, kept.applied?.revision ?? kept.revision).find(({ type }) => type === "Ready");
  if (found === undefined) throw new Error("a service is ready or not");
  return found;
}

/** Writes Events about the group objects, where `kubectl describe` and `kubectl get events` show them. */
export async function writeEvents(
  cluster: Cluster,
  place: StatusPlace,
  events: readonly StatusEvent[],
  objects: ReadonlyMap<string, KeptObject>,
  nowMs: number,
  signal: AbortSignal,
): Promise<Result<number>> {
  const names = namesOf(place);
  const time = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  for (const event of events) {
    const group = names.group(event.group);
    const key = createHash("sha256")
      .update(JSON.stringify([event, nowMs]))
      .digest("hex")
      .slice(0, 16);
    const regarding = objects.get(group);
    const manifest = {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: `${group}.${key}`,
        namespace: place.namespace,
        labels: standingLabels(place),
        annotations: { [SERVICE_ANNOTATION]: event.service },
      },
      involvedObject: {
        apiVersion: "v1",
        kind: "ConfigMap",
        namespace: place.namespace,
        name: group,
        ...(regarding === undefined ? {} : { uid: regarding.uid }),
      },
      type: event.type,
      reason: event.reason,
      message: event.service === "" ? event.message : `${event.service}: ${event.message}`,
      source: { component: "gitops" },
      reportingComponent: "gitops",
      reportingInstance: "gitops",
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
    const answer = await cluster.apply(EVENT, manifest, { fieldManager: STATUS_MANAGER, force: true }, signal);
    if (!answer.ok) return failed(problemFailure(answer.problem, { verb: "apply", what: "Events" }));
  }
  return ok(events.length);
}

/** Events of a scope, the oldest first. The API server keeps them for an hour, unless told otherwise. */
export async function readEvents(
  cluster: Cluster,
  place: StatusPlace,
  signal: AbortSignal,
): Promise<Result<readonly ToldEvent[]>> {
  const options = { namespace: place.namespace, labelSelector: standingSelector(place) };
  const listed = await cluster.listObjects(EVENT, options, signal);
  if (!listed.ok) return failed(problemFailure(listed.problem, { verb: "list", what: "Events" }));
  return ok(listed.value.items.map(toldEvent).toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)));
}

function toldEvent(event: LiveObject): ToldEvent {
  const service = stringMap(child(event.metadata, "annotations"))[SERVICE_ANNOTATION] ?? "";
  const message = text(event, "message") ?? "";
  return {
    service,
    type: text(event, "type") ?? "",
    reason: text(event, "reason") ?? "",
    message: service !== "" && message.startsWith(`${service}: `) ? message.slice(service.length + 2) : message,
    at: text(event, "lastTimestamp") ?? "",
  };
}
