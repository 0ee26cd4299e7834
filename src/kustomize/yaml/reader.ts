import type { FailureCode } from "../../model/index.ts";
import type { YamlNode } from "./node.ts";

/** Which of the ecosystem's two readings: kyaml's inside a kustomization, sigs.k8s.io/yaml's where kubectl reads a file. */
export type YamlMode = "kyaml" | "kubernetes";

/** What a text may cost. */
export interface YamlLimits {
  /** UTF-16 units of text. */
  readonly length: number;
  /** Collections inside each other. */
  readonly depth: number;
  /** Nodes of all documents, aliases expanded. */
  readonly nodes: number;
}

export const DEFAULT_LIMITS: YamlLimits = { length: 64 << 20, depth: 500, nodes: 4_000_000 };

export interface Trouble {
  readonly code: FailureCode;
  readonly message: string;
  readonly remedy: string;
  readonly line: number;
  readonly column: number;
}

interface Anchor {
  /** Undefined while the anchored node is still being read. */
  node: YamlNode | undefined;
  /** Nodes in it. */
  size: number;
  /** Collections inside each other in it. */
  height: number;
}

/**
 * One pass over one text. Its lines end in `\n`, U+2028 or U+2029 and its last character is NUL, which no YAML text can
 * hold. Reading stops at the first trouble: the position jumps to the end, where every loop ends.
 */
export interface Reader {
  readonly text: string;
  readonly end: number;
  readonly mode: YamlMode;
  readonly limits: YamlLimits;
  pos: number;
  /** Counts from 1. */
  line: number;
  lineStart: number;
  /** Flow collections around the position. */
  flow: number;
  depth: number;
  /** The greatest depth since the innermost open anchor began. */
  peak: number;
  nodes: number;
  /** Nodes that came from aliases. */
  aliased: number;
  /** True where a block collection or a key may begin: after a line break, `- `, `? ` and in flow after `[`, `{`, `,`. */
  fresh: boolean;
  anchors: Map<string, Anchor>;
  tagHandles: Map<string, string>;
  trouble: Trouble | undefined;
}

export const TAB = 9;
export const NEWLINE = 10;
export const SPACE = 32;
export const HASH = 35;
export const COLON = 58;
export const DASH = 45;
export const QUESTION = 63;

export function createReader(text: string, line: number, mode: YamlMode, limits: YamlLimits): Reader {
  return {
    text: `${text}\0`,
    end: text.length,
    mode,
    limits,
    pos: 0,
    line,
    lineStart: 0,
    flow: 0,
    depth: 0,
    peak: 0,
    nodes: 0,
    aliased: 0,
    fresh: true,
    anchors: new Map(),
    tagHandles: new Map(),
    trouble: undefined,
  };
}

/** Notes the first trouble and ends the reading. */
export function refuse(
  r: Reader,
  message: string,
  remedy: string,
  at: { readonly line: number; readonly column: number } = { line: r.line, column: columnOf(r) + 1 },
  code: FailureCode = "build/malformed-yaml",
): void {
  r.trouble ??= { code, message, remedy, line: at.line, column: at.column };
  r.pos = r.end;
}

/** Counts from 0, as indentation does. */
export function columnOf(r: Reader): number {
  return r.pos - r.lineStart;
}

export function isBreak(code: number): boolean {
  return code === NEWLINE || code === 0x2028 || code === 0x2029;
}

/** A space, tab, line break or the end. */
export function isBlankOrEnd(code: number): boolean {
  return code === SPACE || code === NEWLINE || code === TAB || code === 0 || code === 0x2028 || code === 0x2029;
}

export function nextLine(r: Reader): void {
  r.pos++;
  r.line++;
  r.lineStart = r.pos;
}

/** To the next token: over spaces, comments and line breaks, and over tabs where they cannot be taken for indentation. */
export function skipBlanks(r: Reader): void {
  const { text } = r;
  for (;;) {
    let code = text.charCodeAt(r.pos);
    while (code === SPACE || (code === TAB && (r.flow > 0 || !r.fresh))) code = text.charCodeAt(++r.pos);
    if (code === HASH) code = skipComment(r);
    if (!isBreak(code)) return;
    nextLine(r);
    if (r.flow === 0) r.fresh = true;
  }
}

function skipComment(r: Reader): number {
  const { text } = r;
  let at = r.pos;
  let code = text.charCodeAt(at);
  while (!isBreak(code) && at < r.end) code = text.charCodeAt(++at);
  r.pos = at;
  return code;
}

/** Whether a document marker (`---`, `...`) stands at the position. */
export function atMarker(r: Reader): boolean {
  if (r.pos !== r.lineStart) return false;
  const { text, pos } = r;
  const code = text.charCodeAt(pos);
  return (
    (code === DASH || code === 46) &&
    text.charCodeAt(pos + 1) === code &&
    text.charCodeAt(pos + 2) === code &&
    isBlankOrEnd(text.charCodeAt(pos + 3))
  );
}

/** Whether the document ends here: at the end, a marker or a directive. */
export function atDocumentEnd(r: Reader): boolean {
  return r.pos >= r.end || (r.pos === r.lineStart && (r.text.charCodeAt(r.pos) === 37 || atMarker(r)));
}
