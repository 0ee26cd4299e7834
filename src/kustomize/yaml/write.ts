import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { toJson } from "./json.ts";
import { compareKeys } from "./key-order.ts";
import type { YamlNode } from "./node.ts";
import { numberText } from "./numbers.ts";
import { readsAsText } from "./plain.ts";
import { type Shape, shapeOf } from "./shape.ts";

/**
 * YAML as `kustomize build` prints it: documents joined by `---`, every mapping sorted by key, without comments. It
 * writes what sigs.k8s.io/yaml makes of the JSON of each document: go-yaml v2, two spaces, lists not indented below their
 * key, texts folded after column 80.
 */
export function writeYaml(documents: readonly YamlNode[]): string {
  return writeJson(documents.map((node) => toJson(node, "kyaml")));
}

/** The same of values. */
export function writeJson(documents: readonly Json[]): string {
  return documents.map(writeDocument).join("---\n");
}

const WIDTH = 80;

interface Writer {
  out: string;
  /** Characters on the current line. */
  column: number;
  /** True after a blank, where no other is needed before a token. */
  spaced: boolean;
  /** True while the line has nothing but indentation and `-`, `?`, `:`. */
  indenting: boolean;
}

function writeDocument(value: Json): string {
  const w: Writer = { out: "", column: 0, spaced: true, indenting: true };
  writeValue(w, value, -1, false);
  startLine(w, 0);
  return w.out;
}

function writeValue(w: Writer, value: Json, indent: number, isField: boolean): void {
  if (typeof value === "string") writeText(w, value, indent, false);
  else if (Array.isArray(value)) writeList(w, value, indent, isField);
  else if (isObject(value)) writeMapping(w, value, indent);
  else if (typeof value === "number" || typeof value === "bigint") putToken(w, numberText(value));
  else putToken(w, JSON.stringify(value));
}

function writeMapping(w: Writer, object: JsonObject, outer: number): void {
  const keys = Object.keys(object);
  if (keys.length === 0) return putToken(w, "{}");
  const indent = outer < 0 ? 0 : outer + 2;
  for (const key of keys.sort(compareKeys)) {
    startLine(w, indent);
    const isSimple = isSimpleKey(key);
    if (!isSimple) putMark(w, "?");
    writeText(w, key, indent, isSimple);
    if (isSimple) {
      w.out += ":";
      w.column++;
      w.spaced = false;
      w.indenting = false;
    } else {
      startLine(w, indent);
      putMark(w, ":");
    }
    writeValue(w, object[key] ?? null, indent, true);
  }
}

function writeList(w: Writer, items: readonly Json[], outer: number, isField: boolean): void {
  if (items.length === 0) return putToken(w, "[]");
  const indent = outer < 0 ? 0 : isField && !w.indenting ? outer : outer + 2;
  for (const item of items) {
    startLine(w, indent);
    putMark(w, "-");
    writeValue(w, item, indent, false);
  }
}

/** To the column `indent`, on a new line unless this one has nothing yet. */
function startLine(w: Writer, indent: number): void {
  if (!w.indenting || w.column > indent || (w.column === indent && !w.spaced)) breakLine(w);
  if (w.column < indent) {
    w.out += " ".repeat(indent - w.column);
    w.column = indent;
  }
  w.spaced = true;
  w.indenting = true;
}

function breakLine(w: Writer): void {
  w.out += "\n";
  w.column = 0;
}

/** A token that needs a blank before it. */
function putToken(w: Writer, token: string): void {
  w.out += w.spaced ? token : ` ${token}`;
  w.column += token.length + (w.spaced ? 0 : 1);
  w.spaced = false;
  w.indenting = false;
}

/** `-`, `?` or `:` where a block may begin on the same line. */
function putMark(w: Writer, mark: string): void {
  const { indenting } = w;
  putToken(w, mark);
  w.indenting = indenting;
}

/** Keys on one line, of at most 128 bytes, need no `?`. */
function isSimpleKey(key: string): boolean {
  if (key.length > 128 || /[\n\r\u0085\u2028\u2029]/.test(key)) return false;
  return key.length <= 32 || Buffer.byteLength(key) <= 128;
}

function writeText(w: Writer, text: string, outer: number, isKey: boolean): void {
  const indent = outer < 0 ? 2 : outer + 2;
  const shape = shapeOf(text);
  if (text.includes("\n") && shape.block && !isKey) return writeLiteral(w, text, indent);
  // As a key, << would be a merge.
  const isMerge = isKey && text === "<<";
  if (!text.includes("\n") && !isMerge && readsAsText(text)) {
    if (shape.plain) return writePlain(w, text, indent, shape, isKey);
    if (shape.single) return writeSingle(w, text, indent, isKey);
  }
  writeDouble(w, text, indent, isKey);
}

function widthOf(text: string, shape: Shape): number {
  return shape.ascii ? text.length : Array.from(text).length;
}

function writePlain(w: Writer, text: string, indent: number, shape: Shape, isKey: boolean): void {
  const start = w.column + (w.spaced ? 0 : 1);
  if (isKey || start + text.length <= WIDTH || !text.includes(" ")) {
    w.out += w.spaced ? text : ` ${text}`;
    w.column = start + widthOf(text, shape);
  } else {
    if (!w.spaced) w.out += " ";
    w.column = start;
    foldWords(w, text, indent, false);
  }
  w.spaced = false;
  w.indenting = false;
}

/** Writes text whose single spaces become line breaks beyond the width. */
function foldWords(w: Writer, text: string, indent: number, isQuoted: boolean): void {
  const last = text.length - 1;
  let from = 0;
  let column = w.column;
  for (let at = 0; at <= last; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2028 || code === 0x2029) {
      // A line break of its own; what follows is indented.
      const isFollowed = at < last && text.charCodeAt(at + 1) >> 1 !== 0x1014;
      w.out += text.slice(from, at + 1) + (isFollowed ? " ".repeat(indent) : "");
      from = at + 1;
      column = isFollowed ? indent : 0;
    } else if (
      code === 32 &&
      column > WIDTH &&
      text.charCodeAt(at - 1) !== 32 &&
      text.charCodeAt(at + 1) !== 32 &&
      (!isQuoted || (at > 0 && at < last))
    ) {
      w.out += `${text.slice(from, at)}\n${" ".repeat(indent)}`;
      from = at + 1;
      column = indent;
    } else {
      if (isQuoted && code === 39) {
        w.out += `${text.slice(from, at)}'`;
        from = at;
        column++;
      }
      column++;
    }
  }
  w.out += text.slice(from);
  w.column = column;
}

function writeSingle(w: Writer, text: string, indent: number, isKey: boolean): void {
  putToken(w, "'");
  if (isKey || (w.column + text.length <= WIDTH && !text.includes("\u2028") && !text.includes("\u2029"))) {
    const quoted = text.replaceAll("'", "''");
    w.out += quoted;
    w.column += quoted.length;
  } else foldWords(w, text, indent, true);
  w.out += "'";
  w.column++;
  w.spaced = false;
  w.indenting = false;
}

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0, "0"],
  [7, "a"],
  [8, "b"],
  [9, "t"],
  [10, "n"],
  [11, "v"],
  [12, "f"],
  [13, "r"],
  [27, "e"],
  [34, '"'],
  [92, "\\"],
  [0x85, "N"],
  [0xa0, "_"],
  [0x2028, "L"],
  [0x2029, "P"],
]);

function writeDouble(w: Writer, text: string, indent: number, isKey: boolean): void {
  putToken(w, '"');
  // go-yaml looks for a byte order mark at the beginning of the text, whatever the character at hand is.
  const escapeAll = text.charCodeAt(0) === 0xfeff;
  const characters = Array.from(text);
  const last = characters.length - 1;
  let afterSpace = false;
  for (const [at, character] of characters.entries()) {
    const code = character.codePointAt(0) ?? 0;
    if (escapeAll || needsEscape(code)) {
      const escaped = escape(code);
      w.out += escaped;
      w.column += escaped.length;
      afterSpace = false;
    } else if (code === 32 && !isKey && !afterSpace && w.column > WIDTH && at > 0 && at < last) {
      w.out += `\n${" ".repeat(indent)}`;
      w.column = indent;
      if (characters[at + 1] === " ") {
        w.out += "\\";
        w.column++;
      }
      afterSpace = true;
    } else {
      w.out += character;
      w.column++;
      afterSpace = code === 32;
    }
  }
  w.out += '"';
  w.column++;
  w.spaced = false;
  w.indenting = false;
}

function needsEscape(code: number): boolean {
  if (code >= 32 && code < 127) return code === 34 || code === 92;
  if (code < 0xa0 || code > 0xfffd) return true;
  return code === 0xfeff || code === 0x2028 || code === 0x2029 || (code >= 0xd800 && code <= 0xdfff);
}

function escape(code: number): string {
  const letter = ESCAPES.get(code);
  if (letter !== undefined) return `\\${letter}`;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

function writeLiteral(w: Writer, text: string, indent: number): void {
  putToken(w, "|");
  const first = text.charCodeAt(0);
  const end = text.length - 1;
  const hint = first === 32 || isLineBreak(first) ? "2" : "";
  const chomp = !isLineBreak(text.charCodeAt(end))
    ? "-"
    : end === 0 || isLineBreak(text.charCodeAt(end - 1))
      ? "+"
      : "";
  w.out += `${hint}${chomp}\n`;
  const pad = " ".repeat(indent);
  w.out += text.replace(/^(?=[^\n\u2028\u2029])/gm, pad);
  const isOpen = !isLineBreak(text.charCodeAt(end));
  w.column = isOpen ? WIDTH : 0;
  w.spaced = true;
  w.indenting = !isOpen;
}

function isLineBreak(code: number): boolean {
  return code === 10 || code === 0x2028 || code === 0x2029;
}
