import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { failed, ok, type Result } from "../model/index.ts";
import type { Metrics } from "../report/index.ts";
import type { Pulse } from "./pulse.ts";
import type { ControllerSettings } from "./types.ts";

/** The probes and metrics, being served. */
export interface Probes {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

// Probes are small and quick. What is not, is a slow or broken client, and must not hold a socket for long.
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
const HEADER_BYTES_MAX = 8 * 1024;
const CONNECTIONS_MAX = 100;

/** Serves `/healthz`, `/readyz` and `/metrics`. Fails when the address cannot be had. */
export async function serveProbes(
  listen: ControllerSettings["listen"],
  pulse: Pulse,
  metrics: Metrics,
): Promise<Result<Probes>> {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      // One answer that cannot be given, without a file to read memory from, say, must not end the process.
      void answer(request, response, pulse, metrics).catch(() => response.destroy());
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  const why = await new Promise<string | undefined>((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(listen.port, listen.host, () => resolve(undefined));
  });
  if (why !== undefined) {
    const message = `cannot listen on ${listen.host}:${listen.port} (${why})`;
    return failed({ code: "usage/invalid-settings", message, remedy: "give another address with --listen" });
  }
  const address = server.address();
  return ok({
    port: typeof address === "object" && address !== null ? address.port : listen.port,
    close: () => close(server),
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  pulse: Pulse,
  metrics: Metrics,
): Promise<void> {
  const say = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
    response.writeHead(status, {
      "content-type": type,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.end(request.method === "HEAD" ? undefined : text);
  };
  if (request.method !== "GET" && request.method !== "HEAD") return say(405, "only GET and HEAD\n");
  const [path = ""] = (request.url ?? "").split("?");
  switch (path) {
    case "/healthz":
      return pulse.isStuck() ? say(503, "stuck: nothing has moved for too long\n") : say(200, "ok\n");
    case "/readyz":
      return pulse.isReady() ? say(200, "ok\n") : say(503, "no pass has run from end to end yet\n");
    case "/metrics": {
      const exposed = await metrics.expose().catch(() => undefined);
      if (exposed === undefined) return say(500, "metrics cannot be made now\n");
      return say(200, exposed.text, exposed.contentType);
    }
    default:
      return say(404, "not found\n");
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
