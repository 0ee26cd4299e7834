import type { JsonObject } from "../../model/index.ts";
import type { Core } from "../core.ts";
import { metaOf } from "../verbs/write.ts";
import type { World } from "../world.ts";
import { collectGarbage, newOwners } from "./garbage.ts";
import { drainNamespace } from "./namespaces.ts";
import { rollOut } from "./rollouts.ts";

/** What the controller manager does, as far as a reconciler looks at it. */
export interface Controllers {
  /** Does all there is to do now. */
  run(): void;
}

export interface ControllerOptions {
  readonly world: World;
  readonly target: Core["target"];
  readonly mode: "running" | "manual" | "none";
  readonly rolloutMs: number;
  readonly closed: AbortSignal;
}

const PROTECTIONS = ["kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"];

/** Each change is looked at once; a controller that changes an object makes it looked at again. */
export function newControllers({ world, target, mode, rolloutMs, closed }: ControllerOptions): Controllers {
  const { store } = world;
  const changed = new Set<string>();
  const owners = newOwners(store);
  const due: { readonly key: string; readonly atMs: number }[] = [];
  if (mode === "none") return { run: () => undefined };
  store.subscribe((event) => {
    owners.note(event);
    changed.add(event.key);
  });
  const visit = (key: string): void => {
    const object = store.get(key);
    if (object === undefined) {
      collectGarbage(world, owners, key);
      for (const owner of owners.ownersOfGone(key)) changed.add(owner);
      owners.forget(key);
      const space = key.split("/")[2] ?? "";
      if (space !== "") changed.add(`/namespaces//${space}`);
      return;
    }
    if (metaOf(object)["deletionTimestamp"] !== undefined) {
      unprotect(world, key, object);
      collectGarbage(world, owners, key);
      if (key.startsWith("/namespaces/")) drainNamespace(world, key, object);
      const space = key.split("/")[2] ?? "";
      if (space !== "") drainNamespaceOf(world, space);
      return;
    }
    owners.adopt(world, key, object);
    if (rolloutMs <= 0) rollOut(world, target, key, object);
    else due.push({ key, atMs: world.clock.nowMs() + rolloutMs });
  };
  const run = (): void => {
    while (changed.size > 0) {
      const batch = [...changed];
      changed.clear();
      for (const key of batch) visit(key);
    }
    if (due.length > 0) later();
  };
  const waiting = { on: false };
  const later = (): void => {
    const first = due[0];
    if (waiting.on || first === undefined) return;
    waiting.on = true;
    const wait = async (): Promise<void> => {
      await world.clock.sleep(Math.max(0, first.atMs - world.clock.nowMs()), closed);
      waiting.on = false;
      const now = world.clock.nowMs();
      while (due[0] !== undefined && due[0].atMs <= now) {
        const { key } = due.shift() ?? first;
        const object = store.get(key);
        if (object !== undefined) rollOut(world, target, key, object);
      }
      run();
    };
    // Ends without a word when the cluster is closed.
    wait().catch(() => undefined);
  };
  return { run };
}

/** Volumes and claims that nobody uses let go at once. */
function unprotect(world: World, key: string, object: JsonObject): void {
  const meta = metaOf(object);
  const finalizers = Array.isArray(meta["finalizers"]) ? meta["finalizers"].map(String) : [];
  const left = finalizers.filter((one) => !PROTECTIONS.includes(one));
  if (left.length === finalizers.length) return;
  const { finalizers: _, ...rest } = meta;
  if (left.length === 0) world.store.remove(key, { ...object, metadata: rest });
  else world.store.put(key, { ...object, metadata: { ...rest, finalizers: left } });
}

function drainNamespaceOf(world: World, name: string): void {
  const key = `/namespaces//${name}`;
  const object = world.store.get(key);
  if (object !== undefined && metaOf(object)["deletionTimestamp"] !== undefined) drainNamespace(world, key, object);
}
