import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";
import {
  child,
  type Failure,
  failed,
  isObject,
  type Json,
  type JsonObject,
  ok,
  type Result,
  text,
} from "../model/index.ts";
import type { Access } from "./access.ts";

/** One context of a kubeconfig, with its files as absolute paths: where the server is and who we are. */
export interface Context {
  readonly name: string;
  readonly server: URL;
  readonly cluster: JsonObject;
  readonly user: JsonObject;
  /** The namespace that the context names, or `default`. */
  readonly namespace: string;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const CLUSTER_FILES = ["certificate-authority"];
const USER_FILES = ["client-certificate", "client-key", "tokenFile"];

/**
 * The context to use. Merged here and not by client-node, which refuses a name that stands in two files, where kubectl
 * lets the first win, and does not know `tokenFile`.
 */
export async function readContext(access: Access): Promise<Result<Context>> {
  if (access.kind === "in-cluster") return await inCluster(access.server);
  const files: JsonObject[] = [];
  for (const path of access.paths) {
    const file = await readConfigFile(path);
    if (!file.ok) return file;
    files.push(file.value);
  }
  const name = access.context ?? files.map((file) => text(file, "current-context")).find((one) => one);
  const where = access.paths.join(", ");
  if (name === undefined) return failed(bad(`${where}: no current context`, "name one with --context"));
  const context = named(files, "contexts", "context", name);
  if (context === undefined) {
    return failed(bad(`${where}: no context "${name}"`, "kubectl config get-contexts lists those there are"));
  }
  const clusterName = text(context, "cluster") ?? "";
  const cluster = named(files, "clusters", "cluster", clusterName);
  if (cluster === undefined) {
    return failed(bad(`${where}: context "${name}" names cluster "${clusterName}", which is not there`, "add it"));
  }
  const userName = text(context, "user") ?? "";
  const user = userName === "" ? {} : named(files, "users", "user", userName);
  if (user === undefined) {
    return failed(bad(`${where}: context "${name}" names user "${userName}", which is not there`, "add it"));
  }
  const server = serverUrl(text(cluster, "server") ?? "");
  if (server === undefined) {
    return failed(
      bad(`${where}: cluster "${clusterName}" has no usable server URL`, "set server to https://HOST:PORT"),
    );
  }
  return ok({ name, server, cluster, user, namespace: text(context, "namespace") || "default" });
}

async function inCluster(server: string): Promise<Result<Context>> {
  const url = serverUrl(server);
  if (url === undefined) return failed(bad(`no usable API server address ${server}`, "run it in a pod"));
  const namespace = await readFile(`${SERVICE_ACCOUNT}/namespace`, "utf8").catch(() => "default");
  return ok({
    name: "in-cluster",
    server: url,
    cluster: { "certificate-authority": `${SERVICE_ACCOUNT}/ca.crt` },
    user: { tokenFile: `${SERVICE_ACCOUNT}/token` },
    namespace: namespace.trim(),
  });
}

async function readConfigFile(path: string): Promise<Result<JsonObject>> {
  try {
    const value = parse(await readFile(path, "utf8")) as Json;
    if (!isObject(value)) return failed(bad(`${path} is no kubeconfig`, "name another file with --kubeconfig"));
    return ok(withAbsolutePaths(value, dirname(path)));
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (missing) return failed(bad(`${path} does not exist`, "name a kubeconfig with --kubeconfig or KUBECONFIG"));
    // The parser quotes the text, which holds credentials, so its words are left out.
    const unreadable = cause instanceof Error && "code" in cause && String(cause.code).startsWith("E");
    return failed(
      bad(`${path} ${unreadable ? "cannot be read" : "is not valid YAML"}`, "kubectl config view shows more"),
    );
  }
}

function withAbsolutePaths(file: JsonObject, folder: string): JsonObject {
  const entries = (list: string, key: string, fields: readonly string[]): Json =>
    objects(file[list]).map((entry) => {
      const value = { ...child(entry, key) };
      for (const field of fields) {
        const path = value[field];
        if (typeof path === "string" && path !== "" && !isAbsolute(path)) value[field] = join(folder, path);
      }
      return { ...entry, [key]: value };
    });
  return {
    ...file,
    clusters: entries("clusters", "cluster", CLUSTER_FILES),
    users: entries("users", "user", USER_FILES),
  };
}

function named(files: readonly JsonObject[], list: string, key: string, name: string): JsonObject | undefined {
  const entry = files.flatMap((file) => objects(file[list])).find((one) => text(one, "name") === name);
  return child(entry, key);
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function serverUrl(server: string): URL | undefined {
  try {
    const url = new URL(server);
    return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
  } catch {
    return undefined;
  }
}

function bad(message: string, remedy: string): Failure {
  return { code: "cluster/invalid-kubeconfig", message, remedy };
}
