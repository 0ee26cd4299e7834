import { isObject, type Json, type JsonObject, text } from "../../model/index.ts";
import {
  badRequest,
  conflict,
  done,
  forbiddenField,
  internal,
  invalid,
  invalidValue,
  MODIFIED,
  notFound,
  type Outcome,
  type Refusal,
  refuse,
  required,
} from "../api/status.ts";
import { scalarText } from "../kinds/draft.ts";
import { apiVersionOf, convertTo } from "../kinds/registry.ts";
import { mismatches } from "../merge/check.ts";
import { paths, pathText } from "../merge/field-set.ts";
import { applyRequest, managedAfterUpdate, withoutManaged } from "../merge/managed-fields.ts";
import type { Conflict } from "../merge/update.ts";
import { jsonPatch } from "../patch/json-patch.ts";
import { mergePatch } from "../patch/merge-patch.ts";
import { strategicPatch } from "../patch/strategic.ts";
import { wrongText } from "../schema/canonical.ts";
import { keyOf, type Target } from "../world.ts";
import { asObject, checkKind, emptyOf, readAs, readObject, settleApplied } from "./prepare.ts";
import {
  insertObject,
  managing,
  metaOf,
  namedResource,
  nameOf,
  replaceObject,
  unconditional,
  type Written,
} from "./write.ts";

/** An object with these managedFields, or with none. */
function managed(object: JsonObject, entries: readonly JsonObject[] | undefined): JsonObject {
  const bare = withoutManaged(object);
  return entries === undefined ? bare : { ...bare, metadata: { ...metaOf(bare), managedFields: entries } };
}

/** POST. */
export function createObject(target: Target, body: Json | undefined): Outcome<Written> {
  const read = readBody(target, body);
  if (!read.ok) return read;
  const entries = managedAfterUpdate(managing(target), emptyOf(target.served), withoutServerMeta(read.value));
  const stored = insertObject(target, managed(read.value, entries));
  return stored.ok ? done({ object: stored.value, created: true }) : stored;
}

/** A new object is nobody's yet, whatever uid it names. */
function withoutServerMeta(object: JsonObject): JsonObject {
  const {
    uid: _,
    resourceVersion: __,
    creationTimestamp: ___,
    deletionTimestamp: ____,
    deletionGracePeriodSeconds: _____,
    ...meta
  } = metaOf(object);
  return { ...object, metadata: meta };
}

function readBody(target: Target, body: Json | undefined): Outcome<JsonObject> {
  const given = asObject(body);
  if (!given.ok) return given;
  const checked = checkKind(target, given.value);
  return checked.ok ? readObject(target, checked.value) : checked;
}

/** PUT. */
export function updateObject(target: Target, name: string, body: Json | undefined): Outcome<Written> {
  const read = readBody(target, body);
  if (!read.ok) return read;
  const given = nameOf(read.value);
  if (given !== name)
    return refuse(
      badRequest(
        given === ""
          ? `the name of the object (based on URL) was undeterminable: name must be provided`
          : `the name of the object (${given}) does not match the name on the URL (${name})`,
      ),
    );
  const { world, served } = target;
  const live = world.store.get(keyOf(target, name));
  if (live === undefined) {
    if (!served.strategy.createOnUpdate || target.subresource !== "")
      return refuse(notFound(namedResource(target, name)));
    const version = text(metaOf(read.value), "resourceVersion") ?? "";
    if (version !== "" && version !== "0") return refuse(conflict(namedResource(target, name), MODIFIED));
    return createObject(target, body);
  }
  const uid = text(metaOf(read.value), "uid") ?? "";
  if (uid !== "" && uid !== metaOf(live)["uid"])
    return refuse(
      conflict(namedResource(target, name), uidMismatch(target, name, uid, scalarText(metaOf(live)["uid"]))),
    );
  const version = text(metaOf(read.value), "resourceVersion") ?? "";
  if (version !== "" && version !== metaOf(live)["resourceVersion"])
    return refuse(conflict(namedResource(target, name), MODIFIED));
  const needed = unconditional(target, read.value);
  if (needed.length > 0) return refuse(invalid(namedResource(target, name), needed));
  const versioned = convertTo(target.resource, live, apiVersionOf(served));
  const entries = managedAfterUpdate(managing(target), versioned, read.value);
  const stored = replaceObject(target, live, managed(read.value, entries));
  return stored.ok ? done({ object: stored.value, created: false }) : stored;
}

function uidMismatch(target: Target, name: string, want: string, is: string): string {
  const { resource, namespace } = target;
  const group = resource.fromCrd ? `${resource.group}/` : "";
  const key = `/registry/${group}${resource.resource}/${namespace === "" ? "" : `${namespace}/`}${name}`;
  return `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${want}, UID in object meta: ${is}`;
}

export type PatchKind = "json" | "merge" | "strategic";

/** PATCH, but for server-side apply. */
export function patchObject(target: Target, name: string, kind: PatchKind, patch: Json): Outcome<Written> {
  const { world, served } = target;
  if (kind === "strategic" && served.custom !== undefined)
    return refuse({ code: 415, reason: "UnsupportedMediaType", message: UNSUPPORTED_FOR_CUSTOM });
  const live = world.store.get(keyOf(target, name));
  if (live === undefined) return refuse(notFound(namedResource(target, name)));
  const versioned = convertTo(target.resource, live, apiVersionOf(served));
  const patched = patchedBy(target, kind, versioned, patch);
  if (!patched.ok) return patched;
  const reading = readAs(served, patched.value);
  const wrong = reading.wrong[0];
  if (wrong !== undefined) return refuse(invalidPatched(JSON.stringify(patched.value), wrongText(wrong)));
  const unknown = reading.unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (unknown.length > 0 && target.validation === "Strict")
    return refuse(invalidPatched(JSON.stringify(patched.value), `strict decoding error: ${unknown.join(", ")}`));
  const checked = checkPatched(target, name, patched.value);
  if (!checked.ok) return checked;
  const read = readObject(target, { ...checked.value, kind: served.kind });
  if (!read.ok) return read;
  const entries = managedAfterUpdate(managing(target), versioned, read.value);
  const stored = replaceObject(target, live, managed(read.value, entries));
  return stored.ok ? done({ object: stored.value, created: false }) : stored;
}

const UNSUPPORTED_FOR_CUSTOM =
  "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
const REJECTED: Refusal = {
  code: 422,
  reason: "Invalid",
  message: "the server rejected our request due to an error in our request",
  details: {},
};

function patchedBy(target: Target, kind: PatchKind, live: JsonObject, patch: Json): Outcome<JsonObject> {
  if (kind === "json") {
    if (!Array.isArray(patch))
      return refuse(
        badRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
      );
    const result = jsonPatch(live, patch);
    return result.ok && isObject(result.value) ? done(result.value) : refuse(REJECTED);
  }
  if (!isObject(patch))
    return refuse(
      badRequest("error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}"),
    );
  if (kind === "merge") return done(mergePatch(live, patch) as JsonObject);
  const result = strategicPatch(target.served.type, live, patch);
  if (!result.ok) return refuse(internal(result.why));
  return done(result.value as JsonObject);
}

function invalidPatched(shown: string, why: string): Refusal {
  return invalid({ group: "", kind: "", name: "" }, [invalidValue("patch", shown, why)]);
}

/** What a patch may not change: which object it is. */
function checkPatched(target: Target, name: string, patched: JsonObject): Outcome<JsonObject> {
  const given = nameOf(patched);
  if (given !== name)
    return refuse(badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`));
  const namespace = text(metaOf(patched), "namespace") ?? "";
  if (namespace !== target.namespace)
    return refuse(badRequest("the namespace of the provided object does not match the namespace sent on the request"));
  const [apiVersion, kind] = [text(patched, "apiVersion"), text(patched, "kind")];
  if (apiVersion !== apiVersionOf(target.served) || kind !== target.served.kind)
    return refuse(badRequest(`no kind "${kind ?? ""}" is registered for version "${apiVersion ?? ""}"`));
  return done(patched);
}

/** Server-side apply. */
export function applyObject(target: Target, name: string, body: Json | undefined, force: boolean): Outcome<Written> {
  const { world, served } = target;
  const given = asObject(body);
  if (!given.ok) return given;
  const config = given.value;
  const live = world.store.get(keyOf(target, name));
  if (live === undefined && target.subresource !== "") return refuse(notFound(namedResource(target, name)));
  const refused = checkConfig(target, name, config);
  if (refused !== undefined) return refuse(refused);
  const placed = namedIn(config, name, target.namespace);
  const wrong = mismatches(served.type, placed);
  if (wrong.length > 0) {
    const subject = `${target.namespace === "" || text(metaOf(config), "namespace") === undefined ? "" : target.namespace}/${name}; ${apiVersionOf(served)}, Kind=${served.kind}`;
    const problems = wrong.length === 1 ? wrong[0] : `errors:\n${wrong.map((line) => `  ${line}`).join("\n")}`;
    return refuse(internal(`failed to create typed patch object (${subject.replace("; v1", "; /v1")}): ${problems}`));
  }
  const base = live ?? emptyOf(served);
  const current = convertTo(target.resource, base, apiVersionOf(served));
  const outcome = applyRequest(managing(target), current, placed, force, config);
  if (!outcome.ok) return refuse(conflictOf(outcome.conflicts));
  const read = settleApplied(target, outcome.object);
  if (!read.ok) return read;
  const object = managed(read.value, outcome.managedFields);
  if (live !== undefined) {
    const stored = replaceObject(target, live, object);
    return stored.ok ? done({ object: stored.value, created: false }) : stored;
  }
  const uid = text(metaOf(config), "uid") ?? "";
  if (uid !== "") {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    return refuse(conflict(namedResource(target, name), why));
  }
  const { resourceVersion: _, ...meta } = metaOf(object);
  const stored = insertObject(target, { ...object, metadata: meta });
  return stored.ok ? done({ object: stored.value, created: true }) : stored;
}

/** An apply configuration as it is merged: the name and namespace are the URL's. */
function namedIn(config: JsonObject, name: string, namespace: string): JsonObject {
  const meta = metaOf(config);
  return { ...config, metadata: { ...meta, name, ...(namespace === "" ? {} : { namespace }) } };
}

function checkConfig(target: Target, name: string, config: JsonObject): Refusal | undefined {
  const { served, namespace } = target;
  const [apiVersion, kind] = [text(config, "apiVersion") ?? "", text(config, "kind") ?? ""];
  if (kind === "") return badRequest(`Object 'Kind' is missing in '${JSON.stringify(config)}'`);
  if (apiVersion !== apiVersionOf(served) || kind !== served.kind) {
    const [version, group = ""] = apiVersion.split("/").reverse();
    return badRequest(`invalid object type: ${group}/${version ?? ""}, Kind=${kind}`);
  }
  if (metaOf(config)["managedFields"] !== undefined && metaOf(config)["managedFields"] !== null)
    return badRequest("metadata.managedFields must be nil");
  const given = nameOf(config);
  if (given !== "" && given !== name)
    return badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  const space = text(metaOf(config), "namespace") ?? "";
  if (space !== "" && space !== namespace)
    return badRequest("the namespace of the provided object does not match the namespace sent on the request");
  return undefined;
}

/** 409 with one cause a path, managers in the order of their names. */
function conflictOf(conflicts: readonly Conflict[]): Refusal {
  const all = conflicts
    .flatMap(({ manager, set }) => paths(set).map((path) => ({ by: managerText(manager), path: pathText(path) })))
    .sort((a, b) => (a.by < b.by ? -1 : a.by > b.by ? 1 : 0));
  const first = all[0];
  const managers = [...new Set(all.map(({ by }) => by))];
  const lines = managers.flatMap((by) => [
    `conflicts with ${by}:`,
    ...all.filter((one) => one.by === by).map(({ path }) => `- ${path}`),
  ]);
  const message =
    all.length === 1 && first !== undefined
      ? `Apply failed with 1 conflict: conflict with ${first.by}: ${first.path}`
      : `Apply failed with ${all.length} conflicts: ${lines.join("\n")}`;
  const causes = all.map(({ by, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${by}`,
    field: path,
  }));
  return { code: 409, reason: "Conflict", message, details: { causes } };
}

function managerText(id: string): string {
  const { manager = "", operation, apiVersion = "", subresource } = JSON.parse(id) as Readonly<Record<string, string>>;
  const name = `${JSON.stringify(manager)}${subresource === undefined ? "" : ` with subresource ${JSON.stringify(subresource)}`}`;
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}

/** What PATCH's options may not be. */
export function patchOptionErrors(isApply: boolean, manager: string, force: boolean): Refusal | undefined {
  const errors = [
    ...(isApply && manager === "" ? [required("fieldManager", "is required for apply patch")] : []),
    ...(!isApply && force ? [forbiddenField("force", "may not be specified for non-apply patch")] : []),
  ];
  return errors.length === 0 ? undefined : invalid({ group: "meta.k8s.io", kind: "PatchOptions", name: "" }, errors);
}
