import { child, isObject, type Json, type JsonObject, text } from "../model/index.ts";
import type { Problem } from "./port.ts";

/** What a non-2xx reply says. `secret`: what was sent may be quoted in it. */
export function statusProblem(
  status: number,
  body: string,
  retryAfter: string | undefined,
  options: { readonly write: boolean; readonly secret: boolean },
): Problem {
  const parsed = statusObject(body);
  const details = child(parsed, "details");
  const reason = text(parsed, "reason");
  const words = text(parsed, "message") ?? (body.trim() === "" ? `HTTP ${status}` : body.trim());
  const shown = options.secret ? withoutQuotes(words, status, reason) : words;
  const seconds = Number(retryAfter ?? details?.["retryAfterSeconds"] ?? Number.NaN);
  return {
    kind: "status",
    status,
    ...(reason === undefined ? {} : { reason }),
    message: oneLine(shown),
    causes: causesOf(details, options.secret),
    ...(Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {}),
    // 500, 502 and 504 may come after the write was done; 429, 503 and 4xx are refusals
    ambiguous: options.write && (status === 500 || status === 502 || status === 504) && !NOT_APPLICABLE.test(words),
  };
}

/** How the API server refuses, with status 500, an apply that does not fit the kind's schema. */
export const NOT_APPLICABLE = /^failed to (?:create typed patch object|convert new object) /;

/**
 * True when a 404 speaks of the object itself. A 404 for a path that is not served, and one that no API server wrote,
 * is not proof that there is no such object (law L3).
 */
export function saysNoSuchObject(body: string, name: string): boolean {
  const parsed = statusObject(body);
  return text(parsed, "reason") === "NotFound" && text(child(parsed, "details"), "name") === name;
}

export function transportProblem(cause: unknown, options: { readonly write: boolean }): Problem {
  const code = errorCode(cause);
  // Nothing was sent when no connection came about.
  const unsent = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(code);
  const words = cause instanceof Error ? cause.message || code : String(cause);
  return {
    kind: "network",
    message: oneLine(code === "" || words.includes(code) ? words : `${words} (${code})`),
    causes: [],
    ambiguous: options.write && !unsent && !isTlsError(cause),
  };
}

/** True when the two sides did not trust each other's certificates; nothing was sent then. */
export function isTlsError(cause: unknown): boolean {
  return /^(?:CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_SSL|HOSTNAME_MISMATCH)/.test(errorCode(cause));
}

export function timeoutProblem(limitMs: number, options: { readonly write: boolean }): Problem {
  const message = `no answer within ${Math.round(limitMs / 100) / 10} s`;
  return { kind: "timeout", message, causes: [], ambiguous: options.write };
}

export function decodeProblem(message: string, options: { readonly write: boolean }): Problem {
  return { kind: "decode", message, causes: [], ambiguous: options.write };
}

/** The system's name of an error, looked for in its causes: undici wraps several attempts into one error. */
function errorCode(cause: unknown): string {
  if (!(cause instanceof Error)) return "";
  if ("code" in cause && typeof cause.code === "string") return cause.code;
  if (cause instanceof AggregateError) return errorCode(cause.errors[0]);
  return errorCode(cause.cause);
}

function statusObject(body: string): JsonObject | undefined {
  try {
    const value = JSON.parse(body) as Json;
    return isObject(value) && value["kind"] === "Status" ? value : undefined;
  } catch {
    return undefined;
  }
}

function causesOf(details: JsonObject | undefined, secret: boolean): Problem["causes"] {
  const causes = details?.["causes"];
  if (!Array.isArray(causes)) return [];
  return causes.filter(isObject).map((cause: JsonObject) => {
    const message = text(cause, "message") ?? "";
    return {
      reason: text(cause, "reason") ?? "",
      field: text(cause, "field") ?? "",
      message: oneLine(secret ? withoutQuotes(message, undefined, undefined) : message),
    };
  });
}

/** What the server is known to say of a Secret without quoting it. Anything else, a webhook's words above all, may quote. */
const HARMLESS: readonly RegExp[] = [
  /^(?:admission webhook "[^"]{1,253}" denied the request)/,
  /(?:failed calling webhook "[^"]{1,253}")/,
  /(?:ValidatingAdmissionPolicy '[^']{1,253}'(?: with binding '[^']{1,253}')? denied request)/,
  /^secrets(?: "[^"]{1,253}")? is forbidden: (?:User "[^"]{1,253}" cannot [a-z]+ resource "[a-z/]+" in API group "[a-z0-9.]*" (?:in the namespace "[a-z0-9-]{1,63}"|at the cluster scope)|unable to create new content in namespace [a-z0-9-]{1,63} because it is being terminated)/,
  /^Apply failed with \d+ conflicts?: .*/s,
  /^Operation cannot be fulfilled on secrets "[^"]{1,253}": .*/s,
  /^(?:namespaces|secrets) "[^"]{1,253}" not found$/,
  /field is immutable(?: when `immutable` is set)?/,
  /^failed to convert new object \([^()]*\) to proper version: [\w /]+, Kind=Secret: error decoding from json: illegal base64 data at input byte \d+/,
  /illegal base64 data at input byte \d+/,
  /^failed to create typed patch object \([^()]*\): \.[\w./-]{1,253}: (?:field not declared in schema|expected \w+)/,
  /^the server could not find the requested resource$/,
  /^Unauthorized$/,
];

function withoutQuotes(words: string, status: number | undefined, reason: string | undefined): string {
  // A webhook's words come first in its message: whatever it says after them is not looked at.
  for (const pattern of HARMLESS) {
    const found = pattern.exec(words)?.[0];
    if (found !== undefined) return found;
  }
  const what = [status, reason].filter((part) => part !== undefined).join(" ");
  return `${what === "" ? "" : `${what}: `}the server's words are left out, as they may quote the Secret`;
}

/** One line without control and direction characters, which could steer a terminal. */
function oneLine(words: string): string {
  return words
    .replace(/[\s\p{Cc}\p{Bidi_Control}]+/gu, " ")
    .trim()
    .slice(0, 2_000);
}
