import { PATHS_MAX, type Trees } from "./tree-walk.ts";

/** A folder of fewer paths is never a bomb. */
const SUSPECT_PATHS = 100_000;
/** Nobody keeps each file of a folder so many times. */
const COPIES_MAX = 1000;

/**
 * Trees that are not to be walked by path, by id: those that use a few others so often that they have far more paths than
 * content, and those of more than `PATHS_MAX`. What is below such a tree does not count for those above it, so a bomb is cut
 * out where it begins to grow and costs nobody else anything. An id's answer never changes.
 */
export function vastTrees(root: string, trees: Trees): ReadonlySet<string> {
  const vast = new Set<string>();
  const paths = new Map<string, number>();
  // As deep as folders are nested, which `walkTrees` limits.
  const count = (id: string): number => {
    const known = paths.get(id);
    if (known !== undefined) return known;
    const rows = trees.get(id) ?? [];
    let sum = rows.length;
    for (const row of rows) {
      if (row.kind !== "tree") continue;
      const below = count(row.id);
      if (!vast.has(row.id)) sum += below;
    }
    paths.set(id, sum);
    const isBomb = sum > SUSPECT_PATHS && !hasContent(id, sum / COPIES_MAX, trees, vast);
    if (isBomb || sum > PATHS_MAX) vast.add(id);
    return sum;
  };
  count(root);
  return vast;
}

/** Whether a tree has so many rows, each tree below it counted once. */
function hasContent(root: string, rows: number, trees: Trees, vast: ReadonlySet<string>): boolean {
  const seen = new Set<string>();
  const pending = [root];
  let found = 0;
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(id) || vast.has(id)) continue;
    seen.add(id);
    const tree = trees.get(id) ?? [];
    found += tree.length;
    if (found >= rows) return true;
    for (const row of tree) if (row.kind === "tree") pending.push(row.id);
  }
  return false;
}
