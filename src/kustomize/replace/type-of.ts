import type { ScalarTag } from "../yaml/node.ts";
import { meaningOf } from "../yaml/resolve.ts";

/** The type of a plain text. */
export function typeOf(text: string): ScalarTag {
  return meaningOf(text, "kyaml")?.tag ?? "!!str";
}
