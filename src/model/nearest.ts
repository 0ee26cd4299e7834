/** The known word that a misspelled one most likely is: at most two edits away, upper and lower case alike. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const distances = known.map((candidate) => distance(candidate.toLowerCase(), word.toLowerCase()));
  const least = Math.min(...distances);
  return least <= 2 ? known[distances.indexOf(least)] : undefined;
}

/** Nearly all that is as short as this is two edits away from the like. */
const SHORT = 4;

/** The id of a service that was most likely meant: one that goes on before what was written, or that is spelled nearly so. */
export function nearestId(word: string, ids: readonly string[]): string | undefined {
  const longer = ids.filter((id) => id.endsWith(`/${word}`));
  return longer[0] ?? (word.length > SHORT ? nearest(word, ids) : undefined);
}

/** Edits that turn one word into the other; words of a field's length only. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
