import {
  type BrokenService,
  DEFAULT_SETTINGS,
  type DeleteLimit,
  type Discovery,
  isObject,
  type Json,
  jsonText,
  type Place,
  placeText,
  type Service,
  type ServiceSettings,
} from "../model/index.ts";
import { type Cell, columns } from "./columns.ts";
import { counted } from "./counts.ts";
import { serviceFailureLines } from "./failure-text.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./visible.ts";

/** What settings come to. */
export interface SettingsReport {
  /** The file of the revision's own settings. */
  readonly file?: string;
  readonly breaker: Readonly<Record<"service" | "run" | "gone", DeleteLimit>>;
  /** Kinds as `group/Kind`, beside those that always are protected. */
  readonly protect: readonly string[];
  /** What becomes of deletes when history was rewritten. */
  readonly rewrites: "hold" | "allow";
  readonly services: readonly Service[];
  readonly broken: readonly BrokenService[];
  /** Entries for services that match none. */
  readonly unused: readonly { readonly globs: readonly string[]; readonly at: Place }[];
  /** Files of settings that are for nobody. */
  readonly stray: Discovery["ignored"];
}

/** One setting as `gitops.yaml` has it. */
export interface Setting {
  readonly name: string;
  readonly value: Json;
  /** Where it is written; absent for what is usual, or follows from others. */
  readonly at?: Place;
}

type Field = Exclude<keyof ServiceSettings, "overlay" | "targetNamespace">;

/** Fields as files name them, in the order in which they are shown. */
const NAMES: Readonly<Record<Field, string>> = {
  prune: "prune",
  suspend: "suspend",
  deletionPolicy: "deletionPolicy",
  drift: "drift",
  wait: "wait",
  healthChecks: "healthChecks",
  timeoutMs: "timeout",
  intervalMs: "interval",
  retryMs: "retryInterval",
  recreate: "recreate",
  adopt: "adopt",
  tenant: "tenant",
  dependsOn: "dependsOn",
  deleteLimit: "deleteLimit",
};

/** The settings of one service; the limit of its deletes is the usual one unless it has its own. */
export function settingsOf({ settings, settingsFrom = {} }: Service, usualLimit: DeleteLimit): readonly Setting[] {
  return (Object.keys(NAMES) as Field[]).map((field) => {
    const at = settingsFrom[field];
    const value = field === "deleteLimit" ? (settings.deleteLimit ?? usualLimit) : settings[field];
    const written = field.endsWith("Ms") ? durationOf(Number(value)) : asJson(value);
    return { name: NAMES[field], value: written, ...(at === undefined ? {} : { at }) };
  });
}

/** What is not as usual, or everything. Ends in a line break. */
export function settingsText(report: SettingsReport, all: boolean, paint: Paint): string {
  const usual = settingsOf({ ...NOBODY, settings: DEFAULT_SETTINGS }, report.breaker.service);
  const isUsual = ({ name, value, at }: Setting): boolean =>
    at === undefined && usual.some((one) => one.name === name && valueText(one.value) === valueText(value));
  const rows = report.services.flatMap((service): readonly (readonly Cell[])[] => {
    const settings = settingsOf(service, report.breaker.service).filter((one) => all || !isUsual(one));
    const [first, ...others] = settings;
    if (first === undefined) return [[{ text: visible(service.id) }, { text: "all as usual", paint: paint.quiet }]];
    return [cells(visible(service.id), first, paint), ...others.map((one) => cells("", one, paint))];
  });
  const header = ["SERVICE", "SETTING", "VALUE", "WRITTEN AT"].map((text): Cell => ({ text, paint: paint.quiet }));
  const protect = report.protect.map((kind) => visible(kind.replace(/^\//, "")));
  const sections = [
    columns([
      [{ text: "settings", paint: paint.quiet }, { text: report.file === undefined ? "none" : visible(report.file) }],
      ...(["service", "run", "gone"] as const).map((name): readonly Cell[] => [
        { text: `breaker.${name}`, paint: paint.quiet },
        { text: valueText(asJson(report.breaker[name])) },
      ]),
      [{ text: "protect", paint: paint.quiet }, { text: protect.length === 0 ? "none" : protect.join(", ") }],
      [{ text: "rewrites", paint: paint.quiet }, { text: report.rewrites }],
    ]),
    rows.length === 0 ? [] : columns([header, ...rows], paint.room),
    report.broken.flatMap(({ id, failures }) => serviceFailureLines(id, failures, paint)),
    [
      ...report.unused.map(({ globs, at }) => `${placeText(at)}: ${globs.join(", ")} matches no service`),
      ...report.stray.map(({ at, why }) => `${placeText(at)}: ${why}`),
    ].map((line) => paint.warn(visible(line))),
    [`${counted(report.services.length, "service")}, ${report.broken.length} broken`],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

const NOBODY = { id: "", origin: "folder", folder: "", at: { path: "" }, why: "" } as const;

function cells(service: string, { name, value, at }: Setting, paint: Paint): readonly Cell[] {
  const where = at === undefined ? "usual" : visible(placeText(at));
  return [{ text: service }, { text: name }, { text: visible(valueText(value)) }, { text: where, paint: paint.quiet }];
}

/** As one may write it into `gitops.yaml`. */
function valueText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((one: Json) => valueText(one)).join(", ")}]`;
  if (isObject(value)) {
    const fields = Object.entries(value).filter(([, one]) => one !== "");
    return `{${fields.map(([name, one]) => `${name}: ${valueText(one)}`).join(", ")}}`;
  }
  return typeof value === "string" ? value || '""' : jsonText(value);
}

/** Milliseconds as a file says them: `1h30m`, `90s` is `1m30s`. */
function durationOf(ms: number): string {
  const parts = [
    [3_600_000, "h"],
    [60_000, "m"],
    [1000, "s"],
    [1, "ms"],
  ] as const;
  let left = ms;
  const text = parts.map(([unit, name]) => {
    const count = Math.floor(left / unit);
    left -= count * unit;
    return count === 0 ? "" : `${count}${name}`;
  });
  return text.join("") || "0s";
}

/** Settings are plain data. */
function asJson(value: ServiceSettings[Field]): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
