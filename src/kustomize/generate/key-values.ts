import type { Place } from "../../model/index.ts";
import type { Placed } from "../kustomization/decode.ts";
import { baseOf } from "../paths.ts";
import type { Report } from "../report.ts";

/** A value of a ConfigMap or Secret: text, or the bytes of a file that are no UTF-8 text. */
export type DataValue = string | Uint8Array;

export interface DataSources {
  readonly literals?: readonly Placed<string>[];
  readonly files?: readonly Placed<string>[];
  readonly envs?: readonly Placed<string>[];
  readonly env?: Placed<string>;
}

/** Reads a file for a generator; undefined when it cannot, which is reported. */
export type ReadFile = (path: string, at: Place) => Uint8Array | undefined;

/** Longer lines end Go's scanner without a word. */
const ENV_LINE_BYTES_MAX = 64 * 1024;

/** All keys and values of a generator, in kustomize's order: env files, literals, files. A key may come once. */
export function readKeyValues(
  sources: DataSources,
  readFile: ReadFile,
  report: Report,
): ReadonlyMap<string, DataValue> {
  const data = new Map<string, DataValue>();
  const add = (key: string, value: DataValue, at: Place): void => {
    if (!data.has(key)) data.set(key, value);
    else invalid(report, at, `key ${key} comes twice`, "leave one out");
  };
  const { env } = sources;
  const envs = env === undefined || env.value === "" ? (sources.envs ?? []) : [...(sources.envs ?? []), env];
  for (const { value: path, at } of envs) {
    const content = readFile(path, at);
    if (content !== undefined) readEnv(content, path, at, report, add);
  }
  for (const { value: literal, at } of sources.literals ?? []) {
    const equals = literal.indexOf("=");
    if (equals < 1) invalid(report, at, "a literal must be key=value", "write key=value");
    else add(literal.slice(0, equals), withoutQuotes(literal.slice(equals + 1)), at);
  }
  for (const { value: source, at } of sources.files ?? []) {
    const parts = source.split("=");
    const [key = "", path = ""] = parts.length === 1 ? [baseOf(source.replace(/\/+$/, "")), source] : parts;
    if (parts.length > 2 || key === "" || path === "") {
      invalid(report, at, `${source} must be a path, or key=path`, "write key=path");
      continue;
    }
    const content = readFile(path, at);
    if (content !== undefined) add(key, asText(content) ?? content, at);
  }
  return data;
}

function invalid(report: Report, at: Place, message: string, remedy: string): void {
  report.fail("build/invalid-generator", at, message, remedy);
}

function readEnv(
  content: Uint8Array,
  path: string,
  at: Place,
  report: Report,
  add: (key: string, value: string, at: Place) => void,
): void {
  const text = asText(content);
  if (text === undefined) {
    invalid(report, at, `${path} is no UTF-8 text`, "save the file as UTF-8");
    return;
  }
  for (const [index, raw] of text.split("\n").entries()) {
    const line = trimStart(index === 0 && raw.startsWith("\uFEFF") ? raw.slice(1) : raw).replace(/\r$/, "");
    if (raw.length > ENV_LINE_BYTES_MAX) {
      invalid(report, at, `line ${index + 1} of ${path} is longer than 64 KiB`, "use a file source for long values");
    }
    if (line === "" || line.startsWith("#")) continue;
    const equals = line.indexOf("=");
    const key = equals < 0 ? line : line.slice(0, equals);
    if (key !== "") add(key, equals < 0 ? "" : line.slice(equals + 1), at);
  }
}

/** White space as Go's unicode.IsSpace has it. */
function trimStart(line: string): string {
  return line.replace(/^[\t\n\v\f\r \u0085\u00A0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/, "");
}

/** Text that starts and ends with the same quote loses both. */
function withoutQuotes(text: string): string {
  const quote = text.charAt(0);
  const quoted = text.length > 1 && (quote === '"' || quote === "'") && text.endsWith(quote);
  return quoted ? text.slice(1, -1) : text;
}

/** The text that bytes are in UTF-8, a byte order mark included; undefined when they are none. */
function asText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
