import type { DeleteLimit } from "../../src/model/index.ts";
import type { BreakerChange } from "../../src/plan/index.ts";
import type { Edit } from "./edits.ts";
import type { History, RunStep, Step } from "./history.ts";
import { MARKS } from "./marks.ts";
import { PLAIN, type ServiceSpec, type Spelling, type Thing, type ThingKind } from "./monorepo.ts";
import { newRandom, type Random } from "./random.ts";
import type { Said, SettingsEntry, SettingsFile, SettingsPlace } from "./settings.ts";
import { calm } from "./widening.ts";

const OTHERS = 7 * 2 ** 28;
const SHARE = 0.14;

const HOMES = 9 * 2 ** 28;
const HOMES_SHARE = 0.04;

/** A service that these endings bring along; whatever a history did before, nothing is wrong with it. */
const NAME = "shop";

/** `asks`: people can ask for things in the cluster, and in the messages of commits. */
type Ending = (random: Random, asks: boolean) => readonly Step[];

/**
 * Some histories end with a service of which something is to be kept: by its kind, by settings that say different things in different
 * places, or by marks on its objects. What a history holds before stays as it is.
 */
export function withKeeping(history: History): History {
  const random = newRandom(history.seed + OTHERS);
  if (!random.chance(SHARE)) return history;
  const ending = random.weighted<Ending>([
    [4, protectedKind],
    [4, atOdds],
    [2, limited],
    [4, marked],
    [1, byDefault],
    [1, swollen],
  ]);
  return { ...history, steps: [...history.steps, ...ending(random, history.records === true)] };
}

/** In others, a service leaves its namespace, and people have marked what lives in it, or taken away the record of whose it is. */
export function withHomes(history: History): History {
  const random = newRandom(history.seed + HOMES);
  if (!random.chance(HOMES_SHARE)) return history;
  const home: Thing = { kind: "Namespace", namespace: "one", name: "home", value: "v0", spelling: "plain" };
  const within = thingsOf(random).map((one): Thing => ({ ...one, namespace: "three" }));
  const outside = [thing("ConfigMap", "h0", random), thing("Secret", "h1", random), thing("Role", "h2", random)];
  const acts = Array.from({ length: 6 }, (): Step => {
    const act = random.pick(["keep", "leave", "forget"] as const);
    return { step: "act", act: { act, of: random.int(24), with: random.int(MARKS.length) } };
  });
  const form = formOf(random);
  return {
    ...history,
    steps: [
      ...history.steps,
      { step: "commit", edits: [...sound(), have(form, [home, ...within, ...outside])] },
      calm(),
      ...acts,
      { step: "commit", edits: [have(form, outside)] },
      confirming(),
      confirming(),
    ],
  };
}

/** Kinds that anybody may protect, as people write them: with the group, and some without. */
const PROTECTABLE: readonly [readonly [ThingKind, string], ...(readonly [ThingKind, string])[]] = [
  ["ConfigMap", "ConfigMap"],
  ["Secret", "Secret"],
  ["Role", "Role"],
  ["Role", "rbac.authorization.k8s.io/Role"],
  ["ClusterRole", "ClusterRole"],
  ["ClusterRole", "rbac.authorization.k8s.io/ClusterRole"],
  // Protected whatever settings say.
  ["PersistentVolumeClaim", "Secret"],
];
const FIXABLE: ReadonlySet<ThingKind> = new Set(["ConfigMap", "Secret", "PersistentVolumeClaim"]);
/** Globs that name the service, or somebody else, or only say who is left out: that is nobody. */
const GLOBS: readonly [string, ...string[]] = ["shop", "s*", "cart", "!cart", "!cart", "!pay"];

/** Settings protect a kind, and an object of that kind is dropped, or becomes what it cannot. */
function protectedKind(random: Random, asks: boolean): readonly Step[] {
  const [kind, spelled] = random.pick(PROTECTABLE);
  const fixed = FIXABLE.has(kind) && random.chance(0.5);
  const kept = thing(kind, "k", random, fixed ? "recreated" : "plain");
  const others = [thing("ConfigMap", "k0", random), thing("Secret", "k1", random), thing("Role", "k2", random)];
  const form = formOf(random);
  const file: SettingsFile = { ...NOTHING, protect: [spelled] };
  const changed = { ...kept, value: kept.value === "v0" ? "v1" : "v0" };
  const then: Edit = random.weighted<() => Edit>([
    [3, () => have(form, others)],
    [3, () => have(form, fixed ? [changed, ...others] : others)],
    [1, () => ({ edit: "drop-named", name: NAME })],
  ])();
  return [
    { step: "commit", edits: [...sound(), ...places(random, file), have(form, [kept, ...others])] },
    calm(),
    { step: "commit", edits: [then], ...(asks && random.chance(0.4) ? { confirms: random.pick(GLOBS) } : {}) },
    ...(asks && random.chance(0.4) ? [ordered(random)] : []),
    ...(random.chance(0.2) ? [confirming()] : [calm()]),
    ...(random.chance(0.3) ? [{ step: "commit", edits: places(random, NOTHING) } as const, calm()] : []),
  ];
}

function ordered(random: Random): Step {
  if (random.chance(0.7)) return { step: "confirm", glob: random.pick(GLOBS), of: "head" };
  return { step: "suspend", glob: random.pick(["shop", "cart"]) };
}

/** Two sides of one setting. */
const SIDES: readonly [readonly [Said, Said], ...(readonly [Said, Said])[]] = [
  [{ prune: false }, { prune: true }],
  [{ suspend: true }, { suspend: false }],
  [{ deletionPolicy: "orphan" }, { deletionPolicy: "prune" }],
  [{ drift: "detect" }, { drift: "enforce" }],
  [{ drift: "off" }, { drift: "enforce" }],
  [{ deleteLimit: { max: 0 } }, { deleteLimit: { max: 9 } }],
];

/** Globs with the service in them, and without it. */
const WITH: readonly [readonly string[], ...(readonly string[])[]] = [
  ["shop"],
  ["*"],
  ["!cart"],
  ["s*", "!pay"],
  ["**", "!fleet/plain/cart"],
];
const WITHOUT: readonly [readonly string[], ...(readonly string[])[]] = [
  ["!shop"],
  ["*", "!sh*"],
  ["**", "!flux-system/shop", "!fleet/plain/shop"],
  ["cart", "!shop"],
];

/** Defaults, entries and the service's own file say different things; then it loses an object, leaves git, or somebody edits it. */
function atOdds(random: Random): readonly Step[] {
  const [one, other] = random.pick(SIDES);
  const form = formOf(random);
  const isKept = random.chance(0.7);
  const [says, unsaid] = isKept ? [one, other] : [other, one];
  const own = random.chance(0.4);
  const entry = (match: readonly string[], of: Said): SettingsEntry => ({ match, says: of });
  const entries = random.weighted<() => readonly SettingsEntry[]>([
    [2, () => [entry(random.pick(WITH), own ? unsaid : says)]],
    [2, () => [entry(random.pick(WITH), unsaid), entry(random.pick(WITH), own ? unsaid : says)]],
    [3, () => [entry(random.pick(WITH), own ? unsaid : says), entry(random.pick(WITHOUT), own ? says : unsaid)]],
    [own ? 1 : 0, () => []],
  ])();
  const defaults = entries.length > 0 && random.chance(0.5) ? unsaid : {};
  const file: SettingsFile = { ...NOTHING, defaults, entries };
  const things = thingsOf(random);
  const said = own ? { own: { says } } : {};
  // What is suspended from the beginning has nothing to lose.
  const late = random.chance(0.5);
  const settled = places(random, file);
  return [
    { step: "commit", edits: [...sound(), ...(late ? [] : settled), have(form, things, late ? {} : said)] },
    calm(),
    ...(late ? [{ step: "commit", edits: [...settled, have(form, things, said)] } as const] : []),
    ...(late && random.chance(0.5) ? [calm()] : []),
    ...afterwards(random, form, things, said),
    calm(),
  ];
}

/** What defaults alone say of everybody, also of who is gone by then. */
function byDefault(random: Random): readonly Step[] {
  const says = random.pick<Said>([
    { suspend: true },
    { suspend: true },
    { drift: "off" },
    { deletionPolicy: "orphan" },
  ]);
  const form = formOf(random);
  const things = thingsOf(random);
  const settled = places(random, { ...NOTHING, defaults: says });
  const gone: Edit = { edit: "drop-named", name: NAME };
  const other = afterwards(random, form, things, {});
  return [
    { step: "commit", edits: [...sound(), ...places(random, NOTHING), have(form, things)] },
    calm(),
    ...(random.chance(0.6)
      ? [{ step: "commit", edits: [...settled, gone] } as const]
      : [{ step: "commit", edits: settled } as const, calm(), ...other]),
    calm(),
  ];
}

const LIMITS: readonly [BreakerChange, ...BreakerChange[]] = [
  { service: { max: 0 } },
  { run: { max: 0 } },
  { gone: { max: 0 } },
  { service: { free: 0, share: 0.3 } },
  { run: { free: 0, share: 0.01 } },
  { gone: { free: 0, share: 0.01 } },
];

const PARTS: readonly [Partial<DeleteLimit>, ...Partial<DeleteLimit>[]] = [{ free: 9 }, { share: 1 }, { max: 9 }];

/** Limits in settings, of which the service's own one may take a part, and deletes that are too many for them. */
function limited(random: Random): readonly Step[] {
  const form = formOf(random);
  const things = thingsOf(random);
  const says: Said = random.chance(0.6) ? { deleteLimit: random.pick(PARTS) } : {};
  const file: SettingsFile = { ...NOTHING, breaker: random.pick(LIMITS) };
  return [
    { step: "commit", edits: [...sound(), ...places(random, file), have(form, things, { own: { says } })] },
    calm(),
    { step: "commit", edits: [dropped(random, form, things, { own: { says } })] },
    calm(),
  ];
}

/** Copies with our labels are nobody's, and no share of deletes becomes less by them. */
function swollen(random: Random): readonly Step[] {
  const form = formOf(random);
  const things = thingsOf(random);
  const own = { says: { deleteLimit: { free: 0, share: 0.5 } } };
  const first = random.int(24);
  const copies = Array.from(
    { length: 8 },
    (_, index): Step => ({ step: "act", act: { act: "copy", of: first + index, with: 0 } }),
  );
  return [
    { step: "commit", edits: [...sound(), have(form, things, { own })] },
    calm(),
    ...copies,
    { step: "commit", edits: [have(form, things.slice(0, 1), { own })] },
    calm(),
  ];
}

/** Marks on objects, of people or of git itself, and then something is to be done about these objects. */
function marked(random: Random): readonly Step[] {
  const form = formOf(random);
  const things = thingsOf(random);
  const spelled = things.map((one) =>
    random.chance(0.3) ? { ...one, spelling: random.pick<Spelling>(["left", "once", "left"]) } : one,
  );
  const marks: Step[] = Array.from({ length: 1 + random.int(3) }, () => ({
    step: "act",
    act: { act: "leave", of: random.int(24), with: random.int(MARKS.length) },
  }));
  const both = random.chance(0.5);
  const changed = spelled.map((one) => ({ ...one, value: value(random) }));
  return [
    { step: "commit", edits: [...sound(), have(form, random.chance(0.5) ? things : spelled)] },
    calm(),
    ...marks,
    { step: "commit", edits: [have(form, changed)] },
    calm(),
    ...(both ? [{ step: "commit", edits: [dropped(random, form, changed)] } as const, calm()] : []),
  ];
}

/** What is done to a service after all was said of it. */
function afterwards(
  random: Random,
  form: ServiceSpec["form"],
  things: readonly Thing[],
  said: Partial<ServiceSpec>,
): readonly Step[] {
  const edits: readonly Step[] = [
    { step: "act", act: { act: "edit", of: random.int(24), with: 0 } },
    { step: "act", act: { act: "edit", of: random.int(24), with: 0 } },
  ];
  const changed = things.map((one) => ({ ...one, value: value(random) }));
  return random.weighted<() => readonly Step[]>([
    [3, () => [{ step: "commit", edits: [dropped(random, form, things, said)] }]],
    [2, () => edits],
    [1, () => [{ step: "commit", edits: [have(form, changed, said)] }]],
  ])();
}

/** An object of a service goes, or all of it. */
function dropped(
  random: Random,
  form: ServiceSpec["form"],
  things: readonly Thing[],
  said: Partial<ServiceSpec> = {},
): Edit {
  if (random.chance(0.4)) return { edit: "drop-named", name: NAME };
  return have(form, things.slice(1 + random.int(2)), said);
}

const NOTHING: SettingsFile = { defaults: {}, entries: [], breaker: {}, protect: [] };

/** The file counts, wherever it is; one at the root may say nothing because there is a nearer one. */
function places(random: Random, file: SettingsFile): readonly Edit[] {
  const at = (place: SettingsPlace, here?: SettingsFile): Edit => ({
    edit: "settings",
    place,
    ...(here === undefined ? {} : { file: here }),
  });
  return random.weighted<readonly Edit[]>([
    [3, [at("root", file), at("path")]],
    [1, [at("root"), at("path", file)]],
    [1, [at("root", NOTHING), at("path", file)]],
  ]);
}

/** Definitions that could not be read are, from here on, and the folder is there. */
function sound(): readonly Edit[] {
  return [{ edit: "path", gone: false }, { edit: "mend-all" }];
}

function have(form: ServiceSpec["form"], things: readonly Thing[], more: Partial<ServiceSpec> = {}): Edit {
  return { edit: "have", spec: { name: NAME, form, folder: NAME, things, bases: [], settings: PLAIN, ...more } };
}

function formOf(random: Random): ServiceSpec["form"] {
  return random.chance(0.6) ? "flux" : "folder";
}

function thingsOf(random: Random): readonly Thing[] {
  const kinds: readonly [ThingKind, ...ThingKind[]] = ["ConfigMap", "Secret", "Role"];
  return Array.from({ length: 3 + random.int(2) }, (_, index) => thing(random.pick(kinds), `k${index}`, random));
}

function thing(kind: ThingKind, name: string, random: Random, spelling: Spelling = "plain"): Thing {
  return { kind, namespace: "one", name, value: value(random), spelling };
}

function value(random: Random): string {
  return `v${random.int(4)}`;
}

function confirming(): RunStep {
  return { ...calm(), confirm: "head" };
}
