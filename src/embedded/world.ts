import type { Clock } from "../model/index.ts";
import type { Registry, Resource, Served } from "./kinds/registry.ts";
import type { Type } from "./schema/type.ts";
import type { Store } from "./store.ts";

/** Who asks. */
export interface Caller {
  readonly user: string;
  readonly groups: readonly string[];
  readonly userAgent: string;
  /** Set when `user` acts as another (Impersonate-User). */
  readonly impersonated?: { readonly user: string; readonly groups: readonly string[] };
}

/** Everything that verbs work on. One embedded cluster has one. */
export interface World {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  /** The next uid: random, or the next of the seed's. */
  readonly uid: () => string;
  /** What was given to services last. */
  readonly given: { address: number };
  /** The type of metadata, which every kind shares. */
  readonly meta: Type;
}

/** One request about one kind. */
export interface Target {
  readonly world: World;
  readonly resource: Resource;
  readonly served: Served;
  readonly namespace: string;
  readonly subresource: "" | "status";
  readonly caller: Caller;
  /** The field manager; of a request that names none, the user agent's name. */
  readonly manager: string;
  readonly dryRun: boolean;
  readonly validation: "Strict" | "Warn" | "Ignore";
  /** What the answer's Warning headers say. */
  readonly warnings: string[];
}

export function keyOf({ resource, namespace }: Pick<Target, "resource" | "namespace">, name: string): string {
  return `${resource.group}/${resource.resource}/${namespace}/${name}`;
}

/** RFC 3339 to the second, as metav1.Time. */
export function timestamp(clock: Clock): string {
  return `${new Date(clock.nowMs()).toISOString().slice(0, 19)}Z`;
}
