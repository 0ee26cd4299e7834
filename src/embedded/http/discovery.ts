import type { Json, JsonObject } from "../../model/index.ts";
import { apiVersionOf, RELEASE, type Registry, type Resource, type Served } from "../kinds/registry.ts";

/** Where an aggregated document is asked for (APIGroupDiscoveryList), and in which version. */
function aggregated(accept: string): string | undefined {
  const match = /g=apidiscovery\.k8s\.io;v=(v2beta1|v2)|v=(v2beta1|v2);g=apidiscovery\.k8s\.io/.exec(accept);
  return match === null ? undefined : `apidiscovery.k8s.io/${match[1] ?? match[2] ?? ""}`;
}

/** Discovery and what else a client asks before it begins; undefined for any other path. */
export function discoveryDocument(registry: Registry, path: string, accept: string): JsonObject | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const [root, group, version] = parts;
  if (path === "/version") return versionDocument();
  if (root === "api" && parts.length === 1) {
    const form = aggregated(accept);
    return form === undefined
      ? { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] }
      : groupList(registry, [""], form);
  }
  if (root === "apis" && parts.length === 1) {
    const groups = groupNames(registry).filter((name) => name !== "");
    const form = aggregated(accept);
    if (form !== undefined) return groupList(registry, groups, form);
    return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map((name) => groupDocument(registry, name)) };
  }
  if (root === "api" && parts.length === 2 && group === "v1") return resourceList(registry, "", "v1");
  if (root === "apis" && group !== undefined && versionsOf(registry, group).length > 0) {
    if (parts.length === 2) return { kind: "APIGroup", apiVersion: "v1", ...groupDocument(registry, group) };
    if (parts.length === 3 && version !== undefined && versionsOf(registry, group).includes(version))
      return resourceList(registry, group, version);
  }
  return undefined;
}

function versionDocument(): JsonObject {
  const [, major = "1", minor = "0"] = /^v(\d+)\.(\d+)/.exec(RELEASE) ?? [];
  return {
    major,
    minor,
    gitVersion: RELEASE,
    gitCommit: "embedded",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "none",
    compiler: "none",
    platform: "embedded",
  };
}

function groupNames(registry: Registry): readonly string[] {
  return [...new Set(registry.resources().map(({ group }) => group))];
}

function inGroup(registry: Registry, group: string): readonly Resource[] {
  return registry.resources().filter((resource) => resource.group === group);
}

function versionsOf(registry: Registry, group: string): readonly string[] {
  return [...new Set(inGroup(registry, group).flatMap((resource) => resource.versions.map((one) => one.version)))];
}

function groupDocument(registry: Registry, name: string): JsonObject {
  const versions = versionsOf(registry, name).map((version) => ({
    groupVersion: apiVersionOf({ group: name, version }),
    version,
  }));
  return { name, versions, preferredVersion: versions[0] ?? {} };
}

function served(registry: Registry, group: string, version: string): readonly Served[] {
  return inGroup(registry, group).flatMap((resource) => resource.versions.filter((one) => one.version === version));
}

const STATUS_VERBS = ["get", "patch", "update"];

function resourceList(registry: Registry, group: string, version: string): JsonObject {
  const resources = served(registry, group, version).flatMap((one): readonly JsonObject[] => [
    {
      name: one.resource,
      singularName: one.singular,
      namespaced: one.namespaced,
      kind: one.kind,
      verbs: one.verbs,
      ...(one.shortNames.length === 0 ? {} : { shortNames: one.shortNames }),
      ...(one.categories.length === 0 ? {} : { categories: one.categories }),
    },
    ...one.subresources.map((name) => ({
      name: `${one.resource}/${name}`,
      singularName: "",
      namespaced: one.namespaced,
      ...(name === "scale" ? { group: "autoscaling", version: "v1", kind: "Scale" } : { kind: one.kind }),
      verbs: STATUS_VERBS,
    })),
  ]);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersionOf({ group, version }), resources };
}

function groupList(registry: Registry, groups: readonly string[], apiVersion: string): JsonObject {
  const items = groups.map((name) => ({
    metadata: name === "" ? {} : { name },
    versions: versionsOf(registry, name).map((version) => ({
      version,
      freshness: "Current",
      resources: served(registry, name, version).map((one): Json => aggregatedResource(one)),
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion, metadata: {}, items };
}

function aggregatedResource(one: Served): JsonObject {
  const responseKind = { group: one.group, version: one.version, kind: one.kind };
  return {
    resource: one.resource,
    responseKind,
    scope: one.namespaced ? "Namespaced" : "Cluster",
    singularResource: one.singular,
    verbs: one.verbs,
    ...(one.shortNames.length === 0 ? {} : { shortNames: one.shortNames }),
    ...(one.categories.length === 0 ? {} : { categories: one.categories }),
    ...(one.subresources.length === 0
      ? {}
      : {
          subresources: one.subresources.map((subresource) => ({
            subresource,
            responseKind:
              subresource === "scale" ? { group: "autoscaling", version: "v1", kind: "Scale" } : responseKind,
            verbs: STATUS_VERBS,
          })),
        }),
  };
}
