import { isObject, type Json, type JsonObject, text } from "../../model/index.ts";
import { badRequest, done, internal, type Outcome, refuse } from "../api/status.ts";
import { defaultsOf } from "../kinds/defaults.ts";
import { copy, type Draft } from "../kinds/draft.ts";
import { apiVersionOf, type Served } from "../kinds/registry.ts";
import { canonical, newReading, type Reading, type Wrong, wrongText } from "../schema/canonical.ts";
import type { Target } from "../world.ts";

/** An object read as its kind: canonical, defaulted, pruned. What was unknown is refused, warned of or passed over. */
export function readObject(target: Target, body: JsonObject): Outcome<JsonObject> {
  const { served } = target;
  const reading = readAs(served, body);
  const subject = `${served.kind} in version ${JSON.stringify(served.version)} cannot be handled as a ${served.kind}`;
  const wrong = reading.wrong[0];
  if (wrong !== undefined) return refuse(badRequest(`${subject}: ${wrongText(wrong)}`));
  const unknown = reading.unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (unknown.length > 0 && target.validation === "Strict") {
    const why = `strict decoding error: ${unknown.join(", ")}`;
    return refuse(badRequest(`${subject}: ${why}`));
  }
  if (target.validation === "Warn") target.warnings.push(...unknown);
  return done(reading.object);
}

/** Checks what an object says it is against where it was sent. */
export function checkKind(target: Target, body: JsonObject): Outcome<JsonObject> {
  const { served, namespace } = target;
  const [apiVersion, kind] = [text(body, "apiVersion"), text(body, "kind")];
  const want = apiVersionOf(served);
  if (apiVersion !== undefined && apiVersion !== want && served.custom === undefined && kind === served.kind)
    return refuse(
      badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${want})`),
    );
  if ((kind !== undefined && kind !== served.kind) || (apiVersion !== undefined && apiVersion !== want))
    return refuse(
      badRequest(
        served.custom === undefined
          ? `${kind ?? ""} in version ${JSON.stringify(versionOf(apiVersion ?? want))} cannot be handled as a ${served.kind}: converting (${versionOf(apiVersion ?? want)}.${kind ?? ""}) to (${packageOf(served.group)}.${served.kind}): unknown conversion`
          : `the API version in the data (${apiVersion ?? ""}) does not match the expected API version (${want})`,
      ),
    );
  const meta = isObject(body["metadata"]) ? body["metadata"] : {};
  const given = text(meta, "namespace") ?? "";
  if (given !== "" && given !== namespace)
    return refuse(badRequest("the namespace of the provided object does not match the namespace sent on the request"));
  return done({ ...body, apiVersion: want, kind: served.kind, metadata: placed(meta, namespace) });
}

function placed(meta: JsonObject, namespace: string): JsonObject {
  const { namespace: _, ...rest } = meta;
  return namespace === "" ? rest : { ...rest, namespace };
}

function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf("/") + 1);
}

export interface ReadObject {
  readonly object: JsonObject;
  readonly unknown: readonly string[];
  readonly wrong: readonly Wrong[];
}

export function readAs(served: Served, body: JsonObject): ReadObject {
  if (served.custom !== undefined) return readCustom(served, served.custom, body);
  const read = readBuiltIn(served, body);
  const given = isObject(body["metadata"]) ? body["metadata"]["managedFields"] : undefined;
  if (!Array.isArray(given) || given.length > 0) return read;
  // An empty list, unlike none, resets them; of a custom resource it is read as none.
  const metadata = isObject(read.object["metadata"]) ? read.object["metadata"] : {};
  return { ...read, object: { ...read.object, metadata: { ...metadata, managedFields: [] } } };
}

/** What Go calls the package of a group's internal types. */
function packageOf(group: string): string {
  return group === "" ? "core" : (group.split(".")[0] ?? group);
}

function readBuiltIn(served: Served, body: JsonObject): ReadObject {
  const reading = newReading();
  const draft = copy(canonical(served.type, stringDataIn(served, body), reading) as JsonObject) as Draft;
  defaultsOf[`${served.group}/${served.kind}`]?.(draft);
  return { object: draft, unknown: reading.unknown, wrong: reading.wrong };
}

/**
 * What an apply made of an object, as its kind has it. A custom resource is only filled with its defaults: where taking
 * fields away left a null that the schema does not allow, the null is there for the validation to refuse.
 */
export function settleApplied(target: Target, merged: JsonObject): Outcome<JsonObject> {
  const { served } = target;
  if (served.custom === undefined) {
    const bytes = readAs(served, merged).wrong.find(({ want }) => want === "[]byte");
    if (bytes === undefined) return readObject({ ...target, validation: "Ignore" }, merged);
    const kind = `${served.group}/${served.version}, Kind=${served.kind}`;
    const name = text(isObject(merged["metadata"]) ? merged["metadata"] : {}, "name") ?? "";
    const why = `unable to convert unstructured object to ${kind}: error decoding from json: ${wrongText(bytes)}`;
    return refuse(
      internal(`failed to convert new object (${target.namespace}/${name}; ${kind}) to proper version: ${why}`),
    );
  }
  return done(served.custom.fill({ ...merged, metadata: metadataOf(served, merged, newReading()) }));
}

function metadataOf(served: Served, object: JsonObject, reading: Reading): JsonObject {
  const type = served.type.map?.fields.get("metadata")?.type ?? {};
  return canonical(type, object["metadata"], reading, "metadata") as JsonObject;
}

function readCustom(served: Served, custom: NonNullable<Served["custom"]>, body: JsonObject): ReadObject {
  const reading = newReading();
  const pruned = custom.prune({ ...body, metadata: metadataOf(served, body, reading) });
  return {
    object: custom.fill(pruned.object),
    unknown: [...reading.unknown, ...pruned.unknown],
    wrong: reading.wrong,
  };
}

/** `stringData` is written into `data` and never kept. */
function stringDataIn(served: Served, body: JsonObject): JsonObject {
  if (served.kind !== "Secret" || served.group !== "" || !isObject(body["stringData"])) return body;
  const { stringData, ...rest } = body;
  const data: Record<string, Json> = isObject(rest["data"]) ? { ...rest["data"] } : {};
  for (const [key, value] of Object.entries(stringData as JsonObject))
    data[key] = typeof value === "string" ? Buffer.from(value, "utf8").toString("base64") : value;
  return { ...rest, data };
}

/** An object of a kind with nothing in it, as a new one is compared with. */
export function emptyOf(served: Served): JsonObject {
  return served.empty?.() ?? { apiVersion: apiVersionOf(served), kind: served.kind };
}

/** JSON or YAML text of a request as an object. */
export function asObject(body: Json | undefined): Outcome<JsonObject> {
  return isObject(body) ? done(body) : refuse(internal("the request's body is no object"));
}
