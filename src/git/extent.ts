import type { Row, Trees } from "./tree-walk.ts";

/** What walking a tree path by path comes to. */
export interface Extent {
  readonly paths: number;
  /** Of all these paths together. */
  readonly characters: number;
  /** Folders inside each other. */
  readonly depth: number;
}

const NOTHING: Extent = { paths: 0, characters: 0, depth: 0 };

/**
 * How far trees extend, by id, each counted once however often it is used: a dozen of them can have more paths than atoms, which
 * nobody must begin to walk. Trees that are not at hand count as empty.
 */
export function extentsOf(root: string, trees: Trees): ReadonlyMap<string, Extent> {
  const extents = new Map<string, Extent>();
  const pending = [root];
  for (let id = pending.at(-1); id !== undefined; id = pending.at(-1)) {
    const rows = trees.get(id) ?? [];
    const inner = extents.has(id) ? [] : rows.filter((row) => row.kind === "tree" && !extents.has(row.id));
    if (inner.length > 0) {
      for (const row of inner) pending.push(row.id);
      continue;
    }
    pending.pop();
    if (extents.has(id)) continue;
    const sum = { paths: rows.length, characters: 0, depth: 0 };
    for (const { kind, id: of, name } of rows) {
      const below = kind === "tree" ? (extents.get(of) ?? NOTHING) : NOTHING;
      sum.paths += below.paths;
      // Each path below is this name longer, and so is the folder's own.
      sum.characters += below.characters + (below.paths + 1) * (name.length + 1);
      if (kind === "tree") sum.depth = Math.max(sum.depth, below.depth + 1);
    }
    extents.set(id, sum);
  }
  return extents;
}

/** Where most of it is: the path of the folder furthest down that holds more than half of all paths. */
export function mostOf(root: string, trees: Trees, extents: ReadonlyMap<string, Extent>): string {
  const half = (extents.get(root)?.paths ?? 0) / 2;
  const names: string[] = [];
  const largest = (id: string): Row | undefined =>
    trees.get(id)?.find((row) => row.kind === "tree" && (extents.get(row.id)?.paths ?? 0) > half);
  for (let row = largest(root); row !== undefined && names.length < NAMES_MAX; row = largest(row.id))
    names.push(row.name);
  return names.join("/");
}

const NAMES_MAX = 20;
