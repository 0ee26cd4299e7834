import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/model/index.ts";
import { configMaps, deployments, services } from "./objects.ts";
import { definition, definitions, lists, served, things } from "./read-cases.ts";
import {
  type At,
  type Case,
  create,
  get,
  JSON_PATCH,
  MERGE,
  patch,
  remove,
  STRATEGIC,
  type Step,
} from "./transcript.ts";

/** Random requests by several managers to one object: what the property test sends to both servers. */
const managers = fc.constantFrom("one", "two", "kubectl");
const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 });
const few = fc.constantFrom("1", "2", "");
const keys = fc.constantFrom("a", "b", "c");
const map = fc.dictionary(keys, few, { maxKeys: 3 });

const metadata = fc
  .record({
    labels: some(fc.dictionary(keys, fc.constantFrom("x", "y"), { maxKeys: 2 })),
    annotations: some(map),
    finalizers: some(fc.uniqueArray(fc.constantFrom("e.io/a", "e.io/b"), { maxLength: 2 })),
  })
  .map(present);

const configMap = fc
  .record({ metadata, data: some(map) })
  .map((parts) => named("v1", "ConfigMap", parts.metadata, present({ data: parts.data })));

const quantity = fc.constantFrom("1", "1000m", "0.5", "500m", "1Gi", "1024Mi", 2);
const env = fc.uniqueArray(fc.record({ name: fc.constantFrom("A", "B", "C"), value: few }), {
  maxLength: 3,
  selector: ({ name }) => name,
});
const port = fc
  .record({
    containerPort: fc.constantFrom(80, 443),
    protocol: some(fc.constantFrom("TCP", "UDP")),
    name: some(fc.constantFrom("p", "q")),
  })
  .map(present);
const ports = fc.uniqueArray(port, {
  maxLength: 2,
  selector: (one) => `${String(one["containerPort"] as number)}${String((one["protocol"] ?? "TCP") as string)}`,
  comparator: "IsStrictlyEqual",
});
const container = fc
  .record({
    name: fc.constantFrom("web", "side", "extra"),
    image: fc.constantFrom("nginx:1", "nginx:2", "nginx"),
    env: some(env),
    ports: some(ports),
    command: some(fc.array(few, { maxLength: 2 })),
    resources: some(
      fc.dictionary(fc.constantFrom("limits"), fc.dictionary(fc.constantFrom("cpu", "memory"), quantity)),
    ),
    livenessProbe: some(
      fc.constantFrom<JsonObject>({ httpGet: { port: 80 } }, { tcpSocket: { port: 80 }, periodSeconds: 3 }),
    ),
  })
  .map(present);
const containers = fc.uniqueArray(container, {
  minLength: 1,
  maxLength: 3,
  selector: (one) => String(one["name"] as string),
});
const volume = fc.constantFrom<JsonObject>(
  { name: "v", emptyDir: {} },
  { name: "v", configMap: { name: "c" } },
  { name: "w", emptyDir: { medium: "Memory" } },
);
const podSpec = fc
  .record({
    containers,
    volumes: some(fc.uniqueArray(volume, { maxLength: 2, selector: (one) => String(one["name"] as string) })),
    nodeSelector: some(map),
    serviceAccountName: some(fc.constantFrom("me", "you")),
    tolerations: some(fc.array(fc.constantFrom<JsonObject>({ key: "a", operator: "Exists" }), { maxLength: 1 })),
    terminationGracePeriodSeconds: some(fc.constantFrom(0, 30, 60)),
  })
  .map(present);
const deployment = fc
  .record({
    metadata,
    replicas: some(fc.constantFrom(0, 1, 3)),
    strategy: some(fc.constantFrom<JsonObject>({ type: "Recreate" }, { rollingUpdate: { maxSurge: 1 } }, {})),
    paused: some(fc.boolean()),
    pod: podSpec,
  })
  .map(({ metadata: meta, pod, ...spec }) =>
    named("apps/v1", "Deployment", meta, {
      spec: {
        ...present(spec),
        selector: { matchLabels: { app: "a" } },
        template: { metadata: { labels: { app: "a" } }, spec: pod },
      },
    }),
  );

const servicePort = fc
  .record({
    name: fc.constantFrom("h", "s"),
    port: fc.constantFrom(80, 443),
    targetPort: some(fc.constantFrom<Json>(8080, "web")),
  })
  .map(present);
const service = fc
  .record({
    metadata,
    ports: fc.uniqueArray(servicePort, { minLength: 1, maxLength: 2, selector: (one) => one["port"] }),
    selector: some(map),
    sessionAffinity: some(fc.constantFrom("None", "ClientIP")),
  })
  .map(({ metadata: meta, ...spec }) => named("v1", "Service", meta, { spec: present(spec) }));

function named(apiVersion: string, kind: string, meta: JsonObject, rest: JsonObject): JsonObject {
  return { apiVersion, kind, metadata: { name: "a", ...meta }, ...rest };
}

function present(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
}

/** Edits that any of the kinds can get; many are refused, and then alike. */
const merges: fc.Arbitrary<Json> = fc.oneof(
  map.map((labels) => ({ metadata: { labels } })),
  fc.constantFrom<Json>(
    { metadata: { labels: null } },
    { spec: null },
    { spec: { whole: null } },
    { spec: { whole: { a: null } } },
    { metadata: { annotations: { a: null } } },
    { metadata: { finalizers: null } },
    { metadata: { managedFields: [{}] } },
    { data: { a: "9" } },
    { data: { a: null } },
    { spec: { replicas: 7 } },
    { spec: { replicas: null } },
    { spec: { selector: null } },
    { status: { replicas: 4 } },
    {},
  ),
);
const strategics: fc.Arbitrary<Json> = fc.oneof(
  container.map((one) => ({ spec: { template: { spec: { containers: [one] } } } })),
  fc.constantFrom<Json>(
    { spec: { template: { spec: { containers: [{ name: "side", $patch: "delete" }] } } } },
    { metadata: { finalizers: ["e.io/c"] } },
    { data: { b: "8" } },
    { spec: { ports: [{ port: 81, name: "n" }] } },
  ),
);
const jsonPatches: fc.Arbitrary<Json> = fc.constantFrom<Json>(
  // Not one of several by its number: they are ordered by times, which two runs do not share.
  [{ op: "replace", path: "/metadata/managedFields", value: [] }],
  [{ op: "add", path: "/metadata/labels", value: { c: "z" } }],
  [{ op: "remove", path: "/data/a" }],
  [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "nginx:3" }],
);

function stepsOf(where: At, object: fc.Arbitrary<JsonObject>): fc.Arbitrary<Step> {
  const by = (manager: string, more: string): string => `${where.one("a")}?fieldManager=${manager}${more}`;
  const applying = fc.tuple(managers, object, fc.boolean(), fc.boolean()).map(
    ([manager, body, force, dry]): Step => ({
      method: "PATCH",
      path: by(manager, `${force ? "&force=true" : ""}${dry && force ? "&dryRun=All" : ""}`),
      type: "application/apply-patch+yaml",
      body,
    }),
  );
  const replacing = fc
    .tuple(managers, object)
    .map(([manager, body]): Step => ({ method: "PUT", path: by(manager, ""), body }));
  const creating = fc
    .tuple(managers, object)
    .map(([manager, body]): Step => ({ method: "POST", path: `${where.all}?fieldManager=${manager}`, body }));
  return fc.oneof(
    { weight: 6, arbitrary: applying },
    { weight: 2, arbitrary: replacing },
    { weight: 1, arbitrary: creating },
    { weight: 2, arbitrary: merges.map((body) => patch(where, "a", MERGE, body)) },
    { weight: 2, arbitrary: strategics.map((body) => patch(where, "a", STRATEGIC, body)) },
    { weight: 1, arbitrary: jsonPatches.map((body) => patch(where, "a", JSON_PATCH, body)) },
    { weight: 1, arbitrary: fc.constant(remove(where, "a")) },
    { weight: 1, arbitrary: fc.constant(get(where, "a")) },
  );
}

const item = fc.record({ name: fc.constantFrom("x", "y", "z"), value: some(few) }).map(present);
// Of a custom resource, the server stores empty maps of metadata and does not show them: see docs/embedded.md.
const filled = metadata.map((parts) =>
  present(Object.fromEntries(Object.entries(parts).filter(([, value]) => Object.keys(value ?? {}).length > 0))),
);
const thing = fc
  .record({
    metadata: filled,
    set: some(fc.uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 3 })),
    map: some(fc.uniqueArray(item, { maxLength: 3, selector: (one) => one["name"] })),
    // One null at most: of several errors, the server tells one first by chance.
    whole: some(fc.option(map, { nil: null, freq: 4 })),
  })
  .map(({ metadata: meta, ...spec }) => named("$ns.example.com/v1", "Thing", meta, { spec: present(spec) }));
const define: readonly Step[] = [create(definitions, definition(lists)), served];

const LENGTH_MAX = 10;

/** A history of requests, as a case. */
export const histories: fc.Arbitrary<Case> = fc
  .oneof(
    fc.array(stepsOf(configMaps, configMap), { minLength: 2, maxLength: LENGTH_MAX }),
    fc.array(stepsOf(deployments, deployment), { minLength: 2, maxLength: LENGTH_MAX }),
    fc.array(stepsOf(services, service), { minLength: 2, maxLength: LENGTH_MAX }),
    fc.array(stepsOf(things, thing), { minLength: 2, maxLength: LENGTH_MAX }).map((steps) => [...define, ...steps]),
  )
  .map((steps) => ({ name: "a random history", steps }));
