/** Paths of a tree: separated by slashes, without leading or trailing ones; the root is "". */

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
