import { type ConnectionOptions, createSecureContext } from "node:tls";
import { type Dispatcher, Pool, ProxyAgent } from "undici";
import type { Clock } from "../model/index.ts";
import type { Credentials, ReadCredentials } from "./credentials.ts";
import { freshCredentials } from "./fresh-credentials.ts";
import type { Answer } from "./port.ts";
import { isTlsError, saysNoSuchObject, statusProblem, timeoutProblem, transportProblem } from "./problem.ts";
import type { Reply, Request, Send } from "./send.ts";

export interface TransportOptions {
  readonly server: URL;
  readonly proxyUrl?: string;
  readonly userAgent: string;
  readonly connections: number;
  /** From sending a request to the last byte of its reply. */
  readonly deadlineMs: number;
  readonly credentials: Credentials;
  readonly readCredentials: ReadCredentials;
}

/** The open end of a watch. */
interface Stream {
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Transport {
  readonly send: Send;
  /** Starts a reply that has no end; the connection is not one of those that `send` uses. */
  open(request: Request, signal: AbortSignal): Promise<Answer<Stream>>;
  close(): Promise<void>;
}

/**
 * HTTP/1.1 over keep-alive connections, measured three times as fast here as HTTP/2. Every reply has a deadline, and the
 * way it goes wrong is a Problem.
 */
export function transport(options: TransportOptions, clock: Clock): Transport {
  const fresh = freshCredentials(options.credentials, options.readCredentials, clock);
  const connections = connectionPools(options);
  const base = options.server.pathname.replace(/\/$/, "");

  const start = (request: Request, which: keyof Pools, credentials: Credentials, signal: AbortSignal) =>
    connections.with(credentials)[which].request({
      origin: options.server.origin,
      method: request.method,
      path: `${base}${request.path}`,
      headers: {
        ...credentials.headers,
        "user-agent": options.userAgent,
        accept: request.accept,
        ...(request.body === undefined ? {} : { "content-type": request.body.type }),
      },
      ...(request.body === undefined ? {} : { body: request.body.text }),
      signal,
      headersTimeout: 0, // the signal carries the deadline
      bodyTimeout: 0,
    });

  /** Starts a request; once more with newer credentials when the server does not accept the first ones. */
  const startTrusted = async (request: Request, which: keyof Pools, signal: AbortSignal) => {
    const aged = await fresh.current(signal);
    const first = await start(request, which, aged.credentials, signal);
    if (first.statusCode !== 401) return first;
    await first.body.dump();
    const { credentials } = await fresh.newer(aged, signal);
    return await start(request, which, credentials, signal);
  };

  /** Runs `work` under the deadline. What goes wrong on the way becomes a Problem, an abort a rejection. */
  const guarded = async <T>(
    request: Request,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Answer<T>>,
  ): Promise<Answer<T>> => {
    const write = request.method !== "GET";
    const deadline = clock.deadline(options.deadlineMs, signal);
    const used = connections.current();
    try {
      return await work(deadline.signal);
    } catch (cause) {
      signal.throwIfAborted();
      connections.distrust(used);
      if (isTlsError(cause)) fresh.doubt();
      const late = deadline.expired();
      return {
        ok: false,
        problem: late ? timeoutProblem(options.deadlineMs, { write }) : transportProblem(cause, { write }),
      };
    } finally {
      deadline.release();
    }
  };

  return {
    send: (request, signal) =>
      guarded<Reply>(request, signal, async (limit) => {
        const { statusCode, headers, body } = await startTrusted(request, "requests", limit);
        return answerOf(request, statusCode, headers["retry-after"], await body.text());
      }),
    async open(request, signal) {
      const late = new AbortController(); // the deadline is for the beginning only; the stream outlives it
      const either = AbortSignal.any([signal, late.signal]);
      return await guarded<Stream>(request, signal, async (limit) => {
        const give = (): void => late.abort(limit.reason);
        limit.addEventListener("abort", give, { once: true });
        const { statusCode, headers, body } = await startTrusted(request, "watches", either);
        limit.removeEventListener("abort", give);
        if (statusCode === 200) return { ok: true, value: { body } };
        const answer = answerOf(request, statusCode, headers["retry-after"], await body.text());
        const odd = transportProblem(new Error(`HTTP ${statusCode} for a watch`), { write: false });
        return answer.ok ? { ok: false, problem: odd } : answer;
      });
    },
    close: () => connections.close(),
  };
}

function answerOf(
  request: Request,
  status: number,
  retryAfter: string | string[] | undefined,
  text: string,
): Answer<Reply> {
  if (status >= 200 && status < 300) return { ok: true, value: { status, text } };
  if (status === 404 && request.absent !== undefined && saysNoSuchObject(text, request.absent)) {
    return { ok: true, value: { status, text: "" } };
  }
  const after = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
  const write = request.method !== "GET";
  return { ok: false, problem: statusProblem(status, text, after, { write, secret: request.secret }) };
}

/** Connections for requests, and others for watches, which would take theirs for minutes. */
interface Pools {
  readonly requests: Dispatcher;
  readonly watches: Dispatcher;
}

interface ConnectionPools {
  current(): Pools;
  /** The pools to use with these credentials: new ones when the certificates are others than before. */
  with(credentials: Credentials): Pools;
  /** Replaces pools that failed: behind a failed-over load balancer each of their connections is dead. */
  distrust(used: Pools): void;
  close(): Promise<void>;
}

/** Below the 90 s after which the API server closes an idle connection. */
const IDLE_MS = 60_000;
const CONNECT_MS = 10_000;
const WATCHES_MAX = 1_000;

function connectionPools(options: TransportOptions): ConnectionPools {
  let { tls } = options.credentials;
  const openPools = (): Pools => {
    const trust = sharedTrust(tls);
    const open = (connections: number): Dispatcher => {
      const keepAlive = { connections, keepAliveTimeout: IDLE_MS, keepAliveMaxTimeout: IDLE_MS, pipelining: 1 };
      return options.proxyUrl === undefined
        ? new Pool(options.server.origin, { ...keepAlive, connect: { ...trust, timeout: CONNECT_MS } })
        : new ProxyAgent({ uri: options.proxyUrl, requestTls: trust, ...keepAlive });
    };
    const pools = { requests: open(options.connections), watches: open(WATCHES_MAX) };
    all.add(pools);
    return pools;
  };
  const all = new Set<Pools>();
  let pools = openPools();
  const distrust = (used: Pools): void => {
    if (used !== pools) return; // they have been replaced already
    pools = openPools();
    // What is under way on the old ones ends by itself; they take no more.
    const closed = Promise.all([used.requests.close(), used.watches.close()]);
    void closed.catch(() => undefined).finally(() => all.delete(used));
  };
  return {
    current: () => pools,
    with(credentials) {
      if (credentials.tls !== tls && tlsText(credentials.tls) !== tlsText(tls)) {
        tls = credentials.tls;
        distrust(pools);
      }
      return pools;
    },
    distrust,
    async close() {
      await Promise.all([...all].flatMap(({ requests, watches }) => [requests.destroy(), watches.destroy()]));
    },
  };
}

/** Certificates are read once, not for each connection. Those that cannot be read fail the connection, as they did. */
function sharedTrust(tls: Credentials["tls"]): Credentials["tls"] & Pick<ConnectionOptions, "secureContext"> {
  try {
    return { ...tls, secureContext: createSecureContext(tls) };
  } catch {
    return tls;
  }
}

function tlsText({ ca, cert, key }: Credentials["tls"]): string {
  return [ca, cert, key].map(String).join("\n");
}
