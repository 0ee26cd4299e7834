import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import type { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import { type Failure, failed, type JsonObject, ok, type Result, text } from "../model/index.ts";
import type { Context } from "./kubeconfig.ts";

/** What a connection needs (`tls`) and what each request carries (`headers`). */
export interface Credentials {
  readonly tls: Pick<ConnectionOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/**
 * Reads the credentials as they are now: files are read, plugins asked. Called again each minute, and with `refused` after
 * a 401: then what a plugin said before is forgotten, however long it said that it holds.
 */
export type ReadCredentials = (refused: boolean) => Promise<Result<Credentials>>;

/**
 * Tokens, token files and certificates are read here, so that the common cases load no library; client-node (30 ms and
 * 14 MB bundled) is loaded for credential plugins and OIDC only.
 */
export function credentialsOf(context: Context): ReadCredentials {
  const { cluster, user } = context;
  const plugin = "exec" in user || "auth-provider" in user ? pluginOf(user) : undefined;
  return async (refused) => {
    try {
      const asked = (await plugin?.(refused)) ?? { headers: {} };
      const ca = await fileOrData(cluster, "certificate-authority");
      const cert = asked.cert ?? (await fileOrData(user, "client-certificate"));
      const key = asked.key ?? (await fileOrData(user, "client-key"));
      const servername = text(cluster, "tls-server-name");
      return ok({
        tls: {
          ...(ca === undefined ? {} : { ca }),
          ...(cert === undefined ? {} : { cert }),
          ...(key === undefined ? {} : { key }),
          ...(servername === undefined ? {} : { servername }),
          ...(cluster["insecure-skip-tls-verify"] === true ? { rejectUnauthorized: false } : {}),
        },
        headers: { ...asked.headers, ...(await ownHeaders(user)) },
      });
    } catch (cause) {
      return failed(unusable(context, cause));
    }
  };
}

/** Headers that the kubeconfig itself gives. A token file wins over a token in the file, as in client-go. */
async function ownHeaders(user: JsonObject): Promise<Record<string, string | string[]>> {
  const headers: Record<string, string | string[]> = {};
  const file = text(user, "tokenFile");
  const token = file ? (await readFile(file, "utf8")).trim() : text(user, "token");
  const [name, password] = [text(user, "username"), text(user, "password") ?? ""];
  if (name) headers["authorization"] = `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
  if (token) headers["authorization"] = `Bearer ${token}`;
  const as = text(user, "as");
  const groups = user["as-groups"];
  if (as) headers["impersonate-user"] = as;
  if (as && Array.isArray(groups)) headers["impersonate-group"] = groups.map(String);
  return headers;
}

interface Asked {
  readonly headers: Record<string, string>;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

/** The credential plugin or OIDC refresh, through client-node, which remembers its answers until they expire. */
function pluginOf(user: JsonObject): (refused: boolean) => Promise<Asked> {
  // Only who we are matters here. The server is made up: client-node refuses plain http and some proxies.
  const text = JSON.stringify({
    clusters: [{ name: "it", cluster: { server: "https://localhost" } }],
    users: [{ name: "we", user }],
    contexts: [{ name: "here", context: { cluster: "it", user: "we" } }],
    "current-context": "here",
  });
  let config: KubeConfig | undefined;
  return async (refused) => {
    if (config === undefined || refused) {
      // The one module: the door imports every kind of API, which makes the bundle ten times as big.
      const library = await import("@kubernetes/client-node/dist/config.js");
      config = new library.KubeConfig();
      config.loadFromString(text);
    }
    const options: Parameters<typeof config.applyToHTTPSOptions>[0] = { headers: {} };
    await config.applyToHTTPSOptions(options);
    const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
    const pem = (value: unknown): value is string | Buffer => typeof value === "string" || Buffer.isBuffer(value);
    return {
      headers: Object.fromEntries(headers) as Record<string, string>,
      ...(pem(options.cert) ? { cert: options.cert } : {}),
      ...(pem(options.key) ? { key: options.key } : {}),
    };
  };
}

async function fileOrData(entry: JsonObject, field: string): Promise<Buffer | undefined> {
  const data = text(entry, `${field}-data`);
  if (data) return Buffer.from(data, "base64"); // data wins over a file, as in client-go
  const file = text(entry, field);
  return file ? await readFile(file) : undefined;
}

function unusable(context: Context, cause: unknown): Failure {
  const words = cause instanceof Error ? cause.message : String(cause);
  return {
    code: "cluster/unauthorized",
    message: `no credentials for context "${context.name}": ${(words.split("\n")[0] ?? "").slice(0, 300)}`,
    remedy: `check that this works: kubectl --context ${context.name} auth whoami`,
  };
}
