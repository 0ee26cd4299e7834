import type { ScalarNode, ScalarTag } from "./node.ts";
import type { YamlMode } from "./reader.ts";

/** What a text means: its tag and, when it is no string, its value. Timestamps are RFC 3339 text. */
export interface Meaning {
  readonly tag: ScalarTag;
  readonly value: null | boolean | number | bigint | string;
}

const NULL: Meaning = { tag: "!!null", value: null };
const YES: Meaning = { tag: "!!bool", value: true };
const NO: Meaning = { tag: "!!bool", value: false };
const float = (value: number): Meaning => ({ tag: "!!float", value });

const WORDS: ReadonlyMap<string, Meaning> = new Map([
  ...["", "~", "null", "Null", "NULL"].map((word): [string, Meaning] => [word, NULL]),
  ...["true", "True", "TRUE"].map((word): [string, Meaning] => [word, YES]),
  ...["false", "False", "FALSE"].map((word): [string, Meaning] => [word, NO]),
  ...[".nan", ".NaN", ".NAN"].map((word): [string, Meaning] => [word, float(Number.NaN)]),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word): [string, Meaning] => [word, float(Infinity)]),
  ...["-.inf", "-.Inf", "-.INF"].map((word): [string, Meaning] => [word, float(-Infinity)]),
]);

/** YAML 1.1's other booleans, which only the Kubernetes reading knows. */
const OLD_WORDS: ReadonlyMap<string, Meaning> = new Map([
  ...["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"].map((word): [string, Meaning] => [word, YES]),
  ...["n", "N", "no", "No", "NO", "off", "Off", "OFF"].map((word): [string, Meaning] => [word, NO]),
]);

/** By first character: 1 may be a word, 2 a number or a time, 3 a fraction or a word. Everything else is a string. */
const HINTS: Uint8Array = hints();

function hints(): Uint8Array {
  const table = new Uint8Array(128);
  for (const letter of "yYnNtTfFoO~") table[letter.charCodeAt(0)] = 1;
  for (const digit of "0123456789+-") table[digit.charCodeAt(0)] = 2;
  table[46] = 3;
  return table;
}

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Go's own notation, where underscores separate digits. */
const FRACTION = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;
const INTEGER = /^([-+])?(?:0[xX]([0-9a-fA-F]+)|0[oO]([0-7]+)|0[bB]([01]+)|0([0-7]+)|(0|[1-9][0-9]*))$/;

/** What a plain text means; undefined when it is a string. */
export function meaningOf(text: string, mode: YamlMode, times = true): Meaning | undefined {
  if (text === "") return NULL;
  const first = text.charCodeAt(0);
  const hint = first < 128 ? HINTS[first] : 0;
  if (hint === 0) return undefined;
  if (text.length <= 5) {
    const word = WORDS.get(text) ?? (mode === "kubernetes" ? OLD_WORDS.get(text) : undefined);
    if (word !== undefined) return word;
  }
  if (hint === 2) return numberOrTime(text, times);
  return hint === 3 && FRACTION.test(text) ? finite(text.replaceAll("_", "")) : undefined;
}

function numberOrTime(text: string, times: boolean): Meaning | undefined {
  if (times && text.charCodeAt(4) === 45) {
    const time = timeOf(text);
    if (time !== undefined) return { tag: "!!timestamp", value: time };
  }
  const plain = text.includes("_") ? text.replaceAll("_", "") : text;
  return integer(plain) ?? (FLOAT.test(plain) ? finite(plain) : undefined);
}

function finite(text: string): Meaning | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? float(value) : undefined;
}

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const UNSIGNED_MAX = 2n ** 64n - 1n;

/** Go's 64-bit integers in all its notations; a sign rules out what only an unsigned one can hold. */
function integer(text: string): Meaning | undefined {
  const parts = INTEGER.exec(text);
  if (parts === null) return undefined;
  const [, sign, hex, octal, binary, old, decimal] = parts;
  const digits = decimal ?? hex ?? octal ?? binary ?? old ?? "0";
  if (digits.length <= 15 && decimal !== undefined)
    return { tag: "!!int", value: Number(`${sign ?? ""}${digits}`) + 0 };
  return bigDigits(digits, hex, octal ?? old, binary, sign);
}

function bigDigits(
  digits: string,
  hex: string | undefined,
  octal: string | undefined,
  binary: string | undefined,
  sign: string | undefined,
): Meaning | undefined {
  const significant = digits.replace(/^0+(?=.)/, "");
  if (significant.length > 64) return undefined;
  const prefix = hex !== undefined ? "0x" : octal !== undefined ? "0o" : binary !== undefined ? "0b" : "";
  const size = BigInt(prefix + significant);
  const value = sign === "-" ? -size : size;
  if (value < MIN || value > (sign === undefined ? UNSIGNED_MAX : MAX)) return undefined;
  return { tag: "!!int", value: asJsonInteger(value) };
}

/** A number where a double holds it exactly, else a bigint. */
function asJsonInteger(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

const TIME =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?)?$/;

/** The RFC 3339 text of what go-yaml takes for a time, as Go prints it; undefined when it is none. */
function timeOf(text: string): string | undefined {
  const parts = TIME.exec(text);
  if (parts === null) return undefined;
  const [, year = "", month = "", day = ""] = parts;
  const hour = parts[4] ?? parts[9] ?? "0";
  const minute = parts[5] ?? parts[10] ?? "0";
  const second = parts[6] ?? parts[11] ?? "0";
  const fraction = (parts[7] ?? parts[12] ?? "").slice(0, 9).replace(/0+$/, "");
  const zone = parts[8] ?? "Z";
  const days = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  const fits = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= days;
  if (!fits || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (zone !== "Z" && (Number(zone.slice(1, 3)) > 23 || Number(zone.slice(4)) > 60)) return undefined;
  const two = (digits: string): string => digits.padStart(2, "0");
  const clock = `${two(hour)}:${two(minute)}:${two(second)}${fraction === "" ? "" : `.${fraction}`}`;
  return `${year}-${two(month)}-${two(day)}T${clock}${/^[+-]00:00$/.test(zone) ? "Z" : zone}`;
}

/** The type of a scalar as it will be read once it is written: one that has no type yet takes that of its text. */
export function tagOf(node: ScalarNode): ScalarTag {
  return node.untyped === true && node.style === "plain" ? (meaningOf(node.value, "kyaml")?.tag ?? "!!str") : node.tag;
}

/** What a text means under a stated tag; undefined when the tag does not fit. Strings have no meaning of their own. */
export function meaningUnder(tag: ScalarTag, text: string, mode: YamlMode): Meaning | undefined {
  if (tag === "!!str") return { tag, value: text };
  if (tag === "!!binary") {
    const bytes = fromBase64(text);
    return bytes === undefined ? undefined : { tag, value: bytes };
  }
  const meaning = meaningOf(text, mode, tag === "!!timestamp");
  if (meaning === undefined) return undefined;
  if (meaning.tag === tag) return meaning;
  if (tag === "!!float" && meaning.tag === "!!int" && typeof meaning.value === "number") return { ...meaning, tag };
  return undefined;
}

/** Go's standard base64 without line breaks, read as UTF-8. */
function fromBase64(text: string): string | undefined {
  const compact = text.replace(/[\r\n]/g, "");
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, "base64").toString("utf8");
}
