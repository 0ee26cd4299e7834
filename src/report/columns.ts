/** One cell: what is printed, and how it is coloured after it has been padded. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
  readonly right?: boolean;
  /** In a row of titles: where there is no room for all, this column is the first to be left out. */
  readonly spare?: boolean;
}

const GAP = "  ";
/** Only columns that are wider are cut, and to no less: states, times, numbers and commits stay whole. */
const CUT_MIN = 20;

/**
 * Lines of cells in columns as wide as their widest cell; the last column is not padded. Texts hold no line break. `room` is the
 * width of the terminal: what does not fit there is left out or cut, and wraps only where that is not enough.
 */
export function columns(
  rows: readonly (readonly Cell[])[],
  room: number = Number.POSITIVE_INFINITY,
): readonly string[] {
  const natural = widthsOf(rows);
  const isSpare = (index: number): boolean => rows[0]?.[index]?.spare === true;
  const table = total(natural) > room ? rows.map((row) => row.filter((_cell, index) => !isSpare(index))) : rows;
  const widths = fitted(widthsOf(table), room);
  return table.map((row) =>
    row
      .map((cell, index) => {
        const { paint, right } = cell;
        const isLast = index === widths.length - 1;
        const text = (isLast ? cut : cutMiddle)(cell.text, widths[index] ?? 0);
        const blank = " ".repeat(Math.max(0, (widths[index] ?? 0) - width(text)));
        const painted = paint === undefined ? text : paint(text);
        if (right === true) return blank + painted;
        return index === row.length - 1 ? painted : painted + blank;
      })
      .join(GAP)
      .trimEnd(),
  );
}

function widthsOf(rows: readonly (readonly Cell[])[]): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, { text }] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(text));
  }
  return widths;
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one, GAP.length * Math.max(0, widths.length - 1));
}

/** Takes what is too much from the widest columns. */
function fitted(natural: readonly number[], room: number): readonly number[] {
  const widths = [...natural];
  for (let excess = total(widths) - room; excess > 0; excess -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    const now = widths[widest] ?? 0;
    if (now <= CUT_MIN) break;
    widths[widest] = now - 1;
  }
  return widths;
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

/** The same with what is left out in the middle: names and paths are told apart by both of their ends. */
function cutMiddle(text: string, columnsMax: number): string {
  if (width(text) <= columnsMax) return text;
  const characters = Array.from(text);
  const head = Math.floor((columnsMax - 1) / 2);
  let tail = "";
  for (const character of characters.toReversed()) {
    if (width(tail) + width(character) > columnsMax - 1 - head) break;
    tail = character + tail;
  }
  return `${cut(text, head + 1)}${tail}`;
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
