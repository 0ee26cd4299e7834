// Writes src/kustomize/schema/builtin.generated.ts from the OpenAPI documents that kyaml carries.
//   node scripts/schema.mjs [--check]      needs Go, for `go mod download` of the pinned module
// It keeps what strategic merge and scope lookups need. A property of the OpenAPI schema that is wanted later is one more
// line in `describe`: equal types are shared, so it costs little.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gunzipSync } from "node:zlib";

const MODULE = "sigs.k8s.io/kustomize/kyaml@v0.21.2";
const OUTPUT = "src/kustomize/schema/builtin.generated.ts";

const module_ = JSON.parse(execFileSync("go", ["mod", "download", "-json", MODULE], { encoding: "utf8", cwd: "/" }));
const openapi = join(module_.Dir, "openapi");
const bundle = JSON.parse(
  gunzipSync(
    readFileSync(join(openapi, "kubernetesapi/data/kubernetes-openapi-union-v1.21.2.bundle-v1.json.gz")),
  ).toString("utf8"),
);
const kustomization = JSON.parse(readFileSync(join(openapi, "kustomizationapi/swagger.json"), "utf8"));

const definitions = { ...bundle.definitions, ...kustomization.definitions };
const types = []; // JSON texts, index = type number
const numbers = new Map(); // JSON text → type number
const named = new Map(); // definition name → type number

/** The number of a schema's type. Definitions get theirs before they are described, since they may hold themselves. */
function number(schema) {
  const ref = schema.$ref?.replace("#/definitions/", "");
  if (ref !== undefined) {
    const known = named.get(ref);
    if (known !== undefined) return known;
    const index = types.push("") - 1;
    named.set(ref, index);
    types[index] = JSON.stringify(describe(definitions[ref] ?? {}));
    return index;
  }
  const text = JSON.stringify(describe(schema));
  const known = numbers.get(text);
  if (known !== undefined) return known;
  const index = types.push(text) - 1;
  numbers.set(text, index);
  return index;
}

function describe(schema) {
  const fields = Object.entries(schema.properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    type: schema.format === "int-or-string" ? "int-or-string" : schema.type,
    fields: fields.length === 0 ? undefined : Object.fromEntries(fields.map(([name, field]) => [name, number(field)])),
    values: typeof schema.additionalProperties === "object" ? number(schema.additionalProperties) : undefined,
    items: schema.items === undefined ? undefined : number(schema.items),
    strategy: schema["x-kubernetes-patch-strategy"],
    mergeKey: schema["x-kubernetes-patch-merge-key"],
    listKeys: schema["x-kubernetes-list-map-keys"],
    listType: schema["x-kubernetes-list-type"],
    mapType: schema["x-kubernetes-map-type"],
  };
}

const scopes = { Namespaced: "namespaced", Cluster: "cluster" };
const published = bundle.resources.map((resource) => ({
  apiVersion: resource.apiVersion,
  kind: resource.kind,
  definition: resource.definition,
  scope: scopes[resource.scope],
}));
const configuration = Object.entries(kustomization.definitions).flatMap(([definition, schema]) =>
  (schema["x-kubernetes-group-version-kind"] ?? []).map(({ group, version, kind }) => ({
    apiVersion: `${group}/${version}`,
    kind,
    definition,
    scope: undefined,
  })),
);

const kinds = {};
for (const { apiVersion, kind, definition, scope } of [...published, ...configuration]) {
  const entry = {
    type: definition === undefined ? undefined : number({ $ref: `#/definitions/${definition}` }),
    scope,
  };
  kinds[apiVersion] ??= {};
  kinds[apiVersion][kind] = entry;
}

const head = {
  release: bundle.coverage.ceiling,
  kinds,
  definitions: Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1))),
};
const text = `${JSON.stringify(head).slice(0, -1)},"types":[${types.join(",")}]}`;
const source = `// Made by scripts/schema.mjs from ${MODULE}; do not edit.
/** JSON of a SchemaTable: what the Kubernetes API server publishes, as far as kustomize looks at it. */
export const builtinTable =
  ${JSON.stringify(text).replaceAll("'", "\\u0027").replace(/^"|"$/g, "'").replaceAll('\\"', '"')};
`;

if (process.argv.includes("--check")) {
  if (readFileSync(OUTPUT, "utf8") !== source) {
    process.stderr.write(`${OUTPUT} is not what ${MODULE} makes: run node scripts/schema.mjs\n`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(OUTPUT, source);
  process.stdout.write(`${OUTPUT}: ${types.length} types, ${source.length} bytes\n`);
}
