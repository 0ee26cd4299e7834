import type { Logger } from "pino";
import {
  type Failure,
  type PassEvent,
  type PassOutcome,
  type Revision,
  refKey,
  revisionText,
  type ServiceState,
} from "../model/index.ts";
import { countObjects, countStates, countSteps } from "./counts.ts";
import { passResult } from "./metrics.ts";
import { visibleJson } from "./visible.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Structured logs: one JSON object a line. */
export interface Log {
  line(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
  event(event: PassEvent): void;
  pass(outcome: PassOutcome): void;
  failure(message: string, failures: readonly Failure[]): void;
}

/** `write` takes whole lines; `nowMs` is wall time. */
export async function newLog(write: (line: string) => void, nowMs: () => number, level: LogLevel): Promise<Log> {
  // Loaded here, because only the long run needs it. No transports: they are threads that load files by path.
  const { pino } = await import("pino");
  const logger: Logger = pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(visibleJson(line)) },
  );
  const line: Log["line"] = (at, message, fields = {}) => logger[at](fields, message);
  return {
    line,
    event: (event) => logEvent(line, event),
    pass(outcome) {
      const result = passResult(outcome);
      const { objects, services } = {
        objects: present(countObjects(outcome, "sync")),
        services: present(countStates(outcome)),
      };
      line(result === "ok" ? "info" : "warn", "pass ended", {
        result,
        ...revisionField(outcome.revision),
        services,
        objects,
        builds: outcome.builds,
        durationMs: Math.round(outcome.durationMs),
      });
      if (outcome.failures.length > 0)
        for (const failure of outcome.failures) line("error", failure.message, failureFields(failure));
    },
    failure(message, failures) {
      for (const failure of failures) line("error", `${message}: ${failure.message}`, failureFields(failure));
    },
  };
}

function logEvent(line: Log["line"], event: PassEvent): void {
  switch (event.type) {
    case "fetched":
      return line("debug", "fetched", revisionField(event.revision));
    case "discovered":
      return line("debug", "discovered", { services: event.services, broken: event.broken });
    case "built":
      return line("debug", "built", { service: event.service, ok: event.ok, durationMs: Math.round(event.durationMs) });
    case "step": {
      const { ref, action, result, why, drift, failure } = event.step;
      if (action === "unchanged") return;
      const fields = {
        service: event.service,
        object: refKey(ref),
        action,
        result,
        why,
        ...(drift === undefined ? {} : { drift }),
      };
      if (failure === undefined)
        return line(action === "held" || action === "drifted" ? "warn" : "info", action, fields);
      return line(result === "planned" ? "warn" : "error", failure.message, { ...fields, ...failureFields(failure) });
    }
    case "finished": {
      const { service, state, steps, failures, warnings = [], durationMs, built } = event.outcome;
      const bad = BAD.has(state);
      const fields = {
        service,
        state,
        built,
        objects: present(countSteps(steps, "sync")),
        durationMs: Math.round(durationMs),
      };
      line(bad ? "warn" : state === "synced" ? "info" : "debug", "service ended", fields);
      const level = state === "pending" ? "warn" : "error";
      for (const failure of failures) line(level, failure.message, { service, ...failureFields(failure) });
      for (const warning of warnings) line("warn", warning.message, { service, ...failureFields(warning) });
      return;
    }
    case "notice":
      return line("warn", event.message);
    case "waiting":
      for (const { ref, why } of event.objects)
        line("debug", "waits for health", { service: event.service, object: refKey(ref), why });
      return;
    case "phase":
      return line("debug", "phase", { phase: event.phase });
    case "started":
      return line("debug", "started", { service: event.service });
  }
}

const BAD: ReadonlySet<ServiceState> = new Set(["failed", "blocked", "pending", "held", "drifted", "interrupted"]);

function revisionField(revision: Revision | undefined): { readonly revision?: string } {
  return revision === undefined ? {} : { revision: revisionText(revision) };
}

function failureFields({ code, remedy, at, object }: Failure): Readonly<Record<string, unknown>> {
  return { code, remedy, ...(at === undefined ? {} : { at }), ...(object === undefined ? {} : { object }) };
}

/** Counts that are not zero. */
function present(counts: object): object {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
