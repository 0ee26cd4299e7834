// Writes src/embedded/kinds.generated.json: the kinds that the embedded cluster serves, as kube-apiserver publishes them
// (discovery and OpenAPI v3), and what only its Go types know (pointers, omitempty; scripts/embedded-kinds.go).
//   node scripts/embedded-kinds.mjs [--check]     needs Go; the release is the one of test/cluster-lab/control-plane/go.mod
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const OUTPUT = "src/embedded/kinds.generated.json";
const LAB = "test/cluster-lab/control-plane";

/** What people deploy from git, and what a reconciler itself writes. Anything else is not served. */
const SERVED = {
  v1: "ConfigMap Event LimitRange Namespace PersistentVolume PersistentVolumeClaim Pod ResourceQuota Secret Service ServiceAccount",
  "apps/v1": "DaemonSet Deployment ReplicaSet StatefulSet",
  "autoscaling/v2": "HorizontalPodAutoscaler",
  "autoscaling/v1": "HorizontalPodAutoscaler",
  "batch/v1": "CronJob Job",
  "coordination.k8s.io/v1": "Lease",
  "networking.k8s.io/v1": "Ingress IngressClass NetworkPolicy",
  "policy/v1": "PodDisruptionBudget",
  "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
  "scheduling.k8s.io/v1": "PriorityClass",
  "storage.k8s.io/v1": "StorageClass",
  "apiextensions.k8s.io/v1": "CustomResourceDefinition",
};

const go = (...args) => execFileSync("go", args, { cwd: LAB, encoding: "utf8", maxBuffer: 1 << 28 });
const sources = go("list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes").trim();
const release = go("list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes").trim();
const goTypes = JSON.parse(go("run", "../../../scripts/embedded-kinds.go"));
const published = (path) => JSON.parse(readFileSync(join(sources, "api", path), "utf8"));
const discovery = [
  ...published("discovery/aggregated_v2.json").items,
  { metadata: {}, versions: [{ version: "v1", resources: coreResources() }] },
];

/** The core group, which the published aggregated document leaves out, in the aggregated form. */
function coreResources() {
  const list = published("discovery/api__v1.json").resources;
  return list
    .filter(({ name }) => !name.includes("/"))
    .map((r) => ({
      resource: r.name,
      responseKind: { kind: r.kind },
      scope: r.namespaced ? "Namespaced" : "Cluster",
      singularResource: r.singularName,
      verbs: r.verbs,
      shortNames: r.shortNames,
      categories: r.categories,
      subresources: list
        .filter((s) => s.name.startsWith(`${r.name}/`))
        .map((s) => ({ subresource: s.name.split("/")[1] })),
    }));
}

const definitions = {};
const types = [];
const numbers = new Map();
const named = new Map();

function shared(node) {
  const text = JSON.stringify(node);
  const known = numbers.get(text);
  if (known !== undefined) return known;
  numbers.set(text, types.push(text) - 1);
  return types.length - 1;
}

function refOf(schema) {
  return (schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0].$ref : undefined))?.replace(
    "#/components/schemas/",
    "",
  );
}

/** The number of a schema's type; definitions get theirs before they are described, since they may hold themselves. */
function number(schema, goKind) {
  const ref = refOf(schema);
  if (ref === undefined) return shared(describe(schema, undefined, goKind));
  const atomic = schema["x-kubernetes-map-type"] === "atomic";
  const key = atomic ? `${ref} atomic` : ref;
  const known = named.get(key);
  if (known !== undefined) return known;
  const index = types.push("") - 1;
  named.set(key, index);
  const node = describe(definitions[ref] ?? {}, ref, undefined);
  types[index] = JSON.stringify(atomic ? { ...node, atomic: true } : node);
  return index;
}

const leafs = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { scalar: "untyped", format: "quantity" },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { scalar: "untyped", format: "int-or-string" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": { scalar: "untyped", format: "time" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": { scalar: "untyped", format: "micro-time" },
  "io.k8s.apimachinery.pkg.runtime.RawExtension": { untyped: "atomic" },
};

function describe(schema, ref, goKind) {
  if (ref !== undefined && leafs[ref] !== undefined) return leafs[ref];
  switch (schema.type) {
    case "integer":
    case "number":
      return { scalar: "numeric", format: schema.format };
    case "boolean":
      return { scalar: "boolean" };
    case "string":
      return { scalar: "string", format: schema.format === "byte" ? "bytes" : undefined };
    case "array":
      return { items: number(schema.items, goKind), ...listType(schema) };
    case "object":
      return describeObject(schema, ref);
    default:
      return { untyped: "deduced" };
  }
}

function listType(schema) {
  switch (schema["x-kubernetes-list-type"] ?? schema["x-kubernetes-patch-strategy"]) {
    case "map":
      return { list: "map", keys: schema["x-kubernetes-list-map-keys"] };
    case "set":
      return { list: "set" };
    case "merge":
    case "merge,retainKeys": {
      const key = schema["x-kubernetes-patch-merge-key"];
      return key === undefined ? { list: "set" } : { list: "map", keys: [key] };
    }
    default:
      return {};
  }
}

function describeObject(schema, ref) {
  const properties = Object.entries(schema.properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const known = goTypes.types[ref] ?? {};
  const atomic = schema["x-kubernetes-map-type"] === "atomic" ? true : undefined;
  if (properties.length === 0 && goTypes.types[ref] === undefined)
    return schema.additionalProperties === undefined
      ? { untyped: "deduced" }
      : { values: number(schema.additionalProperties), atomic };
  const fields = properties.map(([name, field]) => [
    name,
    describeField(field, known[name], schema.required?.includes(name)),
  ]);
  return { fields: Object.fromEntries(fields), atomic };
}

const REQUIRED = 1;
const POINTER = 2;
const OMIT_EMPTY = 4;
const OMIT_ZERO = 8;

function describeField(field, known, required) {
  const flags =
    (required ? REQUIRED : 0) |
    (known?.ptr ? POINTER : 0) |
    (known === undefined || known.omit ? OMIT_EMPTY : 0) |
    (known?.zero ? OMIT_ZERO : 0);
  const trivial = field.default === undefined || ["{}", '""', "null"].includes(JSON.stringify(field.default));
  const more = {
    default: trivial ? undefined : field.default,
    strategy: field["x-kubernetes-patch-strategy"],
    mergeKey: field["x-kubernetes-patch-merge-key"],
  };
  const entry = [number(field), flags];
  return Object.values(more).some((value) => value !== undefined) ? [...entry, more] : entry;
}

function describeKind(apiVersion, kind) {
  const [version, group = ""] = apiVersion.split("/").reverse();
  const resources = discovery
    .find(({ metadata }) => (metadata.name ?? "") === group)
    .versions.find((v) => v.version === version).resources;
  const {
    resource,
    scope,
    singularResource,
    verbs,
    shortNames,
    categories,
    subresources = [],
  } = resources.find((r) => r.responseKind.kind === kind);
  const path = group === "" ? `api__${version}` : `apis__${group}__${version}`;
  Object.assign(definitions, published(`openapi-spec/v3/${path}_openapi.json`).components.schemas);
  return {
    group,
    version,
    kind,
    resource,
    singular: singularResource,
    namespaced: scope === "Namespaced",
    verbs,
    shortNames,
    categories,
    subresources: subresources.map((s) => s.subresource).filter((name) => name === "status" || name === "scale"),
    type: number({ $ref: goTypes.kinds[`${apiVersion} ${kind}`] }),
  };
}

const kinds = Object.entries(SERVED).flatMap(([apiVersion, names]) =>
  names.split(" ").map((kind) => describeKind(apiVersion, kind)),
);
const text = `{"release":${JSON.stringify(release)},\n"kinds":[\n${kinds.map((k) => JSON.stringify(k)).join(",\n")}],\n"types":[\n${types.join(",\n")}]}\n`;

if (process.argv.includes("--check")) {
  if (readFileSync(OUTPUT, "utf8") !== text) {
    process.stderr.write(`${OUTPUT} is not what ${release} makes: run node scripts/embedded-kinds.mjs\n`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(OUTPUT, text);
  process.stdout.write(`${OUTPUT}: ${kinds.length} kinds, ${types.length} types, ${text.length} bytes\n`);
}
