import { isUtf8 } from "node:buffer";
import type { TreeEntry } from "../model/index.ts";
import { KEPT_BYTES_MAX, type ObjectReader, type Unreadable } from "./object-reader.ts";

/** One row of a tree object. */
export interface Row {
  readonly name: string;
  readonly kind: TreeEntry["kind"];
  readonly id: string;
}

/** Tree objects by id, each once however often it is used, so that trees nested to make a bomb cost nothing. */
export type Trees = ReadonlyMap<string, readonly Row[]>;

/** Why a walk ended early; `message` names the object. */
export interface Broken {
  readonly reason: Unreadable | "malformed" | "too-large";
  readonly message: string;
}

/** A repository beyond these is refused whole, before it eats the memory of the process. */
const TREES_MAX = 500_000;
const ROWS_MAX = 5_000_000;
/** Folders inside each other. */
export const DEPTH_MAX = 200;

const TOO_LONG: Broken = {
  reason: "too-large",
  message: `folders at one depth whose lists have more than ${KEPT_BYTES_MAX.tree / 1024 / 1024} MiB`,
};

/** Reads a commit's trees level by level, checking each against its id; trees that `known` has are not read again. */
export async function walkTrees(
  reader: ObjectReader,
  root: string,
  known: Trees,
  signal: AbortSignal,
): Promise<{ readonly trees: Trees } | { readonly broken: Broken }> {
  const tooMany: Broken = { reason: "too-large", message: `more than ${TREES_MAX} folders or ${ROWS_MAX} entries` };
  const trees = new Map<string, readonly Row[]>();
  let level: readonly string[] = [root];
  let rows = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX)
      return { broken: { reason: "too-large", message: `folders nested deeper than ${DEPTH_MAX}` } };
    const unknown = level.filter((id) => !known.has(id));
    const objects = await reader.read("tree", unknown, signal);
    const read = new Map<string, readonly Row[]>();
    for (const [index, object] of objects.entries()) {
      const id = unknown[index] ?? "";
      if (typeof object === "string") return { broken: { reason: object, message: `tree ${id} is ${object}` } };
      if (object.type === "tree" && object.bytes.length < object.size) return { broken: TOO_LONG };
      const parsed = object.type === "tree" ? parseTree(object.bytes, id.length / 2) : undefined;
      if (parsed === undefined) return { broken: { reason: "malformed", message: `tree ${id} is malformed` } };
      read.set(id, parsed);
    }
    const next = new Set<string>();
    for (const id of level) {
      const tree = known.get(id) ?? read.get(id) ?? [];
      trees.set(id, tree);
      rows += tree.length;
      for (const row of tree) if (row.kind === "tree" && !trees.has(row.id)) next.add(row.id);
    }
    for (const id of level) next.delete(id);
    if (trees.size + next.size > TREES_MAX || rows > ROWS_MAX) return { broken: tooMany };
    level = [...next];
  }
  return { trees };
}

/**
 * The rows of a raw tree: `<mode> <name>\0<id>`, over and over. Undefined when it is none, or has a name that no git
 * makes and that could lead a path astray: empty, `.`, `..`, with a slash, or twice.
 */
export function parseTree(bytes: Buffer, idBytes: number): readonly Row[] | undefined {
  const rows: Row[] = [];
  const names = new Set<string>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const nul = bytes.indexOf(0, at);
    if (space < 0 || nul < 0 || space > nul || nul + 1 + idBytes > bytes.length) return undefined;
    const kind = kindOf(bytes.toString("latin1", at, space));
    const name = nameOf(bytes.subarray(space + 1, nul));
    if (kind === undefined || name === "" || name === "." || name === ".." || name.includes("/") || names.has(name))
      return undefined;
    names.add(name);
    at = nul + 1 + idBytes;
    rows.push({ name, kind, id: bytes.toString("hex", nul + 1, at) });
  }
  return rows;
}

/** Names are UTF-8 by custom only: bytes of others that are no ASCII are written out, so that two names never become one. */
function nameOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  return bytes.toString("latin1").replace(/[\x80-\xff]/g, (byte) => `\ufffd${byte.charCodeAt(0).toString(16)}`);
}

function kindOf(mode: string): TreeEntry["kind"] | undefined {
  switch (mode.padStart(6, "0")) {
    case "040000":
      return "tree";
    case "120000":
      return "symlink";
    case "160000":
      return "gitlink";
    default:
      return /^0?100[0-7]{3}$/.test(mode) ? "blob" : undefined;
  }
}

/** No list of paths grows beyond this: trees that use each other many times have more paths than memory. */
export const PATHS_MAX = 1_000_000;
