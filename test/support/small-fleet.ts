import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditEvent, TestCluster } from "./cluster.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { isOfServices } from "./fleet.ts";
import { type GitServer, startGitServer } from "./git-server.ts";
import { type Changes, createRepository, type Repository } from "./git-server-repository.ts";
import { send } from "./https.ts";
import { fluxDocument, type MonorepoService, serviceOf } from "./monorepo.ts";
import { type Synced, sync, type Target } from "./program.ts";
import { sharedCluster } from "./shared-cluster.ts";

type DocumentChange = Parameters<typeof fluxDocument>[1];

/** An object as the API server tells it. */
export interface Told {
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/**
 * A few services in a namespace of their own, by default on the run's shared cluster, where the administrator may do anything to their
 * objects meanwhile. The audit log is the judge: `sync` answers what it made the API server write, refused writes too.
 */
export interface SmallFleet {
  readonly cluster: TestCluster;
  readonly server: GitServer;
  readonly repository: Repository;
  readonly target: Target;
  /** Flags of every command: the scope is this fleet's own. */
  readonly scope: readonly string[];
  readonly namespace: string;
  service(name: string): MonorepoService;
  /** A service's files: its Flux document, and each object in a file of its own; null takes a file away. */
  declares(name: string, objects: Readonly<Record<string, string | null>>, changed?: DocumentChange): Changes;
  commit(...changes: readonly Changes[]): Promise<string>;
  sync(...more: readonly string[]): Promise<Synced & { readonly writes: readonly AuditEvent[] }>;
  /** A request of the administrator's; the object, or undefined when there is none. Throws when it is refused. */
  ask(method: string, path: string, body?: unknown, contentType?: string): Promise<Told | undefined>;
  /** `/api/v1/namespaces/NAMESPACE/configmaps/NAME`, or of another resource. */
  path(name: string, resource?: string): string;
  /** The uid of a config map; undefined when it is gone. */
  uid(name: string): Promise<string | undefined>;
  /** Runs with a proxy between the program and the API server. */
  proxied<T>(use: (proxy: FaultProxy, flags: readonly string[]) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** `name` is the namespace's and the scope's. */
export async function startSmallFleet(name: string, cluster: TestCluster = sharedCluster()): Promise<SmallFleet> {
  const root = mkdtempSync(join(tmpdir(), "gitops-small-"));
  const repository = await createRepository(join(root, "config.git"));
  const server = await startGitServer({ root });
  const target: Target = {
    repo: `${server.origin}/config.git`,
    kubeconfig: cluster.kubeconfigPath,
    cacheDir: join(root, "cache"),
    path: "clusters/dev",
  };
  const scope = ["--scope", name];
  const service = (one: string): MonorepoService => serviceOf("dev", name, one);
  const path = (object: string, resource = "configmaps"): string => {
    const group = resource.includes("/") ? `/apis/${resource.slice(0, resource.lastIndexOf("/"))}` : "/api/v1";
    return `${group}/namespaces/${name}/${resource.slice(resource.lastIndexOf("/") + 1)}/${object}`;
  };
  const ask: SmallFleet["ask"] = async (method, at, body, contentType) => {
    const { url, ca, token } = cluster;
    const type = contentType === undefined ? {} : { contentType };
    const answer = await send(`${url}${at}`, { method, ca, token, body, ...type });
    if (answer.status === 404) return undefined;
    if (answer.status >= 300) throw new Error(`${method} ${at}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as Told;
  };
  await ask("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  return {
    cluster,
    server,
    repository,
    target,
    scope,
    namespace: name,
    service,
    declares(one, objects, changed) {
      const { document, folder } = service(one);
      const files = Object.entries(objects).map(([file, text]) => [`${folder}/${file}.yaml`, text] as const);
      return {
        [document]: fluxDocument(service(one), changed),
        ...Object.fromEntries(files),
      };
    },
    commit: (...changes) => repository.commit(Object.assign({}, ...changes) as Changes, "a commit"),
    async sync(...more) {
      const since = cluster.mark();
      const synced = await sync(target, ...scope, ...more);
      const audited = cluster.audit({ since, userAgent: "gitops/" });
      return { ...synced, writes: audited.filter(isOfServices) };
    },
    ask,
    path,
    uid: async (object) => (await ask("GET", path(object)))?.metadata.uid,
    async proxied(use) {
      const proxy = await startFaultProxy(cluster);
      const kubeconfig = join(root, "proxied.kubeconfig");
      writeFileSync(kubeconfig, readFileSync(cluster.kubeconfigPath, "utf8").replace(cluster.url, proxy.url));
      try {
        return await use(proxy, ["--kubeconfig", kubeconfig]);
      } finally {
        await proxy.close();
      }
    },
    async close() {
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A config map with one value. */
export function map(name: string, value = "1"): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {VALUE: "${value}"}\n`;
}

/** Steps of all services as `action name`, sorted; what is as it was is left out. */
export function steps({ pass }: Synced): readonly string[] {
  return pass.services
    .flatMap((service) => service.steps)
    .filter(({ action }) => action !== "unchanged")
    .map((step) => `${step.action} ${step.name}`)
    .sort();
}

/** Codes of all failures, of the run and of services. */
export function codes({ pass }: Synced): readonly string[] {
  return [...pass.failures, ...pass.services.flatMap(({ failures }) => failures)].map(({ code }) => code);
}
