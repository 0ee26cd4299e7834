import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Answer, Cluster, Kind, LiveMetadata, LiveObject, Problem } from "../../../src/cluster/index.ts";
import { isObject, type Json, type JsonObject, type Manifest, text } from "../../../src/model/index.ts";

export type OpenCluster = () => Promise<Cluster>;

/** The cluster under test, and the short words that the cases are written in. */
export interface Subject {
  readonly cluster: Cluster;
  readonly signal: AbortSignal;
  /** A served kind. */
  kind(name: string, group?: string): Promise<Kind>;
  /** A new namespace of this case's own. */
  namespace(): Promise<string>;
  /** Applies as manager `gitops`, by force; the object as it is then. */
  apply(manifest: Manifest, options?: Partial<ApplyAs>): Promise<LiveObject>;
  /** Applies what is to be refused; why it was. */
  refused(manifest: Manifest, options?: Partial<ApplyAs>): Promise<Problem>;
  live(manifest: Manifest): Promise<LiveObject | undefined>;
  metadata(manifest: Manifest): Promise<LiveMetadata>;
  kindOf(manifest: Manifest): Promise<Kind>;
}

interface ApplyAs {
  readonly fieldManager: string;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export function subject(cluster: Cluster): Subject {
  const signal = new AbortController().signal;
  const kind: Subject["kind"] = async (name, group = "") => {
    const { kinds } = value(await cluster.kinds(signal));
    const found = kinds.find((one) => one.kind === name && one.group === group);
    if (found === undefined) throw new Error(`${group}/${name} is not served`);
    return found;
  };
  const kindOf: Subject["kindOf"] = (manifest) => {
    const slash = manifest.apiVersion.indexOf("/");
    return kind(manifest.kind, slash < 0 ? "" : manifest.apiVersion.slice(0, slash));
  };
  const send = async (manifest: Manifest, options: Partial<ApplyAs> = {}) =>
    await cluster.apply(await kindOf(manifest), manifest, { fieldManager: "gitops", force: true, ...options }, signal);
  const where = (manifest: Manifest): [string, string] => [manifest.metadata.namespace ?? "", manifest.metadata.name];
  return {
    cluster,
    signal,
    kind,
    kindOf,
    async namespace() {
      const name = unique("contract");
      value(await send({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
      return name;
    },
    apply: async (manifest, options) => value(await send(manifest, options)).object,
    refused: async (manifest, options) => problem(await send(manifest, options)),
    live: async (manifest) => value(await cluster.get(await kindOf(manifest), ...where(manifest), signal)),
    async metadata(manifest) {
      const found = value(await cluster.metadata(await kindOf(manifest), ...where(manifest), signal));
      if (found === undefined) throw new Error(`${manifest.kind} ${manifest.metadata.name} is not there`);
      return found;
    },
  };
}

export function unique(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString("hex")}`;
}

export function value<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer.problem)}`);
  return answer.value;
}

export function problem<T>(answer: Answer<T>): Problem {
  if (answer.ok) throw new Error("it was not refused");
  return answer.problem;
}

/** Who owns what: the managedFields without their times, in the order of manager and operation. */
export function owners(live: LiveMetadata | LiveObject): readonly Json[] {
  const entries = "ref" in live ? (live as LiveMetadata).managedFields : (live as LiveObject).metadata["managedFields"];
  if (!Array.isArray(entries)) return [];
  return entries
    .filter(isObject)
    .map(({ time: _time, fieldsType: _fieldsType, ...entry }: JsonObject) => entry)
    .toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
}

function place(entry: JsonObject): string {
  return ["manager", "operation", "subresource"].map((key) => text(entry, key) ?? "").join(" ");
}

/** The fields that manager `gitops` owns by apply; undefined when it owns none. */
export function ours(live: LiveMetadata | LiveObject, manager = "gitops"): Json | undefined {
  const entry = owners(live)
    .filter(isObject)
    .find((one) => one["manager"] === manager && one["operation"] === "Apply");
  return entry?.["fieldsV1"];
}

/** Expects a value at a path of an object, such as `spec.replicas`. */
export function at(object: Json | undefined, path: string): Json | undefined {
  return path.split(".").reduce<Json | undefined>((inner, key) => {
    if (Array.isArray(inner)) return (inner as readonly Json[])[Number(key)];
    return isObject(inner) ? inner[key] : undefined;
  }, object);
}

export function configMap(
  namespace: string,
  name: string,
  data: Record<string, Json>,
  metadata: JsonObject = {},
): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, ...metadata }, data };
}

export function deployment(
  namespace: string,
  name: string,
  spec: JsonObject = {},
  container: JsonObject = {},
): Manifest {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "web", image: "example.test/web:1", ...container }] },
      },
      ...spec,
    },
  };
}

export interface CrdOptions {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly scope?: "Namespaced" | "Cluster";
  readonly versions?: readonly string[];
  readonly spec: JsonObject;
}

export function crd({ group, plural, kind, scope = "Namespaced", versions = ["v1"], spec }: CrdOptions): Manifest {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec, status: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
      })),
    },
  };
}

/** Defines a kind and returns when it is established and discovery lists it. */
export async function define(s: Subject, options: CrdOptions): Promise<Kind> {
  await s.apply(crd(options));
  await expect
    .poll(
      async () => {
        const conditions = at(await s.live(crd(options)), "status.conditions");
        const established = (one: Json): boolean =>
          isObject(one) && one["type"] === "Established" && one["status"] === "True";
        return Array.isArray(conditions) && conditions.some(established);
      },
      { timeout: 20_000 },
    )
    .toBe(true);
  const listed = async () =>
    value(await s.cluster.kinds(s.signal)).kinds.find(
      (one) => one.kind === options.kind && one.group === options.group,
    );
  await expect.poll(async () => (await listed()) !== undefined, { timeout: 20_000 }).toBe(true);
  return await s.kind(options.kind, options.group);
}
