// Characters that a terminal acts on, or that make text read other than it is: controls, marks of format and direction,
// line and paragraph separators, and lone surrogates.
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Text from a repository or a server, safe to print: what a terminal would act on is written out as `\x1b` or `\u202e`.
 * Everything the reports print goes through here.
 */
export function visible(text: string): string {
  return text.replace(DANGEROUS, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : escaped(character);
  });
}

/** The same for text that is JSON, line breaks between values aside: the escapes are JSON's own, so it means the same. */
export function visibleJson(json: string): string {
  return json.replace(DANGEROUS, (character) => (character === "\n" ? character : escaped(character)));
}

/** `\uXXXX` for each of the one or two code units of a character. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }).join("");
}
