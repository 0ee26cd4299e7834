import { configMap, configMaps, container, deployment, deployments, dig, service, services } from "./objects.ts";
import { apply, at, type Case, create, get, JSON_PATCH, MERGE, patch, put, remove, STRATEGIC } from "./transcript.ts";

const namespaces = at("v1", "namespaces", false);
const priorityClasses = at("scheduling.k8s.io/v1", "priorityclasses", false);
const withFinalizer = configMap({ x: "1" }, { finalizers: ["example.com/hold"] });
const status = (name: string) => `${name}/status`;

/** Creating, replacing, patching and deleting. */
export const writeCases: readonly Case[] = [
  {
    name: "create, and create again",
    steps: [create(configMaps, configMap({ x: "1" })), create(configMaps, configMap({ x: "1" }))],
  },
  {
    name: "create with a generated name needs one",
    steps: [create(configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: {} })],
  },
  {
    name: "create in a namespace that is not there",
    steps: [{ method: "POST", path: "/api/v1/namespaces/$ns-none/configmaps", body: configMap({}) }],
  },
  {
    name: "create in another namespace than the URL's",
    steps: [create(configMaps, configMap({}, { namespace: "other" }))],
  },
  { name: "create another kind", steps: [create(configMaps, { ...configMap({}), kind: "Secret" })] },
  {
    name: "create with unknown fields: warned, refused, ignored",
    steps: [
      create(configMaps, { ...configMap({}), bogus: 1 }, "&fieldValidation=Strict"),
      create(configMaps, { ...configMap({}), bogus: 1 }, "&fieldValidation=Ignore"),
    ],
  },
  {
    name: "create with a value of another type",
    steps: [create(deployments, deployment({ replicas: "many" })), create(configMaps, configMap({ x: 1 }))],
  },
  { name: "create dry", steps: [create(configMaps, configMap({ x: "1" }), "&dryRun=All"), get(configMaps, "a")] },
  {
    name: "create ignores what the server sets",
    steps: [
      create(
        deployments,
        deployment(
          {},
          {},
          {
            uid: "mine",
            generation: 9,
            creationTimestamp: "2001-01-01T00:00:00Z",
            deletionTimestamp: "2001-01-01T00:00:00Z",
          },
        ),
      ),
    ],
  },
  { name: "create with a resourceVersion", steps: [create(configMaps, configMap({}, { resourceVersion: "5" }))] },
  { name: "create drops the status", steps: [create(deployments, { ...deployment(), status: { replicas: 7 } })] },
  {
    name: "replace",
    steps: [
      create(configMaps, configMap({ x: "1" })),
      put(configMaps, "a", configMap({ y: "1" })),
      put(configMaps, "a", configMap({ y: "1" })),
    ],
  },
  {
    name: "replace with a stale version",
    steps: [
      create(configMaps, configMap({ x: "1" })),
      put(configMaps, "a", configMap({ y: "1" }, { resourceVersion: "1" })),
    ],
  },
  {
    name: "replace with another uid",
    steps: [create(configMaps, configMap({ x: "1" })), put(configMaps, "a", configMap({ y: "1" }, { uid: "other" }))],
  },
  {
    name: "replace another name, nothing, and nothing with a version",
    steps: [
      put(configMaps, "b", configMap({ y: "1" })),
      put(configMaps, "a", configMap({ y: "1" })),
      put(configMaps, "a", configMap({ y: "1" }, { resourceVersion: "1" })),
    ],
  },
  { name: "replace that creates", steps: [put(services, "a", service())] },
  {
    name: "generation follows the spec, not the metadata",
    steps: [
      create(deployments, deployment()),
      patch(deployments, "a", MERGE, { metadata: { labels: { x: "1" } } }),
      patch(deployments, "a", MERGE, { spec: { replicas: 3 } }),
      patch(deployments, "a", MERGE, { metadata: { annotations: { x: "1" } } }),
    ],
  },
  {
    name: "merge patch",
    steps: [
      create(configMaps, configMap({ x: "1", y: "1" })),
      patch(configMaps, "a", MERGE, { data: { x: null, z: "1" } }),
      patch(configMaps, "a", MERGE, { data: { z: "1" } }),
      patch(configMaps, "a", MERGE, { data: null }),
    ],
  },
  {
    name: "merge patch replaces lists",
    steps: [
      create(deployments, deployment()),
      patch(deployments, "a", MERGE, { spec: { template: { spec: { containers: [{ name: "other", image: "x" }] } } } }),
    ],
  },
  {
    name: "a patch of nothing",
    steps: [
      patch(configMaps, "a", MERGE, { data: {} }),
      patch(configMaps, "a", JSON_PATCH, []),
      patch(configMaps, "a", STRATEGIC, {}),
    ],
  },
  {
    name: "a patch that renames or moves",
    steps: [
      create(configMaps, configMap({})),
      patch(configMaps, "a", MERGE, { metadata: { name: "b" } }),
      patch(configMaps, "a", MERGE, { metadata: { namespace: "b" } }),
    ],
  },
  {
    name: "a patch of the uid, or to a stale version",
    steps: [
      create(configMaps, configMap({})),
      patch(configMaps, "a", MERGE, { metadata: { uid: "b" } }),
      patch(configMaps, "a", MERGE, { metadata: { resourceVersion: "1" } }),
    ],
  },
  {
    name: "a patch by force that is no apply",
    steps: [create(configMaps, configMap({})), patch(configMaps, "a", MERGE, {}, "&force=true")],
  },
  {
    name: "a patch of an unknown type",
    steps: [create(configMaps, configMap({})), patch(configMaps, "a", "application/other", {})],
  },
  {
    name: "a patch with unknown fields",
    steps: [
      create(configMaps, configMap({})),
      patch(configMaps, "a", MERGE, { bogus: 1 }, "&fieldValidation=Strict"),
      patch(configMaps, "a", MERGE, { bogus: 1 }),
    ],
  },
  {
    name: "JSON patch: add, replace, remove, test, move, copy",
    steps: [
      create(configMaps, configMap({ x: "1" })),
      patch(configMaps, "a", JSON_PATCH, [
        { op: "test", path: "/data/x", value: "1" },
        { op: "add", path: "/data/y", value: "2" },
        { op: "copy", from: "/data/y", path: "/data/z" },
        { op: "move", from: "/data/x", path: "/data/w" },
        { op: "replace", path: "/data/y", value: "3" },
        { op: "remove", path: "/data/z" },
      ]),
    ],
  },
  {
    name: "JSON patch that fails",
    steps: [
      create(configMaps, configMap({ x: "1" })),
      patch(configMaps, "a", JSON_PATCH, [{ op: "test", path: "/data/x", value: "2" }]),
      patch(configMaps, "a", JSON_PATCH, [{ op: "remove", path: "/data/none" }]),
      patch(configMaps, "a", JSON_PATCH, [{ op: "replace", path: "/data/none", value: "1" }]),
      patch(configMaps, "a", JSON_PATCH, [{ op: "add", path: "/none/x", value: "1" }]),
    ],
  },
  {
    name: "JSON patch in lists",
    steps: [
      create(deployments, deployment()),
      patch(deployments, "a", JSON_PATCH, [
        { op: "add", path: "/spec/template/spec/containers/-", value: { name: "side", image: "x" } },
        { op: "add", path: "/spec/template/spec/containers/0", value: { name: "first", image: "x" } },
        { op: "replace", path: "/spec/template/spec/containers/1/image", value: "nginx:2" },
      ]),
    ],
  },
  {
    name: "strategic merge: lists by key",
    steps: [
      create(deployments, deployment()),
      patch(deployments, "a", STRATEGIC, {
        spec: {
          template: {
            spec: {
              containers: [
                { name: "web", image: "nginx:2" },
                { name: "side", image: "x" },
              ],
            },
          },
        },
      }),
    ],
  },
  {
    name: "strategic merge: delete and replace directives",
    steps: [
      create(
        deployments,
        deployment(
          {},
          { containers: [container(), { name: "side", image: "x" }], volumes: [{ name: "v", emptyDir: {} }] },
        ),
      ),
      patch(deployments, "a", STRATEGIC, {
        spec: { template: { spec: { containers: [{ name: "side", $patch: "delete" }] } } },
      }),
      patch(deployments, "a", STRATEGIC, {
        spec: { template: { spec: { volumes: [{ $patch: "replace" }, { name: "w", emptyDir: {} }] } } },
      }),
    ],
  },
  {
    name: "strategic merge: retained keys and order",
    steps: [
      create(deployments, deployment({}, { volumes: [{ name: "v", emptyDir: {} }] })),
      patch(deployments, "a", STRATEGIC, { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } }),
      patch(deployments, "a", STRATEGIC, {
        spec: {
          template: {
            spec: {
              $setElementOrder: undefined as never,
              "$setElementOrder/containers": [{ name: "first" }, { name: "web" }],
              containers: [{ name: "first", image: "x" }],
            },
          },
        },
      }),
      patch(deployments, "a", STRATEGIC, {
        spec: {
          template: {
            spec: { volumes: [{ name: "v", $retainKeys: ["name", "configMap"], configMap: { name: "c" } }] },
          },
        },
      }),
    ],
  },
  {
    name: "strategic merge: sets and nulls",
    steps: [
      create(configMaps, configMap({ x: "1" }, { finalizers: ["a.io/x"], labels: { a: "1", b: "1" } })),
      patch(configMaps, "a", STRATEGIC, { metadata: { finalizers: ["a.io/y"], labels: { a: null } } }),
      patch(configMaps, "a", STRATEGIC, { metadata: { "$deleteFromPrimitiveList/finalizers": ["a.io/x"] } }),
    ],
  },
  {
    name: "strategic merge: service ports",
    steps: [
      create(services, service()),
      patch(services, "a", STRATEGIC, { spec: { ports: [{ port: 443, name: "https" }] } }),
    ],
  },
  {
    name: "status is its own request",
    steps: [
      create(deployments, deployment()),
      patch(deployments, "a/status", MERGE, {
        status: { replicas: 2 },
        spec: { replicas: 9 },
        metadata: { labels: { x: "1" }, annotations: { y: "1" } },
      }),
      patch(deployments, "a", MERGE, { status: { replicas: 5 } }),
      get(deployments, status("a")),
    ],
  },
  {
    name: "status is replaced and applied",
    steps: [
      create(deployments, deployment()),
      (answers) => put(deployments, "a/status", { ...(answers[0] as object), status: { replicas: 1 } } as never),
      apply(
        deployments,
        "a/status",
        { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, status: { readyReplicas: 1 } },
        "prober",
      ),
    ],
  },
  {
    name: "scale is its own request",
    steps: [
      apply(deployments, "a", deployment({ replicas: 2 })),
      get(deployments, "a/scale"),
      patch(deployments, "a/scale", MERGE, { spec: { replicas: 4 } }),
      get(deployments, "a"),
    ],
  },
  {
    name: "scale that nobody owned",
    steps: [
      apply(deployments, "a", deployment()),
      patch(deployments, "a/scale", MERGE, { spec: { replicas: 4 } }),
      get(deployments, "a"),
    ],
  },
  {
    name: "scale is replaced, below zero it is refused",
    steps: [
      apply(deployments, "a", deployment({ replicas: 2 })),
      (answers) =>
        put(deployments, "a/scale", {
          apiVersion: "autoscaling/v1",
          kind: "Scale",
          metadata: { name: "a", namespace: "$ns", resourceVersion: dig(answers[0], "metadata", "resourceVersion") },
          spec: { replicas: 3 },
        }),
      get(deployments, "a"),
      patch(deployments, "a/scale", MERGE, { spec: { replicas: -1 } }),
    ],
  },
  {
    name: "delete, and delete again",
    steps: [create(configMaps, configMap({})), remove(configMaps, "a"), remove(configMaps, "a")],
  },
  {
    name: "delete with another uid or version",
    steps: [
      create(configMaps, configMap({})),
      remove(configMaps, "a", { preconditions: { uid: "other" } }),
      remove(configMaps, "a", { preconditions: { resourceVersion: "1" } }),
      get(configMaps, "a"),
    ],
  },
  {
    name: "delete with the right uid and version",
    steps: [
      create(configMaps, configMap({})),
      (answers) =>
        remove(configMaps, "a", {
          preconditions: {
            uid: dig(answers[0], "metadata", "uid"),
            resourceVersion: dig(answers[0], "metadata", "resourceVersion"),
          },
        }),
    ],
  },
  {
    name: "delete dry, and by a policy that is none",
    steps: [
      create(configMaps, configMap({})),
      remove(configMaps, "a", { dryRun: ["All"] }),
      remove(configMaps, "a", { propagationPolicy: "Other" }),
      get(configMaps, "a"),
    ],
  },
  {
    name: "a finalizer holds an object",
    steps: [
      create(configMaps, withFinalizer),
      remove(configMaps, "a"),
      remove(configMaps, "a"),
      patch(configMaps, "a", MERGE, { data: { y: "1" } }),
      patch(configMaps, "a", MERGE, { metadata: { finalizers: ["example.com/hold", "example.com/more"] } }),
      create(configMaps, configMap({})),
      patch(configMaps, "a", MERGE, { metadata: { finalizers: null } }),
      get(configMaps, "a"),
    ],
  },
  {
    name: "a deletion makes a generation",
    steps: [
      create(deployments, deployment({}, {}, { finalizers: ["example.com/hold"] })),
      remove(deployments, "a"),
      patch(deployments, "a", MERGE, { metadata: { finalizers: null } }),
    ],
  },
  {
    name: "foreground and orphan hold the object",
    steps: [
      create(configMaps, configMap({})),
      remove(configMaps, "a", { propagationPolicy: "Foreground" }),
      remove(configMaps, "a", { propagationPolicy: "Orphan" }),
      remove(configMaps, "a", { propagationPolicy: "Background" }),
      get(configMaps, "a"),
    ],
  },
  { name: "a service is deleted", steps: [create(services, service()), remove(services, "a")] },
  {
    name: "applying to an object that is being deleted",
    steps: [
      apply(configMaps, "a", withFinalizer),
      remove(configMaps, "a"),
      apply(configMaps, "a", configMap({ x: "2" }, { finalizers: ["example.com/hold"] })),
      apply(configMaps, "a", configMap({ x: "2" })),
    ],
  },
  {
    name: "a namespace that is being deleted takes nothing new",
    steps: [
      create(configMaps, configMap({ x: "1" })),
      { method: "DELETE", path: "/api/v1/namespaces/$ns" },
      { method: "DELETE", path: "/api/v1/namespaces/$ns" },
      create(configMaps, configMap({}, { name: "b" })),
      apply(configMaps, "b", configMap({}, { name: "b" })),
      patch(configMaps, "a", MERGE, { data: { x: "2" } }),
      get(namespaces, "$ns"),
    ],
  },
  {
    name: "a namespace's deletion has preconditions",
    steps: [
      { method: "DELETE", path: "/api/v1/namespaces/$ns", body: { preconditions: { uid: "other" } } },
      { method: "DELETE", path: "/api/v1/namespaces/$ns", body: { preconditions: { resourceVersion: "1" } } },
    ],
  },
  {
    name: "cluster-wide objects",
    steps: [
      create(priorityClasses, {
        apiVersion: "scheduling.k8s.io/v1",
        kind: "PriorityClass",
        metadata: { name: "$ns" },
        value: 5,
      }),
      patch(priorityClasses, "$ns", MERGE, { value: 6 }),
      patch(priorityClasses, "$ns", MERGE, { description: "x" }),
      remove(priorityClasses, "$ns"),
    ],
  },
];
