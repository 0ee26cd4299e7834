import { type PassEvent, type Revision, refText, type ServiceOutcome, unreachable } from "../model/index.ts";
import { cut } from "./columns.ts";
import { counted, countSteps, type PassMode } from "./counts.ts";
import { durationText } from "./duration.ts";
import { codesText } from "./failure-text.ts";
import type { Paint } from "./paint.ts";
import { revisionShort, statePaint } from "./pass-text.ts";
import { visible } from "./visible.ts";

/** What a pass has done so far. */
export interface Progress {
  readonly phase: string;
  readonly revision?: Revision;
  readonly services: number;
  readonly built: number;
  readonly done: number;
  readonly failed: number;
  readonly running: readonly string[];
  /** Services that are applied and not seen healthy yet. */
  readonly waiting: readonly string[];
  /** Objects that were looked after, and when the first one was: for objects a second. */
  readonly objects: number;
  readonly firstObjectMs?: number;
}

export const NOTHING_DONE: Progress = {
  phase: "fetch",
  services: 0,
  built: 0,
  done: 0,
  failed: 0,
  running: [],
  waiting: [],
  objects: 0,
};

/** Progress after an event. `nowMs` is monotonic. */
export function advance(progress: Progress, event: PassEvent, nowMs: number): Progress {
  switch (event.type) {
    case "notice":
      return progress;
    case "phase":
      return { ...progress, phase: event.phase };
    case "fetched":
      return { ...progress, revision: event.revision };
    case "discovered":
      return { ...progress, services: event.services + event.broken };
    case "built":
      return { ...progress, built: progress.built + 1 };
    case "started":
      return { ...progress, running: [...progress.running, event.service] };
    case "waiting":
      return { ...progress, waiting: [...new Set([...progress.waiting, event.service])] };
    case "step":
      if (event.step.action === "unchanged") return progress;
      return { ...progress, objects: progress.objects + 1, firstObjectMs: progress.firstObjectMs ?? nowMs };
    case "finished":
      return {
        ...progress,
        done: progress.done + 1,
        failed: progress.failed + (event.outcome.state === "failed" ? 1 : 0),
        running: progress.running.filter((service) => service !== event.outcome.service),
        waiting: progress.waiting.filter((service) => service !== event.outcome.service),
      };
    default:
      return unreachable(event);
  }
}

/** The live line, at most `columnsMax` wide: `apply  120/250 services  3 running  2 failed  480 objects  96/s  5.2 s  dev/a, dev/b`. */
export function liveLine(
  progress: Progress,
  startedMs: number,
  nowMs: number,
  columnsMax: number,
  paint: Paint,
): string {
  const { phase, services, built, done, failed, running, waiting, objects, firstObjectMs } = progress;
  const seconds = firstObjectMs === undefined ? 0 : (nowMs - firstObjectMs) / 1000;
  const parts = [
    phase,
    ...(services === 0 ? [] : [`${done}/${services} services`]),
    ...(phase === "build" && built > 0 ? [`${built} built`] : []),
    ...(running.length === 0 ? [] : [`${running.length} running`]),
    ...(waiting.length === 0 ? [] : [`${waiting.length} waiting for health`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(objects === 0 ? [] : [`${objects} objects`]),
    ...(objects === 0 || seconds < 0.5 ? [] : [`${Math.round(objects / seconds)}/s`]),
    durationText(nowMs - startedMs),
  ];
  const line = parts.join("  ");
  const room = columnsMax - line.length - 2;
  const names = room > 12 && running.length > 0 ? `  ${paint.quiet(cut(running.map(visible).join(", "), room))}` : "";
  const text = cut(line, columnsMax);
  return (failed > 0 ? paint.warn(text) : text) + names;
}

export interface LineOptions {
  readonly verbose: boolean;
  readonly mode: PassMode;
}

/** The lines that stay: one for what was fetched and found, one for each service in which something was done or went wrong. */
export function plainLine(event: PassEvent, paint: Paint, { verbose, mode }: LineOptions): string | undefined {
  switch (event.type) {
    case "notice":
      return paint.warn(visible(event.message));
    case "fetched":
      return `fetched ${revisionShort(event.revision)}`;
    case "discovered":
      return `${counted(event.services, "service")}${event.broken === 0 ? "" : `, ${event.broken} broken`}`;
    case "finished":
      return serviceLine(event.outcome, paint, { verbose, mode });
    case "step":
      return verbose && event.step.action !== "unchanged"
        ? paint.quiet(
            `${visible(event.service)}  ${event.step.action} ${visible(refText(event.step.ref))}: ${event.step.result}`,
          )
        : undefined;
    case "built":
      return verbose ? paint.quiet(`${visible(event.service)}  built in ${durationText(event.durationMs)}`) : undefined;
    case "waiting":
      return verbose ? waitingLine(event, paint) : undefined;
    case "phase":
      return verbose ? paint.quiet(event.phase) : undefined;
    case "started":
      return undefined;
    default:
      return unreachable(event);
  }
}

function waitingLine({ service, objects }: PassEvent & { readonly type: "waiting" }, paint: Paint): string | undefined {
  const [first, ...others] = objects;
  if (first === undefined) return undefined;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return paint.quiet(`${visible(service)}  waits for ${visible(refText(first.ref))}: ${visible(first.why)}${more}`);
}

function serviceLine(outcome: ServiceOutcome, paint: Paint, { verbose, mode }: LineOptions): string | undefined {
  const { service, state, steps, failures, durationMs } = outcome;
  if (!verbose && (state === "unchanged" || state === "suspended")) return undefined;
  const counts = countSteps(steps, mode);
  const done = Object.entries(counts).filter(([name, count]) => count > 0 && name !== "unchanged");
  const words = [
    ...done.map(([name, count]) => `${count} ${name}`),
    ...(failures.length === 0 ? [] : [codesText(failures)]),
  ];
  const head = `${visible(service)}  ${statePaint(state, paint)(state)}`;
  return [head, ...(words.length === 0 ? [] : [words.join(", ")]), paint.quiet(durationText(durationMs))].join("  ");
}
