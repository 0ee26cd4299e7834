import fc from "fast-check";
import { stringify } from "yaml";
import {
  apiVersions,
  type Data,
  distinct,
  type Fields,
  images,
  known,
  labels,
  list,
  names,
  namespaces,
  object,
  some,
  values,
} from "./arbitrary-objects.ts";

/** A small tree of files and the folder in it to build. */
export interface KustomizationCase {
  readonly files: Readonly<Record<string, string>>;
  readonly folder: string;
}

/**
 * Trees of kustomizations: a base, zero to two overlays and sometimes a component, with any mix of fields. Names come
 * from small pools, so that patches, references, replicas and images meet what they are meant for about as often as
 * not. Some builds fail, and should.
 */
export function arbitraryKustomization(): fc.Arbitrary<KustomizationCase> {
  return fc
    .record({
      base: layer(),
      objects: fc
        .tuple(known(), fc.array(object(), { maxLength: 4 }))
        .map(([always, more]) => distinct([...always, ...more])),
      overlays: fc.array(fc.tuple(layer(), fc.array(object(), { maxLength: 1 })), { maxLength: 2 }),
      component: fc.option(layer(), { nil: undefined, freq: 3 }),
      style: style(),
    })
    .map(({ base, objects, overlays, component, style: write }) => {
      const files: Record<string, string> = {};
      const place = (folder: string, fields: Fields, own: readonly Fields[], below: readonly string[]): void => {
        const names = own.map((_, index) => `r${index}.yaml`);
        for (const [index, item] of own.entries()) files[`${folder}/r${index}.yaml`] = write(item);
        files[`${folder}/data.txt`] = "a line\nanother: line\n";
        files[`${folder}/some.env`] = "A=1\n# no\nB=two words\n";
        const kind = folder === "component" ? "Component" : "Kustomization";
        const version = kind === "Component" ? "v1alpha1" : "v1beta1";
        const head = { apiVersion: `kustomize.config.k8s.io/${version}`, kind };
        files[`${folder}/kustomization.yaml`] = write({ ...head, resources: [...below, ...names], ...fields });
      };
      place("base", base, objects, []);
      if (component !== undefined) place("component", component, [], []);
      let folder = "base";
      for (const [index, [fields, own]] of overlays.entries()) {
        const use = component !== undefined && index === 0 ? { components: ["../component"] } : {};
        place(`overlay${index}`, { ...fields, ...use }, own, [`../${folder}`]);
        folder = `overlay${index}`;
      }
      return { files, folder };
    });
}

/** How the files are written: kustomize keeps quotes, block styles, key order and comments. */
function style(): fc.Arbitrary<(value: Fields) => string> {
  const comments = fc.boolean();
  const quotes = fc.constantFrom("PLAIN" as const, "QUOTE_DOUBLE" as const, "QUOTE_SINGLE" as const);
  const options = fc.record({
    indentSeq: fc.boolean(),
    defaultStringType: quotes,
    flow: fc.integer({ max: 9, min: 0 }),
  });
  return fc.tuple(options, comments).map(([{ flow, ...given }, commented]) => (value) => {
    const text = stringify(value, {
      ...given,
      defaultKeyType: "PLAIN",
      lineWidth: 0,
      collectionStyle: flow === 0 ? "flow" : "block",
    }).replace(/:\n *\[\]$/gm, ": []"); // an empty list right below its key, as written without indentation, is no YAML to Go
    return commented && flow !== 0
      ? `# head\n${text.replace(/^( *)name: (\S+)$/m, "$1# above\n$1name: $2 # beside")}`
      : text;
  });
}

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
  return fc.oneof(
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
    files: list(fc.constantFrom("data.txt", "k=data.txt"), 1),
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
function layer(): fc.Arbitrary<Fields> {
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
    replacements: list(replacement()),
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
    transformers: list(builtinTransformer(), 1),
    buildMetadata: list(fc.constantFrom("originAnnotations", "transformerAnnotations", "managedByLabel"), 1),
    sortOptions: fc.constantFrom<Fields>({ order: "legacy" }, { order: "fifo" }),
  };
  const entries = Object.entries(fields);
  return fc
    .subarray(entries, { maxLength: 4 })
    .chain((chosen) => fc.record(Object.fromEntries(chosen)) as fc.Arbitrary<Fields>);
}
