import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Tree, TreeEntry } from "../../src/model/index.ts";

/** A Tree made of files in memory: path → content. A value `{ symlink }` is a link to that target. */
export function memoryTree(files: Readonly<Record<string, string | Uint8Array | { readonly symlink: string }>>): Tree {
  const folders = new Map<string, Set<string>>([["", new Set()]]);
  const leaves = new Map<string, Leaf>();
  for (const [path, file] of Object.entries(files)) {
    const link = typeof file === "object" && "symlink" in file;
    const bytes = Buffer.from(link ? file.symlink : file);
    leaves.set(path, { kind: link ? "symlink" : "blob", size: bytes.length, read: () => bytes });
    enter(folders, path);
  }
  return treeOf(folders, leaves);
}

/**
 * A Tree over a folder on disk: listed once, now; files are read when asked for. Ids are those that git would give, worked
 * out when asked for. Sockets and the like are left out, and so is `.git`.
 */
export function diskTree(root: string): Tree {
  const folders = new Map<string, Set<string>>([["", new Set()]]);
  const leaves = new Map<string, Leaf>();
  const walk = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const disk = join(root, path);
      const stat = lstatSync(disk);
      if (name === ".git" || !(stat.isDirectory() || stat.isFile() || stat.isSymbolicLink())) continue;
      enter(folders, path);
      if (stat.isDirectory()) walk(path);
      else if (stat.isFile()) leaves.set(path, { kind: "blob", size: stat.size, read: () => readFileSync(disk) });
      else leaves.set(path, { kind: "symlink", size: stat.size, read: () => Buffer.from(readlinkSync(disk)) });
    }
  };
  walk("");
  return treeOf(folders, leaves);
}

interface Leaf {
  readonly kind: "blob" | "symlink";
  readonly size: number;
  read(): Uint8Array;
}

/** Notes a path in its folder, and its folder in the one above. */
function enter(folders: Map<string, Set<string>>, path: string): void {
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "" : path.slice(0, slash);
  const names = folders.get(folder);
  if (names !== undefined) {
    names.add(path.slice(slash + 1));
    return;
  }
  folders.set(folder, new Set([path.slice(slash + 1)]));
  enter(folders, folder);
}

function treeOf(folders: ReadonlyMap<string, ReadonlySet<string>>, leaves: ReadonlyMap<string, Leaf>): Tree {
  const entries = new Map<string, TreeEntry>();
  const sources = new Map<TreeEntry, Leaf>();
  const lists = new Map<string, readonly string[]>();
  const find = (path: string): TreeEntry | undefined => {
    const leaf = leaves.get(path);
    if (leaf !== undefined) return lazyEntry(leaf.kind, leaf.size, () => gitId("blob", leaf.read()), sources, leaf);
    if (!folders.has(path)) return undefined;
    return lazyEntry("tree", 0, () => gitId("tree", treeBytes(path)), sources, undefined);
  };
  const entry = (path: string): TreeEntry | undefined => {
    const known = entries.get(path) ?? find(path);
    if (known !== undefined) entries.set(path, known);
    return known;
  };
  const treeBytes = (folder: string): Uint8Array => {
    const rows = [...(folders.get(folder) ?? [])].map((name) => {
      const found = entry(folder === "" ? name : `${folder}/${name}`);
      const mode = found?.kind === "tree" ? "40000" : found?.kind === "symlink" ? "120000" : "100644";
      return { key: found?.kind === "tree" ? `${name}/` : name, name, mode, id: found?.id ?? "" };
    });
    rows.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    return Buffer.concat(rows.flatMap((r) => [Buffer.from(`${r.mode} ${r.name}\0`), Buffer.from(r.id, "hex")]));
  };
  return {
    entry,
    list(path) {
      const names = lists.get(path) ?? folders.get(path);
      if (names === undefined) return undefined;
      const sorted = Array.isArray(names) ? names : [...names].sort();
      lists.set(path, sorted);
      return sorted;
    },
    read(of) {
      const leaf = sources.get(of);
      if (leaf === undefined) throw new Error("not an entry of this tree that has content");
      return leaf.read();
    },
  };
}

/** An entry whose id is worked out when first asked for: hashing a whole corpus to build one folder would be waste. */
function lazyEntry(
  kind: TreeEntry["kind"],
  size: number,
  idOf: () => string,
  sources: Map<TreeEntry, Leaf>,
  leaf: Leaf | undefined,
): TreeEntry {
  const made = {
    kind,
    size,
    get id(): string {
      const id = idOf();
      Object.defineProperty(made, "id", { value: id });
      return id;
    },
  };
  if (leaf !== undefined) sources.set(made, leaf);
  return made;
}

/** The id that git gives an object. */
function gitId(type: "blob" | "tree", bytes: Uint8Array): string {
  return createHash("sha1").update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
}

/** A tree as git lists it (folders before what they hold), and a path for each blob id. */
export function listingOf(tree: Tree): { readonly text: string; readonly paths: ReadonlyMap<string, string> } {
  const modes = { blob: "100644", tree: "040000", symlink: "120000", gitlink: "160000" };
  const paths = new Map<string, string>();
  const records: string[] = [];
  const walk = (folder: string): void => {
    for (const name of tree.list(folder) ?? []) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const entry = tree.entry(path);
      if (entry === undefined) continue;
      const isTree = entry.kind === "tree";
      records.push(`${modes[entry.kind]} ${entry.id} ${isTree ? "-" : entry.size} ${path}\0`);
      if (isTree) walk(path);
      else paths.set(entry.id, path);
    }
  };
  walk("");
  return { text: records.join(""), paths };
}
