import { type Failure, failed, ok, type Result } from "../../model/index.ts";
import { readBlockNode } from "./block.ts";
import { asValue } from "./compose.ts";
import type { YamlNode } from "./node.ts";
import {
  atMarker,
  columnOf,
  createReader,
  DEFAULT_LIMITS,
  type Reader,
  refuse,
  skipBlanks,
  type Trouble,
  type YamlLimits,
  type YamlMode,
} from "./reader.ts";
import { readDirective } from "./tags.ts";

/** One document of a stream. */
export interface YamlDocument {
  /** Undefined for a document without content: nothing but comments, or nothing at all between two `---`. */
  readonly root: YamlNode | undefined;
  /** Where it begins, from 1. */
  readonly line: number;
}

export interface ParseOptions {
  /** For failures: the file the text is from. */
  readonly path: string;
  readonly mode: YamlMode;
  readonly limits?: Partial<YamlLimits>;
}

/**
 * Reads every document of a YAML stream as go-yaml does: `kyaml` as kustomize reads resources and patches (go-yaml v3,
 * split at `---` lines first), `kubernetes` as sigs.k8s.io/yaml reads a file (go-yaml v2). Anchors, aliases and merges
 * are resolved. Takes linear time and bounded memory, and never throws: the first trouble is the one failure. Bytes must
 * be UTF-8.
 */
export function parseYaml(source: string | Uint8Array, options: ParseOptions): Result<readonly YamlDocument[]> {
  if (typeof source === "string") return parseText(source, options);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(source);
  const broken = brokenAt(text, source);
  if (broken < 0) return parseText(text, options);
  const before = text.slice(0, broken);
  const at = { path: options.path, line: countLines(before) + 1, column: broken - before.lastIndexOf("\n") };
  const message = "the file is not UTF-8";
  return failed({ code: "build/malformed-yaml", message, remedy: "save it as UTF-8", at });
}

/** The first replacement character that the bytes do not have, or -1. */
function brokenAt(text: string, bytes: Uint8Array): number {
  const first = text.indexOf("\ufffd");
  if (first < 0) return -1;
  const written = new TextEncoder().encode(text);
  return written.length === bytes.length && written.every((byte, at) => byte === bytes[at]) ? -1 : first;
}

function parseText(text: string, options: ParseOptions): Result<readonly YamlDocument[]> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const at = { path: options.path };
  if (text.length > limits.length) {
    const message = `the file has ${text.length} characters, more than ${limits.length}`;
    return failed({ code: "build/too-large", message, remedy: "split the file", at });
  }
  const clean = normalize(text);
  const isSuspect = UNUSUAL.test(clean) && FORBIDDEN.test(clean);
  const documents: YamlDocument[] = [];
  const pieces = options.mode === "kyaml" ? splitStream(clean) : [{ text: clean, line: 1 }];
  let spent = { nodes: 0, aliased: 0 };
  for (const piece of pieces) {
    const reader = createReader(piece.text, piece.line, options.mode, limits);
    Object.assign(reader, spent);
    if (piece.separator !== undefined) checkSeparator(reader, piece.separator);
    if (isSuspect) checkCharacters(reader);
    readDocuments(reader, documents);
    if (reader.trouble !== undefined) return failed(failureOf(reader.trouble, options.path));
    spent = { nodes: reader.nodes, aliased: reader.aliased };
  }
  return ok(documents);
}

function failureOf(trouble: Trouble, path: string): Failure {
  const { code, message, remedy, line, column } = trouble;
  return { code, message, remedy, at: { path, line, column } };
}

/** Without a byte order mark, and with `\n` for every line break that reads as one. */
function normalize(text: string): string {
  const unmarked = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return unmarked.includes("\r") || unmarked.includes("\u0085") ? unmarked.replace(/\r\n?|\u0085/g, "\n") : unmarked;
}

interface Piece {
  readonly text: string;
  readonly line: number;
  /** What stands on the `---` line before it, without the dashes. */
  readonly separator?: string;
}

/** Cuts at lines that begin with `---`, as kyaml does before it reads: a line break stays with the piece before it. */
function splitStream(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let line = 1;
  let separator: string | undefined;
  let from = 0;
  for (;;) {
    const cut = text.indexOf("\n---", from);
    if (cut >= 0 && isDirectives(text, start, cut)) {
      from = cut + 1;
      continue;
    }
    const stop = cut < 0 ? -1 : text.indexOf("\n", cut + 4);
    const piece = text.slice(start, stop < 0 ? text.length : cut + 1);
    pieces.push(separator === undefined ? { text: piece, line } : { text: piece, line, separator });
    if (stop < 0) return pieces;
    line += countLines(piece) + 1;
    separator = text.slice(cut + 4, stop).trim();
    start = stop + 1;
    from = start;
  }
}

/** Whether there is nothing but directives before a `---`, which then belongs to them. */
function isDirectives(text: string, start: number, stop: number): boolean {
  if (text.charCodeAt(start) !== 37) return false;
  const lines = text.slice(start, stop).split("\n");
  return lines.every((line) => line.trim() === "" || line.startsWith("%") || line.startsWith("#"));
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

function checkSeparator(r: Reader, separator: string): void {
  if (separator === "" || separator.startsWith("#")) return;
  const at = { line: r.line - 1, column: 4 };
  refuse(r, `the separator --- is followed by ${separator}`, "begin the document on the next line", at);
}

/** The quick look: most texts are plain ASCII. */
const UNUSUAL = /[^\t\n -~]/;

/** All but the characters that YAML may hold; a lone surrogate is none. */
const FORBIDDEN = /[^\t\n -~\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function checkCharacters(r: Reader): void {
  const found = r.text.slice(0, r.end).search(FORBIDDEN);
  if (found < 0) return;
  const before = r.text.slice(0, found);
  const at = { line: r.line + countLines(before), column: found - before.lastIndexOf("\n") };
  refuse(r, "a control character stands in the text", "remove it, or escape it in double quotes", at);
}

function readDocuments(r: Reader, documents: YamlDocument[]): void {
  const before = documents.length;
  let open = true;
  for (;;) {
    r.anchors = new Map();
    r.tagHandles = new Map();
    r.fresh = true;
    skipBlanks(r);
    if (r.pos >= r.end) return;
    const { line } = r;
    const seen = { version: false, any: false };
    while (columnOf(r) === 0 && r.text.charCodeAt(r.pos) === 37 && r.trouble === undefined) {
      seen.any = true;
      readDirective(r, seen);
      skipBlanks(r);
    }
    if (atMarker(r) && r.text.charCodeAt(r.pos) === 46) {
      // `...` closes what is closed already.
      if (seen.any || documents.length === before)
        return refuse(r, "a document is expected before ...", "remove the line");
      r.pos += 3;
      r.fresh = false;
      open = true;
      continue;
    }
    const explicit = atMarker(r);
    if (!explicit && (seen.any || !open))
      return refuse(r, "the document ended before this line", "align it with the document's first line");
    if (explicit) {
      r.pos += 3;
      r.fresh = false;
      skipBlanks(r);
    }
    const isEmpty = r.pos >= r.end || atMarker(r);
    documents.push({ root: isEmpty ? undefined : asValue(r, readBlockNode(r, -1, "root")), line });
    skipBlanks(r);
    open = false;
    if (r.trouble !== undefined) return;
  }
}
