import {
  type Answer,
  type Applied,
  type Cluster,
  holdsSecrets,
  isLiveObject,
  type Kind,
  type ListOptions,
  type LiveMetadata,
  type LiveObject,
  liveMetadata,
  type PatchType,
  type Problem,
  statusProblem,
  type WatchEvent,
} from "../cluster/index.ts";
import { groupOf, isObject, type Json, type JsonObject, type Manifest, versionOf } from "../model/index.ts";
import type { AuditEvent } from "./api/audit.ts";
import { notFound, type Outcome, type Refusal } from "./api/status.ts";
import { type Core, type EmbeddedOptions, newCore, SYSTEM } from "./core.ts";
import { scalarText } from "./kinds/draft.ts";
import { type Resource, inVersion as served } from "./kinds/registry.ts";
import type { Saved } from "./store.ts";
import { applyObject, type PatchKind, patchObject } from "./verbs/change.ts";
import { deleteObject } from "./verbs/delete.ts";
import { type Change, inVersion, listObjects } from "./verbs/read.ts";
import { watchObjects } from "./verbs/watch.ts";
import { type Caller, keyOf, type Target } from "./world.ts";

/** The Cluster port over an embedded cluster, and what tests and simulators need of it besides. */
export interface EmbeddedCluster extends Cluster {
  /** What the HTTP face serves. */
  readonly core: Core;
  /** The same cluster, asked by someone else. */
  as(caller: Partial<Caller>): EmbeddedCluster;
  /** Lets controllers do what there is to do, where they are `manual`. */
  runControllers(): void;
  /** Watches from versions before now answer 410 from here on. */
  forgetHistory(): void;
  /** All objects and the version, for `saved`. */
  save(): Saved;
}

export type { AuditEvent, EmbeddedOptions, Saved };

export function createEmbedded(options: EmbeddedOptions): EmbeddedCluster {
  return over(newCore(options), { ...SYSTEM, userAgent: "gitops" });
}

const PATCHES: Readonly<Record<PatchType, PatchKind>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
};

function over(core: Core, caller: Caller): EmbeddedCluster {
  const ask = requests(core, caller);
  const listed = lists(core, ask);
  return {
    core,
    as: (who) => over(core, { ...caller, ...who }),
    runControllers: () => core.controllers.run(),
    forgetHistory: () => core.world.store.compact(),
    save: () => core.world.store.save(),
    async identity(signal) {
      signal.throwIfAborted();
      const space = core.world.store.get("/namespaces//kube-system");
      const meta = isObject(space?.["metadata"]) ? space["metadata"] : {};
      return { ok: true, value: scalarText(meta["uid"] ?? "") };
    },
    async kinds(signal) {
      signal.throwIfAborted();
      return { ok: true, value: { kinds: core.world.registry.resources().flatMap(kindsOf), failedGroups: [] } };
    },
    list: async (kind, options, signal) => listed(kind, options, signal, (item) => liveMetadata(kind, item)),
    listObjects: async (kind, options, signal) => listed(kind, options, signal, live),
    async get(kind, namespace, name, signal) {
      return ask(kind, kind.version, namespace, name, "get", signal, (target) => found<LiveObject>(target, name, live));
    },
    async metadata(kind, namespace, name, signal) {
      return ask(kind, kind.version, namespace, name, "get", signal, (target) =>
        found<LiveMetadata>(target, name, (object) => liveMetadata(kind, object)),
      );
    },
    async apply(kind, manifest, options, signal) {
      const { name, namespace = "" } = manifest.metadata;
      if (kind.namespaced && namespace === "")
        throw new Error(`${kind.kind} ${name} has no namespace to be applied in`);
      const group = groupOf(manifest.apiVersion);
      const version = versionOf(manifest.apiVersion);
      const send = (asked: Target): Outcome<Applied> => {
        const target: Target = {
          ...asked,
          manager: options.fieldManager,
          dryRun: options.dryRun === true,
          validation: "Strict",
        };
        return mapped(applyObject(target, name, plain(manifest), options.force), ({ object, created }) => ({
          created,
          object: liveOrDry(inVersion(target, object)),
        }));
      };
      const query = `?fieldManager=${encodeURIComponent(options.fieldManager)}&force=${options.force}${dry(options)}`;
      const at = kind.namespaced ? namespace : "";
      return ask({ ...kind, group }, version, at, name, "patch", signal, send, query);
    },
    async patch(kind, namespace, name, type, body, signal) {
      return ask(kind, kind.version, namespace, name, "patch", signal, (target) =>
        mapped(patchObject({ ...target, validation: "Warn" }, name, PATCHES[type], body), ({ object }) =>
          liveOrDry(inVersion(target, object)),
        ),
      );
    },
    async remove(kind, namespace, name, options, signal) {
      return ask<"removed" | "terminating" | "gone">(
        kind,
        kind.version,
        namespace,
        name,
        "delete",
        signal,
        (target) => {
          const deleted = deleteObject({ ...target, dryRun: options.dryRun === true }, name, {
            ...options,
            dryRun: options.dryRun === true,
          });
          if (!deleted.ok && deleted.refusal.code === 404) return { ok: true, value: "gone" };
          return mapped(deleted, ({ removed, object }) => (removed || !held(object) ? "removed" : "terminating"));
        },
        dry(options).replace("&", "?"),
      );
    },
    watch: (kind, options, signal) => watch(core, caller, kind, options, signal),
    async close() {
      core.close();
    },
  };
}

type Lists = <T>(
  kind: Kind,
  options: ListOptions,
  signal: AbortSignal,
  read: (item: JsonObject) => T | undefined,
) => Answer<{ readonly items: readonly T[]; readonly resourceVersion: string }>;

function lists(core: Core, ask: Ask): Lists {
  return (kind, options, signal, read) =>
    ask(kind, kind.version, options.namespace ?? "", "", "list", signal, (target) =>
      mapped(listObjects(target, core.pages, selectors(options)), ({ items, version }) => ({
        items: items.flatMap((item) => read(item) ?? []),
        resourceVersion: String(version),
      })),
    );
}

function selectors({ labelSelector, fieldSelector }: ListOptions): ListOptions {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

/** What a dry run's URL says besides. */
function dry({ dryRun }: { readonly dryRun?: boolean }): string {
  return dryRun === true ? "&dryRun=All" : "";
}

/** A manifest as it would arrive over HTTP: what is undefined is not there. */
function plain(manifest: Manifest): JsonObject {
  return withoutUndefined(manifest) as JsonObject;
}

function withoutUndefined(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => withoutUndefined(item));
  if (!isObject(value)) return value;
  const out: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) out[key] = withoutUndefined(item);
  return out;
}

/** The answer to a delete says that something holds the object, as it does over HTTP. */
function held(object: JsonObject): boolean {
  const meta = isObject(object["metadata"]) ? object["metadata"] : {};
  return Array.isArray(meta["finalizers"]) && meta["finalizers"].length > 0;
}

function kindsOf(resource: Resource): readonly Kind[] {
  const [preferred] = resource.versions;
  if (preferred === undefined) return [];
  const { group, version, kind, namespaced, verbs, shortNames } = preferred;
  return [
    {
      group,
      version,
      versions: resource.versions.map((one) => one.version),
      kind,
      resource: resource.resource,
      namespaced,
      verbs,
      shortNames,
    },
  ];
}

type Ask = <T>(
  kind: Kind,
  version: string,
  namespace: string,
  name: string,
  verb: string,
  signal: AbortSignal,
  answer: (target: Target) => Outcome<T>,
  query?: string,
) => Answer<T>;

/** Finds the kind, asks, lets controllers react, and writes the audit line. */
function requests(core: Core, caller: Caller): Ask {
  return (kind, version, namespace, name, verb, signal, answer, query = "") => {
    signal.throwIfAborted();
    const resource = core.world.registry.find(kind.group, kind.resource);
    const one = resource === undefined ? undefined : served(resource, version);
    const outcome: Outcome<never> | ReturnType<typeof answer> =
      resource === undefined || one === undefined
        ? { ok: false, refusal: { code: 404, reason: "", message: "404 page not found" } }
        : answer(core.target(one, resource, namespace, { caller, manager: managerOf(caller) }));
    core.settle();
    core.audit.record({
      verb,
      requestURI: `${uriOf(kind, version, namespace, name)}${query}`,
      caller,
      objectRef: {
        resource: kind.resource,
        ...(namespace === "" ? {} : { namespace }),
        ...(name === "" ? {} : { name }),
        ...(kind.group === "" ? {} : { apiGroup: kind.group }),
        apiVersion: version,
      },
      code: outcome.ok ? codeOf(outcome.value) : outcome.refusal.code,
      ...(outcome.ok ? {} : { reason: outcome.refusal.reason }),
    });
    if (outcome.ok) return { ok: true, value: outcome.value };
    return { ok: false, problem: problemOf(outcome.refusal, kind, verb === "patch" || verb === "delete") };
  };
}

function codeOf(value: unknown): number {
  if (value === undefined || value === "gone") return 404;
  return typeof value === "object" && value !== null && "created" in value && value.created === true ? 201 : 200;
}

export function managerOf({ userAgent }: Caller): string {
  return userAgent.split("/")[0] ?? "";
}

function uriOf(kind: Kind, version: string, namespace: string, name: string): string {
  const base = kind.group === "" ? `/api/${version}` : `/apis/${kind.group}/${version}`;
  const space = namespace === "" ? "" : `/namespaces/${namespace}`;
  return `${base}${space}/${kind.resource}${name === "" ? "" : `/${name}`}`;
}

function mapped<A, B>(outcome: Outcome<A>, map: (value: A) => B): Outcome<B> {
  return outcome.ok ? { ok: true, value: map(outcome.value) } : outcome;
}

function found<T>(target: Target, name: string, read: (object: JsonObject) => T | undefined): Outcome<T | undefined> {
  const object = target.world.store.get(keyOf(target, name));
  return { ok: true, value: object === undefined ? undefined : read(inVersion(target, object)) };
}

function live(object: JsonObject): LiveObject | undefined {
  return isLiveObject(object) ? object : undefined;
}

/** What a dry run would create has no version yet, for which "" stands. */
function liveOrDry(object: JsonObject): LiveObject {
  const meta = isObject(object["metadata"]) ? object["metadata"] : {};
  const whole = { ...object, metadata: { resourceVersion: "", ...meta } };
  if (!isLiveObject(whole)) throw new Error("an object without a name or uid was stored");
  return whole;
}

/** As the client reads a refusal that comes over HTTP: with the same words, and as silent about Secrets. */
function problemOf({ code, reason, message, details }: Refusal, kind: Kind, write: boolean): Problem {
  const said = { kind: "Status", message, ...(reason === "" ? {} : { reason }), ...(details && { details }) };
  return statusProblem(code, JSON.stringify(said), undefined, { write, secret: holdsSecrets(kind) });
}

async function* watch(
  core: Core,
  caller: Caller,
  kind: Kind,
  options: ListOptions & { readonly resourceVersion: string },
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  signal.throwIfAborted();
  const resource = core.world.registry.find(kind.group, kind.resource);
  const one = resource === undefined ? undefined : served(resource, kind.version);
  if (resource === undefined || one === undefined) {
    const refusal = notFound({ group: kind.group, kind: kind.resource, name: "" });
    yield {
      type: "ended",
      gone: false,
      problem: problemOf({ ...refusal, message: "404 page not found" }, kind, false),
    };
    return;
  }
  const target = core.target(one, resource, options.namespace ?? "", { caller });
  const begun = watchObjects(
    target,
    { ...selectors(options), resourceVersion: options.resourceVersion, bookmarks: true },
    [signal, core.closed],
  );
  if (!begun.ok) {
    yield { type: "ended", gone: begun.refusal.code === 410, problem: problemOf(begun.refusal, kind, false) };
    return;
  }
  for await (const change of begun.value) {
    const event = eventOf(kind, change);
    if (event !== undefined) yield event;
    if (event?.type === "ended") return;
  }
  signal.throwIfAborted();
  yield { type: "ended", gone: false };
}

const EVENTS = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;

function eventOf(kind: Kind, change: Change): WatchEvent | undefined {
  if (change.type === "BOOKMARK") return { type: "bookmark", resourceVersion: String(change.version) };
  if (change.type === "GONE") return { type: "ended", gone: true };
  const object = liveMetadata(kind, change.object);
  return object === undefined ? undefined : { type: EVENTS[change.type], object };
}
