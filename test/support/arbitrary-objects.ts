import fc from "fast-check";

/** Plain data of a YAML file. */
export type Data = null | boolean | number | string | Data[] | { [key: string]: Data };
export type Fields = { [key: string]: Data };

export const names = fc.constantFrom("web", "web", "cfg", "cfg", "api", "db");
export const namespaces = fc.constantFrom("default", "team-a", "team-b", "ns");
const keys = fc.constantFrom("app", "tier", "example.com/part", "app.kubernetes.io/name", "version");
const texts = fc.constantFrom("x", "web", "two words", "v1", "a: b", "", "#no", "é");
/** Texts that some reader of YAML takes for something else. */
const riddles = fc.constantFrom("true", "1", "1.0", "yes", "null", "0x1F", "~", "1e3", "010", "2020-01-01", "off");
export const values = fc.oneof({ weight: 12, arbitrary: texts }, { weight: 1, arbitrary: riddles });
export const labels: fc.Arbitrary<Fields> = fc.dictionary(keys, values, { minKeys: 1, maxKeys: 2 });
const images = fc.constantFrom(
  "nginx",
  "nginx:1.7",
  "reg.io:5000/team/app:v1",
  "postgres@sha256:abcd",
  "busybox:latest",
);

/** Most builds fail with two objects of one kind and name, so mostly there are none. */
export function distinct(objects: readonly Fields[]): readonly Fields[] {
  const seen = new Set<string>();
  return objects.filter(({ kind, metadata: meta }) => {
    const key = JSON.stringify([kind, (meta as Fields | undefined)?.["name"]]);
    return kind === "List" || (!seen.has(key) && seen.add(key));
  });
}

export function some(model: Record<string, fc.Arbitrary<Data>>): fc.Arbitrary<Fields> {
  return fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Fields>;
}

export function list(of: fc.Arbitrary<Data>, maxLength = 2): fc.Arbitrary<Data> {
  return fc.array(of, { minLength: 1, maxLength });
}

function metadata(): fc.Arbitrary<Fields> {
  const rest = some({ namespace: namespaces, labels, annotations: labels });
  return fc.tuple(names, rest).map(([name, fields]) => ({ name, ...fields }));
}

function container(): fc.Arbitrary<Data> {
  const env = fc
    .tuple(fc.constantFrom("A", "B", "C"), values, names, fc.nat(3))
    .map(([name, value, ref, kind]): Data => {
      if (kind === 0) return { name, value };
      const from = ["configMapKeyRef", "secretKeyRef", "configMapKeyRef"][kind - 1] ?? "configMapKeyRef";
      return { name, valueFrom: { [from]: { name: ref, key: "k" } } };
    });
  const envFrom = names.map((name): Data => ({ configMapRef: { name } }));
  const ports = fc.constantFrom(80, 8080).map((containerPort): Data => ({ containerPort, name: `p${containerPort}` }));
  const rest = some({
    env: list(env),
    envFrom: list(envFrom),
    ports: list(ports),
    args: list(fc.constantFrom("--a=$(VAR)", "--b", "$(A)", "plain")),
    resources: fc.constant({ limits: { cpu: "1", memory: "64Mi" } }),
  });
  return fc
    .tuple(fc.constantFrom("main", "side"), images, rest)
    .map(([name, image, fields]) => ({ name, image, ...fields }));
}

function podSpec(): fc.Arbitrary<Fields> {
  const volume = fc.tuple(names, fc.nat(2)).map(([name, kind]): Data => {
    if (kind === 0) return { name: "v", configMap: { name } };
    return kind === 1
      ? { name: "v", secret: { secretName: name } }
      : { name: "v", persistentVolumeClaim: { claimName: name } };
  });
  const rest = some({ serviceAccountName: names, volumes: list(volume, 1), initContainers: list(container(), 1) });
  return fc.tuple(fc.array(container(), { minLength: 1, maxLength: 2 }), rest).map(([containers, fields]) => ({
    containers,
    ...fields,
  }));
}

function workload(): fc.Arbitrary<Fields> {
  const kinds = fc.constantFrom("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet");
  const rest = some({ replicas: fc.nat(3) });
  return fc.tuple(kinds, metadata(), labels, podSpec(), rest).map(([kind, meta, selector, pod, fields]) => ({
    apiVersion: "apps/v1",
    kind,
    metadata: meta,
    spec: {
      ...fields,
      selector: { matchLabels: selector },
      template: { metadata: { labels: selector }, spec: pod },
      ...(kind === "StatefulSet" ? { serviceName: "web" } : {}),
    },
  }));
}

export const apiVersions: Readonly<Record<string, string>> = {
  ConfigMap: "v1",
  Secret: "v1",
  Service: "v1",
  ServiceAccount: "v1",
  Namespace: "v1",
  PersistentVolumeClaim: "v1",
  Ingress: "networking.k8s.io/v1",
  RoleBinding: "rbac.authorization.k8s.io/v1",
  ClusterRoleBinding: "rbac.authorization.k8s.io/v1",
  ClusterRole: "rbac.authorization.k8s.io/v1",
  Role: "rbac.authorization.k8s.io/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
  CronJob: "batch/v1",
  Widget: "example.com/v1alpha1",
  ValidatingWebhookConfiguration: "admissionregistration.k8s.io/v1",
};

function body(kind: string): fc.Arbitrary<Fields> {
  const subject = fc
    .tuple(names, namespaces)
    .map(([name, namespace]): Data => ({ kind: "ServiceAccount", name, namespace }));
  switch (kind) {
    case "ConfigMap":
    case "Secret":
      return some({ data: fc.dictionary(fc.constantFrom("k", "j", "f.txt"), values), immutable: fc.boolean() });
    case "Service":
      return some({ selector: labels, ports: fc.constant([{ port: 80, name: "http" }]) }).map((spec) => ({ spec }));
    case "Ingress":
      return names.map((name) => ({
        spec: { rules: [{ http: { paths: [{ path: "/", backend: { service: { name, port: { number: 80 } } } }] } }] },
      }));
    case "RoleBinding":
    case "ClusterRoleBinding":
      return fc
        .tuple(names, fc.array(subject, { maxLength: 2 }), fc.constantFrom("Role", "ClusterRole"))
        .map(([name, subjects, role]) => ({
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: role, name },
          subjects,
        }));
    case "Role":
    case "ClusterRole":
      return names.map((name) => ({
        rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [name], verbs: ["get"] }],
      }));
    case "HorizontalPodAutoscaler":
      return names.map((name) => ({
        spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name }, maxReplicas: 3 },
      }));
    case "CronJob":
      return podSpec().map((spec) => ({
        spec: { schedule: "* * * * *", jobTemplate: { spec: { template: { spec } } } },
      }));
    case "ValidatingWebhookConfiguration":
      return fc.tuple(names, namespaces).map(([name, namespace]) => ({
        webhooks: [{ name: "a.example.com", clientConfig: { service: { name, namespace } } }],
      }));
    case "Widget":
      return fc.tuple(names, labels, images).map(([ref, selector, image]) => ({
        spec: {
          ref,
          selector,
          image,
          list: [
            { name: "one", value: 1 },
            { name: "two", value: 2.5 },
          ],
        },
      }));
    default:
      return fc.constant({});
  }
}

/** What most patches, replicas, vars and replacements are about. */
export function known(): fc.Arbitrary<Fields[]> {
  const named = (made: fc.Arbitrary<Fields>, kind: string, name: string): fc.Arbitrary<Fields> =>
    made.map((fields) => ({
      ...fields,
      apiVersion: apiVersions[kind] ?? "apps/v1",
      kind,
      metadata: { ...(fields["metadata"] as Fields | undefined), name },
    }));
  return fc.tuple(
    named(workload(), "Deployment", "web"),
    named(body("Service"), "Service", "web"),
    named(body("ConfigMap"), "ConfigMap", "cfg"),
  );
}

export function object(): fc.Arbitrary<Fields> {
  const other = fc.constantFrom(...Object.keys(apiVersions)).chain((kind) =>
    fc.tuple(metadata(), body(kind)).map(([meta, fields]) => ({
      apiVersion: apiVersions[kind] ?? "v1",
      kind,
      metadata: meta,
      ...fields,
    })),
  );
  const single = fc.oneof(workload(), other, other);
  const listed = fc.array(single, { maxLength: 2 }).map((items): Fields => ({ apiVersion: "v1", kind: "List", items }));
  const local = single.map(
    (made): Fields => ({
      ...made,
      metadata: { ...(made["metadata"] as Fields), annotations: { "config.kubernetes.io/local-config": "true" } },
    }),
  );
  return fc.oneof({ weight: 20, arbitrary: single }, { weight: 1, arbitrary: listed }, { weight: 1, arbitrary: local });
}
