import { type Failure, failed, ok, type Result, type Revision, type Tree, type TreeEntry } from "../model/index.ts";
import { type Commit, parseCommit } from "./commit.ts";
import { extentsOf, mostOf } from "./extent.ts";
import { type LastChange, lastChange } from "./last-change.ts";
import { type ObjectReader, type Unreadable } from "./object-reader.ts";
import { type Broken, DEPTH_MAX, PATHS_MAX, type Trees, walkTrees } from "./tree-walk.ts";

/** One file, symlink or gitlink of a revision. */
interface ListedFile {
  readonly path: string;
  readonly entry: TreeEntry;
}

/** One revision, whole and immutable: every name and id in it is known and was checked; contents are loaded as needed. */
export interface Snapshot {
  readonly revision: Revision;
  readonly commit: Commit;
  /** Reads synchronously what `load` or `blobs` has loaded; reading anything else throws. */
  readonly tree: Tree;
  /** Everything below a folder that is not a folder itself, by path. `undefined`: no such folder, or too many to list. */
  files(folder: string): readonly ListedFile[] | undefined;
  /** Loads the content of these files, or of all that the predicate picks. Paths that are no files are passed over. */
  load(wanted: readonly string[] | ((path: string) => boolean), signal: AbortSignal): Promise<Result<void>>;
  /**
   * Loads contents by object id. Blobs over the size cap are passed over, so that one huge file is the problem of its
   * readers only (`TreeEntry.size` tells); an object that cannot be read although it must be there is a failure.
   */
  blobs(ids: readonly string[], signal: AbortSignal): Promise<Result<void>>;
  /** The loaded content of a blob. */
  content(id: string): Uint8Array | undefined;
  /** The commit that last changed any of these paths, as far as the history that is at hand tells. */
  lastChange(paths: readonly string[], signal: AbortSignal): Promise<LastChange>;
}

export interface SnapshotLimits {
  /** Files larger than this are never loaded, bytes. */
  readonly blobBytes: number;
  /** All that one snapshot holds loaded, bytes. */
  readonly totalBytes: number;
}

/** What reads the objects of a snapshot, and what to do when they turn out damaged. */
export interface Objects {
  reader(): ObjectReader;
  /** Brings back objects that were missing or damaged; false when that cannot be. */
  heal(revision: Revision, ids: readonly string[], signal: AbortSignal): Promise<boolean>;
}

/** What a snapshot keeps; the next one of the same source begins with it, so that only what changed is read. */
export interface Kept {
  readonly trees: Trees;
  /** What folders hold, by the id of their tree, of those that somebody looked into. */
  readonly folders: ReadonlyMap<string, Folder>;
  readonly sizes: ReadonlyMap<string, number>;
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** What a folder holds by name, sorted by name. */
type Folder = ReadonlyMap<string, TreeEntry>;

export const NOTHING_KEPT: Kept = { trees: new Map(), folders: new Map(), sizes: new Map(), contents: new Map() };

export interface Taken {
  readonly snapshot: Snapshot;
  readonly kept: Kept;
}

/** Reads a commit's names, ids and sizes. `broken` means that the repository is damaged, or holds no such commit. */
export async function takeSnapshot(
  objects: Objects,
  revision: Revision,
  before: Kept,
  limits: SnapshotLimits,
  signal: AbortSignal,
): Promise<Taken | { readonly broken: Broken }> {
  const reader = objects.reader();
  const [object] = await reader.read("commit", [revision.commit], signal);
  if (object === undefined || typeof object === "string") {
    const reason = object ?? "missing";
    return { broken: { reason, message: `commit ${revision.commit} is ${reason}` } };
  }
  const { type, bytes, size } = object;
  const commit = type === "commit" ? parseCommit(revision.commit, bytes, size) : undefined;
  if (type === "commit" && commit === undefined && bytes.length < size) {
    const message = `commit ${revision.commit} has more than ${bytes.length} bytes before its message`;
    return { broken: { reason: "too-large", message } };
  }
  if (commit === undefined) return { broken: { reason: "malformed", message: `${revision.commit} is no commit` } };
  const walked = await walkTrees(reader, commit.tree, before.trees, signal);
  if ("broken" in walked) return walked;
  const sizes = await readSizes(reader, walked.trees, before.sizes, signal);
  if ("broken" in sizes) return sizes;
  const contents = new Map<string, Uint8Array>();
  const tooFar = whyTooLarge(commit.tree, walked.trees);
  if (tooFar !== undefined) return { broken: { reason: "too-large", message: tooFar } };
  const folders = foldersOf(walked.trees, before);
  const kept = { trees: walked.trees, folders, sizes: sizes.sizes, contents };
  return { snapshot: makeSnapshot({ objects, revision, commit, kept, folders, contents, before, limits }), kept };
}

/** Builds are told of all paths: all of them together have to fit into a fraction of a build thread's memory. */
const CHARACTERS_MAX = 96 * 1024 * 1024;

/** Why a tree is not to be walked by path, such as a bomb of nested trees; undefined when it may be. */
function whyTooLarge(root: string, trees: Trees): string | undefined {
  const extents = extentsOf(root, trees);
  const extent = extents.get(root);
  if (extent === undefined || (extent.characters <= CHARACTERS_MAX && extent.depth <= DEPTH_MAX)) return undefined;
  const at = mostOf(root, trees, extents);
  const what =
    extent.depth > DEPTH_MAX
      ? `folders nested deeper than ${DEPTH_MAX}`
      : `${extent.paths.toLocaleString("en")} paths, more than can be looked through`;
  return `${what}${at === "" ? "" : `, most of it in ${at}`}`;
}

/** What an earlier snapshot looked into and is there still: a tree's id says all that is in it. */
function foldersOf(trees: Trees, before: Kept): Map<string, Folder> {
  return new Map([...before.folders].filter(([id]) => trees.has(id)));
}

async function readSizes(
  reader: ObjectReader,
  trees: Trees,
  known: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<{ readonly sizes: ReadonlyMap<string, number> } | { readonly broken: Broken }> {
  const sizes = new Map<string, number>();
  const unknown = new Set<string>();
  for (const rows of trees.values()) {
    for (const { kind, id } of rows) {
      if (kind !== "blob" && kind !== "symlink") continue;
      const size = known.get(id);
      if (size === undefined) unknown.add(id);
      else sizes.set(id, size);
    }
  }
  const ids = [...unknown];
  for (const [index, size] of (await reader.sizes(ids, signal)).entries()) {
    const id = ids[index] ?? "";
    if (typeof size === "string") return { broken: { reason: size, message: `blob ${id} is ${size}` } };
    sizes.set(id, size);
  }
  return { sizes };
}

interface Parts {
  readonly objects: Objects;
  readonly revision: Revision;
  readonly commit: Commit;
  readonly kept: Kept;
  /** The folders and contents of `kept`, writable. */
  readonly folders: Map<string, Folder>;
  readonly contents: Map<string, Uint8Array>;
  readonly before: Kept;
  readonly limits: SnapshotLimits;
}

function makeSnapshot(parts: Parts): Snapshot {
  const { revision, commit, contents, objects } = parts;
  const { tree, files } = readingOf(commit.tree, parts);
  const blobs = (ids: readonly string[], signal: AbortSignal): Promise<Result<void>> => loadBlobs(parts, ids, signal);
  return {
    revision,
    commit,
    tree,
    files,
    async load(wanted, signal) {
      if (typeof wanted !== "function") {
        return blobs(
          wanted
            .flatMap((path) => tree.entry(path) ?? [])
            .filter(hasContent)
            .map((entry) => entry.id),
          signal,
        );
      }
      const all = files("");
      if (all === undefined) return failed(tooLarge(`more than ${PATHS_MAX} files`));
      return blobs(
        all.filter(({ path, entry }) => hasContent(entry) && wanted(path)).map((file) => file.entry.id),
        signal,
      );
    },
    blobs,
    content: (id) => contents.get(id),
    lastChange: (paths, signal) => lastChange(objects.reader(), commit, paths, signal),
  };
}

function hasContent(entry: TreeEntry): boolean {
  return entry.kind === "blob" || entry.kind === "symlink";
}

async function loadBlobs(parts: Parts, ids: readonly string[], signal: AbortSignal): Promise<Result<void>> {
  const { contents, before, kept, limits, objects, revision } = parts;
  let bytes = 0;
  for (const content of contents.values()) bytes += content.length;
  const missing: string[] = [];
  for (const id of new Set(ids)) {
    const size = kept.sizes.get(id) ?? Number.POSITIVE_INFINITY;
    if (contents.has(id) || size > limits.blobBytes) continue;
    bytes += size;
    if (bytes > limits.totalBytes) return failed(tooLarge(`files of more than ${limits.totalBytes} bytes`));
    const earlier = before.contents.get(id);
    if (earlier === undefined) missing.push(id);
    else contents.set(id, earlier);
  }
  let left = await readInto(contents, objects.reader(), missing, signal);
  if (left.size > 0 && (await objects.heal(revision, [...left.keys()], signal)))
    left = await readInto(contents, objects.reader(), [...left.keys()], signal);
  const [worst] = left;
  if (worst === undefined) return ok(undefined);
  return failed({
    code: "source/unreadable-object",
    message: `blob ${worst[0]} of ${revision.commit} is ${worst[1]}`,
    remedy: "check the repository with git fsck; a mirror of ours is repaired by the next fetch",
  });
}

/** Reads blobs and answers those that could not be had. */
async function readInto(
  contents: Map<string, Uint8Array>,
  reader: ObjectReader,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Unreadable>> {
  const left = new Map<string, Unreadable>();
  for (const [index, object] of (await reader.read("blob", ids, signal)).entries()) {
    const id = ids[index] ?? "";
    if (typeof object === "string") left.set(id, object);
    else if (object.type !== "blob") left.set(id, "damaged");
    else contents.set(id, object.bytes);
  }
  return left;
}

function tooLarge(what: string): Failure {
  return {
    code: "source/unreadable-object",
    message: `the revision holds ${what}`,
    remedy: "point at a smaller repository, or take out what does not belong there",
  };
}

interface Reading {
  readonly tree: Tree;
  readonly files: (folder: string) => readonly ListedFile[] | undefined;
}

/** The tree port over what a snapshot keeps. Folders become maps, sorted by name, when first entered. */
function readingOf(root: string, { kept, folders }: Pick<Parts, "kept" | "folders">): Reading {
  const folderOf = (id: string): Folder => {
    const known = folders.get(id);
    if (known !== undefined) return known;
    const rows = [...(kept.trees.get(id) ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    const made = new Map(rows.map(({ name, kind, id }) => [name, { kind, id, size: kept.sizes.get(id) ?? 0 }]));
    folders.set(id, made);
    return made;
  };
  const top: TreeEntry = { kind: "tree", id: root, size: 0 };
  // Most questions are about what is in the same folder as the one before.
  let last: { readonly path: string; readonly folder: Folder } = { path: "", folder: folderOf(root) };
  const enter = (path: string): Folder | undefined => {
    if (path === last.path) return last.folder;
    let at: TreeEntry | undefined = top;
    for (const name of path === "" ? [] : path.split("/"))
      at = at?.kind === "tree" ? folderOf(at.id).get(name) : undefined;
    if (at?.kind !== "tree") return undefined;
    last = { path, folder: folderOf(at.id) };
    return last.folder;
  };
  const entry = (path: string): TreeEntry | undefined => {
    if (path === "") return top;
    const slash = path.lastIndexOf("/");
    if (slash === 0) return undefined;
    return enter(slash < 0 ? "" : path.slice(0, slash))?.get(path.slice(slash + 1));
  };
  const tree: Tree = {
    entry,
    list(path) {
      const folder = enter(path);
      return folder && [...folder.keys()];
    },
    read(wanted) {
      const content = kept.contents.get(wanted.id);
      if (content === undefined) throw new Error(`${wanted.kind} ${wanted.id} is not loaded`);
      return content;
    },
  };
  return {
    tree,
    files(folder) {
      const start = entry(folder);
      if (start?.kind !== "tree") return undefined;
      const files: ListedFile[] = [];
      return listInto(files, folderOf, start.id, folder === "" ? "" : `${folder}/`, 0) > PATHS_MAX ? undefined : files;
    },
  };
}

/** Adds what is below a folder and answers the entries seen. Folders count too: trees without files nest without end. */
function listInto(
  files: ListedFile[],
  folderOf: (id: string) => Folder,
  id: string,
  prefix: string,
  seenBefore: number,
): number {
  let seen = seenBefore;
  for (const [name, entry] of folderOf(id)) {
    if (++seen > PATHS_MAX) return seen;
    if (entry.kind === "tree") seen = listInto(files, folderOf, entry.id, `${prefix}${name}/`, seen);
    else files.push({ path: prefix + name, entry });
  }
  return seen;
}
