import fc from "fast-check";
import { stringify } from "yaml";
import {
  apiVersions,
  type Data,
  type Fields,
  labels,
  list,
  names,
  namespaces,
  some,
  values,
} from "./arbitrary-objects.ts";

/** Files in every folder, for fields that name some. */
export const SIDE_FILES: Readonly<Record<string, string>> = {
  "data.txt": "a line\nanother: line\n",
  "tabs.txt": "\tindented \n\n trailing  \n",
  "some.env": "A=1\n# no\nB=two words\n\nC=\n",
  "merge.yaml": stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", annotations: { merged: "file" } },
    spec: { template: { spec: { containers: [{ name: "main", env: [{ name: "FILE", value: "1" }] }] } } },
  }),
  "two.yaml": `${["web", "cfg"]
    .map((name) =>
      stringify({
        apiVersion: "v1",
        kind: name === "web" ? "Service" : "ConfigMap",
        metadata: { name, labels: { two: "x" } },
      }),
    )
    .join("---\n")}`,
  "json.yaml": "- op: add\n  path: /metadata/labels\n  value: {json: patched}\n",
  "patch.json": '[{"op": "add", "path": "/metadata/annotations", "value": {"from": "json"}}]',
  "config.yaml": stringify({
    nameReference: [{ kind: "ConfigMap", version: "v1", fieldSpecs: [{ path: "spec/ref", kind: "Widget" }] }],
    commonLabels: [{ path: "spec/selector", kind: "Widget", create: true }],
    namePrefix: [{ path: "metadata/name" }, { path: "spec/ref", kind: "Widget" }],
    images: [{ path: "spec/image", kind: "Widget" }],
    varReference: [{ path: "spec/ref", kind: "Widget" }],
    replicas: [{ path: "spec/replicas", kind: "Widget", create: true }],
  }),
  "schema.json": JSON.stringify({
    definitions: {
      "v1alpha1.Widget": {
        properties: {
          apiVersion: { type: "string" },
          kind: { type: "string" },
          metadata: { type: "object" },
          spec: {
            type: "object",
            properties: {
              list: {
                type: "array",
                items: { type: "object", properties: { name: { type: "string" } } },
                "x-kubernetes-patch-merge-key": "name",
                "x-kubernetes-patch-strategy": "merge",
              },
            },
          },
        },
        type: "object",
        "x-kubernetes-group-version-kind": [{ group: "example.com", kind: "Widget", version: "v1alpha1" }],
      },
    },
  }),
  "crd.json": JSON.stringify({
    "example.com/v1alpha1.Widget": {
      Schema: {
        properties: {
          spec: { $ref: "example.com/v1alpha1.WidgetSpec" },
          apiVersion: { type: "string" },
          kind: { type: "string" },
        },
      },
    },
    "example.com/v1alpha1.WidgetSpec": {
      Schema: {
        properties: {
          ref: {
            type: "object",
            "x-kubernetes-object-ref-api-version": "v1",
            "x-kubernetes-object-ref-kind": "Service",
          },
        },
      },
    },
  }),
  "transformer.yaml": stringify({
    apiVersion: "builtin",
    kind: "AnnotationsTransformer",
    metadata: { name: "t" },
    annotations: { "by-file": "yes it is" },
    fieldSpecs: [{ path: "metadata/annotations", create: true }],
  }),
  "generator.yaml": stringify({
    apiVersion: "builtin",
    kind: "ConfigMapGenerator",
    metadata: { name: "by-file" },
    literals: ["a=1"],
  }),
  "replacement.yaml": stringify({
    source: { kind: "Service", name: "web", fieldPath: "metadata.name" },
    targets: [{ select: { kind: "ConfigMap" }, fieldPaths: ["data.service"], options: { create: true } }],
  }),
};

const kinds = fc.constantFrom(
  "Deployment",
  "StatefulSet",
  "ConfigMap",
  "Service",
  "Widget",
  ".*",
  "Deploy.*",
  "Secret",
);

function target(): fc.Arbitrary<Fields> {
  const selectors = some({
    name: fc.oneof(names, fc.constantFrom("w.*", "^api$", "web|db")),
    namespace: namespaces,
    group: fc.constantFrom("apps", "example.com"),
    version: fc.constantFrom("v1", "v1alpha1"),
    labelSelector: fc.constantFrom("app=web", "tier", "app in (x,web)", "!tier", "app!=x"),
    annotationSelector: fc.constantFrom("tier=x", "version"),
  });
  return fc
    .tuple(kinds, selectors, fc.nat(4))
    .map(([kind, fields, bare]) => (bare > 1 ? { kind } : { kind, ...fields }));
}

function jsonPatch(): fc.Arbitrary<Data> {
  const path = fc.constantFrom(
    "/metadata/labels/app",
    "/metadata/annotations",
    "/metadata/name",
    "/spec/replicas",
    "/spec/template/spec/containers/0/image",
    "/spec/template/spec/containers/-",
    "/data/k",
    "/spec/list/0/value",
    "/metadata/annotations/example.com~1part",
  );
  const value: fc.Arbitrary<Data> = fc.oneof(values, fc.nat(9), fc.constant({ a: "b" }));
  const adds = fc
    .tuple(fc.constantFrom("add", "replace"), path, value)
    .map(([op, at, what]): Data => ({ op, path: at, value: what }));
  const removes = path.map((at): Data => ({ op: "remove", path: at }));
  return fc.oneof({ weight: 4, arbitrary: adds }, { weight: 1, arbitrary: removes });
}

function mergePatch(): fc.Arbitrary<Fields> {
  const change = fc.constantFrom<Fields>(
    { metadata: { labels: { patched: "yes" } } },
    { metadata: { annotations: { tier: null } } },
    { spec: { replicas: 7 } },
    { spec: { replicas: null } },
    {
      spec: {
        template: { spec: { containers: [{ name: "main", image: "patched:1", env: [{ name: "A", value: "p" }] }] } },
      },
    },
    { spec: { template: { spec: { containers: [{ name: "side", $patch: "delete" }] } } } },
    {
      spec: {
        template: {
          spec: {
            containers: [
              { name: "extra", image: "extra" },
              { name: "main", args: ["z"] },
            ],
          },
        },
      },
    },
    { spec: { template: { spec: { $patch: "replace", containers: [{ name: "only", image: "only" }] } } } },
    { spec: { template: { spec: { "$setElementOrder/containers": [{ name: "side" }, { name: "main" }] } } } },
    { spec: { ports: [{ port: 80, targetPort: 8080 }, { port: 81 }] } },
    { spec: { list: [{ name: "one", value: 9 }] } },
    { data: { k: "patched", j: null } },
    { $patch: "delete" },
    { $patch: "replace", spec: { only: "this" } },
  );
  const about = fc.constantFrom(
    ...(["Deployment web", "Deployment web", "ConfigMap cfg", "Service web", "StatefulSet api", "Widget db"] as const),
  );
  return fc.tuple(about, change).map(([which, { metadata: meta, ...rest }]) => {
    const [kind = "", name = ""] = which.split(" ");
    return {
      apiVersion: apiVersions[kind] ?? "apps/v1",
      kind,
      metadata: { name, ...(meta as Fields | undefined) },
      ...rest,
    };
  });
}

function patch(): fc.Arbitrary<Data> {
  const json = fc.tuple(target(), fc.array(jsonPatch(), { minLength: 1, maxLength: 2 }));
  const merge = fc.tuple(fc.option(target(), { nil: undefined }), mergePatch());
  const options = some({ allowNameChange: fc.boolean(), allowKindChange: fc.boolean() });
  const file = fc.tuple(fc.constantFrom("json.yaml", "patch.json", "merge.yaml"), target());
  return fc.oneof(
    fc.constantFrom<Data>({ path: "merge.yaml" }, { path: "two.yaml" }),
    file.map(([path, at]): Data => ({ path, target: at })),
    json.map(([at, operations]): Data => ({ target: at, patch: stringify(operations) })),
    fc.tuple(merge, fc.option(options, { nil: undefined, freq: 4 })).map(
      ([[at, change], given]): Data => ({
        patch: stringify(change),
        ...(at === undefined ? {} : { target: at }),
        ...(given === undefined ? {} : { options: given }),
      }),
    ),
  );
}

function generator(kind: "configMap" | "secret"): fc.Arbitrary<Data> {
  const rest = some({
    literals: list(fc.constantFrom("k=v", "j=a=b", "q='quoted'", 'd="double"', "n=1", "multi=a\nb"), 1),
    files: list(fc.constantFrom("data.txt", "k=data.txt", "tabs.txt"), 1),
    envs: list(fc.constant("some.env"), 1),
    behavior: fc.constantFrom(...Array.from({ length: 10 }, () => "create"), "merge", "replace"),
    namespace: namespaces,
    options: some({ disableNameSuffixHash: fc.boolean(), immutable: fc.boolean(), labels, annotations: labels }),
    ...(kind === "secret" ? { type: fc.constantFrom("Opaque", "kubernetes.io/tls") } : {}),
  });
  const made = fc.constantFrom("gen", "made", "files", "cfg");
  return fc.tuple(made, rest).map(([name, fields]) => ({ name, ...fields }));
}

function replacement(): fc.Arbitrary<Data> {
  const source = fc.tuple(
    some({ kind: kinds, name: names, namespace: namespaces }),
    some({
      fieldPath: fc.constantFrom(
        "metadata.name",
        "data.k",
        "spec.replicas",
        "metadata.labels.app",
        "spec.template.spec.containers.0.image",
      ),
      options: fc.constantFrom<Fields>({ delimiter: ":", index: 0 }, { delimiter: "/", index: 1 }),
    }),
  );
  const into = fc.record({
    select: target().map(({ labelSelector: _l, annotationSelector: _a, ...select }) => select),
    fieldPaths: list(
      fc.constantFrom(
        "metadata.labels.app",
        "metadata.annotations.new",
        "spec.template.spec.containers.[name=main].image",
        "spec.template.spec.containers.*.env.[name=A].value",
        "spec.ref",
        "data.k",
        "spec.list.[name=two].value",
      ),
    ),
    options: fc.constantFrom<Fields>(
      { create: true },
      {},
      { delimiter: ":", index: 1 },
      { delimiter: "/", index: -1, create: true },
    ),
  });
  return fc.tuple(source, fc.array(into, { minLength: 1, maxLength: 2 })).map(([[id, field], targets]) => ({
    source: { ...id, ...field },
    targets,
  }));
}

function builtinTransformer(): fc.Arbitrary<Data> {
  const specs = [
    { path: "metadata/labels", create: true },
    { path: "spec/selector", create: false, kind: "Service" },
  ];
  return fc
    .oneof(
      names.map(
        (prefix): Data =>
          plugin("PrefixSuffixTransformer", { prefix: `${prefix}-`, fieldSpecs: [{ path: "metadata/name" }] }),
      ),
      labels.map((given): Data => plugin("LabelTransformer", { labels: given, fieldSpecs: specs })),
      labels.map(
        (annotations): Data =>
          plugin("AnnotationsTransformer", {
            annotations,
            fieldSpecs: [{ path: "metadata/annotations", create: true }],
          }),
      ),
      namespaces.map((namespace): Data => plugin("NamespaceTransformer", { metadata: { name: "t", namespace } })),
      fc.nat(5).map(
        (replicas): Data =>
          plugin("ReplicaCountTransformer", {
            replica: { name: "web", count: replicas },
            fieldSpecs: [{ path: "spec/replicas", kind: "Deployment" }],
          }),
      ),
    )
    .map((document) => stringify(document));
}

function plugin(kind: string, fields: Fields): Data {
  return { apiVersion: "builtin", kind, metadata: { name: "t" }, ...fields };
}

/** The fields of one kustomization beside its resources. Few at a time, so that most builds get through. */
export function layer(): fc.Arbitrary<Fields> {
  const image = fc.tuple(
    fc.constantFrom("nginx", "postgres", "reg.io:5000/team/app", "busybox"),
    some({
      newName: fc.constantFrom("other", "reg.io/new/nginx"),
      newTag: fc.constantFrom("2.0", "007", "true"),
      digest: fc.constant("sha256:ffff"),
      tagSuffix: fc.constant("-x"),
    }),
  );
  const label = fc.tuple(
    labels,
    some({
      includeSelectors: fc.boolean(),
      includeTemplates: fc.boolean(),
      fields: fc.constant([{ path: "spec/extra", create: true }]),
    }),
  );
  const fields: Record<string, fc.Arbitrary<Data>> = {
    namespace: namespaces,
    namePrefix: fc.constantFrom("p-", "dev-"),
    nameSuffix: fc.constantFrom("-s", "-v2"),
    commonLabels: labels,
    commonAnnotations: labels,
    labels: list(label.map(([pairs, rest]): Data => ({ pairs, ...rest }))),
    images: list(image.map(([name, rest]): Data => ({ name, ...rest }))),
    replicas: list(
      fc.tuple(fc.constantFrom("web", "web", "web", "api"), fc.nat(9)).map(([name, count]): Data => ({ name, count })),
    ),
    patches: list(patch()),
    patchesStrategicMerge: list(
      mergePatch().map((change) => stringify(change)),
      1,
    ),
    patchesJson6902: list(
      fc.tuple(fc.constantFrom("web", "web", "api"), jsonPatch()).map(
        ([name, operation]): Data => ({
          target: { group: "apps", version: "v1", kind: "Deployment", name },
          patch: stringify([operation]),
        }),
      ),
      1,
    ),
    configMapGenerator: list(generator("configMap")),
    secretGenerator: list(generator("secret"), 1),
    generatorOptions: some({
      disableNameSuffixHash: fc.boolean(),
      labels,
      annotations: labels,
      immutable: fc.boolean(),
    }),
    replacements: list(
      fc.oneof(
        { weight: 4, arbitrary: replacement() },
        { weight: 1, arbitrary: fc.constant({ path: "replacement.yaml" }) },
      ),
    ),
    vars: list(
      fc.tuple(fc.constantFrom("VAR", "A"), fc.constantFrom("Service web", "ConfigMap cfg")).map(
        ([name, which]): Data => ({
          name,
          objref: { apiVersion: "v1", kind: which.split(" ")[0] ?? "", name: which.split(" ")[1] ?? "" },
          fieldref: { fieldpath: "metadata.name" },
        }),
      ),
      1,
    ),
    transformers: list(fc.oneof(builtinTransformer(), fc.constant("transformer.yaml")), 1),
    buildMetadata: list(fc.constantFrom("originAnnotations", "transformerAnnotations", "managedByLabel"), 1),
    sortOptions: fc.constantFrom<Fields>(
      { order: "legacy" },
      { order: "fifo" },
      { order: "legacy", legacySortOptions: { orderFirst: ["Service", "ConfigMap"], orderLast: ["Deployment"] } },
    ),
    configurations: fc.constant(["config.yaml"]),
    openapi: fc.constantFrom<Fields>({ path: "schema.json" }, { version: "v1.21.2" }, {}),
    crds: fc.constant(["crd.json"]),
    generators: list(fc.constantFrom("generator.yaml", stringify(plugin("SecretGenerator", { literals: ["a=b"] }))), 1),
  };
  const entries = Object.entries(fields);
  return fc
    .subarray(entries, { maxLength: 4 })
    .chain((chosen) => fc.record(Object.fromEntries(chosen)) as fc.Arbitrary<Fields>);
}
