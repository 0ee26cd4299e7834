import { groupOf, versionOf } from "../model/index.ts";
import type { VarSpec } from "./kustomization/fields.ts";
import type { Report } from "./report.ts";
import { currentId, previousIds, type ResourceId, type Scopes, sameId } from "./resource.ts";
import type { ResourceSet } from "./resource-set.ts";

/** Notes on the object that a var reads from that it is meant, whatever its name becomes. */
export function noteVarTargets(set: ResourceSet, spec: VarSpec, scopes: Scopes, report: Report): void {
  const id = varTarget(spec, scopes);
  const exact = id.namespace !== "" || id.clusterScoped;
  const matches = (other: ResourceId): boolean =>
    exact
      ? sameId(id, other)
      : id.name === other.name && id.kind === other.kind && id.group === other.group && id.version === other.version;
  const found = set.resources.filter((resource) => matches(currentId(resource)) || previousIds(resource).some(matches));
  const [only, second] = found;
  if (second !== undefined) {
    const remedy = "add objref.namespace";
    report.fail("build/variable", spec.at, `var ${spec.name ?? ""} may read from ${found.length} objects`, remedy);
  } else if (only !== undefined) only.refVarNames = [...only.refVarNames, spec.name ?? ""];
}

function varTarget(spec: VarSpec, scopes: Scopes): ResourceId {
  const { apiVersion = "", group = "", version = "", kind = "", name = "", namespace = "" } = spec.objref ?? {};
  const gv =
    apiVersion === "" ? { group, version } : { group: groupOf(apiVersion) || group, version: versionOf(apiVersion) };
  const full = gv.group === "" ? gv.version : `${gv.group}/${gv.version}`;
  return { ...gv, kind, name, namespace, clusterScoped: apiVersion === "" && scopes.isClusterScoped(full, kind) };
}
