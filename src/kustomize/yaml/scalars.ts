import {
  atMarker,
  COLON,
  columnOf,
  HASH,
  isBlankOrEnd,
  isBreak,
  NEWLINE,
  nextLine,
  type Reader,
  refuse,
  SPACE,
  TAB,
} from "./reader.ts";

/** `,` `?` `[` `]` `{` `}` end a plain text inside a flow collection. */
function endsFlowText(code: number): boolean {
  return code === 44 || code === 63 || code === 91 || code === 93 || code === 123 || code === 125;
}

/** Reads a plain text, folding its lines; continuation lines are indented by at least `indent`. */
export function readPlain(r: Reader, indent: number): string {
  const { text } = r;
  const inFlow = r.flow > 0;
  let value = "";
  let gap = "";
  for (;;) {
    if (text.charCodeAt(r.pos) === HASH || atMarker(r)) break;
    const start = r.pos;
    let stop = start;
    let code = text.charCodeAt(stop);
    // One line: its words and the spaces between them.
    for (;;) {
      const from = stop;
      while (!isBlankOrEnd(code)) {
        if (code === COLON ? isBlankOrEnd(text.charCodeAt(stop + 1)) : inFlow && endsFlowText(code)) break;
        code = text.charCodeAt(++stop);
      }
      if (stop === from) break;
      r.pos = stop;
      if (code !== SPACE && code !== TAB) break;
      do code = text.charCodeAt(++stop);
      while (code === SPACE || code === TAB);
      if (code === HASH) break;
    }
    if (r.pos > start) {
      r.fresh = false;
      value += gap + text.slice(start, r.pos);
    }
    while (text.charCodeAt(stop) === SPACE || text.charCodeAt(stop) === TAB) stop++;
    r.pos = stop;
    if (!isBreak(text.charCodeAt(stop))) break;
    const folded = foldLines(r, indent);
    if (folded === undefined) break;
    gap = folded;
    if (!inFlow && columnOf(r) < indent) break;
  }
  return value;
}

/**
 * Over line breaks and indentation, from the first break to the next text. A single break is a space, the first of
 * several is dropped; the Unicode breaks stay. Tabs are refused left of `indent`.
 */
function foldLines(r: Reader, indent: number): string | undefined {
  const { text } = r;
  const first = text.charCodeAt(r.pos);
  nextLine(r);
  r.fresh = true;
  let more = "";
  for (;;) {
    const code = text.charCodeAt(r.pos);
    if (code === SPACE) r.pos++;
    else if (code === TAB) {
      if (columnOf(r) < indent) {
        refuse(r, "a tab is used as indentation", "indent with spaces");
        return undefined;
      }
      r.pos++;
    } else if (isBreak(code)) {
      more += String.fromCharCode(code);
      nextLine(r);
    } else break;
  }
  if (first !== NEWLINE) return String.fromCharCode(first) + more;
  return more === "" ? " " : more;
}

/** Reads `'…'` or `"…"`; the position is on the quote. */
export function readQuoted(r: Reader): string {
  const { text } = r;
  const quote = text.charCodeAt(r.pos);
  const single = quote === 39;
  const at = { line: r.line, column: columnOf(r) + 1 };
  let from = ++r.pos;
  let pos = from;
  let value = "";
  for (;;) {
    const code = text.charCodeAt(pos);
    if (code === quote) {
      if (!single || text.charCodeAt(pos + 1) !== 39) break;
      value += text.slice(from, pos + 1);
      pos += 2;
      from = pos;
    } else if (code === 92 && !single) {
      r.pos = pos;
      value += text.slice(from, pos) + readEscape(r);
      pos = r.pos;
      from = pos;
    } else if (isBreak(code)) {
      let stop = pos;
      while (stop > from && (text.charCodeAt(stop - 1) === SPACE || text.charCodeAt(stop - 1) === TAB)) stop--;
      r.pos = pos;
      value += text.slice(from, stop) + (foldLines(r, 0) ?? "");
      pos = r.pos;
      from = pos;
    } else if (code === 0 && pos >= r.end) {
      refuse(r, `a ${single ? "single" : "double"}-quoted text is not closed`, "add the closing quote", at);
      return "";
    } else pos++;
    if (pos === r.lineStart && text.charCodeAt(pos) !== quote) {
      r.pos = pos;
      if (atMarker(r)) {
        refuse(r, "a document marker stands inside a quoted text", "close the quote before it", at);
        return "";
      }
    }
  }
  value += text.slice(from, pos);
  r.pos = pos + 1;
  r.fresh = false;
  return value;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "'": "'",
  "\\": "\\",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
};

/** The position is on the backslash. An escaped line break swallows the blanks that follow it. */
function readEscape(r: Reader): string {
  const { text } = r;
  const code = text.charCodeAt(r.pos + 1);
  if (isBreak(code)) {
    r.pos++;
    // The break itself says nothing; only the empty lines after it do.
    const folded = foldLines(r, 0) ?? "";
    return folded === " " ? "" : code === NEWLINE ? folded : folded.slice(1);
  }
  const letter = text.charAt(r.pos + 1);
  const digits = letter === "x" ? 2 : letter === "u" ? 4 : letter === "U" ? 8 : 0;
  if (digits === 0) {
    const plain = ESCAPES[letter];
    if (plain === undefined || r.pos + 1 >= r.end) {
      refuse(r, `\\${letter} is no escape sequence`, "write \\\\ for a backslash, or use single quotes");
      return "";
    }
    r.pos += 2;
    return plain;
  }
  const hex = text.slice(r.pos + 2, r.pos + 2 + digits);
  const point = /^[0-9A-Fa-f]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : -1;
  if (point < 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
    refuse(r, `\\${letter}${hex} is no Unicode character`, `write ${digits} hexadecimal digits of a character`);
    return "";
  }
  r.pos += 2 + digits;
  return String.fromCodePoint(point);
}

/** Reads `|` or `>` and what follows; the position is on the indicator, `parent` is the indentation around it. */
export function readBlockScalar(r: Reader, parent: number): string {
  const { text } = r;
  const literal = text.charCodeAt(r.pos) === 124;
  const header = /^[|>](?:([+-])([1-9])?|([1-9])([+-])?)?[ \t]*(#[^\n\u2028\u2029]*)?/.exec(
    text.slice(r.pos, lineEnd(r)),
  );
  const [all = "", chompFirst, indentLast, indentFirst, chompLast] = header ?? [];
  r.pos += all.length;
  if (r.pos < r.end && !isBreak(text.charCodeAt(r.pos))) {
    refuse(r, "a block text's header is followed by something else", "start the text on the next line");
    return "";
  }
  if (r.pos < r.end) nextLine(r);
  r.fresh = true;
  const chomp = chompFirst ?? chompLast;
  const given = indentLast ?? indentFirst;
  let indent = given === undefined ? 0 : Math.max(parent, 0) + Number(given);
  const lines = { breaks: "" };
  indent = skipIndentation(r, indent, parent, lines);
  let value = "";
  let pending = "";
  let wasMore = false;
  while (r.pos < r.end && columnOf(r) === indent) {
    const code = text.charCodeAt(r.pos);
    const isMore = code === SPACE || code === TAB;
    if (literal || wasMore || isMore || pending !== "\n") value += pending;
    else if (lines.breaks === "") value += " ";
    value += lines.breaks;
    lines.breaks = "";
    wasMore = isMore;
    const stop = lineEnd(r);
    value += text.slice(r.pos, stop);
    r.pos = stop;
    pending = "";
    if (stop < r.end) {
      pending = text.charAt(stop);
      nextLine(r);
    }
    indent = skipIndentation(r, indent, parent, lines);
  }
  if (chomp !== "-") value += pending;
  if (chomp === "+") value += lines.breaks;
  return value;
}

function lineEnd(r: Reader): number {
  const { text, end } = r;
  let at = r.pos;
  while (at < end && !isBreak(text.charCodeAt(at))) at++;
  return at;
}

/** Over empty lines and the indentation of the next one; finds the indentation when it is not yet known (0). */
function skipIndentation(r: Reader, indent: number, parent: number, lines: { breaks: string }): number {
  const { text } = r;
  let widest = 0;
  for (;;) {
    while ((indent === 0 || columnOf(r) < indent) && text.charCodeAt(r.pos) === SPACE) r.pos++;
    widest = Math.max(widest, columnOf(r));
    const code = text.charCodeAt(r.pos);
    if (code === TAB && (indent === 0 || columnOf(r) < indent)) {
      refuse(r, "a tab is used as indentation of a block text", "indent with spaces");
      return indent;
    }
    if (!isBreak(code)) break;
    lines.breaks += text.charAt(r.pos);
    nextLine(r);
  }
  return indent === 0 ? Math.max(widest, parent + 1, 1) : indent;
}
