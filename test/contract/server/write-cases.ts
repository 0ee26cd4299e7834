import { configMap, configMaps, container, deployment, deployments, service, services } from "./objects.ts";
import { type Case, create, get, JSON_PATCH, MERGE, patch, put, STRATEGIC } from "./transcript.ts";

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
    name: "strategic merge: what is not there yet is taken as it stands, directives and nulls aside",
    steps: [
      create(deployments, deployment()),
      patch(deployments, "a", STRATEGIC, {
        spec: {
          template: {
            spec: {
              containers: [
                { name: "web", ports: [{ containerPort: 80, protocol: "UDP" }, { containerPort: 80 }] },
                {
                  name: "side",
                  image: "x",
                  env: [
                    { name: "A", value: "1" },
                    { name: "A", $patch: "delete" },
                  ],
                },
              ],
              nodeSelector: { a: null, b: "1" },
              securityContext: { $patch: "replace", runAsUser: 1 },
            },
          },
        },
      }),
      patch(deployments, "a", STRATEGIC, {
        spec: { template: { spec: { containers: [{ name: "web", ports: [{ containerPort: 80, name: "p" }] }] } } },
      }),
      patch(deployments, "a", STRATEGIC, {
        spec: { template: { spec: { containers: [{ name: "web", $patch: "replace", image: "y" }] } } },
      }),
    ],
  },
  {
    name: "strategic merge: service ports",
    steps: [
      create(services, service()),
      patch(services, "a", STRATEGIC, { spec: { ports: [{ port: 443, name: "https" }] } }),
    ],
  },
];
