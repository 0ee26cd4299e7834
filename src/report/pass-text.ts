import {
  type PassOutcome,
  type Revision,
  refText,
  type ServiceOutcome,
  type ServiceState,
  type StepResult,
} from "../model/index.ts";
import { type Cell, columns } from "./columns.ts";
import { type ActionCounts, counted, countObjects, countStates, countSteps, type PassMode, STATES } from "./counts.ts";
import { durationText } from "./duration.ts";
import { errorText, serviceFailureLines, warningLines } from "./failure-text.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./visible.ts";

export interface PassTextOptions {
  readonly mode: PassMode;
  /** Also the services in which nothing was to be done. */
  readonly all: boolean;
  readonly paint: Paint;
}

/** Deletes of one service that are shown one by one, and as many objects that others changed. */
const HELD_SHOWN_MAX = 10;

/**
 * The closing report of a pass: what was done by service, what is held and how to confirm it, then the failures, and one
 * line of totals. Ends in a line break.
 */
export function passText(outcome: PassOutcome, options: PassTextOptions): string {
  const { paint } = options;
  if (outcome.failures.length > 0) return errorText(outcome.failures, paint);
  const listed = outcome.services.filter(
    ({ state }) => options.all || (state !== "unchanged" && state !== "suspended"),
  );
  const sections = [
    tableLines(listed.toSorted(byStateThenId), options),
    outcome.services.toSorted(byId).flatMap((service) => driftLines(service, options)),
    outcome.services.toSorted(byId).flatMap((service) => waitLines(service, paint)),
    [...outcome.services.flatMap((service) => heldLines(service, paint)), ...confirmLines(outcome, paint)],
    outcome.services.toSorted(byId).flatMap(({ service, warnings = [] }) => warningLines(service, warnings, paint)),
    outcome.services.toSorted(byId).flatMap(({ service, failures }) => serviceFailureLines(service, failures, paint)),
    meaningLines(outcome, paint),
    [totalLine(outcome, options)],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

const byId = (a: ServiceOutcome, b: ServiceOutcome): number => (a.service < b.service ? -1 : 1);
const byStateThenId = (a: ServiceOutcome, b: ServiceOutcome): number =>
  STATES.indexOf(a.state) - STATES.indexOf(b.state) || byId(a, b);

const COLUMNS: readonly (keyof ActionCounts)[] = [
  "created",
  "updated",
  "transferred",
  "adopted",
  "recreated",
  "drifted",
  "unchanged",
  "deleted",
  "held",
  "failed",
  "pending",
];

function tableLines(services: readonly ServiceOutcome[], { mode, paint }: PassTextOptions): readonly string[] {
  if (services.length === 0) return [];
  const rowsOf = services.map((service) => ({ service, counts: countSteps(service.steps, mode) }));
  const shown = COLUMNS.filter((name) => rowsOf.some(({ counts }) => counts[name] > 0));
  const header: readonly Cell[] = ["SERVICE", "STATE", ...shown.map((name) => name.toUpperCase()), "TIME"].map(
    (text, index) => ({ text, paint: paint.quiet, right: index > 1 }),
  );
  const rows = rowsOf.map(({ service: { service, state, durationMs }, counts }): readonly Cell[] => [
    { text: visible(service) },
    { text: state, paint: statePaint(state, paint) },
    ...shown.map((name) => ({
      text: String(counts[name]),
      right: true,
      ...(counts[name] === 0 ? { paint: paint.quiet } : {}),
    })),
    { text: durationText(durationMs), right: true },
  ]);
  return columns([header, ...rows], paint.room);
}

export function statePaint(state: ServiceState | "stale" | "unknown", paint: Paint): (text: string) => string {
  switch (state) {
    case "synced":
    case "unchanged":
      return paint.good;
    case "planned":
    case "progressing":
      return paint.note;
    case "failed":
    case "blocked":
    case "backoff":
    case "stale":
      return paint.bad;
    case "held":
    case "drifted":
    case "pending":
    case "interrupted":
    case "unknown":
      return paint.warn;
    case "suspended":
      return paint.quiet;
  }
}

function heldLines({ service, steps }: ServiceOutcome, paint: Paint): readonly string[] {
  const held = steps.filter(({ action }) => action === "held");
  if (held.length === 0) return [];
  const more = held.length - HELD_SHOWN_MAX;
  return [
    `${paint.strong(visible(service))}  ${paint.warn(`${counted(held.length, "delete")} held`)}`,
    ...columns(
      held
        .slice(0, HELD_SHOWN_MAX)
        .map(({ ref, why }) => [{ text: `  ${visible(refText(ref))}` }, { text: visible(why), paint: paint.quiet }]),
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** What others changed, who has it now, and what was done about that. */
function driftLines({ service, steps }: ServiceOutcome, { mode, paint }: PassTextOptions): readonly string[] {
  const drifted = steps.filter(({ drift }) => drift !== undefined);
  if (drifted.length === 0) return [];
  const more = drifted.length - HELD_SHOWN_MAX;
  const done = ({ action, result }: StepResult): string => {
    if (action === "drifted") return "left as it is";
    if (result === "failed") return "not written back";
    return mode === "sync" && result === "done" ? "written back" : "to be written back";
  };
  return [
    `${paint.strong(visible(service))}  ${paint.warn(`${counted(drifted.length, "object")} drifted`)}`,
    ...columns(
      drifted
        .slice(0, HELD_SHOWN_MAX)
        .map((step) => [
          { text: `  ${visible(refText(step.ref))}` },
          { text: done(step) },
          { text: visible(step.why), paint: paint.quiet },
        ]),
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** What a service waits for: the health of its objects, or the time of the next try. */
function waitLines({ service, state, health, retry }: ServiceOutcome, paint: Paint): readonly string[] {
  const id = paint.strong(visible(service));
  if (state === "backoff" && retry !== undefined) {
    const at = new Date(retry.nextAtMs).toISOString();
    return [`${id}  tried again at ${at}, ${counted(retry.attempts, "failure")} in a row`];
  }
  const objects = state === "progressing" ? (health?.objects ?? []) : [];
  if (objects.length === 0) return [];
  const more = objects.length - HELD_SHOWN_MAX;
  return [
    `${id}  ${paint.note(`${counted(objects.length, "object")} not healthy yet`)}`,
    ...columns(
      objects
        .slice(0, HELD_SHOWN_MAX)
        .map(({ ref, why }) => [{ text: `  ${visible(refText(ref))}` }, { text: visible(why), paint: paint.quiet }]),
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** States whose name alone does not say what comes next. */
const MEANING: Readonly<Partial<Record<ServiceState, string>>> = {
  pending: "something it needs is not there yet; the next pass goes on with it",
  backoff: "it failed, and nothing of it changed since; it is tried again by itself",
  drifted: "somebody changed it, and it is only reported, as its settings say",
  progressing: "it is applied, and was not seen healthy before the pass ended",
  blocked: "a service that it depends on is not ready; nothing of it was tried",
  interrupted: "the pass was told to stop before it was through; the next one goes on with it",
};

function meaningLines({ services }: PassOutcome, paint: Paint): readonly string[] {
  const present = new Set(services.map(({ state }) => state));
  return STATES.filter((state) => present.has(state)).flatMap((state) => {
    const meaning = MEANING[state];
    return meaning === undefined ? [] : [`${statePaint(state, paint)(state)}: ${meaning}`];
  });
}

/** How to confirm what is held, once for all, and that there is no way to for the rest. */
function confirmLines({ services, revision }: PassOutcome, paint: Paint): readonly string[] {
  const held = services.flatMap(({ at, steps }) =>
    steps.flatMap(({ action, confirmable }) => (action === "held" ? [{ left: at === undefined, confirmable }] : [])),
  );
  if (held.length === 0 || revision === undefined) return [];
  const waiting = held.filter(({ confirmable }) => confirmable !== false);
  const others = held.length - waiting.length;
  const lines = [
    waiting.length === 0
      ? `no confirmation lets ${others === 1 ? "it" : "them"} go: the next pass looks again`
      : `if they shall go: gitops sync --confirm ${revision.commit.slice(0, 12)}`,
    ...(waiting.length > 0 && others > 0
      ? [`${others} of them ${others === 1 ? "stays" : "stay"} nevertheless: the next pass looks again`]
      : []),
    // Two repositories under one name look like this, each to the other.
    ...(waiting.some(({ left }) => left)
      ? ["if they are another repository's or path's: give each a --scope of its own"]
      : []),
  ];
  return lines.map((line) => `${paint.note("→")} ${line}`);
}

/** `250 services: 225 synced, 25 failed · 900 objects created · main@sha1:3f2a91c5d0e1 · 12 builds · 8.1 s` */
function totalLine(outcome: PassOutcome, { mode, paint }: PassTextOptions): string {
  const states = countStates(outcome);
  const services = STATES.filter((state) => states[state] > 0).map((state) =>
    statePaint(state, paint)(`${states[state]} ${state}`),
  );
  const counts = countObjects(outcome, mode);
  const objects = [...COLUMNS, "kept" as const]
    .filter((name) => counts[name] > 0)
    .map((name) => `${counts[name]} ${name}`);
  const parts = [
    `${counted(outcome.services.length, "service")}${services.length === 0 ? "" : `: ${services.join(", ")}`}`,
    objects.length === 0 ? "no objects" : `objects: ${objects.join(", ")}`,
    ...(outcome.revision === undefined ? [] : [revisionShort(outcome.revision)]),
    counted(outcome.builds, "build"),
    durationText(outcome.durationMs),
    ...(mode === "sync" ? [] : ["nothing was written"]),
  ];
  return parts.join(" · ");
}

/** `main@3f2a91c5d0e1`: enough to find the commit. */
export function revisionShort({ ref, commit }: Revision): string {
  const short = commit.slice(0, 12);
  return ref === commit ? short : `${visible(ref)}@${short}`;
}
