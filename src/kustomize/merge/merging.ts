import type { Schema, SchemaType } from "../schema/index.ts";
import type { YamlNode } from "../yaml/node.ts";

/** One merge under way: where it is, and what went wrong first. */
export interface Merging {
  readonly schema: Schema;
  readonly path: string[];
  problem: Problem | undefined;
  /** Merging two nodes of any kind, for the items of lists. */
  readonly merge: Merge;
}

export interface Problem {
  readonly message: string;
  readonly remedy: string;
  /** The node to blame: of the patch, if it has a line. */
  readonly node: YamlNode;
}

type Merge = (
  at: Merging,
  dest: YamlNode | undefined,
  patch: YamlNode | undefined,
  type: SchemaType | undefined,
) => YamlNode | undefined;

export function placeOf(at: Merging): string {
  return at.path.length === 0 ? "the top" : at.path.join(".");
}
