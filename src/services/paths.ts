import type { Tree, TreeEntry } from "../model/index.ts";

/** Whether `path` is `folder` or below it; the root holds everything. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

/** The folder of a path; "" for one at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** A path and all folders that hold it, the root last. */
export function withFolders(path: string): readonly string[] {
  const found = [path];
  for (let at = path; at !== ""; found.push(at)) at = folderOf(at);
  return found;
}

const LINKS = ["symlink"] as const;

/** The first part of a path that is a symlink, or one of `kinds`; undefined when there is none on the way. */
export function linkOn(tree: Tree, path: string, kinds: readonly TreeEntry["kind"][] = LINKS): string | undefined {
  for (let slash = path.indexOf("/"); ; slash = path.indexOf("/", slash + 1)) {
    const part = slash < 0 ? path : path.slice(0, slash);
    const kind = tree.entry(part)?.kind;
    if (kind !== undefined && kinds.includes(kind)) return part;
    if (kind !== "tree" || slash < 0) return undefined;
  }
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * `relative` seen from `folder`, without `.` and `..`; undefined when it leaves the repository or is absolute. An empty
 * `relative` is the folder itself.
 */
export function resolvePath(folder: string, relative: string): string | undefined {
  if (relative.startsWith("/") || relative.includes("\0") || relative.includes("\\")) return undefined;
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}
