import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Cluster, problemFailure } from "../cluster/index.ts";
import { failed, ok, type Result } from "../model/index.ts";
import { recordFile } from "./record.ts";
import type { Settings } from "./settings.ts";
import { type Seen, seenIn } from "./went-back.ts";

/** What this machine remembers of the cluster behind a scope and context. */
export interface KnownCluster {
  /** uid of its kube-system namespace. */
  readonly uid?: string;
  /** True once this machine read or wrote what is kept there: then it must be able to. */
  readonly standing?: boolean;
  /** How far it was. */
  readonly seen?: Seen;
}

type About = Pick<Settings, "cacheDir" | "scope" | "cluster" | "kubeconfig" | "context" | "clusterUid">;

export async function readKnownCluster(settings: About): Promise<KnownCluster> {
  try {
    const known: unknown = JSON.parse(await readFile(fileOf(settings), "utf8"));
    if (typeof known !== "object" || known === null) return {};
    const uid = "uid" in known && typeof known.uid === "string" ? { uid: known.uid } : {};
    const seen = "seen" in known ? { seen: seenIn(known.seen) } : {};
    return { ...uid, standing: "standing" in known && known.standing === true, ...seen };
  } catch {
    return {};
  }
}

/** Answers why it could not be remembered. */
export async function rememberCluster(settings: About, known: KnownCluster): Promise<string | undefined> {
  const file = fileOf(settings);
  const draft = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(draft, JSON.stringify({ version: 1, ...known }), { mode: 0o600 });
    await rename(draft, file);
    return undefined;
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return `which cluster this is could not be remembered in ${file} (${why})`;
  }
}

/**
 * The uid of the cluster, when it is the expected one: the one that the flag names, else the one of before. Another cluster
 * behind the same name holds other people's objects, and none of what git deleted there was ever here. One that does not say
 * who it is passes only where nothing is expected.
 */
export async function checkIdentity(
  cluster: Cluster,
  settings: About,
  known: KnownCluster,
  signal: AbortSignal,
): Promise<Result<string | undefined>> {
  const expected = settings.clusterUid ?? known.uid;
  const answer = await cluster.identity(signal);
  if (!answer.ok) {
    if (expected === undefined) return ok(undefined);
    return failed(problemFailure(answer.problem, { verb: "read", what: "which cluster this is" }));
  }
  if (expected === undefined || answer.value === expected) return ok(answer.value);
  const before = settings.clusterUid === undefined ? "it was before" : "--cluster-uid says";
  const again = `if this one is meant, give --cluster-uid ${answer.value}`;
  return failed({
    code: "cluster/other-cluster",
    message: `the cluster${settings.context === undefined ? "" : ` behind ${settings.context}`} is ${answer.value}, and not ${expected} as ${before}`,
    remedy:
      settings.clusterUid === undefined
        ? `check the kubeconfig and its context; ${again} once, or delete ${fileOf(settings)}`
        : `check the kubeconfig and its context; ${again}`,
  });
}

function fileOf(settings: About): string {
  return recordFile(settings).replace(/\.json$/, ".cluster.json");
}
