import {
  type Authored,
  type Explanation,
  type Failure,
  placeText,
  refText,
  revisionText,
  type ServiceTree,
  type Trace,
} from "../model/index.ts";
import { type Cell, columns } from "./columns.ts";
import { counted } from "./counts.ts";
import { serviceFailureLines } from "./failure-text.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./visible.ts";

/** Of many paths so many are named. */
const PATHS_SHOWN_MAX = 10;

/** What a sync would do about a service, and why. Ends in a line break. */
export function whyText(explanation: Explanation, paint: Paint): string {
  const { service, revision, at, because, runs, footprint, changed, change, steps, failures } = explanation;
  const head = [
    `${paint.strong(visible(service))} ${verdict(runs, failures, paint)}: ${visible(because)}`,
    ...facts(paint, [
      ["revision", revisionText(revision)],
      ["defined", at && placeText(at)],
      ["built from", footprint === undefined ? undefined : `${counted(footprint, "path")}${unchangedText(changed)}`],
      ["last change", change && changeText(change)],
      ["objects", objectsText(explanation)],
    ]),
  ];
  const paths = (changed ?? []).slice(0, PATHS_SHOWN_MAX).map((path) => `  ${paint.note("changed")} ${visible(path)}`);
  const more = (changed?.length ?? 0) - paths.length;
  const todo = steps.map(({ ref, action, why, at: place }) => {
    const where = place === undefined ? "" : `  ${paint.quiet(visible(placeText(place)))}`;
    return `  ${paint.note(action)} ${visible(refText(ref))}${where}  ${paint.quiet(visible(why))}`;
  });
  return sections([
    head,
    [...paths, ...(more > 0 ? [`  and ${more} more`] : [])],
    todo,
    failures.length === 0 ? [] : serviceFailureLines(service, failures, paint),
  ]);
}

function unchangedText(changed: readonly string[] | undefined): string {
  if (changed === undefined) return ", no earlier build with these settings is known here";
  return changed.length === 0 ? ", none of them changed since the last build" : `, ${changed.length} changed`;
}

function verdict(runs: boolean, failures: readonly Failure[], paint: Paint): string {
  if (failures.length > 0) return paint.bad(runs ? "would run, and fail" : "fails");
  return runs ? paint.note("would run") : paint.good("stays as it is");
}

function objectsText({ steps, unchanged, driftUnseen, failures }: Explanation): string | undefined {
  const todo = steps.length;
  if (todo + unchanged === 0) return undefined; // it declares none, or nobody looked
  const so = driftUnseen === true ? "as last applied" : "as git says";
  const unseen = driftUnseen === true ? "; drift: off, so what others changed since is not looked at" : "";
  if (failures.length > 0 && todo === 0) return `${unchanged} ${so}; what failed is not counted${unseen}`;
  if (todo === 0) return `${counted(unchanged, "object")}, all ${so}${unseen}`;
  return `${unchanged} ${so}, ${todo} not${unseen}`;
}

/** What was asked about: which services of which scope. */
export interface AskedAbout {
  readonly scope: string;
  /** Globs over services; none stand for all. */
  readonly services: readonly string[];
}

/** What services have in the cluster, object by object. Ends in a line break. */
export function treeText(trees: readonly ServiceTree[], asked: AskedAbout, nowMs: number, paint: Paint): string {
  if (trees.length === 0) return `no service${matchText(asked)} owns anything; check --path and --scope\n`;
  return sections(
    trees.map(({ service, objects }) => [
      `${paint.strong(visible(service))}  ${paint.quiet(counted(objects.length, "object"))}`,
      ...columns(
        objects.map(({ ref, proven, appliedAt, others, terminating }, index): readonly Cell[] => [
          { text: `${index === objects.length - 1 ? "└─" : "├─"} ${visible(refText(ref))}` },
          {
            text: appliedAt === undefined ? "" : `applied ${agoText(nowMs - Date.parse(appliedAt))}`,
            paint: paint.quiet,
          },
          ...(terminating === undefined
            ? proven
              ? []
              : [{ text: "carries the label only: it was copied", paint: paint.warn }]
            : [{ text: `terminating since ${terminating}`, paint: paint.warn }]),
          ...(others.length === 0 ? [] : [{ text: `also ${visible(others.join(", "))}`, paint: paint.quiet }]),
        ]),
      ),
    ]),
  );
}

/** ` of scope clusters/prod that matches payments/*` */
export function matchText({ scope, services }: AskedAbout): string {
  const globs = services.length === 0 ? "" : ` that matches ${services.map(visible).join(" or ")}`;
  return ` of scope ${visible(scope)}${globs}`;
}

function agoText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
}

/** Where a live object comes from. Ends in a line break. */
export function traceText(trace: Trace, paint: Paint): string {
  const { object, controllers, service, scope, proven, managers, revision, definedAt, declaredAt, change } = trace;
  const owner =
    service === undefined
      ? "none of ours"
      : `${service} (scope ${scope})${proven ? "" : ", by a label that no apply of ours wrote"}`;
  const does = trace.action === "drifted" ? "leaves it as it is" : trace.action;
  const action =
    does === undefined ? trace.why && `fails: ${trace.why}` : `${does}${trace.why === "" ? "" : `: ${trace.why}`}`;
  return sections([
    [
      paint.strong(visible(refText(object))),
      ...facts(paint, [
        ["controlled by", controllers.length === 0 ? undefined : controllers.map(refText).join(" ← ")],
        ["service", owner],
        ["defined", definedAt && placeText(definedAt)],
        ["declared", declaredAt && placeText(declaredAt)],
        ["last change", change && changeText(change)],
        ["revision", revisionText(revision)],
        ["next sync", action ?? (service === undefined ? undefined : "does not declare it")],
        ["also written by", managers.length === 0 ? undefined : managers.join(", ")],
      ]),
    ],
  ]);
}

function changeText({ commit, author, email, subject, at, exact }: Authored): string {
  const which = exact ? commit.slice(0, 12) : `${commit.slice(0, 12)} or earlier (history ends there)`;
  return `${which}  ${author} <${email}>  ${at.slice(0, 10)}  ${subject}`;
}

function facts(paint: Paint, known: readonly (readonly [string, string | undefined])[]): readonly string[] {
  return columns(
    known.flatMap(([name, text]) =>
      text === undefined ? [] : [[{ text: `  ${name}`, paint: paint.quiet }, { text: visible(text) }]],
    ),
  );
}

function sections(all: readonly (readonly string[])[]): string {
  return `${all
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}
