import type { MappingNode, SequenceNode } from "../yaml/node.ts";
import { setElement } from "./elements.ts";
import { fieldOf, removeField, textOf } from "./nodes.ts";

/** What a patch says to do with the place it stands at. */
export type Directive = "merge" | "replace" | "delete";

/** A directive that there is not; `text` is what the patch says. */
export interface UnknownDirective {
  readonly text: string;
}

const FIELD = "$patch";

/** Takes the `$patch` field out of a map. */
export function takeMapDirective(patch: MappingNode): Directive | UnknownDirective {
  const value = fieldOf(patch, FIELD);
  if (value === undefined) return "merge";
  const directive = directiveNamed(textOf(value));
  if (typeof directive === "string") removeField(patch, FIELD);
  return directive;
}

/** Takes the item `{$patch: …}` out of a list. An item with more fields than that speaks of itself. */
export function takeListDirective(patch: SequenceNode): Directive | UnknownDirective {
  const item = patch.items.find((candidate) => fieldOf(candidate, FIELD) !== undefined);
  if (item?.kind !== "mapping" || item.entries.length > 1) return "merge";
  const value = fieldOf(item, FIELD);
  const text = value === undefined ? "" : textOf(value);
  const directive = directiveNamed(text);
  if (typeof directive === "string") setElement(patch, [FIELD], [text], undefined);
  return directive;
}

function directiveNamed(text: string): Directive | UnknownDirective {
  return text === "merge" || text === "replace" || text === "delete" ? text : { text };
}
