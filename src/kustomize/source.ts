import { ABSENT, type Place, type Tree, type TreeEntry } from "../model/index.ts";
import { join } from "./paths.ts";
import type { Report } from "./report.ts";
import { type Found, follow } from "./symlinks.ts";

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
  /** Folders in a chain of kustomizations. */
  readonly depth: number;
}

export type LoadRestrictions = "rootOnly" | "none";

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

const ROOT: TreeEntry = { kind: "tree", id: "", size: 0 };

export function newSource(tree: Tree, limits: BuildLimits, restrictions: LoadRestrictions): Source {
  const footprint = new Map<string, string>();
  const spent = { files: 0, bytes: 0, objects: 0, over: false };

  const tooMuch = (report: Report, at: Place, message: string, remedy: string): undefined => {
    spent.over = true;
    return report.fail("build/too-large", at, message, remedy);
  };

  const look = (path: string): TreeEntry | undefined => {
    const entry = path === "" ? ROOT : tree.entry(path);
    if (entry === undefined) footprint.set(path, ABSENT);
    else if (entry.kind !== "tree") footprint.set(path, entry.id);
    return entry;
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
      return follow({ tree, look, at, report, quiet: absent !== undefined }, joined);
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
