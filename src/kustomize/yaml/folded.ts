import { createReader, DEFAULT_LIMITS, isBreak } from "./reader.ts";
import { readBlockScalar } from "./scalars.ts";
import { shapeOf } from "./shape.ts";

/**
 * What a folded text (`>`) is after go-yaml v3 wrote it and read it again: its writer doubles line breaks by what the
 * whole text begins with, not by what follows the break, so that breaks before indented lines grow by one.
 */
export function rereadFolded(value: string): string {
  if (!value.includes("\n") || !shapeOf(value.replaceAll("\t", "x")).block) return value;
  const written = writeFolded(value);
  return readBlockScalar(createReader(written, 1, "kyaml", DEFAULT_LIMITS), 0);
}

function writeFolded(value: string): string {
  const end = value.length - 1;
  const hint = value.startsWith(" ") || isBreak(value.charCodeAt(0)) ? "2" : "";
  const isOpen = !isBreak(value.charCodeAt(end));
  const chomp = isOpen ? "-" : end === 0 || isBreak(value.charCodeAt(end - 1)) ? "+" : "";
  let begin = 0;
  while (isBreak(value.charCodeAt(begin))) begin++;
  const doubles = begin <= end && !/[ \t]/.test(value.charAt(begin));
  let out = `>${hint}${chomp}\n`;
  let atLineStart = true;
  let isIndented = true;
  for (const character of value) {
    if (isBreak(character.charCodeAt(0))) {
      if (!atLineStart && !isIndented && character === "\n" && doubles) out += "\n";
      out += character;
      atLineStart = true;
    } else {
      if (atLineStart) {
        out += "  ";
        isIndented = character === " " || character === "\t";
      }
      out += character;
      atLineStart = false;
    }
  }
  return out;
}
