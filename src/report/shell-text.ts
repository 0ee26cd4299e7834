import { visible } from "./visible.ts";

/** A text as one word of a shell's command line. */
export function shellText(text: string): string {
  const shown = visible(text);
  return /^[\w@%+:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
