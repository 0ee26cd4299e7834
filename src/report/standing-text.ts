import type { HistoryEntry, ServiceStanding, Suspension } from "../model/index.ts";
import { type Cell, columns } from "./columns.ts";
import { counted } from "./counts.ts";
import { durationText } from "./duration.ts";
import { type AskedAbout, matchText } from "./insight-text.ts";
import type { Paint } from "./paint.ts";
import { statePaint } from "./pass-text.ts";
import { visible } from "./visible.ts";

/** One Event, as `gitops events` shows it. */
export interface EventLine {
  /** Empty of one about several services. */
  readonly service: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What happened to one service, the newest first, and how it stands. Ends in a line break. */
export function historyText(standing: ServiceStanding, nowMs: number, paint: Paint): string {
  const header = headed(["WHEN", "RESULT", "TOOK", "REVISION", "DIGEST", "WHAT"], paint);
  const rows = standing.history.map((entry): readonly Cell[] => [
    { text: ago(entry.at, nowMs) },
    { text: entry.result, paint: statePaint(entry.result, paint) },
    { text: durationText(entry.durationMs), right: true },
    { text: shortRevision(entry.revision) },
    { text: entry.digest === undefined ? "-" : entry.digest.slice(entry.digest.indexOf(":") + 1).slice(0, 12) },
    { text: visible(whatText(entry)) },
  ]);
  const conditions = standing.conditions.map((one): readonly Cell[] => [
    { text: one.type },
    { text: one.status },
    { text: one.reason },
    { text: `since ${ago(one.lastTransitionTime, nowMs).replace(/ ago$/, "")}` },
    { text: visible(one.message), paint: paint.quiet },
  ]);
  const applied = standing.applied === undefined ? "nothing yet" : shortRevision(standing.applied);
  const end = `${visible(standing.service)} · applied ${applied} · attempted ${shortRevision(standing.attempted)}`;
  return sections([columns([header, ...rows], paint.room), columns(conditions), [end]]);
}

function whatText({ what, confirmed }: HistoryEntry): string {
  return confirmed === undefined ? what : `${what}, confirmed by ${confirmed.by} (${confirmed.how})`;
}

/** Events, the newest last. Ends in a line break. */
export function eventsText(events: readonly EventLine[], asked: AskedAbout, nowMs: number, paint: Paint): string {
  if (events.length === 0)
    return `no Events of any service${matchText(asked)}: nothing changed lately, and the API server forgets them after an hour\n`;
  const header = headed(["WHEN", "TYPE", "REASON", "SERVICE", "MESSAGE"], paint);
  const rows = events.map((event): readonly Cell[] => [
    { text: ago(event.at, nowMs) },
    { text: visible(event.type), paint: event.type === "Warning" ? paint.warn : paint.quiet },
    { text: visible(event.reason) },
    { text: event.service === "" ? "-" : visible(event.service) },
    { text: visible(event.message) },
  ]);
  return sections([columns([header, ...rows], paint.room)]);
}

/** A glob that no service that is known matches, and the one that was probably meant. */
export interface IdleGlob {
  readonly glob: string;
  readonly meant?: string;
}

interface SuspendedBy {
  /** Services that are known and held. */
  readonly services: readonly string[];
  /** What was to be resumed and was not suspended so. */
  readonly notSuspended: readonly string[];
  /** What was asked for just now and holds nobody. */
  readonly idle: readonly IdleGlob[];
}

/** What is suspended, by whom and why. Ends in a line break. */
export function suspensionsText(
  suspensions: readonly Suspension[],
  { services, notSuspended, idle }: SuspendedBy,
  nowMs: number,
  paint: Paint,
): string {
  const notes = [
    ...notSuspended.map((glob) => paint.warn(`nothing was suspended by ${visible(glob)}`)),
    ...idle.map(({ glob, meant }) => {
      const hint = meant === undefined ? "" : `: did you mean ${visible(meant)}?`;
      return paint.warn(`${visible(glob)} matches no service that is known${hint}`);
    }),
  ];
  if (suspensions.length === 0) return sections([notes, ["nothing is suspended here; what git suspends stays so"]]);
  const header = headed(["SUSPENDED", "REASON", "BY", "SINCE", "UNTIL"], paint);
  const rows = suspensions.map((one): readonly Cell[] => [
    { text: visible(one.glob) },
    { text: visible(one.reason) },
    { text: visible(one.author) },
    { text: ago(one.at, nowMs) },
    { text: one.until ?? "resumed" },
  ]);
  const known = services.length === 0 ? "no service that is known matches" : services.map(visible).join(", ");
  const end = `${counted(services.length, "service")} left alone from the next pass on: ${known}`;
  return sections([notes, columns([header, ...rows], paint.room), [end]]);
}

/** What was confirmed, whose deletes are held at that commit, and whose stay held nevertheless. Ends in a line break. */
export function confirmedText(
  order: { readonly commit: string; readonly globs: readonly string[]; readonly by: string },
  held: readonly string[],
  staying: readonly string[] = [],
): string {
  const of = order.globs.includes("**") ? "all services" : order.globs.map(visible).join(", ");
  const none = staying.length === 0 ? "nothing" : "nothing that it lets go";
  const waiting =
    held.length === 0
      ? `${none} is known to be held at this commit now`
      : `${counted(held.length, "service")} with held deletes: ${held.map(visible).join(", ")}`;
  const others =
    staying.length === 0 ? "" : `no confirmation lets go what is held of ${staying.map(visible).join(", ")}\n`;
  return `deletes of ${of} at ${order.commit.slice(0, 12)} are confirmed by ${visible(order.by)}; the next pass over that commit does them\n${waiting}\n${others}`;
}

function headed(titles: readonly string[], paint: Paint): readonly Cell[] {
  return titles.map((text) => ({ text, paint: paint.quiet, right: text === "TOOK", spare: text === "DIGEST" }));
}

function ago(time: string, nowMs: number): string {
  return `${durationText(Math.max(0, nowMs - Date.parse(time)))} ago`;
}

/** `main@3f2a91c5d0e1` of `main@sha1:3f2a91c5d0e1…`. */
function shortRevision(revision: string): string {
  const colon = revision.lastIndexOf(":");
  const at = revision.lastIndexOf("@", colon);
  return `${at < 0 ? "" : `${revision.slice(0, at)}@`}${revision.slice(colon + 1, colon + 13)}`;
}

function sections(parts: readonly (readonly string[])[]): string {
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}
