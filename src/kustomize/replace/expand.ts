import { goFloat } from "../patch/index.ts";

/** The value of a var: one of JSON's plain types, where a float is told from a whole number. */
export type VarValue = string | boolean | bigint | { readonly float: number };

/** Gives a var's value; undefined for a name that is no var, which stays as it is written. */
export type VarLookup = (name: string) => VarValue | undefined;

/**
 * Replaces `$(NAME)` in a text. `$$` is a `$`; whatever is no reference stays. A text that is nothing but one reference
 * becomes the value with its type.
 */
export function expand(text: string, value: VarLookup): VarValue {
  let out = "";
  let done = 0;
  for (let at = text.indexOf("$"); at >= 0 && at + 1 < text.length; at = text.indexOf("$", done)) {
    out += text.slice(done, at);
    const end = text[at + 1] === "(" ? text.indexOf(")", at + 2) : -1;
    if (end >= 0) {
      const name = text.slice(at + 2, end);
      const found = value(name);
      if (at === 0 && end === text.length - 1 && found !== undefined) return found;
      out += found === undefined ? text.slice(at, end + 1) : textOfVar(found, "within text");
      done = end + 1;
    } else {
      out += text[at + 1] === "$" ? "$" : text.slice(at, at + 2);
      done = at + 2;
    }
  }
  return out + text.slice(done);
}

/** A value as text; within other text Go writes large and small floats with an exponent. */
export function textOfVar(value: VarValue, where: "alone" | "within text"): string {
  if (typeof value !== "object") return String(value);
  const { float } = value;
  if (where === "within text") return goFloat(float);
  if (Number.isInteger(float)) return BigInt(float).toString();
  const text = String(float);
  return text.includes("e") ? plainDecimals(text) : text;
}

/** `1.5e-7` as `0.00000015`. */
function plainDecimals(text: string): string {
  const [, sign = "", whole = "", fraction = "", power = "0"] = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text) ?? [];
  return `${sign}0.${"0".repeat(Number(power) - 1)}${whole}${fraction}`;
}
