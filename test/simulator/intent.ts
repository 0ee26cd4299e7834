import { BUILDERS_DEFAULTS } from "../../src/builders/index.ts";
import { build } from "../../src/kustomize/index.ts";
import type { DeleteLimit, DriftMode, ForeignTool } from "../../src/model/index.ts";
import { memoryTree } from "../support/disk-tree.ts";
import { PARSED } from "./builds.ts";
import {
  API_VERSIONS,
  type Breakage,
  isNamespaced,
  type Monorepo,
  nameOf,
  PATH,
  PLAIN,
  type ServiceSpec,
  type Settings,
  type Spelling,
  serviceId,
  type Thing,
  type ThingKind,
} from "./monorepo.ts";
import { countingFile, type Settled, saidByDefinition, saidOfGone, settledFor } from "./settings.ts";

/** One object that a service means to have. */
export interface Wish {
  /** `group/kind/namespace/name`. */
  readonly key: string;
  readonly kind: ThingKind;
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
  /** Written in a version that the API server does not serve. */
  readonly unserved: boolean;
  /** Made by a generator, which writes no annotations. */
  readonly generated: boolean;
  readonly spelling: Spelling;
  /** Tools that it may be taken from, as settings of its service say. */
  readonly adopt: readonly ForeignTool[];
  readonly rollout?: "fail" | "stuck";
  /** Of an autoscaler: what it may scale. The name that it says becomes that of the Deployment only where that is built with it. */
  readonly scales?: readonly string[];
}

/** What one service of a revision is meant to be. */
export interface ServiceIntent {
  readonly id: string;
  /** `known`: the program can find out what it wants. `unknown`: it cannot, whatever the reason. */
  readonly state: "known" | "unknown" | "suspended";
  /** What it wants, also where the program cannot find that out. */
  readonly wishes: readonly Wish[];
  readonly prune: boolean;
  readonly suspend: boolean;
  readonly dependsOn: readonly string[];
  /** What is done about what others change. */
  readonly drift: DriftMode;
  /** What it leaves behind when it leaves git stays. */
  readonly orphan: boolean;
  /** Its own limit of deletes. */
  readonly deleteLimit?: DeleteLimit;
  /** Deployments that have to be ready before it is through. */
  readonly awaited: readonly string[];
  /** Whether it waits for the health of anything: claims take their time, too. */
  readonly waits: boolean;
}

/** What a revision is meant to say: the judge's own reading, made from the meaning and not from the files. */
export interface Intent {
  /** False when the program must refuse the revision as a whole. */
  readonly usable: boolean;
  /** False when a definition cannot be read, so that services may exist that nobody can list. */
  readonly complete: boolean;
  readonly services: readonly ServiceIntent[];
  /** Whether settings say that deletes of a kind, beside the usual ones, wait for a confirmation. */
  readonly isProtected: (kind: { readonly group: string; readonly kind: string }) => boolean;
  /** Whether a service that is not in the revision, and what it has, is left as it is. */
  readonly leftAlone: (id: string) => boolean;
  /** Whether it may be: the program may know more of what was said of it than the judge. */
  readonly mayBeLeftAlone?: (id: string) => boolean;
  /** Whether settings keep what a service left behind that is not in the revision. */
  readonly orphaned: (id: string) => boolean;
}

export function intentOf(monorepo: Monorepo): Intent {
  const file = countingFile(monorepo);
  const around: Pick<Intent, "isProtected" | "leftAlone" | "orphaned"> = {
    // Without a group a kind is meant in whichever it is.
    isProtected: ({ group, kind }) => (file?.protect ?? []).some((one) => one === kind || one === `${group}/${kind}`),
    leftAlone: (id: string) => saidOfGone(id, file).leftAlone,
    orphaned: (id: string) => saidOfGone(id, file).orphan,
  };
  if (monorepo.pathGone || file?.breakage !== undefined)
    return { usable: false, complete: false, services: [], ...around };
  const services = monorepo.services.map((service) => intentOfService(service, monorepo));
  const documents = monorepo.services.filter(({ form }) => form === "flux");
  const unreadable = documents.some(({ breakage }) => breakage === "document");
  if (monorepo.loose.length > 0 && documents.length > 0) {
    const settled = settledFor(PATH, {}, file, undefined);
    services.push({
      id: PATH,
      state: unreadable || settled.wrong ? "unknown" : settled.suspend ? "suspended" : "known",
      wishes: monorepo.loose.map((thing) => wishOf(thing, { targetNamespace: "", prefix: "", adopt: settled.adopt })),
      dependsOn: [],
      awaited: [],
      waits: false,
      ...settledIntent(settled),
    });
  }
  const unlisted = documents.filter(({ breakage }) => breakage === "document").map(serviceId);
  const unfit = unfitServices(services, new Set(unlisted));
  return {
    usable: true,
    complete: !unreadable,
    ...around,
    services: services.map((service) => (unfit.has(service.id) ? { ...service, state: "unknown" } : service)),
  };
}

function intentOfService(service: ServiceSpec, monorepo: Monorepo): ServiceIntent {
  const { bases } = monorepo;
  const { breakage } = service;
  const settled = settledFor(serviceId(service), saidByDefinition(service), countingFile(monorepo), service.own);
  // A plain folder has no document to state these in.
  const written = service.form === "flux" ? service.settings : { ...PLAIN, prefix: service.settings.prefix };
  const settings = { ...written, adopt: settled.adopt };
  const renaming = settings.targetNamespace !== "";
  const things = renaming
    ? service.things.filter(({ kind }) => kind !== "Namespace")
    : [...service.things, ...service.bases.flatMap((base) => bases[base] ?? [])];
  const wishes = breakage === "folder" && service.form === "flux" ? [] : things.map((thing) => wishOf(thing, settings));
  const broken = isBroken(service) || settled.wrong || clashes(things, settings.targetNamespace);
  return {
    id: serviceId(service),
    state: broken ? "unknown" : settled.suspend ? "suspended" : "known",
    wishes,
    ...settledIntent(settled),
    // Whatever cannot be a definition depends on nobody, and closes no circle.
    dependsOn: isUndefined(service) || settled.wrong ? [] : settings.dependsOn.map((name) => `flux-system/${name}`),
    awaited: awaitedOf(service, settings, wishes),
    waits: settings.wait !== undefined,
  };
}

type SettledIntent = Pick<ServiceIntent, "prune" | "suspend" | "drift" | "orphan" | "deleteLimit">;

function settledIntent({ prune, suspend, drift, orphan, deleteLimit }: Settled): SettledIntent {
  return { prune, suspend, drift, orphan, ...(deleteLimit === undefined ? {} : { deleteLimit }) };
}

function awaitedOf(service: ServiceSpec, settings: Settings & Adopting, wishes: readonly Wish[]): readonly string[] {
  const named = settings.wait === "checks" ? service.things.map((thing) => wishOf(thing, settings)) : [];
  const all = settings.wait === "all" ? wishes : named;
  return all.filter(({ kind }) => kind === "Deployment").map(({ key }) => key);
}

const OF_DOCUMENTS: ReadonlySet<Breakage | undefined> = new Set(["field", "document", "folder", "twice"]);

function isUndefined({ form, breakage }: ServiceSpec): boolean {
  return form === "flux" && OF_DOCUMENTS.has(breakage);
}

function isBroken({ form, breakage }: ServiceSpec): boolean {
  return breakage !== undefined && (form === "flux" || !OF_DOCUMENTS.has(breakage));
}

/** Whether kustomize refuses these together: one id twice. */
export function clashes(things: readonly Thing[], targetNamespace: string): boolean {
  const ids = things.map((thing) => {
    const namespace = isNamespaced(thing.kind) ? targetNamespace || thing.namespace : "";
    return `${thing.spelling === "unserved"}/${thing.kind}/${namespace}/${nameOf(thing)}`;
  });
  return new Set(ids).size < ids.length;
}

type Adopting = Pick<Settled, "adopt">;

function wishOf(thing: Thing, settings: Pick<Settings, "targetNamespace" | "prefix"> & Adopting): Wish {
  const { kind, value, spelling, rollout } = thing;
  const namespace = isNamespaced(kind) ? settings.targetNamespace || thing.namespace : "";
  const prefix = kind === "Namespace" || kind === "CustomResourceDefinition" ? "" : settings.prefix;
  const name = spelling === "generated" ? generatedName(thing, prefix) : `${prefix}${nameOf(thing)}`;
  return {
    key: keyOf(kind, namespace, name),
    kind,
    namespace,
    name,
    value,
    unserved: spelling === "unserved",
    generated: spelling === "generated",
    spelling,
    adopt: settings.adopt,
    ...(rollout === undefined ? {} : { rollout }),
    ...(kind === "HorizontalPodAutoscaler" ? { scales: [thing.name, `${prefix}${thing.name}`] } : {}),
  };
}

function keyOf(kind: string, namespace: string, name: string): string {
  const apiVersion = API_VERSIONS[kind as ThingKind];
  return `${apiVersion.includes("/") ? apiVersion.split("/")[0] : ""}/${kind}/${namespace}/${name}`;
}

/** The name that the generator gives: its hash is kustomize's business, which has its own tests. */
function generatedName({ name, value }: Thing, prefix: string): string {
  const file = [
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
    prefix === "" ? "" : `namePrefix: ${prefix}\n`,
    `configMapGenerator: [{name: ${name}, literals: [value=${value}]}]\n`,
  ].join("");
  const built = build(memoryTree({ "kustomization.yaml": file }), "", {
    cache: PARSED,
    limits: BUILDERS_DEFAULTS.limits,
    loadRestrictions: "rootOnly",
  });
  if (!built.ok) throw new Error("a generator of one literal builds");
  return built.objects[0]?.manifest.metadata.name ?? "";
}

/** Services with a dependency that is not there or cannot be read, or that depend on themselves. */
function unfitServices(services: readonly ServiceIntent[], unlisted: ReadonlySet<string>): ReadonlySet<string> {
  const byId = new Map(services.map((service) => [service.id, service]));
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    (byId.get(from)?.dependsOn ?? []).some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, to, seen);
    });
  return new Set(
    services
      .filter(
        ({ id, dependsOn }) =>
          dependsOn.some((one) => !byId.has(one) || unlisted.has(one)) || reaches(id, id, new Set()),
      )
      .map(({ id }) => id),
  );
}

/** Ids of services that want an object, whether or not the program can know. */
export function wantersOf({ services }: Intent, key: string): readonly string[] {
  return services.filter(({ wishes }) => wishes.some((wish) => wish.key === key)).map(({ id }) => id);
}
