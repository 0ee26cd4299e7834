import { structuredPatch } from "diff";
import {
  type DriftedField,
  type FieldChange,
  type Json,
  jsonText,
  type PassOutcome,
  placeText,
  refText,
  type StepResult,
} from "../model/index.ts";
import type { Paint } from "./paint.ts";
import { passText } from "./pass-text.ts";
import { visible } from "./visible.ts";

/** Longer values are cut: the object's build shows them whole. */
const VALUE_CHARACTERS_MAX = 400;

/**
 * What a sync would change, by service and object, field by field:
 *
 *     dev/pay
 *       update apps/Deployment dev/pay  dev/releases/pay/deployment.yaml:1
 *         - spec.replicas: 2
 *         + spec.replicas: 3
 *
 * and then the closing report. Ends in a line break.
 */
export function diffText(outcome: PassOutcome, paint: Paint): string {
  const blocks = outcome.services
    .toSorted((a, b) => (a.service < b.service ? -1 : 1))
    .flatMap(({ service, steps }) => {
      const shown = steps.filter(({ action }) => action !== "unchanged");
      return shown.length === 0
        ? []
        : [[paint.strong(visible(service)), ...shown.flatMap((step) => stepLines(step, paint))].join("\n")];
    });
  return [...blocks, passText(outcome, { mode: "diff", all: false, paint })].join("\n\n");
}

function stepLines(step: StepResult, paint: Paint): readonly string[] {
  const place = step.at === undefined ? "" : `  ${paint.quiet(visible(placeText(step.at)))}`;
  const why = step.action === "create" || step.why === "changed" ? "" : `  ${paint.quiet(visible(step.why))}`;
  const head = `  ${actionPaint(step.action, paint)(step.action)} ${visible(refText(step.ref))}${place}${why}`;
  const drift = step.action === "drifted" ? (step.drift ?? []) : [];
  return [
    head,
    ...drift.map((field) => `    ${paint.warn(`! ${visible(driftedText(field))}`)}`),
    ...(step.fields ?? []).flatMap((field) => fieldLines(field, paint)),
  ];
}

/** `spec.replicas: kubectl-edit has it since 2026-01-02T12:03:00Z`; a field without a manager was removed. */
function driftedText({ path, manager, since }: DriftedField): string {
  return manager === undefined
    ? `${path}: removed`
    : `${path}: ${manager} has it${since === undefined ? "" : ` since ${since}`}`;
}

function actionPaint(action: StepResult["action"], paint: Paint): (text: string) => string {
  switch (action) {
    case "create":
      return paint.good;
    case "update":
    case "transfer":
    case "adopt":
      return paint.note;
    case "delete":
    case "recreate":
      return paint.bad;
    case "held":
    case "drifted":
      return paint.warn;
    case "unchanged":
    case "kept":
      return paint.quiet;
  }
}

function fieldLines({ path, before, after }: FieldChange, paint: Paint): readonly string[] {
  const name = visible(path);
  if (isText(before) && isText(after)) return textLines(name, before, after, paint);
  return [
    ...(before === undefined ? [] : [`    ${paint.bad(`- ${name}: ${valueText(before)}`)}`]),
    ...(after === undefined ? [] : [`    ${paint.good(`+ ${name}: ${valueText(after)}`)}`]),
  ];
}

const isText = (value: Json | undefined): value is string =>
  typeof value === "string" && value.trimEnd().includes("\n");

/** Texts of several lines: the lines that differ, with two around them. */
function textLines(name: string, before: string, after: string, paint: Paint): readonly string[] {
  const { hunks } = structuredPatch("", "", before, after, "", "", { context: 2 });
  return [
    `    ${paint.note(`~ ${name}:`)}`,
    ...hunks.flatMap(({ oldStart, lines }) => [
      paint.quiet(`      line ${oldStart}`),
      ...lines.map((line) => {
        const text = `      ${line.slice(0, 1)} ${visible(line.slice(1))}`;
        return line.startsWith("+") ? paint.good(text) : line.startsWith("-") ? paint.bad(text) : text;
      }),
    ]),
  ];
}

function valueText(value: Json): string {
  const text = visible(jsonText(value));
  return text.length <= VALUE_CHARACTERS_MAX
    ? text
    : `${text.slice(0, VALUE_CHARACTERS_MAX)}… (${text.length} characters)`;
}
