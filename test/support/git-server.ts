import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { certificate, certificateKey } from "./git-server-certificate.ts";

/** What the server does instead of answering: for one request, or for every one. */
export type Fault =
  | "hang"
  | "reset"
  | "html"
  /** An advertisement without any ref, as of a repository without commits. */
  | "no-refs"
  | { readonly status: number }
  | { readonly redirect: string }
  /** The true answer, cut after so many bytes of its body. */
  | { readonly cutAfter: number }
  /** The true answer up to so many bytes of its body, then nothing more; `stalled` is called there. */
  | { readonly stallAfter: number; readonly stalled: () => void }
  /** The true answer, a byte at a time, so slowly that it never ends. */
  | "trickle";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** git's own http-backend behind an HTTP server on a free loopback port. */
export interface GitServer {
  /** `http://127.0.0.1:port`, or https. */
  readonly origin: string;
  /** Every request so far, in order. */
  readonly asked: readonly Asked[];
  /** Chooses a fault for each request from now on; undefined: none. */
  misbehave(choose: ((asked: Asked) => Fault | undefined) | undefined): void;
  close(): Promise<void>;
}

export interface GitServerOptions {
  /** Serves the bare repositories below this folder. */
  readonly root: string;
  /** Asks for this login. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Speaks https, with the certificate of the tests. */
  readonly secure?: boolean;
  /** Speaks protocol version 0 only, as old servers do. */
  readonly old?: boolean;
}

export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let choose: ((asked: Asked) => Fault | undefined) | undefined;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { authorization } = request.headers;
    const entry = { method: request.method ?? "", path: request.url ?? "", authorization };
    asked.push(entry);
    const fault = choose?.(entry);
    if (fault !== undefined && !isOfBody(fault)) return fail(fault, request, response);
    if (options.login !== undefined && authorization !== basic(options.login)) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
      return;
    }
    serve(options, request, response, fault);
  };
  const server =
    options.secure === true
      ? createSecureServer({ cert: certificate, key: certificateKey }, answer)
      : createServer(answer);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${options.secure === true ? "https" : "http"}://127.0.0.1:${port}`,
    asked,
    misbehave(next) {
      choose = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function basic(login: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
}

/** A fault in the middle of a true answer. */
type BodyFault = Extract<Fault, { readonly cutAfter: number } | { readonly stallAfter: number } | "trickle">;

type Plain = Exclude<Fault, BodyFault>;

function isOfBody(fault: Fault): fault is BodyFault {
  return fault === "trickle" || (typeof fault === "object" && ("cutAfter" in fault || "stallAfter" in fault));
}

function fail(fault: Plain, request: IncomingMessage, response: ServerResponse): void {
  if (fault === "hang") return;
  if (fault === "reset") return void request.socket.resetAndDestroy();
  if (fault === "html") return void response.writeHead(200, { "content-type": "text/html" }).end("<html>Log in</html>");
  if (fault === "no-refs") {
    const type = "application/x-git-upload-pack-advertisement";
    return void response.writeHead(200, { "content-type": type }).end("001e# service=git-upload-pack\n00000000");
  }
  if ("status" in fault) return void response.writeHead(fault.status, { "content-type": "text/plain" }).end("no");
  response.writeHead(302, { location: `${fault.redirect}${request.url ?? ""}` }).end();
}

/** One request through CGI (RFC 3875): the environment tells of it, the answer begins with its headers. */
function serve(
  options: GitServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  fault: BodyFault | undefined,
): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const version = options.old === true ? undefined : request.headers["git-protocol"];
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_PROJECT_ROOT: options.root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_USER: "test",
      ...(typeof version === "string" ? { GIT_PROTOCOL: version } : {}),
    },
  });
  child.on("error", (error) => response.destroy(error));
  child.stdin.on("error", () => {}); // git may answer before it has read all
  request.pipe(child.stdin);
  response.on("close", () => child.kill("SIGKILL"));
  const body = bodyWriter(response, fault);
  let head: Buffer | undefined = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (head === undefined) return body.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    writeHead(response, head.subarray(0, end).toString());
    const rest = head.subarray(end + 4);
    head = undefined;
    body.write(rest);
  });
  child.stdout.on("end", () => body.end());
}

function writeHead(response: ServerResponse, text: string): void {
  const headers = text.split("\r\n").map((line) => line.split(/: (.*)/, 2) as [string, string]);
  const status = headers.find(([name]) => name.toLowerCase() === "status")?.[1];
  response.writeHead(
    Number.parseInt(status ?? "200", 10),
    Object.fromEntries(headers.filter(([name]) => name !== "Status")),
  );
}

interface BodyWriter {
  write(chunk: Buffer): void;
  end(): void;
}

function bodyWriter(response: ServerResponse, fault: BodyFault | undefined): BodyWriter {
  if (fault === "trickle") {
    return {
      write(chunk) {
        const timer = setInterval(() => response.write(chunk.subarray(0, 1)), 500);
        response.on("close", () => clearInterval(timer));
      },
      end() {},
    };
  }
  let left = fault === undefined ? Number.POSITIVE_INFINITY : "cutAfter" in fault ? fault.cutAfter : fault.stallAfter;
  const stop = (): void => {
    if (fault !== undefined && "stallAfter" in fault) fault.stalled();
    else response.socket?.end(); // the body is left without its end
  };
  return {
    write(chunk) {
      if (left <= 0) return stop();
      response.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) stop();
    },
    end() {
      if (left > 0) response.end();
    },
  };
}
