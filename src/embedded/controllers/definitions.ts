import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { scalarText } from "../kinds/draft.ts";
import { customResource, type Resource } from "../kinds/registry.ts";
import { customSchema } from "../schema/structural.ts";
import { finalizersOf } from "../verbs/delete.ts";
import { metaOf } from "../verbs/write.ts";
import type { World } from "../world.ts";
import { timestamp } from "../world.ts";

const PREFIX = "apiextensions.k8s.io/customresourcedefinitions/";
const CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

/** Serves the kinds that CustomResourceDefinitions declare, and says so in their status: part of the API server itself. */
export function definitions(world: World): { serve(crd: JsonObject): void; settle(): void } {
  const changed = new Map<string, JsonObject | undefined>();
  const served = new Map<string, Resource>();
  /** Definitions that wait for their objects to go, by `group/resource` of these. */
  const ending = new Map<string, string>();
  world.store.subscribe(({ key, type, object }) => {
    if (key.startsWith(PREFIX)) changed.set(key, type === "DELETED" ? undefined : object);
    if (ending.size === 0) return;
    const waiting = ending.get(key.split("/", 2).join("/"));
    if (waiting !== undefined) changed.set(waiting, world.store.get(waiting));
  });
  const drop = (key: string): void => {
    const old = served.get(key);
    if (old !== undefined) world.registry.remove(old.group, old.resource);
    served.delete(key);
    if (old !== undefined) ending.delete(`${old.group}/${old.resource}`);
  };
  const serve = (crd: JsonObject): void => {
    const key = `${PREFIX}/${scalarText(metaOf(crd)["name"])}`;
    drop(key);
    const resource = customResource(crd, (schema) => customSchema(schema, world.meta));
    if (resource === undefined) return;
    world.registry.add(resource);
    served.set(key, resource);
  };
  return {
    serve,
    settle() {
      while (changed.size > 0) {
        const batch = [...changed];
        changed.clear();
        for (const [key, crd] of batch) {
          const resource = served.get(key);
          if (crd === undefined) drop(key);
          else if (metaOf(crd)["deletionTimestamp"] !== undefined) {
            if (resource !== undefined) ending.set(`${resource.group}/${resource.resource}`, key);
            cleanUpAfter(world, key, crd, resource);
          } else {
            serve(crd);
            const status = establishedStatus(world, crd);
            if (status !== undefined) world.store.put(key, { ...crd, status });
          }
        }
      }
    },
  };
}

/** The status of an accepted definition; undefined when it says so already. */
function establishedStatus(world: World, crd: JsonObject): JsonObject | undefined {
  const [spec, status] = [crd["spec"], isObject(crd["status"]) ? crd["status"] : {}];
  if (!isObject(spec) || !Array.isArray(spec["versions"])) return undefined;
  const conditions = Array.isArray(status["conditions"]) ? (status["conditions"] as readonly Json[]) : [];
  const stored = (spec["versions"] as readonly JsonObject[])
    .filter((version) => version["storage"] === true)
    .map((version) => scalarText(version["name"]));
  const before = Array.isArray(status["storedVersions"]) ? status["storedVersions"].map(String) : [];
  const storedVersions = [...new Set([...before, ...stored])];
  const established = conditions.some(
    (one) => isObject(one) && one["type"] === "Established" && one["status"] === "True",
  );
  if (established && storedVersions.length === before.length && same(status["acceptedNames"], spec["names"]))
    return undefined;
  const now = timestamp(world.clock);
  return {
    ...status,
    conditions: [
      {
        type: "NamesAccepted",
        status: "True",
        lastTransitionTime: now,
        reason: "NoConflicts",
        message: "no conflicts found",
      },
      {
        type: "Established",
        status: "True",
        lastTransitionTime: now,
        reason: "InitialNamesAccepted",
        message: "the initial names have been accepted",
      },
    ],
    acceptedNames: spec["names"] ?? {},
    storedVersions,
  };
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A deleted definition takes its objects with it; when they are gone, so is it. */
function cleanUpAfter(world: World, key: string, crd: JsonObject, resource: Resource | undefined): void {
  if (resource !== undefined) {
    const prefix = `${resource.group}/${resource.resource}/`;
    for (const [objectKey, object] of world.store.list(prefix)) {
      const meta = metaOf(object);
      if (finalizersOf(meta).length === 0) world.store.remove(objectKey, object);
      else if (meta["deletionTimestamp"] === undefined)
        world.store.put(objectKey, {
          ...object,
          metadata: { ...meta, deletionTimestamp: timestamp(world.clock), deletionGracePeriodSeconds: 0 },
        });
    }
    if (world.store.list(prefix).length > 0) return;
  }
  const meta = metaOf(crd);
  const finalizers = finalizersOf(meta).filter((one) => one !== CLEANUP);
  if (finalizers.length === finalizersOf(meta).length) return;
  const { finalizers: _, ...rest } = meta;
  if (finalizers.length === 0) world.store.remove(key, { ...crd, metadata: rest });
  else world.store.put(key, { ...crd, metadata: { ...rest, finalizers } });
}
