import { type Commit, parseCommit } from "./commit.ts";
import type { ObjectReader } from "./object-reader.ts";
import { parseTree, type Row } from "./tree-walk.ts";

/** The commit that last changed some paths. Not `exact`: history ends here, so that it may have been an earlier one. */
export interface LastChange {
  readonly commit: Commit;
  readonly exact: boolean;
}

/** However long a history is, no more of it is read. */
const COMMITS_MAX = 10_000;
/** Entries of folders that are remembered; forgetting them costs another look. */
const ROWS_MAX = 1_000_000;

/**
 * Follows history back from a commit for as long as a parent has the same at all these paths, as `git log` does. Reads commits
 * and the folders on the way to the paths, and no file.
 */
export async function lastChange(
  reader: ObjectReader,
  head: Commit,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<LastChange> {
  const folders = new Map<string, ReadonlyMap<string, Row> | undefined>();
  let rowsKept = 0;
  const folder = async (id: string): Promise<ReadonlyMap<string, Row> | undefined> => {
    if (folders.has(id)) return folders.get(id);
    const [object] = await reader.read("tree", [id], signal);
    const isTree = object !== undefined && typeof object !== "string" && object.type === "tree";
    const rows = isTree && object.bytes.length === object.size ? parseTree(object.bytes, id.length / 2) : undefined;
    const known = rows && new Map(rows.map((row) => [row.name, row]));
    rowsKept += known?.size ?? 0;
    if (rowsKept > ROWS_MAX) {
      folders.clear();
      rowsKept = known?.size ?? 0;
    }
    folders.set(id, known);
    return known;
  };
  const idAt = async (root: string, path: string): Promise<string> => {
    let at: Pick<Row, "kind" | "id"> | undefined = { kind: "tree", id: root };
    for (const name of path === "" ? [] : path.split("/")) {
      if (at?.kind !== "tree") return "absent";
      at = (await folder(at.id))?.get(name);
    }
    return at?.id ?? "absent";
  };
  const idsAt = async ({ tree }: Commit): Promise<string> => {
    const ids: string[] = [];
    for (const path of paths) ids.push(await idAt(tree, path));
    return ids.join(" ");
  };

  const wanted = await idsAt(head);
  let at = head;
  for (let count = 0; count < COMMITS_MAX; count += 1) {
    const next = await sameParent(at, wanted);
    if (next === "none") return { commit: at, exact: true };
    if (next === "unknown") return { commit: at, exact: false };
    at = next;
  }
  return { commit: at, exact: false };

  async function sameParent(commit: Commit, ids: string): Promise<Commit | "none" | "unknown"> {
    let unknown = false;
    for (const id of commit.parents) {
      const [object] = await reader.read("commit", [id], signal);
      const parent =
        object !== undefined && typeof object !== "string" && object.type === "commit"
          ? parseCommit(id, object.bytes, object.size)
          : undefined;
      if (parent === undefined) unknown = true;
      else if ((await idsAt(parent)) === ids) return parent;
    }
    return unknown ? "unknown" : "none";
  }
}
