import { configMap, configMaps, container, deployment, deployments, service, services } from "./objects.ts";
import { apply, type Case, create, get, MERGE, patch, remove } from "./transcript.ts";

const containers = (...list: readonly { readonly [key: string]: never }[] | readonly object[]) => ({
  containers: list as never,
});
const ports = (...list: readonly object[]) => service({ ports: list as never });

/** Server-side apply of lists, structs and values: what is merged, and how. */
export const mergeCases: readonly Case[] = [
  {
    name: "containers are merged by name",
    steps: [
      apply(deployments, "a", deployment()),
      apply(
        deployments,
        "a",
        deployment({}, containers(container({ env: [{ name: "A", value: "1" }] }), { name: "side", image: "busybox" })),
        "two",
      ),
      apply(deployments, "a", deployment({}, containers(container()))),
    ],
  },
  {
    name: "a container that is applied no more goes",
    steps: [
      apply(deployments, "a", deployment({}, containers(container(), { name: "side", image: "busybox" }))),
      apply(deployments, "a", deployment()),
    ],
  },
  {
    name: "the order of containers is the applier's",
    steps: [
      apply(
        deployments,
        "a",
        deployment({}, containers({ name: "x", image: "x" }, { name: "y", image: "y" }, { name: "z", image: "z" })),
      ),
      apply(
        deployments,
        "a",
        deployment({}, containers({ name: "z", image: "z" }, { name: "w", image: "w" }, { name: "x", image: "x" })),
        "two",
      ),
    ],
  },
  {
    name: "a container's port is found by port and protocol",
    steps: [
      apply(
        deployments,
        "a",
        deployment(
          {},
          containers(container({ ports: [{ containerPort: 80 }, { containerPort: 80, protocol: "UDP" }] })),
        ),
      ),
      apply(
        deployments,
        "a",
        deployment({}, containers(container({ ports: [{ containerPort: 80, name: "http" }] }))),
        "two",
        "&force=true",
      ),
    ],
  },
  {
    name: "a duplicate in a keyed list is refused",
    steps: [
      apply(services, "a", ports({ port: 80, name: "a" }, { port: 80, name: "b" })),
      apply(deployments, "a", deployment({}, containers(container(), container()))),
    ],
  },
  {
    name: "environment variables are merged by name, command is one value",
    steps: [
      apply(
        deployments,
        "a",
        deployment(
          {},
          containers(
            container({
              env: [
                { name: "A", value: "1" },
                { name: "B", value: "2" },
              ],
              command: ["x", "y"],
            }),
          ),
        ),
      ),
      apply(
        deployments,
        "a",
        deployment(
          {},
          containers(
            container({
              env: [
                { name: "B", value: "2" },
                { name: "C", value: "3" },
              ],
              command: ["x"],
            }),
          ),
        ),
        "two",
        "&force=true",
      ),
    ],
  },
  {
    name: "a selector is one value",
    steps: [
      apply(services, "a", service()),
      apply(services, "a", service({ selector: { app: "a", tier: "b" } }), "two", "&force=true"),
    ],
  },
  {
    name: "service ports are found by port and protocol",
    steps: [
      apply(services, "a", ports({ port: 80, name: "http" }, { port: 53, protocol: "UDP", name: "dns" })),
      apply(
        services,
        "a",
        ports({ port: 80, name: "http", targetPort: "web" }, { port: 53, protocol: "UDP", name: "dns" }),
      ),
    ],
  },
  {
    name: "an equal quantity is no change",
    steps: [
      apply(
        deployments,
        "a",
        deployment({}, containers(container({ resources: { requests: { cpu: "1000m", memory: "1024Mi" } } }))),
      ),
      apply(
        deployments,
        "a",
        deployment({}, containers(container({ resources: { requests: { cpu: "1", memory: "1Gi" } } }))),
      ),
    ],
  },
  {
    name: "an explicit default is owned",
    steps: [
      apply(deployments, "a", deployment()),
      apply(deployments, "a", deployment({ replicas: 1 })),
      apply(deployments, "a", deployment()),
    ],
  },
  {
    name: "a field given up to a scaler stays",
    steps: [
      apply(deployments, "a", deployment({ replicas: 2 })),
      patch(deployments, "a", MERGE, { spec: { replicas: 5 } }),
      apply(deployments, "a", deployment()),
      get(deployments, "a"),
    ],
  },
  {
    name: "a nested struct that is applied no more",
    steps: [
      apply(deployments, "a", deployment({}, { securityContext: { runAsUser: 1 }, nodeSelector: { a: "b" } })),
      apply(deployments, "a", deployment()),
    ],
  },
  {
    name: "a probe that is applied no more, with defaults of the server in it",
    steps: [
      apply(deployments, "a", deployment({}, containers(container({ livenessProbe: { httpGet: { port: 80 } } })))),
      apply(deployments, "a", deployment()),
    ],
  },
  {
    name: "a volume changes its source",
    steps: [
      apply(deployments, "a", deployment({}, { volumes: [{ name: "v", emptyDir: {} }] })),
      apply(deployments, "a", deployment({}, { volumes: [{ name: "v", configMap: { name: "c" } }] })),
    ],
  },
  {
    name: "tolerations are one value",
    steps: [
      apply(deployments, "a", deployment({}, { tolerations: [{ key: "a", operator: "Exists" }] })),
      apply(deployments, "a", deployment({}, { tolerations: [{ key: "b", operator: "Exists" }] }), "two"),
    ],
  },
  {
    name: "null values",
    steps: [
      apply(configMaps, "a", configMap({ x: null as never })),
      apply(deployments, "a", deployment({ replicas: null })),
    ],
  },
  {
    name: "empty values",
    steps: [
      apply(configMaps, "a", configMap({})),
      apply(configMaps, "a", configMap({ x: "" })),
      apply(deployments, "a", deployment({}, { nodeSelector: {}, volumes: [], hostNetwork: false })),
    ],
  },
  {
    name: "an object is applied after it was created otherwise",
    steps: [
      create(deployments, deployment({ replicas: 3 })),
      apply(deployments, "a", deployment({ replicas: 2 })),
      apply(deployments, "a", deployment({ replicas: 2 }), "one", "&force=true"),
    ],
  },
  {
    name: "strategy: from rolling update to recreate",
    steps: [
      apply(deployments, "a", deployment()),
      apply(deployments, "a", deployment({ strategy: { type: "Recreate" } })),
      apply(deployments, "a", deployment({ strategy: { type: "Recreate", rollingUpdate: null } })),
    ],
  },
  {
    name: "the oldest updates are merged when there are many",
    steps: [
      // Of one second, the first by name is the oldest: names in the order of time make the second no matter.
      { method: "POST", path: `${configMaps.all}?fieldManager=first`, body: configMap({ x: "0" }) },
      ...Array.from({ length: 12 }, (_, i) => patch(configMaps, "a", MERGE, { data: { [`k${i}`]: "1" } }, "").path).map(
        (path, i) => ({
          method: "PATCH" as const,
          path: path.replace("editor", `m${String(i).padStart(2, "0")}`),
          type: MERGE,
          body: { data: { [`k${i}`]: "1" } },
        }),
      ),
    ],
  },
  {
    name: "an applied object that was deleted is created again",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      remove(configMaps, "a"),
      apply(configMaps, "a", configMap({ x: "1" })),
    ],
  },
  {
    name: "the last applied annotation lets kubectl take over",
    steps: [
      create(
        configMaps,
        configMap(
          { x: "1" },
          {
            annotations: {
              "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({
                apiVersion: "v1",
                kind: "ConfigMap",
                metadata: { name: "a", namespace: "$ns", annotations: {} },
                data: { x: "1" },
              }),
            },
          },
        ),
      ),
      apply(configMaps, "a", configMap({ x: "2" }), "kubectl"),
      apply(configMaps, "a", configMap({ x: "3" }), "other"),
    ],
  },
];
