/** One entry of a git tree. `size` is bytes, of blobs and symlinks only. `id` is git's object id. */
export interface TreeEntry {
  readonly kind: "blob" | "tree" | "symlink" | "gitlink";
  readonly id: string;
  readonly size: number;
}

/**
 * The file tree of one revision, read by object id, never checked out. Paths are relative to the repository's root,
 * separated by `/`, without a leading or trailing slash; the root is `""`. A tree is immutable and answers synchronously:
 * whoever makes one has the listing at hand and fetches content on demand.
 */
export interface Tree {
  /** The entry at a path, symlinks not followed; undefined when there is none. */
  entry(path: string): TreeEntry | undefined;
  /** Names in a folder, sorted by code unit; undefined when the path is not a folder. */
  list(path: string): readonly string[] | undefined;
  /** The bytes of a blob, or the target of a symlink. Throws when `entry` is a folder, or the content cannot be had. */
  read(entry: TreeEntry): Uint8Array;
}

/** What a build looked at: path → object id, or `absent` for a name looked for and not found. */
export type Footprint = ReadonlyMap<string, string>;

export const ABSENT = "absent";
