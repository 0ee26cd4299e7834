import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LiveObject } from "../../cluster/index.ts";
import { createEmbedded, type EmbeddedCluster, serveEmbedded } from "../../embedded/index.ts";
import { createRepository, type NewRepository } from "../../git/index.ts";
import { failed, type Json, ok, type Result } from "../../model/index.ts";
import type { World } from "../world.ts";

/** Put in by the bundler: the files of `fixtures/monorepo`, by path. */
declare const GITOPS_DEMO_FILES: Readonly<Record<string, string>>;

/** An API server in this process, a repository in a folder, and what a person may do to either. */
export interface Stage {
  /** Holds the repository, the kubeconfig and the cache; goes with `close`. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly repository: NewRepository;
  /** A file of the example as it is committed first. */
  file(path: string): string;
  object(kind: string, namespace: string, name: string, signal: AbortSignal): Promise<LiveObject | undefined>;
  /** Merges into an object what somebody else wants. */
  edit(kind: string, namespace: string, name: string, patch: Json, signal: AbortSignal): Promise<Result<void>>;
  remove(kind: string, namespace: string, name: string, signal: AbortSignal): Promise<Result<void>>;
  /** How many writes the API server was sent so far, by anyone, beside status. */
  writes(): number;
  close(): Promise<void>;
  /** Takes the folder away, for an end at once. */
  abandon(): void;
}

const AUTHOR = { name: "gitops demo", email: "demo@example.org" };
/** Where the calls of the demonstration keep their status. */
export const STATUS_NAMESPACE = "gitops-system";
const WRITES: ReadonlySet<string> = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/** Starts an empty API server and commits the example to a repository. */
export async function setStage({ env, clock }: World, signal: AbortSignal): Promise<Result<Stage>> {
  if (typeof GITOPS_DEMO_FILES !== "object") throw new Error("the files of the demo are not bundled in");
  const files = GITOPS_DEMO_FILES;
  const made = await newFolder();
  if (!made.ok) return made;
  const folder = made.value;
  const abandon = (): void => rmSync(folder, { recursive: true, force: true });
  const options = { author: AUTHOR, environment: env, clock };
  const repository = await createRepository(join(folder, "releases.git"), options, signal);
  if (!repository.ok) {
    abandon();
    return repository;
  }
  const first = await repository.value.commit(files, "everything that runs in dev", signal);
  if (!first.ok) {
    abandon();
    return first;
  }
  const seen = { writes: 0 };
  const cluster = createEmbedded({
    clock,
    onAudit: ({ verb, objectRef }) => {
      const ofStatus = [objectRef?.["namespace"], objectRef?.["name"]].includes(STATUS_NAMESPACE);
      if (WRITES.has(verb) && !ofStatus) seen.writes += 1;
    },
  });
  const served = await serveEmbedded(cluster);
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, served.kubeconfig, { mode: 0o600 });
  return ok({
    folder,
    kubeconfig,
    repository: repository.value,
    file: (path) => files[path] ?? "",
    ...handsOn(cluster),
    writes: () => seen.writes,
    async close() {
      await served.close();
      await cluster.close();
      abandon();
    },
    abandon,
  });
}

async function newFolder(): Promise<Result<string>> {
  try {
    return ok(await mkdtemp(join(tmpdir(), "gitops-demo-")));
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return failed({
      code: "usage/invalid-settings",
      message: `no folder can be made in ${tmpdir()} (${why})`,
      remedy: "set TMPDIR to a folder that can be written",
    });
  }
}

/** What people do with kubectl. */
function handsOn(cluster: EmbeddedCluster): Pick<Stage, "object" | "edit" | "remove"> {
  const somebody = cluster.as({ user: "somebody", userAgent: "kubectl" });
  const kindOf = async (name: string, signal: AbortSignal) => {
    const kinds = await cluster.kinds(signal);
    const found = kinds.ok ? kinds.value.kinds.find(({ kind }) => kind === name) : undefined;
    if (found === undefined) throw new Error(`the embedded cluster serves no ${name}`);
    return found;
  };
  return {
    async object(kind, namespace, name, signal) {
      const answer = await somebody.get(await kindOf(kind, signal), namespace, name, signal);
      return answer.ok ? answer.value : undefined;
    },
    async edit(kind, namespace, name, patch, signal) {
      const type = "application/merge-patch+json";
      const answer = await somebody.patch(await kindOf(kind, signal), namespace, name, type, patch, signal);
      return answer.ok ? ok(undefined) : failed(refused(answer.problem.message));
    },
    async remove(kind, namespace, name, signal) {
      const found = await kindOf(kind, signal);
      const live = await somebody.metadata(found, namespace, name, signal);
      if (!live.ok || live.value === undefined) return failed(refused(`there is no ${kind} ${namespace}/${name}`));
      const { uid, resourceVersion } = live.value;
      const options = { uid, resourceVersion, propagation: "Background" } as const;
      const answer = await somebody.remove(found, namespace, name, options, signal);
      return answer.ok ? ok(undefined) : failed(refused(answer.problem.message));
    },
  };
}

function refused(why: string) {
  return {
    code: "reconcile/bug",
    message: `the embedded cluster refused what the demo does to it: ${why}`,
    remedy: "report it",
  } as const;
}
