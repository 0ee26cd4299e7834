import { ABSENT, type Place, type Tree, type TreeEntry } from "../model/index.ts";
import type { Report } from "./report.ts";

/** Numbers that end a build that asks for too much. */
export interface BuildLimits {
  /** Of one file. */
  readonly fileBytes: number;
  /** Of all files read, a file read twice counting twice. */
  readonly totalBytes: number;
  /** Objects held at any time, and objects loaded at all. */
  readonly objects: number;
  /** Files and folders looked for. */
  readonly files: number;
  /** Folders in a chain of kustomizations, and levels of a document. */
  readonly depth: number;
}

export type LoadRestrictions = "rootOnly" | "none";

/** A file or folder that was found, at the path where it is once symlinks are followed. */
export interface Found {
  readonly path: string;
  readonly entry: TreeEntry;
}

/** The tree as a build reads it: every question is noted in the footprint, and nothing leads out of the tree. */
export interface Source {
  readonly footprint: ReadonlyMap<string, string>;
  readonly restrictions: LoadRestrictions;
  /** Where a path leads, seen from a folder. Undefined: reported, or (with `absent`) simply not there. */
  find(folder: string, path: string, at: Place, report: Report, absent?: "is fine"): Found | undefined;
  /** The bytes of a file that was found; undefined when it is too much, which is reported. */
  read(found: Found, at: Place, report: Report): Uint8Array | undefined;
  /** Names in a folder, which are then part of the footprint. */
  list(folder: string): readonly string[];
  /** What stands at a path, symlinks not followed. */
  entryKind(path: string): TreeEntry["kind"] | undefined;
  /** Counts loaded objects; false once there are too many, which is reported. */
  countObjects(count: number, at: Place, report: Report): boolean;
  /** True once a limit was hit: the build is over. */
  exhausted(): boolean;
}

/** As many symlinks as Linux follows. */
const SYMLINKS_MAX = 40;

export function newSource(tree: Tree, limits: BuildLimits, restrictions: LoadRestrictions): Source {
  const footprint = new Map<string, string>();
  const decoder = new TextDecoder();
  const spent = { files: 0, bytes: 0, objects: 0, over: false };

  const tooMuch = (report: Report, at: Place, message: string, remedy: string): undefined => {
    spent.over = true;
    return report.fail("build/too-large", at, message, remedy);
  };

  const look = (path: string): TreeEntry | undefined => {
    const entry = path === "" ? { kind: "tree" as const, id: "", size: 0 } : tree.entry(path);
    if (entry === undefined) footprint.set(path, ABSENT);
    else if (entry.kind !== "tree") footprint.set(path, entry.id);
    return entry;
  };

  /** The first part of a path that is no folder: what decides that the rest is not there. */
  const obstacle = (path: string): { readonly path: string; readonly entry: TreeEntry | undefined } => {
    for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
      const part = path.slice(0, slash);
      const entry = look(part);
      if (entry?.kind !== "tree") return { path: part, entry };
    }
    return { path, entry: look(path) };
  };

  const follow = (start: string, at: Place, report: Report, quiet: boolean): Found | undefined => {
    let path = start;
    for (let hops = 0; hops <= SYMLINKS_MAX; hops += 1) {
      const direct = look(path);
      if (direct?.kind === "blob" || direct?.kind === "tree") return { path, entry: direct };
      const stop = direct === undefined ? obstacle(path) : { path, entry: direct };
      if (stop.entry?.kind === "gitlink") {
        return report.fail(
          "build/gitlink",
          at,
          `${stop.path} is a git submodule, whose files are not in this repository`,
          "copy the files into the repository, or remove the reference",
        );
      }
      if (stop.entry?.kind !== "symlink") return undefined;
      const target = decoder.decode(tree.read(stop.entry));
      const next = target.startsWith("/") ? undefined : join(parentOf(stop.path), target);
      if (next === undefined) {
        return report.fail(
          "build/symlink-outside-repository",
          at,
          `the symlink ${stop.path} leads out of the repository`,
          "let it point to a file or folder in the repository",
        );
      }
      path = join(next, path.slice(stop.path.length + 1)) ?? next;
    }
    if (quiet) return undefined;
    return report.fail("build/cycle", at, `symlinks at ${start} lead in a circle`, "break the circle of symlinks");
  };

  return {
    footprint,
    restrictions,
    find(folder, path, at, report, absent) {
      spent.files += 1;
      if (spent.files > limits.files) {
        return tooMuch(report, at, `the build looks for more than ${limits.files} files`, "split the service");
      }
      const joined = path.startsWith("/") ? undefined : join(folder, path);
      if (joined === undefined) {
        return report.fail(
          "build/path-outside-repository",
          at,
          path.startsWith("/") ? `${path} is an absolute path` : `${path} leads out of the repository`,
          "use a path relative to this file, inside the repository",
        );
      }
      return follow(joined, at, report, absent !== undefined);
    },
    read(found, at, report) {
      if (found.entry.size > limits.fileBytes) {
        const limit = `${found.path} has ${found.entry.size} bytes, more than the limit of ${limits.fileBytes}`;
        return tooMuch(report, at, limit, "split the file, or raise the limit on file bytes");
      }
      spent.bytes += found.entry.size;
      if (spent.bytes > limits.totalBytes) {
        return tooMuch(report, at, `the build reads more than ${limits.totalBytes} bytes`, "split the service");
      }
      return tree.read(found.entry);
    },
    list(folder) {
      const entry = folder === "" ? undefined : tree.entry(folder);
      footprint.set(folder, entry?.id ?? tree.entry("")?.id ?? ABSENT);
      return tree.list(folder) ?? [];
    },
    entryKind: (path) => look(path)?.kind,
    countObjects(count, at, report) {
      spent.objects += count;
      if (spent.objects <= limits.objects) return true;
      tooMuch(report, at, `the build loads more than ${limits.objects} objects`, "split the service");
      return false;
    },
    exhausted: () => spent.over,
  };
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path seen from a folder, without `.` and `..`; undefined when it leads above the root. */
export function join(folder: string, path: string): string | undefined {
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else parts.push(part);
  }
  return parts.join("/");
}

/** True when a path is the folder, or is in or below it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

/** Things that kustomize would fetch over the network. */
export function isRemote(path: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:\/\//i.test(path) ||
    /^(?:git::|gh:|git@|github\.com[/:]|[^/@\s]+@[^/:\s]+:)/i.test(path) ||
    /(?:\.git(?:[/?]|$)|\?(?:ref|version|timeout|submodules)=|_git\/)/.test(path)
  );
}

/** A path relative to a folder, with `..` where needed; `.` for the folder itself. */
export function relativeTo(path: string, folder: string): string {
  const from = folder === "" ? [] : folder.split("/");
  const to = path === "" ? [] : path.split("/");
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared += 1;
  return [...from.slice(shared).map(() => ".."), ...to.slice(shared)].join("/") || ".";
}
