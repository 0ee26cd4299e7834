import { createHash } from "node:crypto";
import type { Snapshot, Source } from "../../src/git/index.ts";
import { type Failure, failed, ok, type Tree } from "../../src/model/index.ts";
import { memoryTree } from "../support/disk-tree.ts";
import { filesOf, type Monorepo } from "./monorepo.ts";

/** One commit of the simulated repository. */
export interface Commit {
  readonly id: string;
  readonly monorepo: Monorepo;
  /** Services whose deletes its own message confirms. */
  readonly confirms?: string;
}

/** What is wrong with git in one run: `down` cannot be reached, `empty` has no commit, `content` cannot be read. */
export type GitFault = "down" | "empty" | "content";

/** A git repository in memory, with one branch that can be moved anywhere. */
export interface Repository {
  commit(monorepo: Monorepo, confirms?: string): void;
  /** Moves the branch back, as a force-push does; what was after is no longer reachable. */
  reset(back: number): void;
  head(): Commit;
  /** The commit before that, or the first one. */
  earlier(): Commit;
  source(fault: GitFault | undefined): Source;
  /** Whether a commit was made on top of another one, or is it. */
  follows(id: string, earlier: string): boolean;
  /** The tree of a root id, for builds. */
  tree(key: string): Tree | undefined;
}

export function newRepository(first: Monorepo): Repository {
  const commits: Commit[] = [];
  const parents = new Map<string, string | undefined>();
  const trees = new Map<string, Tree>();
  const treeOf = new Map<string, Tree>();
  const state = { count: 0 };
  const commit = (monorepo: Monorepo, confirms?: string): void => {
    const tree = memoryTree(filesOf(monorepo));
    const root = tree.entry("")?.id ?? "";
    const id = createHash("sha1")
      .update(`${state.count++} ${root}`)
      .digest("hex");
    trees.set(root, trees.get(root) ?? tree);
    treeOf.set(id, trees.get(root) ?? tree);
    parents.set(id, commits.at(-1)?.id);
    commits.push({ id, monorepo, ...(confirms === undefined ? {} : { confirms }) });
  };
  commit(first);
  const follows = (id: string, earlier: string): boolean => {
    for (let at: string | undefined = id; at !== undefined; at = parents.get(at)) if (at === earlier) return true;
    return false;
  };
  const head = (): Commit => commits.at(-1) ?? { id: "", monorepo: first };
  return {
    commit,
    reset(back) {
      commits.splice(Math.max(1, commits.length - back));
    },
    head,
    earlier: () => commits.at(-2) ?? head(),
    follows,
    tree: (key) => trees.get(key),
    source(fault) {
      const fetched = (): Snapshot => {
        const { id, confirms } = head();
        const snapshot = snapshotOf(id, treeOf.get(id) ?? memoryTree({}), fault === "content");
        if (confirms === undefined) return snapshot;
        return { ...snapshot, commit: { ...snapshot.commit, message: `clean up\n\nGitops-Confirm: ${confirms}\n` } };
      };
      return {
        describe: () => "memory",
        latest: () => Promise.resolve(ok({ ref: "main", commit: head().id })),
        fetch: () => Promise.resolve(fault === "down" || fault === "empty" ? failed(gitFailure(fault)) : ok(fetched())),
        ancestry: (of, earlier) =>
          Promise.resolve(new Map(earlier.map((id) => [id, { kind: follows(of, id) ? "ancestor" : "stranger" }]))),
        close: () => Promise.resolve(),
      };
    },
  };
}

export function snapshotOf(id: string, tree: Tree, unreadable: boolean): Snapshot {
  const byId = new Map<string, Uint8Array>();
  const loaded = new Map<string, Uint8Array>();
  const files = (folder: string): { path: string; entry: NonNullable<ReturnType<Tree["entry"]>> }[] =>
    (tree.list(folder) ?? []).flatMap((name) => {
      const path = folder === "" ? name : `${folder}/${name}`;
      const entry = tree.entry(path);
      if (entry === undefined) return [];
      return entry.kind === "tree" ? files(path) : [{ path, entry }];
    });
  for (const { entry } of files("")) byId.set(entry.id, tree.read(entry));
  const blobs: Snapshot["blobs"] = (ids) => {
    if (unreadable && ids.length > 0) return Promise.resolve(failed(gitFailure("content")));
    for (const wanted of ids) {
      const content = byId.get(wanted);
      if (content !== undefined) loaded.set(wanted, content);
    }
    return Promise.resolve(ok(undefined));
  };
  return {
    revision: { ref: "main", commit: id },
    commit: {
      id,
      tree: tree.entry("")?.id ?? "",
      parents: [],
      author: "jo",
      email: "",
      subject: "",
      message: "",
      timeMs: 0,
    },
    tree,
    files: (folder) => (tree.entry(folder)?.kind === "tree" ? files(folder) : undefined),
    load: (wanted, signal) => {
      const paths =
        typeof wanted === "function"
          ? files("")
              .map(({ path }) => path)
              .filter(wanted)
          : wanted;
      return blobs(
        paths.flatMap((path) => tree.entry(path)?.id ?? []),
        signal,
      );
    },
    blobs,
    content: (blob) => loaded.get(blob),
    lastChange: () => Promise.reject(new Error("a pass asks for no history")),
  };
}

function gitFailure(fault: GitFault): Failure {
  const codes = {
    down: "source/unreachable",
    empty: "source/empty-repository",
    content: "source/unreadable-object",
  } as const;
  return { code: codes[fault], message: `simulated: git is ${fault}`, remedy: "wait" };
}
