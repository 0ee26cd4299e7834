import { currentId, idKey, previousIds, type Resource, type ResourceId } from "./resource.ts";

/** The objects of a folder, in order. No two have the same current id when they are added. */
export interface ResourceSet {
  readonly resources: readonly Resource[];
  /** Adds at the end; answers the object that has the same id already, and then adds nothing. */
  append(resource: Resource): Resource | undefined;
  /** Puts another object in the place of one. */
  replace(old: Resource, resource: Resource): void;
  /** Puts other objects, or the same in another order, in the place of all. */
  reset(resources: readonly Resource[]): void;
  /** To be called when ids may have changed: of one object, or of any. */
  idsChanged(resource?: Resource): void;
  /** Objects of which the present or an earlier id is this one. */
  withAnyId(id: ResourceId): readonly Resource[];
}

/** Objects by an id, and the ids under which each is found. */
interface Index {
  readonly current: Map<string, Resource>;
  readonly any: Map<string, Resource[]>;
  readonly keys: Map<Resource, readonly string[]>;
}

export function newResourceSet(): ResourceSet {
  let resources: Resource[] = [];
  let known: Index | undefined;
  const index = (): Index => {
    if (known === undefined) {
      known = { current: new Map(), any: new Map(), keys: new Map() };
      for (const resource of resources) note(known, resource, keysOf(resource));
    }
    return known;
  };
  const forget = (): void => {
    known = undefined;
  };
  return {
    get resources() {
      return resources;
    },
    append(resource) {
      const keys = keysOf(resource);
      const into = index();
      const present = into.current.get(keys[0] ?? "");
      if (present !== undefined) return present;
      note(into, resource, keys);
      resources.push(resource);
      return undefined;
    },
    replace(old, resource) {
      resources[resources.indexOf(old)] = resource;
      const keys = known?.keys.get(old);
      if (known === undefined || keys === undefined || !sameKeys(keys, keysOf(resource))) {
        forget();
        return;
      }
      known.keys.delete(old);
      known.keys.set(resource, keys);
      known.current.set(keys[0] ?? "", resource);
      for (const key of keys) {
        const group = known.any.get(key);
        if (group !== undefined) group[group.indexOf(old)] = resource;
      }
    },
    reset(others) {
      resources = [...others];
      forget();
    },
    idsChanged(resource) {
      const keys = resource === undefined ? undefined : known?.keys.get(resource);
      if (resource === undefined || keys === undefined || !sameKeys(keys, keysOf(resource))) forget();
    },
    withAnyId: (id) => index().any.get(idKey(id)) ?? [],
  };
}

/** The present id first, then the others that it had. */
function keysOf(resource: Resource): readonly string[] {
  const current = idKey(currentId(resource));
  return resource.previous.length === 0 ? [current] : [...new Set([current, ...previousIds(resource).map(idKey)])];
}

function note(into: Index, resource: Resource, keys: readonly string[]): void {
  into.keys.set(resource, keys);
  into.current.set(keys[0] ?? "", resource);
  for (const key of keys) {
    const group = into.any.get(key);
    if (group === undefined) into.any.set(key, [resource]);
    else group.push(resource);
  }
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, position) => key === b[position]);
}
