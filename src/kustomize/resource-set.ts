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
  /** To be called when ids may have changed. */
  idsChanged(): void;
  /** Objects of which the present or an earlier id is this one. */
  withAnyId(id: ResourceId): readonly Resource[];
}

export function newResourceSet(): ResourceSet {
  let resources: Resource[] = [];
  let byId: Map<string, Resource> | undefined = new Map();
  let byAnyId: Map<string, Resource[]> | undefined;
  const index = (): Map<string, Resource> => {
    byId ??= new Map(resources.map((resource) => [idKey(currentId(resource)), resource]));
    return byId;
  };
  const note = (into: Map<string, Resource[]>, resource: Resource): void => {
    for (const key of new Set([currentId(resource), ...previousIds(resource)].map(idKey))) {
      const group = into.get(key);
      if (group === undefined) into.set(key, [resource]);
      else group.push(resource);
    }
  };
  const forget = (): void => {
    byId = undefined;
    byAnyId = undefined;
  };
  return {
    get resources() {
      return resources;
    },
    append(resource) {
      const key = idKey(currentId(resource));
      const present = index().get(key);
      if (present !== undefined) return present;
      index().set(key, resource);
      if (byAnyId !== undefined) note(byAnyId, resource);
      resources.push(resource);
      return undefined;
    },
    replace(old, resource) {
      resources[resources.indexOf(old)] = resource;
      forget();
    },
    reset(others) {
      resources = [...others];
      forget();
    },
    idsChanged: forget,
    withAnyId(id) {
      if (byAnyId === undefined) {
        byAnyId = new Map();
        for (const resource of resources) note(byAnyId, resource);
      }
      return byAnyId.get(idKey(id)) ?? [];
    },
  };
}
