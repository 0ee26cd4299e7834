import type { JsonObject } from "../../../src/model/index.ts";
import { configMap, configMaps, container, deployment, deployments, service, services, workload } from "./objects.ts";
import { at, type Case, create, get, MERGE, patch } from "./transcript.ts";

const pod = { containers: [container()] };
const rbac = "rbac.authorization.k8s.io/v1";

const invalidSteps: Readonly<Record<string, readonly [ReturnType<typeof at>, JsonObject]>> = {
  "a deployment without anything": [
    deployments,
    { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec: {} },
  ],
  "a deployment whose labels do not match": [deployments, deployment({ selector: { matchLabels: { app: "b" } } })],
  "a deployment with wrong replicas and strategy": [
    deployments,
    deployment({ replicas: -1, strategy: { type: "Other" } }),
  ],
  "a deployment that restarts never": [deployments, deployment({}, { restartPolicy: "Never" })],
  "a container without a name, image, or with a name twice": [
    deployments,
    deployment({}, { containers: [{ image: "x" }, { name: "x" }, { name: "x", image: "y" }] }),
  ],
  "a container with an unknown pull policy": [
    deployments,
    deployment({}, { containers: [container({ imagePullPolicy: "Sometimes" })] }),
  ],
  "a mount without its volume": [
    deployments,
    deployment({}, { containers: [container({ volumeMounts: [{ name: "none", mountPath: "/x" }] })] }),
  ],
  "a container port out of range": [
    deployments,
    deployment({}, { containers: [container({ ports: [{ containerPort: 70000 }] })] }),
  ],
  "a request above its limit": [
    deployments,
    deployment({}, { containers: [container({ resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } })] }),
  ],
  "a quantity that is none": [
    deployments,
    deployment({}, { containers: [container({ resources: { requests: { cpu: "lots" } } })] }),
  ],
  "a service without ports": [services, service({ ports: [] })],
  "a service with two nameless ports": [services, service({ ports: [{ port: 80 }, { port: 81 }] })],
  "a service with a bad port and protocol": [services, service({ ports: [{ port: 0, protocol: "ICMP" }] })],
  "a service with a bad name": [services, service({}, { name: "1a" })],
  "a config map with a bad key": [configMaps, configMap({ "a b": "x" })],
  "a secret that is not base64": [
    at("v1", "secrets"),
    { apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data: { ok: "eA==", pin: "hunter2!" } },
  ],
  "a bad name": [configMaps, configMap({}, { name: "A_b" })],
  // One of each: a server answers for labels in no order.
  "a bad label": [configMaps, configMap({}, { labels: { "a b": "x" } })],
  "a bad value of a label": [configMaps, configMap({}, { labels: { ok: "not ok!" } })],
  "a job that restarts always": [
    at("batch/v1", "jobs"),
    { apiVersion: "batch/v1", kind: "Job", metadata: { name: "a" }, spec: { template: { spec: pod } } },
  ],
  "a cron job without a schedule": [
    at("batch/v1", "cronjobs"),
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "a" },
      spec: { jobTemplate: { spec: { template: { spec: { ...pod, restartPolicy: "Never" } } } } },
    },
  ],
  "an ingress without a path type": [
    at("networking.k8s.io/v1", "ingresses"),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "a" },
      spec: {
        rules: [{ http: { paths: [{ path: "/", backend: { service: { name: "a", port: { number: 80 } } } }] } }],
      },
    },
  ],
  "a role that says nothing": [
    at(rbac, "roles"),
    { apiVersion: rbac, kind: "Role", metadata: { name: "a" }, rules: [{ resources: ["pods"] }] },
  ],
  "a binding to nothing": [
    at(rbac, "rolebindings"),
    { apiVersion: rbac, kind: "RoleBinding", metadata: { name: "a" }, roleRef: { kind: "Other", name: "" } },
  ],
  "a claim without anything": [
    at("v1", "persistentvolumeclaims"),
    { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "a" }, spec: {} },
  ],
  "an autoscaler without a target": [
    at("autoscaling/v2", "horizontalpodautoscalers"),
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "a" },
      spec: { minReplicas: 3, maxReplicas: 1, scaleTargetRef: { kind: "", name: "" } },
    },
  ],
};

const frozen: Readonly<Record<string, readonly [ReturnType<typeof at>, JsonObject, JsonObject]>> = {
  "a deployment's selector": [
    deployments,
    deployment(),
    { spec: { selector: { matchLabels: { app: "b" } }, template: { metadata: { labels: { app: "b" } } } } },
  ],
  "a stateful set's service": [
    at("apps/v1", "statefulsets"),
    workload("StatefulSet", { serviceName: "a" }),
    { spec: { serviceName: "b" } },
  ],
  "a secret's type": [
    at("v1", "secrets"),
    { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } },
    { type: "example.com/other" },
  ],
  "an immutable config map": [configMaps, { ...configMap({ x: "1" }), immutable: true }, { data: { x: "2" } }],
  "a binding's role": [
    at(rbac, "rolebindings"),
    {
      apiVersion: rbac,
      kind: "RoleBinding",
      metadata: { name: "a" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "a" },
    },
    { roleRef: { name: "b" } },
  ],
  "a job's completions": [
    at("batch/v1", "jobs"),
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "a" },
      spec: { template: { spec: { ...pod, restartPolicy: "Never" } } },
    },
    { spec: { completions: 5 } },
  ],
  "a claim's access modes": [
    at("v1", "persistentvolumeclaims"),
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "a" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
    { spec: { accessModes: ["ReadWriteMany"] } },
  ],
};

export const refusalCases: readonly Case[] = [
  ...Object.entries(invalidSteps).map(
    ([name, [where, body]]): Case => ({ name: `refused: ${name}`, steps: [create(where, body)] }),
  ),
  ...Object.entries(frozen).map(
    ([name, [where, body, change]]): Case => ({
      name: `cannot change: ${name}`,
      steps: [create(where, body), patch(where, "a", MERGE, change), get(where, "a")],
    }),
  ),
];
