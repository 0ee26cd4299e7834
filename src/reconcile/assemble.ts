import { createHash } from "node:crypto";
import pLimit from "p-limit";
import type { BuildAnswer } from "../builders/index.ts";
import type { Kind } from "../cluster/index.ts";
import type { Inventory } from "../live/index.ts";
import {
  type BrokenService,
  bug,
  type Failure,
  groupOf,
  type Manifest,
  type ObjectRef,
  type Place,
  refOf,
  type Service,
} from "../model/index.ts";
import { type Declared, type Desired, declare, kindKey, type Mentions } from "../plan/index.ts";
import { sourcesOf } from "../services/index.ts";
import { buildService, type KnownBuild, placed, type Waiter } from "./builds.ts";
import { assumedKind, definedKind, kindFailure } from "./definitions.ts";
import { mentionedNames } from "./mentions.ts";
import type { Io, OnPassEvent, PassRequest } from "./pass-types.ts";
import type { OpenRevision } from "./revision.ts";
import { RESUME } from "./suspended.ts";

/** One service with what it wants, and what is wrong with it. */
export interface Assembled {
  readonly service: Service;
  readonly desired: Desired;
  /** Of the build, or of single objects; with any of them nothing of the service is pruned. */
  readonly failures: readonly Failure[];
  readonly built: boolean;
  /** What its build looked at; absent when there is none. */
  readonly footprint?: BuildAnswer["footprint"];
  /** Paths that are not as the last build found them; absent when none is known. */
  readonly changed?: readonly string[];
}

/** A service whose build took so long that it was stopped: it is tried again, at full length, when it is in nobody's way. */
export interface Late {
  readonly service: Service;
  readonly names: Mentions | undefined;
  assembled(): Promise<Assembled>;
}

export interface Assembly {
  readonly ready: readonly Assembled[];
  readonly late: readonly Late[];
  readonly namesOfBroken: ReadonlyMap<string, Mentions | undefined>;
  /** The kind of an object, served or defined by this revision. */
  kindOf(ref: { readonly group: string; readonly kind: string }): Kind | undefined;
  /** Kinds that the server does not serve yet and this revision defines. */
  isNew(kind: Kind): boolean;
  builds(): number;
}

export interface AssembleInput {
  readonly io: Io;
  readonly request: PassRequest;
  readonly revision: OpenRevision;
  readonly inventory: Inventory;
  readonly broken: readonly BrokenService[];
  /** Services whose definition is sound. */
  readonly services: readonly Service[];
  readonly onEvent: OnPassEvent;
}

/** Cache reads and queued builds under way at once. */
const BUILDS_UNDER_WAY = 64;

/**
 * What every service wants: who wants an object twice can only be seen with all of them at hand. A build that takes unusually
 * long is not waited for: its service comes late, and everybody else goes on (law L1).
 */
export async function assemble(input: AssembleInput, stop: AbortSignal): Promise<Assembly> {
  const { services, inventory, revision } = input;
  let builds = 0;
  const limit = pLimit(BUILDS_UNDER_WAY);
  const first = await Promise.all(services.map((service) => limit(() => buildInTime(input, service, stop))));

  const defined = new Map<string, Kind>();
  for (const known of first) {
    if (known === undefined || !known.answer.ok) continue;
    for (const { manifest } of known.answer.objects) {
      const kind = definedKind(manifest);
      if (kind !== undefined) defined.set(kindKey(kind), kind);
    }
  }
  const assumed = new Map<string, Kind>();
  /** Where there is no server, nobody can know which kinds of a build it would not serve. */
  const assume = (known: KnownBuild | undefined): void => {
    if (inventory.open !== true || input.request.mode === "sync" || known?.answer.ok !== true) return;
    for (const { manifest } of known.answer.objects) {
      const kind = assumedKind(manifest);
      const before = assumed.get(kindKey(kind));
      const versions = [...new Set([...(before?.versions ?? []), ...kind.versions])];
      const namespaced = kind.namespaced || before?.namespaced === true;
      assumed.set(kindKey(kind), { ...kind, versions, namespaced });
    }
  };
  first.forEach(assume);
  const kindOf = (ref: { readonly group: string; readonly kind: string }): Kind | undefined => {
    const served = inventory.kinds.get(kindKey(ref));
    // A group that did not answer may serve the kind already, and objects of it may be somebody's (law L3).
    const coming = inventory.failedGroups.has(ref.group) ? undefined : defined.get(kindKey(ref));
    // A definition may add a version to a kind that is served already.
    if (served === undefined || coming === undefined) return served ?? coming ?? assumed.get(kindKey(ref));
    return { ...served, versions: [...new Set([...served.versions, ...coming.versions])] };
  };
  const settled = { ...input, served: servedKinds(inventory, defined) };
  const finish = async (service: Service, known: KnownBuild): Promise<Assembled> => {
    if (known.built) builds += 1;
    const { changed } = known;
    const assembled = await assembleOne(settled, service, known, kindOf, stop).catch((cause: unknown): Assembled => {
      if (stop.aborted) throw cause;
      const desired = { kind: "unknown", why: "it could not be read", names: undefined } as const;
      return { service, built: known.built, failures: [{ ...bug(cause), at: service.at }], desired };
    });
    const { footprint } = known.answer;
    return {
      ...assembled,
      ...(changed === undefined ? {} : { changed }),
      ...(footprint === undefined ? {} : { footprint }),
    };
  };

  const ready: Assembled[] = [];
  const late: Late[] = [];
  for (const [index, service] of services.entries()) {
    const known = first[index];
    if (known !== undefined) ready.push(await finish(service, known));
    else {
      const names = await mentionedNames(revision.snapshot, sourcesOf(service), stop);
      const assembled = async (): Promise<Assembled> => {
        const built = await timedBuild(input, service, { onLate: () => undefined, signal: () => stop });
        assume(built);
        return finish(service, built);
      };
      late.push({ service, names: names && withNamespace(names, service), assembled });
    }
  }
  const namesOfBroken = new Map<string, Mentions | undefined>();
  for (const { id, sources } of input.broken)
    namesOfBroken.set(id, await mentionedNames(revision.snapshot, sources, stop));
  return {
    ready,
    late,
    namesOfBroken,
    kindOf,
    isNew: (kind) => !inventory.kinds.has(kindKey(kind)),
    builds: () => builds,
  };
}

/** The build of a service, or undefined when it takes unusually long and was stopped. */
async function buildInTime(input: AssembleInput, service: Service, stop: AbortSignal): Promise<KnownBuild | undefined> {
  const tooLong = new AbortController();
  const waiter = {
    onLate: () => tooLong.abort("late"),
    signal: () => AbortSignal.any([stop, tooLong.signal]),
  };
  try {
    return await timedBuild(input, service, waiter);
  } catch (cause) {
    if (tooLong.signal.aborted && !stop.aborted) return undefined;
    throw cause;
  }
}

async function timedBuild(
  { io, revision, onEvent }: AssembleInput,
  service: Service,
  waiter: Waiter,
): Promise<KnownBuild> {
  const begun = io.clock.monotonicMs();
  const known = await buildService(io, revision, service, waiter).catch((cause: unknown): KnownBuild => {
    if (waiter.signal().aborted) throw cause;
    return { answer: { ok: false, failures: [{ ...bug(cause), at: service.at }] }, built: false };
  });
  const durationMs = io.clock.monotonicMs() - begun;
  if (known.built) onEvent({ type: "built", service: service.id, ok: known.answer.ok, durationMs });
  return known;
}

async function assembleOne(
  input: AssembleInput & { readonly served: string },
  service: Service,
  { answer, built }: KnownBuild,
  kindOf: Assembly["kindOf"],
  signal: AbortSignal,
): Promise<Assembled> {
  const { revision } = input;
  if (!answer.ok) {
    const read = (answer.footprint ?? [])
      .map(([path]) => path)
      .filter((path) => revision.snapshot.tree.entry(path)?.kind === "blob");
    const names = await mentionedNames(revision.snapshot, [...sourcesOf(service), ...read], signal);
    const desired = {
      kind: "unknown",
      why: "its build failed",
      names: names && withNamespace(names, service),
    } as const;
    return { service, built, failures: answer.failures, desired };
  }
  const { declared, failures, unfit } = declareAll(input, service, answer, kindOf);
  if (!service.settings.suspend) return { service, built, failures, desired: { kind: "known", declared, unfit } };
  const refs = [...declared.map(({ ref }) => ref), ...unfit];
  const names = {
    exact: new Set(refs.flatMap(({ name, namespace }) => [name, namespace])),
    parts: [...new Set(refs.map(({ group }) => group).filter((group) => group.includes(".")))],
  };
  return { service, built, failures: [], desired: { kind: "unknown", why: "it is suspended", names, remedy: RESUME } };
}

/** What a service's build declares, as it will be applied, and what of it cannot be. */
export interface AllDeclared {
  readonly declared: readonly Declared[];
  readonly failures: readonly Failure[];
  /** What the failures are about. */
  readonly unfit: readonly ObjectRef[];
}

/** The same as in the pass before when nothing that it is made from changed: marking and hashing is most of a pass's work. */
function declareAll(
  { io: { memory }, request, inventory, served }: AssembleInput & { readonly served: string },
  service: Service,
  answer: BuildAnswer & { readonly ok: true },
  kindOf: Assembly["kindOf"],
): AllDeclared {
  const { id, origin, at: defined, settings } = service;
  const from = JSON.stringify([served, request.scope, request.defaultNamespace, id, origin, defined, settings]);
  const known = memory?.declared.get(id);
  if (known?.answer === answer && known.from === from) return known.all;
  const failures: Failure[] = [];
  const declared: Declared[] = [];
  const unfit: ObjectRef[] = [];
  for (const { manifest, at } of placed(answer, service)) {
    const one = declareOne(manifest, at, service, request, inventory, kindOf);
    if (!("code" in one)) declared.push(one);
    else {
      failures.push(one);
      unfit.push(...refsOf(manifest, request.defaultNamespace));
    }
  }
  const all = { declared, failures, unfit };
  memory?.declared.set(id, { answer, from, all });
  return all;
}

/** Which kinds there are and in which versions, now or when this revision is applied: what declaring depends on. */
function servedKinds({ kinds, failedGroups }: Inventory, defined: ReadonlyMap<string, Kind>): string {
  const brief = ({ group, kind, namespaced, versions }: Kind): string =>
    `${group}/${kind}/${namespaced}/${versions.join()}`;
  const all = [...[...kinds.values()].map(brief), "", ...[...defined.values()].map(brief), "", ...failedGroups];
  return createHash("sha256").update(all.join("\n")).digest("hex");
}

/** What an object that cannot be declared may be in the cluster: whether its kind has namespaces is not known. */
function refsOf(manifest: Manifest, defaultNamespace: string): readonly ObjectRef[] {
  return [refOf(manifest, ""), refOf(manifest, manifest.metadata.namespace ?? defaultNamespace)];
}

/** The namespace that a service's settings put its objects into is mentioned in no file of it. */
function withNamespace({ exact, parts }: Mentions, { settings }: Service): Mentions {
  return settings.targetNamespace === ""
    ? { exact, parts }
    : { exact: new Set([...exact, settings.targetNamespace]), parts };
}

function declareOne(
  manifest: Manifest,
  at: Place,
  service: Service,
  { scope, defaultNamespace }: PassRequest,
  { failedGroups, kinds }: Inventory,
  kindOf: Assembly["kindOf"],
): Declared | Failure {
  const kind = kindOf({ group: groupOf(manifest.apiVersion), kind: manifest.kind });
  const failure = kindFailure(manifest, kind, failedGroups, kinds.values());
  if (failure !== undefined) return { ...failure, at };
  if (kind === undefined) throw new Error("a kind without failure is known");
  const { prune, deletionPolicy } = service.settings;
  const stamp = { scope, service: service.id, flux: service.origin === "flux", prune, deletionPolicy };
  return declare(manifest, at, kind, stamp, defaultNamespace);
}
