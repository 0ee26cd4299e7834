import { globOf, type ServiceStanding, type Suspension } from "../model/index.ts";
import { type Cell, columns } from "./columns.ts";
import { counted } from "./counts.ts";
import { durationText } from "./duration.ts";
import { failureLines } from "./failure-text.ts";
import type { Paint } from "./paint.ts";
import { statePaint } from "./pass-text.ts";
import { shellText } from "./shell-text.ts";
import { isHealthy, type ServiceStatus, type StatusReport } from "./status.ts";
import { visible } from "./visible.ts";

/** Status by service, the bad ones last, then their failures. Ends in a line break. */
export function statusText(report: StatusReport, nowMs: number, paint: Paint): string {
  const ago = (time: string | undefined): string =>
    time === undefined ? "never" : `${durationText(Math.max(0, nowMs - Date.parse(time)))} ago`;
  const header: readonly Cell[] = [
    "SERVICE",
    "STATE",
    "OBJECTS",
    "OWNED",
    "REVISION",
    "LAST ATTEMPT",
    "LAST SUCCESS",
  ].map((text, index) => ({
    text,
    paint: paint.quiet,
    right: index === 2 || index === 3,
    spare: text === "LAST ATTEMPT",
  }));
  const services = report.services.toSorted((a, b) => rank(a) - rank(b) || (a.service < b.service ? -1 : 1));
  const rows = services.map((service): readonly Cell[] => [
    { text: visible(service.service) },
    { text: service.state, paint: statePaint(service.state, paint) },
    { text: service.objects === undefined ? "?" : String(service.objects), right: true },
    { text: service.owned === undefined ? "?" : String(service.owned), right: true },
    { text: service.lastSuccessRevision?.slice(0, 12) ?? "-" },
    { text: ago(service.lastAttempt) },
    { text: ago(service.lastSuccess) },
  ]);
  const sections = [
    rows.length === 0 ? [] : columns([header, ...rows], paint.room),
    services.flatMap(({ service, failures, standing }) => [
      ...failures.flatMap((failure) => failureLines(service, failure, paint)),
      ...(standing?.retry === undefined ? [] : [retryLine(service, standing.retry, nowMs, paint)]),
    ]),
    services.flatMap((service) => waitingLines(service, paint)),
    services.flatMap(({ service, standing }) => [
      ...(standing?.suspended === undefined ? [] : [suspendedLine(service, standing.suspended, paint)]),
      ...(standing?.warnings ?? []).flatMap((warning) => failureLines(service, warning, { ...paint, bad: paint.warn })),
    ]),
    report.failures.flatMap((failure) => failureLines("gitops", failure, paint)),
    [`scope ${visible(report.scope)} · last pass ${ago(report.lastPass)} · ${healthText(report)}`],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** States that are no failure and yet not good. */
const WAITING: ReadonlySet<ServiceStatus["state"]> = new Set([
  "held",
  "drifted",
  "progressing",
  "pending",
  "blocked",
  "interrupted",
]);

/** Why a service is not done although nothing of it failed, at which revision, and what to do about it. */
function waitingLines({ service, state, failures, standing }: ServiceStatus, paint: Paint): readonly string[] {
  const ready = standing?.conditions.find(({ type }) => type === "Ready");
  if (standing === undefined || ready === undefined || !WAITING.has(state)) return [];
  if (failures.length > 0 || (state === "drifted" && standing.warnings.length > 0)) return [];
  const commit = /[0-9a-f]{12,64}$/.exec(standing.attempted)?.[0].slice(0, 12) ?? "";
  const id = visible(service);
  const next =
    state === "held" && standing.unconfirmable !== true
      ? `gitops why ${shellText(service)} says which; if they shall go: gitops confirm ${commit} --service ${shellText(globOf(service))}`
      : `gitops why ${shellText(service)} says more${state === "held" ? "; no confirmation lets them go, and each pass looks again" : ""}`;
  return [
    `${paint.strong(id)}  ${statePaint(state, paint)(state)} at ${commit}: ${visible(ready.message)}`,
    `  ${paint.note("→")} ${next}`,
  ];
}

/** `dev/pay  tried again in 2 min 0 s, 3 failures in a row` */
function retryLine(service: string, retry: NonNullable<ServiceStanding["retry"]>, nowMs: number, paint: Paint): string {
  const ms = Date.parse(retry.nextAt) - nowMs;
  const when = ms > 0 ? `in ${durationText(ms)}` : "by the next pass";
  return `${paint.strong(visible(service))}  tried again ${when}, ${counted(retry.attempts, "failure")} in a row`;
}

function suspendedLine(service: string, { author, reason, at, until }: Suspension, paint: Paint): string {
  const when = until === undefined ? "until it is resumed" : `until ${until}`;
  return `${paint.strong(visible(service))}  suspended by ${visible(author)} since ${at}, ${when}: ${visible(reason)}`;
}

function healthText(report: StatusReport): string {
  const suspended = report.services.filter(({ state }) => state === "suspended").length;
  const rest = report.services.length - suspended;
  if (isHealthy(report)) {
    const left = `${counted(suspended, "service")} suspended`;
    if (rest === 0) return left;
    return `all ${counted(rest, "service")} as they should be${suspended === 0 ? "" : `, ${left}`}`;
  }
  const bad = report.services.filter(({ state }) => rank({ state }) > 0).length;
  if (report.services.length === 0 && report.failures.length > 0) return "nothing is known of any service";
  if (bad === 0 && report.failures.length > 0)
    return `${counted(rest, "service")} fine when last seen; what is said above is not`;
  return report.services.length === 0
    ? "nothing is known here: run gitops sync"
    : `${bad} of ${report.services.length} services need attention`;
}

function rank({ state }: Pick<ServiceStatus, "state">): number {
  switch (state) {
    case "synced":
    case "unchanged":
    case "suspended":
      return 0;
    case "planned":
    case "held":
    case "drifted":
    case "progressing":
    case "interrupted":
    case "unknown":
      return 1;
    case "stale":
      return 2;
    case "pending":
    case "blocked":
    case "backoff":
    case "failed":
      return 3;
  }
}
