import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { writeJson } from "../../cluster/index.ts";
import { isObject, type Json } from "../../model/index.ts";
import type { EmbeddedCluster } from "../embedded-cluster.ts";
import { answer } from "./answer.ts";
import type { ApiReply, ApiRequest } from "./request.ts";

export interface ServeOptions {
  /** 0, the default, is any free one. */
  readonly port?: number;
  /** PEM texts; without them it is plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Users by bearer token. Without it everyone is `embedded-admin`. */
  readonly tokens?: Readonly<Record<string, string>>;
}

export interface ServedCluster {
  readonly url: string;
  /** A kubeconfig's text for it. */
  readonly kubeconfig: string;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 3 * 1024 * 1024; // kube-apiserver's limit of a request
const ADMIN = "embedded-admin";

/** Serves an embedded cluster over HTTP on this machine alone, for kubectl and any other client. */
export async function serveEmbedded(cluster: EmbeddedCluster, options: ServeOptions = {}): Promise<ServedCluster> {
  const listener: RequestListener = (incoming, outgoing) => {
    respond(cluster, options, incoming, outgoing).catch((cause: unknown) => {
      // A bug here must not end the process of whoever embeds this; the client is told.
      if (!outgoing.headersSent) outgoing.writeHead(500, { "content-type": "text/plain" });
      outgoing.end(String(cause));
    });
  };
  const server = options.tls === undefined ? createHttp(listener) : createHttps(options.tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return {
    url,
    kubeconfig: kubeconfigText(url, options),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

/** What the HTTP face would answer, without a socket; a watch has no such answer. */
export function embeddedReply(
  cluster: EmbeddedCluster,
  request: ApiRequest,
): { readonly status: number; readonly body: Json; readonly warnings: readonly string[] } {
  const reply = answer(cluster.core, request, ADMIN);
  if (reply.kind === "stream") throw new Error("a watch is a stream");
  return reply.kind === "text" ? { status: reply.status, body: reply.text, warnings: [] } : reply;
}

function kubeconfigText(url: string, { tls, tokens }: ServeOptions): string {
  const ca = tls === undefined ? {} : { "certificate-authority-data": Buffer.from(tls.cert).toString("base64") };
  const [token] = Object.keys(tokens ?? {});
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "embedded", cluster: { server: url, ...ca } }],
    users: [{ name: "embedded", user: token === undefined ? {} : { token } }],
    contexts: [{ name: "embedded", context: { cluster: "embedded", user: "embedded" } }],
    "current-context": "embedded",
  });
}

async function respond(
  { core }: EmbeddedCluster,
  { tokens }: ServeOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const headers = flat(incoming);
  const token = /^Bearer (.+)$/.exec(headers["authorization"] ?? "")?.[1] ?? "";
  const user = tokens === undefined ? ADMIN : tokens[token];
  const body = await textOf(incoming);
  if (body === undefined) return void outgoing.writeHead(413).end();
  if (user === undefined) return send(outgoing, UNAUTHORIZED);
  const reply = answer(core, { method: incoming.method ?? "GET", url: incoming.url ?? "/", headers, body }, user);
  if (reply.kind !== "stream") return send(outgoing, reply);
  outgoing.writeHead(200, { "content-type": "application/json" });
  outgoing.flushHeaders();
  const lines = reply.lines[Symbol.asyncIterator]();
  outgoing.on("close", () => void lines.return?.());
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    if (outgoing.destroyed) break;
    outgoing.write(`${writeJson(next.value)}\n`);
  }
  outgoing.end();
}

const UNAUTHORIZED: Finished = {
  kind: "value",
  status: 401,
  warnings: [],
  body: {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "Unauthorized",
    reason: "Unauthorized",
    code: 401,
  },
};

function send(outgoing: ServerResponse, reply: Finished): void {
  const isText = reply.kind === "text";
  const warnings = isText ? [] : reply.warnings.map((text) => `299 - ${JSON.stringify(text)}`);
  outgoing.writeHead(reply.status, {
    "content-type": isText ? "text/plain; charset=utf-8" : typeOf(reply.body),
    ...(warnings.length === 0 ? {} : { warning: warnings.join(", ") }),
  });
  outgoing.end(isText ? reply.text : `${writeJson(reply.body)}\n`);
}

/** Clients know aggregated discovery by its content type. */
function typeOf(body: Json): string {
  if (!isObject(body) || body["kind"] !== "APIGroupDiscoveryList") return "application/json";
  const version = String(body["apiVersion"] as string).split("/")[1] ?? "v2";
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
}

type Finished = Exclude<ApiReply, { readonly kind: "stream" }>;

function flat(incoming: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(",") : value] as const],
  );
  return Object.fromEntries(entries);
}

/** Undefined when it is too large. */
async function textOf(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > BODY_BYTES_MAX) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
