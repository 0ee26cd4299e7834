import type { Tree, TreeEntry } from "../model/index.ts";

/**
 * A revision's files as `git ls-tree -r -t -z --format='%(objectmode) %(objectname) %(objectsize) %(path)'` lists them:
 * records ended by NUL, folders before what they hold. Parsed by one pass that keeps offsets, because a build looks at a
 * handful of a large repository's paths.
 */
export interface Listing {
  entry(path: string): ListedEntry | undefined;
  /** As Tree.list. */
  list(path: string): readonly string[] | undefined;
  /** The files right in a folder and in those below it, in git's order, until `more` answers false. */
  visit(folder: string, more: (entry: ListedEntry) => boolean): void;
}

/** A tree entry that knows where it was found. */
export interface ListedEntry extends TreeEntry {
  readonly path: string;
}

/** `rootId` stands for the root folder, which a listing does not name. */
export function parseListing(text: string, rootId: string): Listing {
  const root: ListedEntry = { kind: "tree", id: rootId, size: 0, path: "" };
  const offsets = new Map<string, number>();
  for (let start = 0; start < text.length; start = endOf(text, start) + 1) offsets.set(pathAt(text, start), start);
  const entries = new Map<string, ListedEntry>();
  const lists = new Map<string, readonly string[]>();

  const entry = (path: string): ListedEntry | undefined => {
    const known = entries.get(path);
    if (known !== undefined) return known;
    const offset = offsets.get(path);
    const made = offset === undefined ? (path === "" ? root : undefined) : entryAt(text, offset);
    if (made !== undefined) entries.set(path, made);
    return made;
  };

  /** The records below a folder are those right after it. */
  const records = function* (folder: string): Generator<number> {
    const offset = offsets.get(folder);
    if (folder !== "" && offset === undefined) return;
    const below = folder === "" ? "" : `${folder}/`;
    for (let at = offset === undefined ? 0 : endOf(text, offset) + 1; at < text.length; at = endOf(text, at) + 1) {
      if (!text.startsWith(below, pathStart(text, at))) return;
      yield at;
    }
  };

  return {
    entry,
    list(path) {
      if (entry(path)?.kind !== "tree") return undefined;
      const known = lists.get(path);
      if (known !== undefined) return known;
      const skip = path === "" ? 0 : path.length + 1;
      const names = [...records(path)].map((at) => pathAt(text, at).slice(skip)).filter((name) => !name.includes("/"));
      names.sort();
      lists.set(path, names);
      return names;
    },
    visit(folder, more) {
      for (const at of records(folder)) {
        const found = entryAt(text, at);
        if (found.kind !== "tree" && found.kind !== "gitlink" && !more(found)) return;
      }
    },
  };
}

/** The listed files as a Tree; `read` is asked for content. */
export function listedTree(listing: Listing, read: (entry: ListedEntry) => Uint8Array): Tree {
  return {
    entry: (path) => listing.entry(path),
    list: (path) => listing.list(path),
    read: (entry) => read("path" in entry ? (entry as ListedEntry) : { ...entry, path: entry.id }),
  };
}

const KINDS: Readonly<Record<string, TreeEntry["kind"]>> = { "04": "tree", "12": "symlink", "16": "gitlink" };

function endOf(text: string, start: number): number {
  const end = text.indexOf("\0", start);
  return end < 0 ? text.length : end;
}

/** After mode, id and size, each ended by one space. Sizes are padded by no one in this format. */
function pathStart(text: string, start: number): number {
  const afterMode = text.indexOf(" ", start) + 1;
  const afterId = text.indexOf(" ", afterMode) + 1;
  return text.indexOf(" ", afterId) + 1;
}

function pathAt(text: string, start: number): string {
  return text.slice(pathStart(text, start), endOf(text, start));
}

function entryAt(text: string, start: number): ListedEntry {
  const path = pathStart(text, start);
  const [mode = "", id = "", size = ""] = text.slice(start, path - 1).split(" ");
  const kind = KINDS[mode.padStart(6, "0").slice(0, 2)] ?? "blob";
  return { kind, id, size: size === "-" ? 0 : Number(size), path: text.slice(path, endOf(text, start)) };
}
