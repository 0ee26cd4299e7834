/** In which styles a text can be written so that it reads back the same. */
export interface Shape {
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
  readonly ascii: boolean;
}

const SIMPLE: Shape = { plain: true, single: true, block: true, ascii: true };

/** The usual names, versions and paths. */
const USUAL = /^[A-Za-z0-9_/.][A-Za-z0-9_/.-]*$/;
const FIRST = ",[]{}#&*!|>'\"%@`";

/** Says what go-yaml v2's emitter allows in block context. */
export function shapeOf(text: string): Shape {
  if (USUAL.test(text) && !text.startsWith("...")) return SIMPLE;
  if (text === "") return { plain: false, single: true, block: false, ascii: true };
  return shapeByCharacter(text);
}

function shapeByCharacter(text: string): Shape {
  const last = text.length - 1;
  let isIndicated = text.startsWith("---") || text.startsWith("...");
  let isSpecial = false;
  let hasBreak = false;
  let spaceAtEdge = false;
  let breakAtEdge = false;
  let breakThenSpace = false;
  let spaceThenBreak = false;
  let ascii = true;
  let before = -1;
  for (let at = 0; at <= last; at++) {
    const code = text.charCodeAt(at);
    const next = at === last ? 32 : text.charCodeAt(at + 1);
    if (at === 0 ? startsMarked(code, next) : marks(code, next, before)) isIndicated = true;
    if (code > 126 || (code < 32 && code !== 10)) {
      ascii = false;
      if (isUnprintable(code)) isSpecial = true;
    }
    if (code === 32) {
      if (at === 0 || at === last) spaceAtEdge = true;
      if (isLineBreak(before)) breakThenSpace = true;
    } else if (isLineBreak(code)) {
      hasBreak = true;
      if (at === 0 || at === last) breakAtEdge = true;
      if (before === 32) spaceThenBreak = true;
    }
    before = code;
  }
  const loose = breakThenSpace || spaceThenBreak || isSpecial;
  return {
    plain: !(isIndicated || spaceAtEdge || breakAtEdge || hasBreak || loose),
    single: !loose,
    block: !(text.endsWith(" ") || spaceThenBreak || isSpecial),
    ascii,
  };
}

function startsMarked(code: number, next: number): boolean {
  if (code === 63 || code === 58 || code === 45) return next === 32 || next === 9;
  return code < 127 && FIRST.includes(String.fromCharCode(code));
}

/** `: ` and ` #` inside a text. */
function marks(code: number, next: number, before: number): boolean {
  if (code === 58) return next === 32 || next === 9;
  return code === 35 && (before === 32 || before === 9 || before === 0 || isLineBreak(before));
}

function isLineBreak(code: number): boolean {
  return code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;
}

/** What the emitter escapes: controls, the tab, what lies beyond the basic plane, and the byte order mark. */
function isUnprintable(code: number): boolean {
  return (code < 0xa0 && code !== 10) || (code >= 0xd800 && code <= 0xdfff) || code === 0xfeff || code > 0xfffd;
}
