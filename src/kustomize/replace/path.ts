/**
 * Field paths of replacements and vars: parts between dots. `[name=web]` picks list items by a field, `[=text]` plain ones,
 * `[a.b.c]` is a key with dots, and `\.` a dot in a key.
 */
export function splitFieldPath(path: string): readonly string[] {
  const pieces = splitAtDots(path);
  const parts: string[] = [];
  for (let i = 0; i < pieces.length; i += 1) {
    let part = pieces[i] ?? "";
    if (part.startsWith("[") && !part.endsWith("]")) {
      while (i < pieces.length - 1) {
        i += 1;
        part += `.${pieces[i] ?? ""}`;
        if (pieces[i]?.endsWith("]") === true) break;
      }
      if (!part.includes("=")) part = part.replace(/^[[\]]+|[[\]]+$/g, "");
    }
    parts.push(part);
  }
  return parts;
}

function splitAtDots(path: string): readonly string[] {
  const raw = path.split(".");
  if (raw.length > 1 && raw[0] === "") raw.shift();
  const pieces: string[] = [];
  for (const piece of raw) {
    const last = pieces.at(-1);
    if (last?.endsWith("\\") === true) pieces[pieces.length - 1] = `${last.slice(0, -1)}.${piece}`;
    else pieces.push(piece);
  }
  return pieces;
}

/** `[field=value]`; the field is "" for `[=value]`. Undefined for any other part. */
export interface ItemCondition {
  readonly field: string;
  readonly value: string;
}

export function isBracketed(part: string): boolean {
  return part.startsWith("[") && part.endsWith("]");
}

export function itemCondition(part: string): ItemCondition | undefined {
  const inner = part.replace(/\]$/, "").replace(/^\[/, "");
  const equals = inner.indexOf("=");
  return equals < 0 ? undefined : { field: inner.slice(0, equals), value: inner.slice(equals + 1) };
}

/** A whole number that is no less than zero. */
export function listIndex(part: string): number | undefined {
  return /^\+?\d+$/.test(part) || /^-0+$/.test(part) ? Math.abs(Number(part)) : undefined;
}
