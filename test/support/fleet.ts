import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditEvent, startCluster, type TestCluster } from "./cluster.ts";
import { type GitServer, startGitServer } from "./git-server.ts";
import { createMonorepo, type Monorepo, type MonorepoService } from "./monorepo.ts";
import { type Synced, sync, type Target } from "./program.ts";

/** A generated repository behind a git server, and a cluster of its own to sync it to. */
export interface Fleet {
  readonly cluster: TestCluster;
  readonly server: GitServer;
  readonly monorepo: Monorepo;
  readonly target: Target;
  service(index: number): MonorepoService;
  /** A sync, and what it made the API server write for services; dry runs are no writes. */
  sync(...more: readonly string[]): Promise<Synced & { readonly writes: readonly AuditEvent[] }>;
  close(): Promise<void>;
}

export async function startFleet(shape: { readonly services: number; readonly namespaces: number }): Promise<Fleet> {
  const root = mkdtempSync(join(tmpdir(), "gitops-e2e-"));
  const cluster = await startCluster();
  const monorepo = await createMonorepo(join(root, "config.git"), shape);
  const server = await startGitServer({ root });
  const target: Target = {
    repo: `${server.origin}/config.git`,
    kubeconfig: cluster.kubeconfigPath,
    cacheDir: join(root, "cache"),
    path: "clusters/dev",
  };
  return {
    cluster,
    server,
    monorepo,
    target,
    service(index) {
      const service = monorepo.services[index];
      if (service === undefined) throw new Error(`there is no service ${index}`);
      return service;
    },
    async sync(...more) {
      const since = cluster.mark();
      const synced = await sync(target, ...more);
      const audited = cluster.audit({ since, userAgent: "gitops/" });
      return { ...synced, writes: audited.filter(isOfServices) };
    },
    async close() {
      await server.close();
      await cluster.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Whether something was written, and not for what the program keeps of its own. */
export function isOfServices({ requestURI, objectRef }: AuditEvent): boolean {
  return !requestURI.includes("dryRun=All") && ![objectRef?.namespace, objectRef?.name].includes("gitops-system");
}

/** Audited writes as sorted lines: `patch configmaps shop/cart`. */
export function named(writes: readonly AuditEvent[]): readonly string[] {
  const line = ({ verb, objectRef }: AuditEvent): string =>
    `${verb} ${objectRef?.resource} ${objectRef?.namespace}/${objectRef?.name}`;
  return writes.map(line).sort();
}
