import type { JsonObject } from "../../../src/model/index.ts";
import { container, deployment, deployments, service, services, workload } from "./objects.ts";
import { apply, at, type Case, create, get, MERGE, patch } from "./transcript.ts";

const pod = { containers: [container()] };
const rbac = "rbac.authorization.k8s.io/v1";

/** Kinds that people deploy: as little as they write, and what the server makes of it. */
const plain: Readonly<Record<string, readonly [string, string, JsonObject]>> = {
  Deployment: ["apps/v1", "deployments", { spec: deployment()["spec"] ?? {} }],
  StatefulSet: [
    "apps/v1",
    "statefulsets",
    {
      spec: {
        ...(deployment()["spec"] as JsonObject),
        serviceName: "a",
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1024Mi" } } },
          },
        ],
      },
    },
  ],
  DaemonSet: ["apps/v1", "daemonsets", { spec: deployment()["spec"] ?? {} }],
  ReplicaSet: ["apps/v1", "replicasets", { spec: deployment()["spec"] ?? {} }],
  Job: ["batch/v1", "jobs", { spec: { template: { spec: { ...pod, restartPolicy: "Never" } } } }],
  CronJob: [
    "batch/v1",
    "cronjobs",
    {
      spec: {
        schedule: "* * * * *",
        jobTemplate: { spec: { template: { spec: { ...pod, restartPolicy: "OnFailure" } } } },
      },
    },
  ],
  Pod: ["v1", "pods", { spec: { containers: [container({ resources: { limits: { cpu: "0.5", memory: "1Gi" } } })] } }],
  Service: ["v1", "services", { spec: { selector: { a: "b" }, ports: [{ port: 80, targetPort: "http" }] } }],
  "Service (headless)": ["v1", "services", { spec: { clusterIP: "None", selector: { a: "b" } } }],
  "Service (node port)": ["v1", "services", { spec: { type: "NodePort", ports: [{ port: 80 }] } }],
  "Service (load balancer)": [
    "v1",
    "services",
    { spec: { type: "LoadBalancer", sessionAffinity: "ClientIP", ports: [{ port: 80, protocol: "UDP" }] } },
  ],
  "Service (external name)": ["v1", "services", { spec: { type: "ExternalName", externalName: "example.com" } }],
  Ingress: [
    "networking.k8s.io/v1",
    "ingresses",
    {
      spec: {
        rules: [
          {
            host: "a.example.com",
            http: {
              paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "a", port: { number: 80 } } } }],
            },
          },
        ],
        tls: [{ hosts: ["a.example.com"], secretName: "tls" }],
      },
    },
  ],
  NetworkPolicy: [
    "networking.k8s.io/v1",
    "networkpolicies",
    { spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] } },
  ],
  HorizontalPodAutoscaler: [
    "autoscaling/v2",
    "horizontalpodautoscalers",
    { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "a" } } },
  ],
  "HorizontalPodAutoscaler (behavior)": [
    "autoscaling/v2",
    "horizontalpodautoscalers",
    {
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "a" },
        metrics: [
          { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1024Mi" } } },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
      },
    },
  ],
  PodDisruptionBudget: [
    "policy/v1",
    "poddisruptionbudgets",
    { spec: { minAvailable: "50%", selector: { matchLabels: { a: "b" } } } },
  ],
  PersistentVolumeClaim: [
    "v1",
    "persistentvolumeclaims",
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } },
  ],
  ServiceAccount: ["v1", "serviceaccounts", { automountServiceAccountToken: false }],
  Secret: ["v1", "secrets", { stringData: { user: "me" }, data: { pass: "c2VjcmV0" } }],
  ConfigMap: ["v1", "configmaps", { data: { a: "" }, binaryData: { b: "AAE=" }, immutable: false }],
  Role: [rbac, "roles", { rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] }],
  "Role (empty)": [rbac, "roles", {}],
  RoleBinding: [
    rbac,
    "rolebindings",
    {
      roleRef: { kind: "Role", name: "a" },
      subjects: [
        { kind: "User", name: "u" },
        { kind: "ServiceAccount", name: "s", namespace: "n" },
      ],
    },
  ],
  LimitRange: [
    "v1",
    "limitranges",
    { spec: { limits: [{ type: "Container", max: { cpu: "2" }, min: { cpu: "100m" } }] } },
  ],
  ResourceQuota: ["v1", "resourcequotas", { spec: { hard: { pods: "10", "requests.cpu": "1000m" } } }],
  Lease: [
    "coordination.k8s.io/v1",
    "leases",
    { spec: { holderIdentity: "me", leaseDurationSeconds: 15, renewTime: "2026-01-01T00:00:00.500000Z" } },
  ],
  Event: [
    "v1",
    "events",
    { involvedObject: { kind: "Pod", namespace: "$ns", name: "p" }, reason: "Why", message: "text", type: "Normal" },
  ],
};

const clusterWide: Readonly<Record<string, readonly [string, string, JsonObject]>> = {
  ClusterRole: [rbac, "clusterroles", { rules: [{ nonResourceURLs: ["/x"], verbs: ["get"] }] }],
  ClusterRoleBinding: [
    rbac,
    "clusterrolebindings",
    {
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "a" },
      subjects: [{ kind: "Group", name: "g" }],
    },
  ],
  StorageClass: ["storage.k8s.io/v1", "storageclasses", { provisioner: "example.com/x", parameters: { a: "b" } }],
  PriorityClass: ["scheduling.k8s.io/v1", "priorityclasses", { value: 10 }],
  IngressClass: ["networking.k8s.io/v1", "ingressclasses", { spec: { controller: "example.com/x" } }],
  PersistentVolume: [
    "v1",
    "persistentvolumes",
    { spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/x" } } },
  ],
  Namespace: ["v1", "namespaces", {}],
};

const kindOf = (label: string): string => label.split(" ")[0] ?? label;

const rich = deployment(
  { strategy: { rollingUpdate: { maxSurge: 1 } }, minReadySeconds: 5, paused: false },
  {
    serviceAccountName: "me",
    hostNetwork: true,
    securityContext: { fsGroup: 1 },
    imagePullSecrets: [{ name: "pull" }],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "zone",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: { a: "b" } },
      },
    ],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }],
        },
      },
    },
    initContainers: [
      { name: "init", image: "busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000" },
    ],
    volumes: [
      { name: "cm", configMap: { name: "c" } },
      { name: "sec", secret: { secretName: "s" } },
      {
        name: "proj",
        projected: {
          sources: [
            { serviceAccountToken: { path: "t" } },
            { downwardAPI: { items: [{ path: "n", fieldRef: { fieldPath: "metadata.name" } }] } },
          ],
        },
      },
      { name: "empty" },
      { name: "host", hostPath: { path: "/x" } },
      { name: "claim", persistentVolumeClaim: { claimName: "p" } },
    ],
    containers: [
      container({
        image: "registry.example.com:5000/app",
        ports: [{ containerPort: 8080, name: "http" }],
        env: [
          { name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "B", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
          { name: "E", value: "" },
        ],
        envFrom: [{ configMapRef: { name: "c", optional: false } }],
        resources: { limits: { cpu: "0.5", memory: "1.5Gi" }, requests: { cpu: "0.1", memory: "1e9" } },
        livenessProbe: { httpGet: { port: "http" }, initialDelaySeconds: 0 },
        readinessProbe: { tcpSocket: { port: 8080 }, timeoutSeconds: 3 },
        startupProbe: { exec: { command: ["true"] } },
        lifecycle: { preStop: { httpGet: { port: 80, path: "/bye" } } },
        volumeMounts: [
          { name: "cm", mountPath: "/c" },
          { name: "sec", mountPath: "/s", readOnly: false },
        ],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      }),
    ],
  },
);

export const kindCases: readonly Case[] = [
  ...Object.entries(plain).map(([label, [groupVersion, resource, body]]): Case => {
    const where = at(groupVersion, resource);
    const object = { apiVersion: groupVersion, kind: kindOf(label), metadata: { name: "a" }, ...body };
    const other = { ...object, metadata: { name: "b" } };
    return {
      name: `${label}: created and applied`,
      steps: [create(where, object), apply(where, "b", other), apply(where, "b", other), get(where, "b")],
    };
  }),
  ...Object.entries(clusterWide).map(([label, [groupVersion, resource, body]]): Case => {
    const where = at(groupVersion, resource, false);
    const object = { apiVersion: groupVersion, kind: label, metadata: { name: "$ns-a" }, ...body };
    return {
      name: `${label}: created and applied`,
      steps: [
        create(where, object),
        ...Array.from({ length: 2 }, () => apply(where, "$ns-b", { ...object, metadata: { name: "$ns-b" } })),
      ],
    };
  }),
  {
    name: "a deployment with a bit of everything",
    steps: [
      apply(deployments, "a", rich),
      apply(deployments, "a", rich),
      create(deployments, { ...rich, metadata: { name: "b" } }),
    ],
  },
  {
    name: "a service's address stays, its ports may change",
    steps: [
      apply(services, "a", service()),
      patch(services, "a", MERGE, { spec: { ports: [{ port: 81, name: "x" }] } }),
      patch(services, "a", MERGE, { spec: { clusterIP: "10.96.0.77" } }),
      patch(services, "a", MERGE, { spec: { type: "NodePort" } }),
      patch(services, "a", MERGE, { spec: { type: "ClusterIP" } }),
    ],
  },
  {
    name: "a daemon set counts its templates",
    steps: [
      apply(at("apps/v1", "daemonsets"), "a", workload("DaemonSet")),
      patch(at("apps/v1", "daemonsets"), "a", MERGE, { spec: { template: { metadata: { labels: { x: "1" } } } } }),
    ],
  },
  {
    name: "quantities in every spelling",
    steps: [
      create(
        deployments,
        deployment(
          {},
          {
            containers: [
              "1000m",
              "0.5",
              "1e3",
              "1024Ki",
              "5",
              "1500Mi",
              "12E",
              "0",
              "100000",
              "1.5Gi",
              "0.1Mi",
              "1E3",
              "100u",
              "+1",
            ].map((memory, index) => container({ name: `c${index}`, resources: { limits: { memory, cpu: index } } })),
          },
        ),
      ),
    ],
  },
];
