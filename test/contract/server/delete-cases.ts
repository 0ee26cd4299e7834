import { configMap, configMaps, deployment, deployments, dig, service, services } from "./objects.ts";
import { apply, at, type Case, create, get, MERGE, patch, put, remove } from "./transcript.ts";

const namespaces = at("v1", "namespaces", false);
const priorityClasses = at("scheduling.k8s.io/v1", "priorityclasses", false);
const withFinalizer = configMap({ x: "1" }, { finalizers: ["example.com/hold"] });
const status = (name: string) => `${name}/status`;

/** Status, scale and deletion. */
export const deleteCases: readonly Case[] = [
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
      patch(configMaps, "a", MERGE, {
        metadata: { finalizers: ["example.com/more", "example.com/hold", "example.com/also"] },
      }),
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
