import type { TreeSource } from "../builders/index.ts";
import type { Snapshot, Source } from "../git/index.ts";
import { type Discovery, failed, ok, type Result, type Tree } from "../model/index.ts";
import { NO_POLICY, type Policy } from "../policy/index.ts";
import { type Definitions, discover, findPolicy, newDefinitions } from "../services/index.ts";

/** One revision, its services, and its files as builds read them. */
export interface OpenRevision {
  readonly snapshot: Snapshot;
  readonly discovery: Discovery;
  /** Settings of the whole revision. */
  readonly policy: Policy;
  readonly files: TreeSource;
  /** Services that are suspended only because people asked for that in the cluster. */
  readonly suspendedByPeople?: ReadonlySet<string>;
}

/** Discovery asks for content in rounds: settings, definitions, what they point at, what that includes … */
const DISCOVERY_ROUNDS_MAX = 64;

/**
 * Fetches the source's newest revision and finds its settings and its services below `path`. `known` is what earlier revisions
 * taught. Settings that cannot be read fail it: they may say what must not be touched.
 */
export async function openRevision(
  source: Source,
  path: string,
  signal: AbortSignal,
  known: Definitions = newDefinitions(),
): Promise<Result<OpenRevision>> {
  const fetched = await source.fetch(signal);
  if (!fetched.ok) return fetched;
  const snapshot = fetched.value;
  const { tree } = snapshot;
  if (tree.entry(path)?.kind !== "tree" && path !== "") {
    return failed({
      code: "source/path-not-found",
      message: `there is no folder ${path} in revision ${snapshot.revision.commit.slice(0, 12)}`,
      remedy: "check --path and --ref; nothing was changed, a missing path never means that everything is gone",
    });
  }
  const isLoaded = (id: string): boolean => snapshot.content(id) !== undefined;
  let policy: Policy | undefined;
  for (let round = 0; round < DISCOVERY_ROUNDS_MAX; round += 1) {
    const step =
      policy === undefined ? findPolicy(tree, path, isLoaded, known) : discover(tree, path, isLoaded, known, policy);
    if (step.kind === "found") {
      if (!step.policy.ok) return step.policy;
      policy = step.policy.value;
      continue;
    }
    if (step.kind === "refused") return failed(step.failure);
    if (step.kind === "done") {
      return ok({ snapshot, discovery: step.discovery, policy: policy ?? NO_POLICY, files: treeSource(snapshot) });
    }
    const loaded = await snapshot.load(step.paths, signal);
    if (!loaded.ok) return loaded;
    const lost = step.paths.find((wanted) => snapshot.content(tree.entry(wanted)?.id ?? "") === undefined);
    if (lost !== undefined) {
      return failed({
        code: "source/unreadable-object",
        message: `the content of ${lost} cannot be read`,
        remedy: "check the repository with git fsck, then run again",
        at: { path: lost },
      });
    }
  }
  throw new Error("discovery asks for ever more files");
}

function treeSource(snapshot: Snapshot): TreeSource {
  let listing: string | undefined;
  return {
    key: snapshot.tree.entry("")?.id ?? snapshot.revision.commit,
    // Made when something is built: most revisions change little, and some nothing.
    get listing() {
      listing ??= listingOf(snapshot.tree);
      return listing;
    },
    async blobs(ids, signal) {
      const loaded = await snapshot.blobs(ids, signal);
      if (!loaded.ok) throw new Error(loaded.failures[0]?.message ?? "unreadable object");
      return new Map(
        ids.flatMap((id) => {
          const content = snapshot.content(id);
          return content === undefined ? [] : [[id, content] as const];
        }),
      );
    },
  };
}

const MODES = { blob: "100644", tree: "040000", symlink: "120000", gitlink: "160000" } as const;

/** The tree in the builders' format: folders before what they hold. */
function listingOf(tree: Tree): string {
  const records: string[] = [];
  const pending = (tree.list("") ?? []).toReversed().map((name) => name);
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const entry = tree.entry(path);
    if (entry === undefined) continue;
    const size = entry.kind === "tree" || entry.kind === "gitlink" ? "-" : String(entry.size);
    records.push(`${MODES[entry.kind]} ${entry.id} ${size} ${path}\0`);
    if (entry.kind === "tree") for (const name of (tree.list(path) ?? []).toReversed()) pending.push(`${path}/${name}`);
  }
  return records.join("");
}
