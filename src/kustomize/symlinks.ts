import type { Place, Tree, TreeEntry } from "../model/index.ts";
import { join, parentOf } from "./paths.ts";
import type { Report } from "./report.ts";

/** A file or folder that was found, at the path where it is once symlinks are followed. */
export interface Found {
  readonly path: string;
  readonly entry: TreeEntry;
}

/** What it takes to follow a path, and where to tell that it leads nowhere. */
interface Walk {
  readonly tree: Tree;
  /** The entry at a path, noted in the footprint. */
  look(path: string): TreeEntry | undefined;
  readonly at: Place;
  readonly report: Report;
  /** True when it is fine that nothing is there. */
  readonly quiet: boolean;
}

/** As many symlinks as Linux follows. */
const SYMLINKS_MAX = 40;

/** Where a path leads through symlinks. Undefined: not there, or reported because it leads out of the repository. */
export function follow(walk: Walk, start: string): Found | undefined {
  const { tree, at, report } = walk;
  let path = start;
  for (let hops = 0; hops <= SYMLINKS_MAX; hops += 1) {
    const direct = walk.look(path);
    if (direct?.kind === "blob" || direct?.kind === "tree") return { path, entry: direct };
    const stop = direct === undefined ? obstacle(walk, path) : { path, entry: direct };
    if (stop.entry?.kind === "gitlink") {
      return report.fail(
        "build/gitlink",
        at,
        `${stop.path} is a git submodule, whose files are not in this repository`,
        "copy the files into the repository, or remove the reference",
      );
    }
    if (stop.entry?.kind !== "symlink") return undefined;
    const target = new TextDecoder().decode(tree.read(stop.entry));
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
  if (walk.quiet) return undefined;
  return report.fail("build/cycle", at, `symlinks at ${start} lead in a circle`, "break the circle of symlinks");
}

/** The first part of a path that is no folder: what decides that the rest is not there. */
function obstacle(walk: Walk, path: string): { readonly path: string; readonly entry: TreeEntry | undefined } {
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const part = path.slice(0, slash);
    const entry = walk.look(part);
    if (entry?.kind !== "tree") return { path: part, entry };
  }
  return { path, entry: walk.look(path) };
}
