import { parse } from "yaml";
import { readJson } from "../../cluster/index.ts";
import { isObject, type Json } from "../../model/index.ts";
import { badRequest, done, type Outcome, refuse } from "../api/status.ts";
import type { Caller } from "../world.ts";

/** One HTTP request, as the face hands it on. Header names are lower case. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Its answer: one JSON value, or a stream of them, one a line. */
export type ApiReply =
  | { readonly kind: "value"; readonly status: number; readonly body: Json; readonly warnings: readonly string[] }
  | { readonly kind: "text"; readonly status: number; readonly text: string }
  | { readonly kind: "stream"; readonly lines: AsyncIterable<Json> };

/** A body as JSON or YAML; undefined when there is none. */
export function readBody({ headers, body }: ApiRequest): Outcome<Json | undefined> {
  if (body.trim() === "") return done(undefined);
  const type = headers["content-type"] ?? "application/json";
  if (type.includes("protobuf") || type.includes("cbor"))
    return refuse({
      code: 415,
      reason: "UnsupportedMediaType",
      message: `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`,
      details: {},
    });
  try {
    return done(readJson(body));
  } catch (cause) {
    if (!type.includes("yaml")) return refuse(badRequest(`invalid character: ${String(cause)}`));
  }
  try {
    return done(parse(body) as Json);
  } catch (cause) {
    return refuse(badRequest(`error decoding YAML: ${String(cause)}`));
  }
}

/** Who asks: the token's owner, and whom it acts as. */
export function callerOf(headers: ApiRequest["headers"], user: string): Caller {
  const acting = headers["impersonate-user"];
  const groups = headers["impersonate-group"]?.split(",").map((group) => group.trim()) ?? [];
  return {
    user,
    groups: ["system:masters", "system:authenticated"],
    userAgent: headers["user-agent"] ?? "unknown",
    ...(acting === undefined ? {} : { impersonated: { user: acting, groups: [...groups, "system:authenticated"] } }),
  };
}

/** The form that is asked for: whole objects, their metadata, or a table. */
export function formOf(accept: string | undefined): "object" | "metadata" | "table" {
  const first = (accept ?? "").split(",")[0] ?? "";
  if (first.includes("as=PartialObjectMetadata")) return "metadata";
  return first.includes("as=Table") ? "table" : "object";
}

/** Go's strconv.ParseBool, as query parameters are read. */
export function isTrue(value: string | null): boolean {
  return value !== null && ["1", "t", "T", "true", "TRUE", "True"].includes(value);
}

export function field(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) ? value[key] : undefined;
}
