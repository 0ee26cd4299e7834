import { randomBytes } from "node:crypto";
import { type Json, jsonText } from "../model/index.ts";

/** JSON text of a value. The engine's own writer is many times faster and refuses bigints, which few objects have. */
export function writeJson(value: Json): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    if (cause instanceof TypeError) return jsonText(value);
    throw cause;
  }
}

/** Enough digits that a double may not hold the integer. */
const LONG_INTEGER = /(?:^|[\s:[,])-?\d{16,}(?![\d.eE])/;
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parses JSON; integers beyond 2^53 become bigints. Throws SyntaxError. Texts without a long integer, nearly all, take the
 * engine's own reader alone.
 */
export function readJson(text: string): Json {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text) as Json;
  // Not to be guessed: a string that begins with it, escaped so as not to be found, would be taken for a number.
  const marker = randomBytes(12).toString("base64url");
  const marked = text.replace(TOKENS, (token) => {
    const exact = token.startsWith('"') || !/^-?\d+$/.test(token) || Number.isSafeInteger(Number(token));
    return exact ? token : `"${marker}${token}"`;
  });
  return JSON.parse(marked, (_key, value: Json) =>
    typeof value === "string" && value.startsWith(marker) ? BigInt(value.slice(marker.length)) : value,
  ) as Json;
}
