import type { JsonObject } from "../model/index.ts";

/** One change of one object, at the version it made. */
export interface StoreEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly key: string;
  readonly resource: string;
  readonly version: number;
  /** As it is now; of a deleted object the last state, at the version of the deletion. */
  readonly object: JsonObject;
  readonly before: JsonObject | undefined;
}

/** What a save file holds. */
export type Saved = {
  readonly version: number;
  readonly objects: readonly (readonly [string, JsonObject])[];
};

/** Objects by key (`group/resource/namespace/name`), one version counter, and the recent past. */
export interface Store {
  version(): number;
  get(key: string): JsonObject | undefined;
  /** Keys and objects with a prefix, sorted by key. */
  list(prefix: string): readonly (readonly [string, JsonObject])[];
  /** True while an object is as it was created. */
  isFresh(key: string): boolean;
  /** Makes a new version; the object gets it as its resourceVersion. */
  put(key: string, object: JsonObject): JsonObject;
  remove(key: string, last: JsonObject): JsonObject;
  /** Events of a resource after a version; undefined when it is too far back. */
  since(resource: string, version: number): readonly StoreEvent[] | undefined;
  /** Forgets the past up to now: older versions answer 410. */
  compact(): void;
  subscribe(listener: (event: StoreEvent) => void): () => void;
  save(): Saved;
}

export function newStore(historyLimit: number, saved?: Saved): Store {
  const objects = new Map<string, JsonObject>(saved?.objects ?? []);
  const byResource = new Map<string, Set<string>>();
  const fresh = new Set<string>();
  const listeners = new Set<(event: StoreEvent) => void>();
  const index = (key: string): Set<string> => {
    const resource = resourceOf(key);
    const known = byResource.get(resource) ?? new Set();
    byResource.set(resource, known);
    return known;
  };
  for (const key of objects.keys()) index(key).add(key);
  const state = { version: saved?.version ?? 0, oldest: saved?.version ?? 0, history: [] as StoreEvent[] };

  const record = (event: StoreEvent): void => {
    state.history.push(event);
    // Trimmed in halves, so that a write costs the same however long the past is.
    if (state.history.length > historyLimit * 2) {
      state.history = state.history.slice(-historyLimit);
      state.oldest = (state.history[0]?.version ?? state.version) - 1;
    }
    for (const listener of listeners) listener(event);
  };

  return {
    version: () => state.version,
    get: (key) => objects.get(key),
    list: (prefix) =>
      [...(byResource.get(resourceOf(prefix)) ?? [])]
        .filter((key) => key.startsWith(prefix))
        .sort()
        .flatMap((key) => {
          const object = objects.get(key);
          return object === undefined ? [] : [[key, object] as const];
        }),
    isFresh: (key) => fresh.has(key),
    put(key, object) {
      const version = ++state.version;
      const before = objects.get(key);
      const stored = stamped(object, version);
      objects.set(key, stored);
      if (before === undefined) fresh.add(key);
      else fresh.delete(key);
      index(key).add(key);
      record({
        type: before === undefined ? "ADDED" : "MODIFIED",
        key,
        resource: resourceOf(key),
        version,
        object: stored,
        before,
      });
      return stored;
    },
    remove(key, last) {
      const version = ++state.version;
      const before = objects.get(key);
      objects.delete(key);
      fresh.delete(key);
      index(key).delete(key);
      const object = stamped(last, version);
      record({ type: "DELETED", key, resource: resourceOf(key), version, object, before });
      return object;
    },
    since(resource, version) {
      if (version < state.oldest) return undefined;
      return state.history.filter((event) => event.version > version && event.resource === resource);
    },
    compact() {
      state.history = [];
      state.oldest = state.version;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    save: () => ({ version: state.version, objects: [...objects] }),
  };
}

/** `group/resource` of a key or prefix. */
function resourceOf(key: string): string {
  return key.split("/").slice(0, 2).join("/");
}

function stamped(object: JsonObject, version: number): JsonObject {
  return { ...object, metadata: { ...(object["metadata"] as JsonObject), resourceVersion: String(version) } };
}
