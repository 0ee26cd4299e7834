import { type Cluster, type Kind, problemFailure } from "../cluster/index.ts";
import {
  type Clock,
  child,
  type Failure,
  failed,
  groupOf,
  isObject,
  type Json,
  type Manifest,
  nearest,
  type ObjectRef,
  ok,
  type Result,
  refText,
  text,
  versionOf,
} from "../model/index.ts";

/** How long the API server may take to serve a kind after its definition was applied, and how often it is asked. */
const ESTABLISH_MS_MAX = 60_000;
const ESTABLISH_POLL_MS = 100;

/** The kind that a CustomResourceDefinition defines, so that its objects can be planned before it is served. */
export function definedKind(manifest: Manifest): Kind | undefined {
  if (manifest.kind !== "CustomResourceDefinition" || groupOf(manifest.apiVersion) !== "apiextensions.k8s.io")
    return undefined;
  const spec = child(manifest, "spec");
  const names = child(spec, "names");
  const [group, kind, resource] = [text(spec, "group"), text(names, "kind"), text(names, "plural")];
  const versions = spec?.["versions"];
  if (group === undefined || kind === undefined || resource === undefined || !Array.isArray(versions)) return undefined;
  const served = versions.flatMap((version: Json) => {
    const name = isObject(version) && version["served"] !== false ? text(version, "name") : undefined;
    return name === undefined ? [] : [name];
  });
  const [version] = served;
  if (version === undefined) return undefined;
  const namespaced = text(spec, "scope") === "Namespaced";
  return {
    group,
    version,
    versions: served,
    kind,
    resource,
    namespaced,
    verbs: ["get", "list", "watch", "patch", "delete"],
  };
}

/** The kind of an object that nobody is there to tell of: it has namespaces if the object is in one. */
export function assumedKind({ apiVersion, kind, metadata }: Manifest): Kind {
  const version = versionOf(apiVersion);
  const namespaced = typeof metadata.namespace === "string" && metadata.namespace !== "";
  return {
    group: groupOf(apiVersion),
    version,
    versions: [version],
    kind,
    resource: kind.toLowerCase(),
    namespaced,
    verbs: [],
  };
}

/** Waits until the API server says that a definition is established (its kind is served from then on). */
export async function established(
  cluster: Cluster,
  clock: Clock,
  crdKind: Kind,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<Result<void>> {
  const { name } = manifest.metadata;
  for (const until = clock.monotonicMs() + ESTABLISH_MS_MAX; ; await clock.sleep(ESTABLISH_POLL_MS, signal)) {
    const answer = await cluster.get(crdKind, "", name, signal);
    if (!answer.ok) return failed(problemFailure(answer.problem, { verb: "read", what: crdRef(name) }));
    const conditions = child(answer.value, "status")?.["conditions"];
    if (conditionIs(conditions, "Established", "True")) return ok(undefined);
    const refused = conditionIs(conditions, "NamesAccepted", "False");
    if (refused || clock.monotonicMs() > until) return failed(notEstablished(name, refused));
  }
}

function conditionIs(conditions: Json | undefined, type: string, status: string): boolean {
  if (!Array.isArray(conditions)) return false;
  return conditions.some(
    (condition: Json) => isObject(condition) && condition["type"] === type && condition["status"] === status,
  );
}

function crdRef(name: string): ObjectRef {
  return { group: "apiextensions.k8s.io", kind: "CustomResourceDefinition", namespace: "", name };
}

function notEstablished(name: string, refused: boolean): Failure {
  return {
    code: "apply/not-established",
    message: refused
      ? `the API server does not accept the names of CustomResourceDefinition ${name}: another one has them`
      : `CustomResourceDefinition ${name} is not established after ${ESTABLISH_MS_MAX / 1000} s`,
    remedy: `see the conditions of kubectl describe crd ${name}`,
    object: refText(crdRef(name)),
  };
}

/** Why a manifest's kind cannot be talked about; undefined when `kind` serves it in the manifest's version. */
export function kindFailure(
  manifest: Manifest,
  kind: Kind | undefined,
  failedGroups: ReadonlySet<string>,
  served: Iterable<Kind>,
): Failure | undefined {
  const group = groupOf(manifest.apiVersion);
  const name = `${manifest.kind} (${manifest.apiVersion}) ${manifest.metadata.name}`;
  if (kind === undefined && failedGroups.has(group)) {
    return {
      code: "cluster/discovery-failed",
      message: `whether the API server serves ${name} is unknown: group ${group} did not answer`,
      remedy: `see kubectl get apiservices | grep ${group}; objects of this group wait until it answers`,
    };
  }
  if (kind === undefined) {
    return {
      code: "plan/unknown-kind",
      message: `the API server serves no kind for ${name}, and nothing in this revision defines it`,
      remedy: kindRemedy(group, manifest.kind, served),
    };
  }
  if (kind.versions.includes(versionOf(manifest.apiVersion))) return undefined;
  return {
    code: "plan/unknown-kind",
    message: `${name} is not served in this version, only in ${kind.versions.join(", ")}`,
    remedy: `write apiVersion: ${group === "" ? "" : `${group}/`}${kind.version}`,
  };
}

/** What people meant, most likely: a kind of the same group, or of another one, or one that has to be installed. */
function kindRemedy(group: string, kind: string, served: Iterable<Kind>): string {
  const all = [...served];
  const near = (some: readonly Kind[]): Kind | undefined => {
    const name = nearest(kind, [...new Set(some.map((one) => one.kind))]);
    return some.find((one) => one.kind === name);
  };
  const meant = all.find((one) => one.kind === kind) ?? near(all.filter((one) => one.group === group));
  if (meant === undefined)
    return group === ""
      ? `write apiVersion with the group of ${kind}, or install what brings it`
      : `add the CustomResourceDefinition of ${group}/${kind}, or install what brings it`;
  const { group: home, version } = meant;
  return `did you mean kind: ${meant.kind} of apiVersion: ${home === "" ? version : `${home}/${version}`}?`;
}
