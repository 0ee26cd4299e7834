import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import {
  badRequest,
  expired,
  methodNotAllowed,
  notFound,
  notImplemented,
  type Outcome,
  type Refusal,
} from "../api/status.ts";
import type { Core } from "../core.ts";
import { managerOf } from "../embedded-cluster.ts";
import { type Resource, type Served, inVersion as servedIn } from "../kinds/registry.ts";
import { jsonPatch } from "../patch/json-patch.ts";
import { mergePatch } from "../patch/merge-patch.ts";
import {
  applyObject,
  createObject,
  type PatchKind,
  patchObject,
  patchOptionErrors,
  updateObject,
} from "../verbs/change.ts";
import { type DeleteOptions, deleteObject } from "../verbs/delete.ts";
import { inVersion, listObjects } from "../verbs/read.ts";
import { getScale, setScale } from "../verbs/scale.ts";
import { metaOf, namedResource, nameOf, type Written } from "../verbs/write.ts";
import { keyOf, type Target } from "../world.ts";
import { discoveryDocument } from "./discovery.ts";
import { openapiDocument } from "./openapi.ts";
import { type ApiReply, type ApiRequest, callerOf, field, formOf, isTrue, readBody } from "./request.ts";
import { failure, partial } from "./shapes.ts";
import { tableOf } from "./table.ts";
import { watchReply } from "./watch-reply.ts";

/** A path of a resource, taken apart. */
interface Route {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** What a real server has at the root of its core group, and this one has not. */
const CORE_ELSEWHERE = new Set(
  "bindings componentstatuses endpoints nodes podtemplates replicationcontrollers".split(" "),
);
const GROUPS_ELSEWHERE = new Set(
  "admissionregistration apiregistration authentication authorization certificates discovery events flowcontrol.apiserver node resource storagemigration"
    .split(" ")
    .map((name) => `${name}.k8s.io`),
);

const PAGE_NOT_FOUND: ApiReply = { kind: "text", status: 404, text: "404 page not found\n" };
const NO_RESOURCE: Refusal = {
  code: 404,
  reason: "NotFound",
  message: "the server could not find the requested resource",
  details: {},
};

/** Answers one request, as kube-apiserver would; what is not done here is a 501. */
export function answer(core: Core, request: ApiRequest, user: string): ApiReply {
  const url = new URL(request.url, "http://embedded");
  const path = decodeURIComponent(url.pathname).replace(/(.)\/+$/, "$1");
  if (["/healthz", "/livez", "/readyz"].includes(path)) return { kind: "text", status: 200, text: "ok" };
  const accept = request.headers["accept"] ?? "";
  const document = discoveryDocument(core.world.registry, path, accept) ?? openapiDocument(core.world.registry, path);
  if (document !== undefined) return { kind: "value", status: 200, body: document, warnings: [] };
  const route = routeOf(url.pathname);
  if (route === undefined) return PAGE_NOT_FOUND;
  const reply = routed(core, request, url.searchParams, route, user);
  core.settle();
  audit(core, request, url, route, user, reply);
  return reply;
}

/** Names are decoded last, since they may hold slashes. */
function routeOf(path: string): Route | undefined {
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const core = parts[0] === "api";
  if (!core && parts[0] !== "apis") return undefined;
  const [group, version] = core ? ["", parts[1]] : [parts[1], parts[2]];
  const rest = parts.slice(core ? 2 : 3);
  if (group === undefined || version === undefined || rest.length === 0) return undefined;
  const inNamespace = rest[0] === "namespaces" && rest.length > 2 && !(rest.length === 3 && isSubresource(rest[2]));
  const [namespace, below] = inNamespace ? [rest[1] ?? "", rest.slice(2)] : ["", rest];
  const [resource = "", name = "", ...more] = below;
  return { group, version, namespace, resource, name, subresource: more.join("/") };
}

function isSubresource(part: string | undefined): boolean {
  return part === "status" || part === "finalize";
}

function routed(core: Core, request: ApiRequest, query: URLSearchParams, route: Route, user: string): ApiReply {
  const found = core.world.registry.find(route.group, route.resource);
  const served = found === undefined ? undefined : servedIn(found, route.version);
  if (found === undefined || served === undefined) {
    if (GROUPS_ELSEWHERE.has(route.group) || (route.group === "" && CORE_ELSEWHERE.has(route.resource)))
      return failure(notImplemented(`${route.resource} of the group ${JSON.stringify(route.group)}`));
    const known = core.world.registry.resources().filter(({ group, fromCrd }) => group === route.group && !fromCrd);
    return known.some((one) => servedIn(one, route.version) !== undefined) ? failure(NO_RESOURCE) : PAGE_NOT_FOUND;
  }
  if (route.subresource !== "" && !served.subresources.includes(route.subresource)) {
    return served.custom === undefined
      ? failure(notImplemented(`the subresource ${route.resource}/${route.subresource}`))
      : PAGE_NOT_FOUND;
  }
  const body = readBody(request);
  if (!body.ok) return failure(body.refusal);
  const caller = callerOf(request.headers, user);
  const given = query.get("fieldManager") ?? "";
  const validation = query.get("fieldValidation");
  const warnings: string[] = [];
  const target = core.target(served, found, route.namespace, {
    subresource: route.subresource === "status" ? "status" : "",
    caller,
    manager: given === "" ? managerOf(caller) : given,
    dryRun: query.getAll("dryRun").includes("All"),
    validation: validation === "Strict" || validation === "Ignore" ? validation : "Warn",
    warnings,
  });
  return dispatch({ core, request, query, route, found, served, target, body: body.value, given });
}

interface Asked {
  readonly core: Core;
  readonly request: ApiRequest;
  readonly query: URLSearchParams;
  readonly route: Route;
  readonly found: Resource;
  readonly served: Served;
  readonly target: Target;
  readonly body: Json | undefined;
  readonly given: string;
}

function dispatch(asked: Asked): ApiReply {
  const { request, query, route, target } = asked;
  if (route.subresource === "scale") return scale(asked);
  switch (request.method) {
    case "GET":
      if (isTrue(query.get("watch")))
        return watchReply(asked.core, target, query, route.name, request.headers["accept"]);
      return route.name === "" ? list(asked) : get(asked);
    case "POST":
      if (route.name !== "") return failure(methodNotAllowed());
      return written(asked, createObject(target, asked.body));
    case "PUT":
      if (route.name === "") return failure(methodNotAllowed());
      return written(asked, updateObject(target, route.name, asked.body));
    case "PATCH":
      return route.name === "" ? failure(methodNotAllowed()) : patch(asked);
    case "DELETE":
      return route.name === "" ? deleteAll(asked) : remove(asked);
    default:
      return failure(methodNotAllowed());
  }
}

const PATCHES: Readonly<Record<string, PatchKind>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
};
const UNKNOWN_MEDIA: Refusal = {
  code: 415,
  reason: "UnsupportedMediaType",
  message: "415: Unsupported Media Type",
  details: {},
};

function patch(asked: Asked): ApiReply {
  const { request, query, route, target, given } = asked;
  const type = (request.headers["content-type"] ?? "").split(";")[0] ?? "";
  const isApply = type === "application/apply-patch+yaml";
  const force = isTrue(query.get("force"));
  const refused = patchOptionErrors(isApply, given, force);
  if (isApply || PATCHES[type] !== undefined) if (refused !== undefined) return failure(refused);
  if (isApply) return written(asked, applyObject(target, route.name, asked.body, force));
  const kind = PATCHES[type];
  return kind === undefined
    ? failure(UNKNOWN_MEDIA)
    : written(asked, patchObject(target, route.name, kind, asked.body ?? null));
}

function written({ target, request }: Asked, outcome: Outcome<Written>): ApiReply {
  if (!outcome.ok) return failure(outcome.refusal, target.warnings);
  const { object, created } = outcome.value;
  return shaped(inVersion(target, object), request, created ? 201 : 200, target.warnings);
}

/** One object in the form that was asked for. */
function shaped(object: JsonObject, request: ApiRequest, status: number, warnings: readonly string[]): ApiReply {
  const form = formOf(request.headers["accept"]);
  const body = form === "metadata" ? partial(object) : object;
  return { kind: "value", status, body, warnings };
}

function get({ core, route, target, request }: Asked): ApiReply {
  const object = core.world.store.get(keyOf(target, route.name));
  if (object === undefined) return failure(notFound(namedResource(target, route.name)));
  const seen = inVersion(target, object);
  if (formOf(request.headers["accept"]) === "table")
    return { kind: "value", status: 200, body: tableOf(core.world, target.served, [seen], {}), warnings: [] };
  return shaped(seen, request, 200, []);
}

function list(asked: Asked): ApiReply {
  const { core, query, target, served, request } = asked;
  const [labels, fields, token] = ["labelSelector", "fieldSelector", "continue"].map((key) => query.get(key) ?? "");
  const listed = listObjects(target, core.pages, {
    ...(labels ? { labelSelector: labels } : {}),
    ...(fields ? { fieldSelector: fields } : {}),
    ...(token ? { continue: token } : {}),
    limit: Number(query.get("limit") ?? 0),
  });
  if (!listed.ok) return failure(listed.refusal);
  const { items, version, remaining } = listed.value;
  const wanted = Number(query.get("resourceVersion") ?? 0);
  if (query.get("resourceVersionMatch") === "Exact" && wanted !== core.world.store.version())
    return failure(expired("the resourceVersion for the provided list is too old"));
  const metadata = {
    resourceVersion: String(version),
    ...(listed.value.continue === undefined ? {} : { continue: listed.value.continue }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
  const value = (body: JsonObject): ApiReply => ({ kind: "value", status: 200, body, warnings: [] });
  switch (formOf(request.headers["accept"])) {
    case "table":
      return value(tableOf(core.world, served, items, metadata));
    case "metadata":
      return value({
        kind: "PartialObjectMetadataList",
        apiVersion: "meta.k8s.io/v1",
        metadata,
        items: items.length === 0 ? null : items.map(partial), // as the server writes an empty list
      });
    case "object":
      return value({
        kind: served.listKind,
        apiVersion: served.group === "" ? served.version : `${served.group}/${served.version}`,
        metadata,
        items: served.custom === undefined ? items.map(withoutKind) : items,
      });
  }
}

/** Items of a list of built-in objects do not repeat what they are. */
function withoutKind(object: JsonObject): JsonObject {
  const { kind: _, apiVersion: __, ...rest } = object;
  return rest;
}

function deleteOptions({ query, body }: Asked): DeleteOptions {
  const conditions = field(body, "preconditions");
  const [uid, version] = [field(conditions, "uid"), field(conditions, "resourceVersion")];
  const propagation = query.get("propagationPolicy") ?? field(body, "propagationPolicy");
  const orphan = query.get("orphanDependents") ?? field(body, "orphanDependents");
  const dryRun = field(body, "dryRun");
  return {
    ...(typeof uid === "string" ? { uid } : {}),
    ...(typeof version === "string" ? { resourceVersion: version } : {}),
    ...(typeof propagation === "string"
      ? { propagation }
      : orphan === true || orphan === "true"
        ? { propagation: "Orphan" }
        : {}),
    dryRun: query.getAll("dryRun").includes("All") || (Array.isArray(dryRun) && dryRun.includes("All")),
  };
}

/** Kinds whose deletion answers with the object, and not with a Status. */
const ANSWERS_WITH_OBJECT = new Set(
  "Namespace PersistentVolume PersistentVolumeClaim Pod ResourceQuota Service ServiceAccount StorageClass".split(" "),
);

function remove(asked: Asked): ApiReply {
  const { route, target, served } = asked;
  const options = deleteOptions(asked);
  const deleted = deleteObject({ ...target, dryRun: options.dryRun }, route.name, options);
  if (!deleted.ok) return failure(deleted.refusal);
  const { removed, object } = deleted.value;
  if (!removed || (served.custom === undefined && ANSWERS_WITH_OBJECT.has(served.kind)))
    return { kind: "value", status: 200, body: inVersion(target, object), warnings: [] };
  const { name, group, kind } = namedResource(target, route.name);
  const details = { name, ...(group === "" ? {} : { group }), kind, uid: metaOf(object)["uid"] ?? "" };
  const body = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
  return { kind: "value", status: 200, body, warnings: [] };
}

function deleteAll(asked: Asked): ApiReply {
  const { core, query, target, served } = asked;
  if (!served.verbs.includes("deletecollection")) return failure(methodNotAllowed());
  const selectors = {
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
  };
  const listed = listObjects(target, core.pages, selectors);
  if (!listed.ok) return failure(listed.refusal);
  const options = deleteOptions(asked);
  for (const object of listed.value.items) {
    const namespace = metaOf(object)["namespace"];
    const at = { ...target, dryRun: options.dryRun, namespace: typeof namespace === "string" ? namespace : "" };
    const deleted = deleteObject(at, nameOf(object), options);
    if (!deleted.ok && deleted.refusal.code !== 404) return failure(deleted.refusal);
  }
  const body = {
    kind: served.listKind,
    apiVersion: served.group === "" ? served.version : `${served.group}/${served.version}`,
    metadata: { resourceVersion: String(listed.value.version) },
    items: listed.value.items.map(withoutKind),
  };
  return { kind: "value", status: 200, body, warnings: [] };
}

function scale({ request, route, target, body }: Asked): ApiReply {
  const reply = (outcome: Outcome<JsonObject>): ApiReply =>
    outcome.ok ? { kind: "value", status: 200, body: outcome.value, warnings: [] } : failure(outcome.refusal);
  if (target.served.custom !== undefined) return failure(notImplemented("the scale of custom resources"));
  if (request.method === "GET") return reply(getScale(target, route.name));
  if (request.method === "PUT")
    return isObject(body) ? reply(setScale(target, route.name, () => body)) : failure(badRequest("no body"));
  const type = (request.headers["content-type"] ?? "").split(";")[0] ?? "";
  const kind = PATCHES[type];
  if (request.method !== "PATCH" || kind === undefined || body === undefined)
    return failure(notImplemented("this way to change a scale"));
  return reply(
    setScale(target, route.name, (before) => {
      if (kind !== "json") return mergePatch(before, body) as JsonObject;
      const patched = jsonPatch(before, Array.isArray(body) ? body : []);
      return patched.ok && isObject(patched.value) ? patched.value : before;
    }),
  );
}

const VERBS: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

function audit(core: Core, request: ApiRequest, url: URL, route: Route, user: string, reply: ApiReply): void {
  const reading = isTrue(url.searchParams.get("watch")) ? "watch" : route.name === "" ? "list" : "get";
  const verb = VERBS[request.method] ?? reading;
  const reason = reply.kind === "value" ? field(reply.body, "reason") : undefined;
  core.audit.record({
    verb: verb === "delete" && route.name === "" ? "deletecollection" : verb,
    requestURI: `${url.pathname}${url.search}`,
    caller: callerOf(request.headers, user),
    objectRef: {
      resource: route.resource,
      ...(route.namespace === "" ? {} : { namespace: route.namespace }),
      ...(route.name === "" ? {} : { name: route.name }),
      ...(route.group === "" ? {} : { apiGroup: route.group }),
      apiVersion: route.version,
      ...(route.subresource === "" ? {} : { subresource: route.subresource }),
    },
    code: reply.kind === "stream" ? 200 : reply.status,
    ...(typeof reason === "string" ? { reason } : {}),
  });
}
