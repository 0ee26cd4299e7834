import { isObject, type JsonObject } from "../../model/index.ts";
import { scalarText } from "../kinds/draft.ts";
import { finalizersOf } from "../verbs/delete.ts";
import { metaOf } from "../verbs/write.ts";
import { timestamp, type World } from "../world.ts";

/** Deletes what is in a namespace that is being deleted, and then the namespace. */
export function drainNamespace(world: World, key: string, namespace: JsonObject): void {
  const name = scalarText(metaOf(namespace)["name"]);
  const state = { left: 0 };
  for (const resource of world.registry.resources()) {
    if (resource.versions[0]?.namespaced !== true) continue;
    for (const [objectKey, object] of world.store.list(`${resource.group}/${resource.resource}/${name}/`)) {
      const meta = metaOf(object);
      if (finalizersOf(meta).length === 0) {
        world.store.remove(objectKey, object);
        continue;
      }
      state.left++;
      if (meta["deletionTimestamp"] === undefined)
        world.store.put(objectKey, {
          ...object,
          metadata: { ...meta, deletionTimestamp: timestamp(world.clock), deletionGracePeriodSeconds: 0 },
        });
    }
  }
  if (state.left > 0) return;
  const current = world.store.get(key);
  if (current === undefined) return;
  const spec = isObject(current["spec"]) ? current["spec"] : {};
  const { finalizers: _, ...rest } = spec;
  if (finalizersOf(metaOf(current)).length === 0) world.store.remove(key, { ...current, spec: rest });
  else if (Array.isArray(spec["finalizers"]) && spec["finalizers"].length > 0)
    world.store.put(key, { ...current, spec: rest });
}
