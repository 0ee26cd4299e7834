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
  const index = (): Map<string, Resource> => {
    byId ??= new Map(resources.map((resource) => [idKey(currentId(resource)), resource]));
    return byId;
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
      resources.push(resource);
      return undefined;
    },
    replace(old, resource) {
      resources[resources.indexOf(old)] = resource;
      byId = undefined;
    },
    reset(others) {
      resources = [...others];
      byId = undefined;
    },
    idsChanged() {
      byId = undefined;
    },
    withAnyId(id) {
      const key = idKey(id);
      return resources.filter(
        (resource) =>
          idKey(currentId(resource)) === key || previousIds(resource).some((previous) => idKey(previous) === key),
      );
    },
  };
}
