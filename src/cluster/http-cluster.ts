import { type Clock, child, groupOf, isObject, type Json, text, versionOf } from "../model/index.ts";
import { discover } from "./discovery.ts";
import { readJson, writeJson } from "./json-exact.ts";
import { listMetadata, listObjects } from "./list.ts";
import { isLiveObject, liveMetadata } from "./metadata.ts";
import { holdsSecrets, query, resourcePath } from "./paths.ts";
import type { Answer, Applied, Cluster, Kind, LiveMetadata, LiveObject } from "./port.ts";
import { decodeProblem } from "./problem.ts";
import type { Reply, Send } from "./send.ts";
import type { Transport } from "./transport.ts";
import { watchMetadata } from "./watch.ts";

const JSON_ONLY = "application/json";
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const NAMESPACES: Kind = {
  group: "",
  version: "v1",
  versions: ["v1"],
  kind: "Namespace",
  resource: "namespaces",
  namespaced: false,
  verbs: ["get"],
};

export interface HttpClusterOptions {
  readonly pageSize: number;
  readonly watchSilenceMs: number;
}

/** The verbs on raw JSON: what is sent is what the manifest says, and unknown fields are not lost on the way. */
export function httpCluster(send: Send, transport: Transport, options: HttpClusterOptions, clock: Clock): Cluster {
  const read = async (kind: Kind, namespace: string, name: string, accept: string, signal: AbortSignal) => {
    const path = resourcePath(kind, kind.version, namespace, name);
    const request = {
      method: "GET",
      path,
      accept,
      repeatable: true,
      absent: name,
      secret: holdsSecrets(kind),
    } as const;
    return await send(request, signal);
  };
  const metadata: Cluster["metadata"] = async (kind, namespace, name, signal) => {
    const reply = await read(kind, namespace, name, METADATA, signal);
    if (!reply.ok) return reply;
    if (reply.value.status === 404) return { ok: true, value: undefined };
    return decoded<LiveMetadata>(reply.value, false, (value) => liveMetadata(kind, value));
  };
  return {
    metadata,
    async identity(signal) {
      const answer = await metadata(NAMESPACES, "", "kube-system", signal);
      if (!answer.ok) return answer;
      if (answer.value !== undefined) return { ok: true, value: answer.value.uid };
      return { ok: false, problem: decodeProblem("the cluster has no kube-system namespace", { write: false }) };
    },
    kinds: (signal) => discover(send, signal),
    list: (kind, asked, signal) => listMetadata(send, kind, { ...asked, pageSize: options.pageSize }, signal),
    listObjects: (kind, asked, signal) => listObjects(send, kind, { ...asked, pageSize: options.pageSize }, signal),
    async get(kind, namespace, name, signal) {
      const reply = await read(kind, namespace, name, JSON_ONLY, signal);
      if (!reply.ok) return reply;
      if (reply.value.status === 404) return { ok: true, value: undefined };
      return liveObject(reply.value, false);
    },
    apply: (kind, manifest, asked, signal) => apply(send, kind, manifest, asked, signal),
    async patch(kind, namespace, name, type, body, signal) {
      const request = {
        method: "PATCH",
        path: resourcePath(kind, kind.version, namespace, name),
        accept: JSON_ONLY,
        body: { type, text: writeJson(body) },
        repeatable: false, // a JSON patch may add the same list item twice
        secret: holdsSecrets(kind),
      } as const;
      const reply = await send(request, signal);
      return reply.ok ? liveObject(reply.value, true) : reply;
    },
    remove: (kind, namespace, name, asked, signal) => remove(send, kind, namespace, name, asked, signal),
    watch: (kind, asked, signal) =>
      watchMetadata(transport, kind, { ...asked, silenceMs: options.watchSilenceMs }, clock, signal),
    close: () => transport.close(),
  };
}

async function apply(
  send: Send,
  ...[kind, manifest, options, signal]: Parameters<Cluster["apply"]>
): Promise<Answer<Applied>> {
  const { name, namespace = "" } = manifest.metadata;
  if (kind.namespaced && namespace === "") throw new Error(`${kind.kind} ${name} has no namespace to be applied in`);
  const parameters = {
    fieldManager: options.fieldManager,
    force: String(options.force),
    dryRun: options.dryRun === true ? "All" : undefined,
  };
  const served = { ...kind, group: groupOf(manifest.apiVersion) };
  const request = {
    method: "PATCH",
    path: `${resourcePath(served, versionOf(manifest.apiVersion), namespace, name)}${query(parameters)}`,
    accept: JSON_ONLY,
    body: { type: "application/apply-patch+yaml", text: writeJson(manifest) }, // JSON is YAML, and faster to read
    repeatable: true,
    secret: holdsSecrets(kind),
  } as const;
  const reply = await send(request, signal);
  if (!reply.ok) return reply;
  const object = liveObject(reply.value, true, options.dryRun === true);
  return object.ok ? { ok: true, value: { created: reply.value.status === 201, object: object.value } } : object;
}

async function remove(
  send: Send,
  ...[kind, namespace, name, options, signal]: Parameters<Cluster["remove"]>
): Promise<Answer<"removed" | "terminating" | "gone">> {
  const body = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    preconditions: { uid: options.uid, resourceVersion: options.resourceVersion },
    propagationPolicy: options.propagation,
    ...(options.dryRun === true ? { dryRun: ["All"] } : {}),
  };
  const request = {
    method: "DELETE",
    path: resourcePath(kind, kind.version, namespace, name),
    accept: JSON_ONLY,
    body: { type: JSON_ONLY, text: writeJson(body) },
    repeatable: true, // its preconditions fit once
    absent: name,
    secret: holdsSecrets(kind),
  } as const;
  const reply = await send(request, signal);
  if (!reply.ok) return reply;
  if (reply.value.status === 404) return { ok: true, value: "gone" };
  return decoded(reply.value, true, (value) => {
    if (!isObject(value)) return undefined;
    // The answer is a Status when the object is gone, and the object itself while something holds it.
    if (value["kind"] === "Status") return text(value, "status") === "Success" ? "removed" : undefined;
    const metadata = child(value, "metadata");
    const held = Array.isArray(metadata?.["finalizers"]) && metadata["finalizers"].length > 0;
    const grace = metadata?.["deletionGracePeriodSeconds"];
    return held || (typeof grace === "number" && grace > 0) ? "terminating" : "removed";
  });
}

/** `dryRun`: what would be created has no version yet, for which "" stands. */
function liveObject(reply: Reply, write: boolean, dryRun = false): Answer<LiveObject> {
  return decoded<LiveObject>(reply, write, (value) => {
    const metadata = isObject(value) ? child(value, "metadata") : undefined;
    const whole = dryRun && isObject(value) ? { ...value, metadata: { resourceVersion: "", ...metadata } } : value;
    return isLiveObject(whole) ? whole : undefined;
  });
}

function decoded<T>(reply: Reply, write: boolean, read: (value: Json) => T | undefined): Answer<T> {
  try {
    const value = read(readJson(reply.text));
    if (value !== undefined) return { ok: true, value };
  } catch {
    // said below
  }
  return { ok: false, problem: decodeProblem("the answer is cut off or not what was asked for", { write }) };
}
