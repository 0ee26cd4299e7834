/**
 * The order in which go-yaml writes the keys of a map: letters after everything else, runs of digits by their number.
 * Compares by Unicode character.
 */
export function compareKeys(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    if (isSmall(left) && isSmall(right)) return left - right;
    return compareCharacters(Array.from(a), Array.from(b));
  }
  return a.length - b.length;
}

function isSmall(code: number): boolean {
  return code >= 97 && code <= 122;
}

const LETTER = /^\p{L}$/u;
const DIGIT = /^\p{Nd}$/u;

function compareCharacters(left: readonly string[], right: readonly string[]): number {
  const first = firstDifference(left, right);
  const l = left[first];
  const r = right[first];
  if (l === undefined || r === undefined) return left.length - right.length;
  const isLetterL = LETTER.test(l);
  const isLetterR = LETTER.test(r);
  const byCode = (l.codePointAt(0) ?? 0) - (r.codePointAt(0) ?? 0);
  if (isLetterL && isLetterR) return byCode;
  if (isLetterL || isLetterR) return isLetterR ? -1 : 1;
  const inNumber = (l === "0" || r === "0") && followsDigit(left, first);
  const leftRun = digitRun(left, first, inNumber);
  const rightRun = digitRun(right, first, inNumber);
  if (leftRun.value !== rightRun.value) return leftRun.value < rightRun.value ? -1 : 1;
  return leftRun.end === rightRun.end ? byCode : leftRun.end - rightRun.end;
}

function firstDifference(a: readonly string[], b: readonly string[]): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

/** Whether a digit other than 0 stands in the run of digits before. */
function followsDigit(characters: readonly string[], at: number): boolean {
  for (let before = at - 1; before >= 0; before--) {
    const character = characters[before] ?? "";
    if (!DIGIT.test(character)) return false;
    if (character !== "0") return true;
  }
  return false;
}

/** The number that begins at `at`, wrapping at 64 bits as Go's does. */
function digitRun(characters: readonly string[], at: number, inNumber: boolean): { value: bigint; end: number } {
  let value = inNumber ? 1n : 0n;
  let end = at;
  for (; end < characters.length; end++) {
    const character = characters[end] ?? "";
    if (!DIGIT.test(character)) break;
    value = BigInt.asIntN(64, value * 10n + BigInt((character.codePointAt(0) ?? 48) - 48));
  }
  return { value, end };
}
