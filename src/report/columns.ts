/** One cell: what is printed, and how it is coloured after it has been padded. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
  readonly right?: boolean;
}

const GAP = "  ";

/** Lines of cells in columns as wide as their widest cell; the last column is not padded. Texts hold no line break. */
export function columns(rows: readonly (readonly Cell[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, { text }] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(text));
  }
  return rows.map((row) =>
    row
      .map(({ text, paint, right }, index) => {
        const blank = " ".repeat(Math.max(0, (widths[index] ?? 0) - width(text)));
        const painted = paint === undefined ? text : paint(text);
        if (right === true) return blank + painted;
        return index === row.length - 1 ? painted : painted + blank;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** How many columns a terminal takes for a text without controls: wide characters of East Asia and emoji take two. */
function width(text: string): number {
  let total = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}/u.test(character)) continue;
    total +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return total;
}

/** The text cut to a number of columns, with `…` where something was left out. */
export function cut(text: string, columnsMax: number): string {
  if (width(text) <= columnsMax) return text;
  let kept = "";
  for (const character of text) {
    if (width(kept) + width(character) > columnsMax - 1) break;
    kept += character;
  }
  return columnsMax < 1 ? "" : `${kept}…`;
}
