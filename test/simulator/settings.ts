import picomatch from "picomatch";
import type { DeleteLimit, DriftMode, ForeignTool } from "../../src/model/index.ts";
import type { Breaker, BreakerChange } from "../../src/plan/index.ts";
import type { Edit } from "./edits.ts";
import type { History, Step } from "./history.ts";
import type { Files, Monorepo, ServiceSpec } from "./monorepo.ts";
import { newRandom, type Random } from "./random.ts";

/** What one place says of a service. */
export interface Said {
  readonly prune?: boolean;
  readonly suspend?: boolean;
  readonly deletionPolicy?: "prune" | "orphan";
  readonly drift?: DriftMode;
  readonly timeout?: "3s" | "5m";
  readonly deleteLimit?: Partial<DeleteLimit>;
  readonly adopt?: readonly ForeignTool[];
}

/** An entry for some services; a wrong one has a field that says nothing that anybody knows. */
export interface SettingsEntry {
  readonly match: readonly string[];
  readonly says: Said;
  readonly wrong?: true;
}

/** What is wrong with a file of settings: no YAML, a field that is none, a value that is none, two documents. */
export type SettingsBreakage = "yaml" | "field" | "value" | "twice";

/** `gitops.yaml` of a revision. */
export interface SettingsFile {
  readonly defaults: Said;
  readonly entries: readonly SettingsEntry[];
  readonly breaker: BreakerChange;
  /** Kinds as people write them, `group/Kind`. */
  readonly protect: readonly string[];
  readonly breakage?: SettingsBreakage;
}

/** `gitops.yaml` in a service's folder. */
export interface OwnSettings {
  readonly says: Said;
  readonly wrong?: true;
}

/** Where settings of a revision may be: the nearer file, in the folder that the program is pointed at, stands for all. */
export type SettingsPlace = "root" | "path";

/** Files of settings, as text. */
export function settingsFiles({ settings, services, pathGone }: Monorepo, path: string): Files {
  const files: Record<string, string> = {};
  if (settings.root !== undefined) files["gitops.yaml"] = fileText(settings.root);
  if (settings.path !== undefined && !pathGone) files[`${path}/gitops.yaml`] = fileText(settings.path);
  for (const { form, folder, own, breakage } of services) {
    if (own === undefined || (form === "flux" ? breakage === "folder" : pathGone)) continue;
    const home = form === "flux" ? `apps/${folder}` : `${path}/plain/${folder}`;
    files[`${home}/gitops.yaml`] = JSON.stringify({ ...own.says, ...(own.wrong === true ? WRONG : {}) });
  }
  return files;
}

const WRONG = { drift: "sometimes" };

function fileText({ defaults, entries, breaker, protect, breakage }: SettingsFile): string {
  const services = entries.map(({ match, says, wrong }) => ({ match, ...says, ...(wrong === true ? WRONG : {}) }));
  const plain = { defaults, services, breaker, protect };
  const text = JSON.stringify(plain);
  return breakage === undefined ? text : BROKEN[breakage](text);
}

const BROKEN: Readonly<Record<SettingsBreakage, (sound: string) => string>> = {
  yaml: () => "defaults: [\n",
  field: (sound) => sound.replace("{", '{"defauls": {}, '),
  value: (sound) => sound.replace("{", '{"tenantFrom": "nobody", '),
  twice: (sound) => `${sound}\n---\n${sound}\n`,
};

/** What holds for a service after all places, as the judge reads them. */
export interface Settled {
  readonly prune: boolean;
  readonly suspend: boolean;
  /** What it leaves behind when it leaves git stays. */
  readonly orphan: boolean;
  readonly drift: DriftMode;
  /** Its own limit of deletes. */
  readonly deleteLimit?: DeleteLimit;
  /** Whose objects it takes over. */
  readonly adopt: readonly ForeignTool[];
  /** Something of it cannot be read. */
  readonly wrong: boolean;
}

/** The file that counts for a revision. */
export function countingFile({ settings }: Pick<Monorepo, "settings">): SettingsFile | undefined {
  return settings.path ?? settings.root;
}

/** Settings of a service: what is usual, the defaults, what its definition says, entries that match, its own file. */
export function settledFor(
  id: string,
  definition: Said,
  file: SettingsFile | undefined,
  own: OwnSettings | undefined,
): Settled {
  const entries = (file?.entries ?? []).filter(({ match }) => names(match, id));
  const places = [file?.defaults ?? {}, definition, ...entries.map(({ says }) => says), own?.says ?? {}];
  const said: Said = Object.assign({ prune: true, suspend: false, drift: "enforce" }, ...places);
  const { prune = true, suspend = false, drift = "enforce", adopt = [] } = said;
  const { deletionPolicy = prune ? "prune" : "orphan" } = said;
  const limits = places.flatMap(({ deleteLimit }) => deleteLimit ?? []);
  const usual = { ...USUAL.service, ...file?.breaker.service };
  return {
    prune,
    suspend,
    orphan: deletionPolicy === "orphan",
    drift,
    adopt,
    ...(limits.length === 0 ? {} : { deleteLimit: limit(usual, ...limits) }),
    wrong: own?.wrong === true || entries.some(({ wrong }) => wrong === true),
  };
}

/** What the Flux document of a service says; a plain folder says nothing. */
export function saidByDefinition({ form, settings }: ServiceSpec): Said {
  if (form !== "flux") return {};
  return { prune: settings.prune, ...(settings.suspend ? { suspend: true } : {}) };
}

/** What settings say of a service that left git: only entries, and the defaults of suspending. */
export function saidOfGone(
  id: string,
  file: SettingsFile | undefined,
): { readonly leftAlone: boolean; readonly orphan: boolean } {
  const entries = (file?.entries ?? []).filter(({ match }) => names(match, id));
  const wrong = entries.some((entry) => entry.wrong === true);
  const sound: Said = Object.assign({}, ...entries.filter((entry) => entry.wrong !== true).map(({ says }) => says));
  const { deletionPolicy = sound.prune === false ? "orphan" : "prune" } = sound;
  return {
    leftAlone: wrong || (sound.suspend ?? file?.defaults.suspend ?? false),
    orphan: deletionPolicy === "orphan",
  };
}

/** Limits when neither flags nor settings say anything. */
const USUAL: Breaker = {
  service: { free: 3, share: 0.5, max: 50 },
  run: { free: 10, share: 0.2, max: 200 },
  gone: { free: 1, share: 0.2, max: 20 },
};

/** Limits of a run: flags go over settings, number by number. */
export function limitsOf(file: SettingsFile | undefined, flags: BreakerChange): Breaker {
  const one = (name: keyof Breaker): DeleteLimit => limit(USUAL[name], file?.breaker[name] ?? {}, flags[name] ?? {});
  return { service: one("service"), run: one("run"), gone: one("gone") };
}

function limit(usual: DeleteLimit, ...changes: readonly Partial<DeleteLimit>[]): DeleteLimit {
  const merged: DeleteLimit = Object.assign({ ...usual }, ...changes);
  return { ...merged, free: Math.min(merged.free, merged.max) };
}

/** Whether globs name a service, by its id or the last part of it; those that begin with `!` leave out. */
function names(globs: readonly string[], id: string): boolean {
  const fits = (glob: string): boolean => {
    const matches = picomatch(glob, { dot: true });
    return matches(id) || matches(id.split("/").at(-1) ?? "");
  };
  const named = globs.filter((glob) => !glob.startsWith("!"));
  const left = globs.flatMap((glob) => (glob.startsWith("!") ? [glob.slice(1)] : []));
  return (named.length === 0 || named.some(fits)) && !left.some(fits);
}

/** Whether people mean a service by one glob: one that only says who is left out is for nobody. */
export function isMeant(glob: string, id: string): boolean {
  return !glob.startsWith("!") && names([glob], id);
}

/** The monorepo when whatever is wrong with its settings is put right. */
export function mendedSettings(monorepo: Monorepo): Monorepo {
  const mended = (file: SettingsFile): SettingsFile => {
    const { breakage: _, ...sound } = file;
    return { ...sound, entries: file.entries.filter(({ wrong }) => wrong !== true) };
  };
  const { root, path } = monorepo.settings;
  return {
    ...monorepo,
    settings: {
      ...(root === undefined ? {} : { root: mended(root) }),
      ...(path === undefined ? {} : { path: mended(path) }),
    },
    services: monorepo.services.map(({ own, ...service }) =>
      own === undefined || own.wrong === true ? service : { ...service, own },
    ),
  };
}

const GLOBS: readonly [readonly string[], ...(readonly string[])[]] = [
  ["*"],
  ["cart"],
  ["pay"],
  ["flux-system/*"],
  ["*a*"],
  ["!cart"],
  ["**", "!pay"],
  ["mail", "web"],
  ["fleet/**"],
];
const BREAKAGES: readonly [SettingsBreakage, ...SettingsBreakage[]] = ["yaml", "field", "value", "twice"];
const PROTECTABLE: readonly [string, ...string[]] = [
  "ConfigMap",
  "Secret",
  "rbac.authorization.k8s.io/Role",
  "sim.dev/Widget",
];
const LIMITS: readonly [Partial<DeleteLimit>, ...Partial<DeleteLimit>[]] = [
  { max: 0 },
  { free: 0, share: 0.3 },
  { free: 1, max: 2 },
  { free: 5, share: 1 },
];

function said(random: Random): Said {
  const one = random.weighted<() => Said>([
    [4, () => ({ drift: random.pick<DriftMode>(["detect", "detect", "off", "enforce"]) })],
    [2, () => ({ prune: random.chance(0.4) })],
    [2, () => ({ suspend: random.chance(0.7) })],
    [3, () => ({ deletionPolicy: random.chance(0.7) ? "orphan" : "prune" })],
    [1, () => ({ timeout: random.pick(["3s", "5m"]) })],
    [1, () => ({ deleteLimit: random.pick(LIMITS) })],
  ]);
  return random.chance(0.25) ? { ...one(), ...one() } : one();
}

function settingsFile(random: Random): SettingsFile {
  const change = (): Partial<DeleteLimit> | undefined => (random.chance(0.3) ? random.pick(LIMITS) : undefined);
  const [service, run, gone] = [change(), change(), change()];
  return {
    defaults: random.chance(0.4) ? said(random) : {},
    entries: Array.from({ length: random.int(3) }, () => entry(random)),
    breaker: {
      ...(service === undefined ? {} : { service }),
      ...(run === undefined ? {} : { run }),
      ...(gone === undefined ? {} : { gone }),
    },
    protect: random.chance(0.25) ? [random.pick(PROTECTABLE)] : [],
    ...(random.chance(0.1) ? { breakage: random.pick(BREAKAGES) } : {}),
  };
}

function entry(random: Random): SettingsEntry {
  const match = random.pick(GLOBS);
  return { match, says: said(random), ...(random.chance(0.08) ? { wrong: true } : {}) };
}

/** A commit that changes settings. */
function settingsEdit(random: Random): Edit {
  const [service, place] = [random.int(12), random.chance(0.8) ? "root" : "path"] as const;
  const make = random.weighted<() => Edit>([
    [5, () => ({ edit: "settings", place, file: settingsFile(random) })],
    [1, () => ({ edit: "settings", place })],
    [
      4,
      () => ({
        edit: "own-settings",
        service,
        own: { says: said(random), ...(random.chance(0.08) ? { wrong: true } : {}) },
      }),
    ],
    [1, () => ({ edit: "own-settings", service })],
  ]);
  return make();
}

const OTHERS = 2 ** 29;

/** Some histories have settings that change; what a history holds besides stays as it is. */
export function withSettings(history: History): History {
  const random = newRandom(history.seed + OTHERS);
  if (!random.chance(0.25)) return history;
  const steps = history.steps.flatMap((step, index): Step[] => {
    // People who change what somebody may have been told to leave.
    const edits: Step[] =
      index > 1 && random.chance(0.3)
        ? [{ step: "act", act: { act: "edit", of: random.int(24), with: random.int(24) } }]
        : [];
    if (step.step !== "commit" || !random.chance(0.6)) return [...edits, step];
    const more = Array.from({ length: 1 + random.int(2) }, () => settingsEdit(random));
    return [...edits, { ...step, edits: [...step.edits, ...more] }];
  });
  const end = random.chance(0.3) ? neglect(random) : [];
  return { ...history, steps: [...steps, ...end], ...(random.chance(0.5) ? { flagless: true } : {}) };
}

/** In some histories with other tools settings say whose objects are taken over. */
export function withAdoption(history: History): History {
  const random = newRandom(history.seed + ADOPTIONS);
  if (history.others?.tools === undefined || !random.chance(0.35)) return history;
  const adoption = (): Edit => {
    const says: Said = { adopt: TOOLS.filter(() => random.chance(0.5)) };
    if (random.chance(0.3)) return { edit: "own-settings", service: random.int(12), own: { says } };
    const entries = random.chance(0.7) ? [{ match: random.pick(GLOBS), says }] : [];
    const file = { defaults: entries.length === 0 ? says : {}, entries, breaker: {}, protect: [] };
    return { edit: "settings", place: "root", file };
  };
  const steps = history.steps.map((step) =>
    step.step === "commit" && random.chance(0.6) ? { ...step, edits: [...step.edits, adoption()] } : step,
  );
  return { ...history, steps };
}

const ADOPTIONS = 5 * 2 ** 28;
const TOOLS: readonly ForeignTool[] = ["flux", "helm", "argo", "kapp"];

/** What others change is left to them, or what a service has is when it goes. */
function neglect(random: Random): readonly Step[] {
  const service = random.int(12);
  const says: Said = random.chance(0.5)
    ? { drift: random.chance(0.5) ? "detect" : "off" }
    : random.pick<Said>([{ deletionPolicy: "orphan" }, { prune: false }, { suspend: true }]);
  const match = random.pick(GLOBS);
  const file = { defaults: {}, entries: [{ match, says }], breaker: {}, protect: [] };
  const settings: Edit = random.chance(0.5)
    ? { edit: "settings", place: "root", file }
    : { edit: "own-settings", service, own: { says } };
  const changed: Step =
    says.drift === undefined
      ? { step: "commit", edits: [{ edit: "drop-service", service }] }
      : { step: "act", act: { act: "edit", of: random.int(24), with: 0 } };
  const run = { step: "run", mode: "sync", trouble: { faults: [], acts: [] }, builds: [] } as const;
  const calm = { ...run, cache: "kept", confirm: "nothing" } as const;
  return [{ step: "commit", edits: [settings] }, calm, changed, calm];
}
