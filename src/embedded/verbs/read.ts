import { isObject, type JsonObject, text } from "../../model/index.ts";
import { parseFieldSelector, parseSelector } from "../api/selector.ts";
import { badRequest, done, expired, type Outcome, refuse } from "../api/status.ts";
import { apiVersionOf, convertTo } from "../kinds/registry.ts";
import type { StoreEvent } from "../store.ts";
import type { Target } from "../world.ts";
import { metaOf } from "./write.ts";

export interface ListQuery {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
}

export interface Listed {
  readonly items: readonly JsonObject[];
  readonly version: number;
  readonly continue?: string;
  readonly remaining?: number;
}

/** Pages that were begun, so that all pages of a list show one moment. */
export interface Pages {
  begin(items: readonly JsonObject[], version: number): string;
  find(token: string): { readonly items: readonly JsonObject[]; readonly version: number } | undefined;
}

const PAGES_MAX = 100;

export function newPages(): Pages {
  const begun = new Map<string, { readonly items: readonly JsonObject[]; readonly version: number }>();
  const state = { next: 1 };
  return {
    begin(items, version) {
      const token = Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: version, page: state.next++ })).toString(
        "base64url",
      );
      begun.set(token, { items, version });
      const oldest = begun.keys().next().value;
      if (begun.size > PAGES_MAX && oldest !== undefined) begun.delete(oldest);
      return token;
    },
    find: (token) => begun.get(token),
  };
}

export type Matcher = { matches(object: JsonObject): boolean; readonly empty: boolean };

/** Which objects a list's or watch's selectors mean. */
export function matcher(target: Target, query: ListQuery): Outcome<Matcher> {
  const labels = parseSelector(query.labelSelector ?? "");
  if (!labels.ok) return refuse(badRequest(labels.why));
  const fields = parseFieldSelector(query.fieldSelector ?? "", knownFields(target));
  if (!fields.ok) return refuse(badRequest(fields.why));
  return done({
    empty: labels.empty && fields.empty,
    matches: (object) => {
      const map = metaOf(object)["labels"];
      return labels.matches(isObject(map) ? map : {}) && fields.matches(object);
    },
  });
}

function knownFields({ served }: Target): ReadonlyMap<string, (object: JsonObject) => string> {
  const known = new Map<string, (object: JsonObject) => string>([
    ["metadata.name", (object) => text(metaOf(object), "name") ?? ""],
    ["metadata.namespace", (object) => text(metaOf(object), "namespace") ?? ""],
  ]);
  const more: Readonly<Record<string, readonly string[]>> = {
    "/Secret": ["type"],
    "/Namespace": ["status.phase"],
    "/Pod": ["spec.nodeName", "status.phase", "spec.restartPolicy", "spec.serviceAccountName"],
    "/Event": [
      "involvedObject.kind",
      "involvedObject.namespace",
      "involvedObject.name",
      "involvedObject.uid",
      "reason",
      "type",
      "source",
    ],
  };
  for (const path of more[`${served.group}/${served.kind}`] ?? []) known.set(path, (object) => valueText(object, path));
  return known;
}

function valueText(object: JsonObject, path: string): string {
  const value = path
    .split(".")
    .reduce<unknown>((at, key) => (isObject(at as JsonObject) ? (at as JsonObject)[key] : undefined), object);
  return typeof value === "string" ? value : "";
}

export function listObjects(target: Target, pages: Pages, query: ListQuery): Outcome<Listed> {
  const { world, resource, namespace } = target;
  const match = matcher(target, query);
  if (!match.ok) return match;
  const begun = query.continue === undefined ? undefined : pages.find(query.continue);
  if (query.continue !== undefined && begun === undefined)
    return refuse(
      expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
      ),
    );
  const prefix = `${resource.group}/${resource.resource}/${namespace === "" ? "" : `${namespace}/`}`;
  const all =
    begun?.items ??
    world.store
      .list(prefix)
      .map(([, object]) => inVersion(target, object))
      .filter((object) => match.value.matches(object));
  const version = begun?.version ?? world.store.version();
  const limit = query.limit ?? 0;
  if (limit <= 0 || all.length <= limit) return done({ items: all, version });
  const rest = all.slice(limit);
  const token = pages.begin(rest, version);
  return done({
    items: all.slice(0, limit),
    version,
    continue: token,
    ...(match.value.empty ? { remaining: rest.length } : {}),
  });
}

/** An object in the version that was asked for. */
export function inVersion({ served, resource }: Target, object: JsonObject): JsonObject {
  return convertTo(resource, object, apiVersionOf(served));
}

export type Change =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: JsonObject }
  | { readonly type: "BOOKMARK"; readonly version: number; readonly initialEnd: boolean }
  | { readonly type: "GONE"; readonly message: string };

/** What an event is to a watcher with selectors: an object may come into sight, or go out of it. */
export function seenAs(target: Target, match: Matcher, event: StoreEvent): Change | undefined {
  const { namespace, resource } = target;
  if (event.resource !== `${resource.group}/${resource.resource}`) return undefined;
  if (namespace !== "" && metaOf(event.object)["namespace"] !== namespace) return undefined;
  const object = inVersion(target, event.object);
  const now = event.type !== "DELETED" && match.matches(object);
  const before = event.before !== undefined && match.matches(event.before);
  if (now) return { type: before ? "MODIFIED" : "ADDED", object };
  if (!before) return undefined;
  // Out of sight: as it was, at the version that took it out.
  const last = event.before ?? event.object;
  const meta = { ...metaOf(last), resourceVersion: metaOf(event.object)["resourceVersion"] ?? "" };
  return { type: "DELETED", object: inVersion(target, { ...last, metadata: meta }) };
}
