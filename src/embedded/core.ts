import { createHash, randomUUID } from "node:crypto";
import type { Clock } from "../model/index.ts";
import { type Audit, type AuditEvent, newAudit } from "./api/audit.ts";
import { type Controllers, newControllers } from "./controllers/controllers.ts";
import { definitions } from "./controllers/definitions.ts";
import { newRegistry, type Resource, type Served } from "./kinds/registry.ts";
import { newStore, type Saved } from "./store.ts";
import { readObject } from "./verbs/prepare.ts";
import { newPages, type Pages } from "./verbs/read.ts";
import { insertObject } from "./verbs/write.ts";
import type { Caller, Target, World } from "./world.ts";

export interface EmbeddedOptions {
  readonly clock: Clock;
  /** The same seed gives the same uids in the same order; without one they are random. */
  readonly seed?: number;
  /**
   * `running`: garbage collection, namespace removal and rollouts happen right after each request. `manual`: when
   * `runControllers` is called. `none`: never, as on an API server alone; definitions are established all the same.
   */
  readonly controllers?: "running" | "manual" | "none";
  /** How long a rollout takes; 0, the default, is at once. */
  readonly rolloutMs?: number;
  /** How many changes watches can go back; older versions answer 410. */
  readonly historyLimit?: number;
  /** What `save` gave. */
  readonly saved?: Saved;
  /** Called for every request, as the API server's audit log would have it. */
  readonly onAudit?: (event: AuditEvent) => void;
}

const HISTORY_LIMIT = 10_000;

/** One embedded cluster: its objects, its kinds and what works on them. */
export interface Core {
  readonly world: World;
  readonly pages: Pages;
  readonly audit: Audit;
  readonly controllers: Controllers;
  /** To be called after each request: lets controllers react. */
  settle(): void;
  target(served: Served, resource: Resource, namespace: string, more?: Partial<Target>): Target;
  close(): void;
  readonly closed: AbortSignal;
}

/** Who the embedded cluster's own parts are. */
export const SYSTEM: Caller = { user: "system:embedded", groups: ["system:masters"], userAgent: "embedded" };

export function newCore(options: EmbeddedOptions): Core {
  const registry = newRegistry();
  const store = newStore(options.historyLimit ?? HISTORY_LIMIT, options.saved);
  const meta = registry.find("", "configmaps")?.versions[0]?.type.map?.fields.get("metadata")?.type ?? {};
  const world: World = { store, registry, clock: options.clock, uid: uids(options.seed), given: { address: 0 }, meta };
  const closing = new AbortController();
  const mode = options.controllers ?? "running";
  const target: Core["target"] = (served, resource, namespace, more = {}) => ({
    world,
    resource,
    served,
    namespace,
    subresource: "",
    caller: SYSTEM,
    manager: SYSTEM.userAgent,
    dryRun: false,
    validation: "Ignore",
    warnings: [],
    ...more,
  });
  const controllers = newControllers({
    world,
    target,
    mode,
    rolloutMs: options.rolloutMs ?? 0,
    closed: closing.signal,
  });
  const establish = definitions(world);
  if (options.saved === undefined) bootstrap(world, target);
  for (const [, crd] of store.list("apiextensions.k8s.io/customresourcedefinitions/")) establish.serve(crd);
  return {
    world,
    pages: newPages(),
    audit: newAudit(options.clock, world.uid, options.onAudit),
    controllers,
    settle() {
      establish.settle();
      if (mode === "running") controllers.run();
      establish.settle();
    },
    target,
    close: () => closing.abort(new Error("the embedded cluster was closed")),
    closed: closing.signal,
  };
}

/** Random uids, or those of a seed: hashes of it and a count, in the form of a version 4 uuid. */
function uids(seed: number | undefined): () => string {
  if (seed === undefined) return () => randomUUID();
  const state = { count: 0 };
  return () => {
    const hex = createHash("sha256")
      .update(`${seed}:${state.count++}`)
      .digest("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
}

/** The namespaces that every cluster has. */
function bootstrap(world: World, target: Core["target"]): void {
  const resource = world.registry.find("", "namespaces");
  const served = resource?.versions[0];
  if (resource === undefined || served === undefined) return;
  for (const name of ["default", "kube-node-lease", "kube-public", "kube-system"]) {
    const at = target(served, resource, "");
    const read = readObject(at, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    if (read.ok) insertObject(at, read.value);
  }
}
