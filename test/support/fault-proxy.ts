import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import type { TestCluster } from "./cluster.ts";

/** What happens to a request that a rule matches. */
type Fault =
  /** Wait, then let it through. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Something happens meanwhile; it is let through when that is done. */
  | { readonly kind: "meanwhile"; act(): Promise<unknown> }
  /** Never answer; the connection stays open. `forward`: the server does get it. */
  | { readonly kind: "hang"; readonly forward?: boolean }
  /** Cut the connection: before the server gets the request, or after it has done it. */
  | { readonly kind: "reset"; readonly forward: boolean }
  /** Answer with the first `bytes` of the body, then cut, or end in order as if that were all. */
  | { readonly kind: "truncate"; readonly bytes: number; readonly clean?: boolean }
  /** Answer with a metav1.Status without asking the server. */
  | {
      readonly kind: "status";
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
      readonly retryAfterSeconds?: number;
    }
  /** Answer with the first answer that this path got. */
  | { readonly kind: "stale" }
  /** Answer with another body than the server's. */
  | { readonly kind: "edit"; edit(body: string): string }
  /** Let it through, asking for an answer of this type. */
  | { readonly kind: "accept"; readonly type: string }
  /** Swallow the watch events of these types. */
  | { readonly kind: "drop-events"; readonly types: readonly string[] };

interface Rule {
  readonly fault: Fault;
  readonly method?: string;
  /** Of path and query. */
  readonly path?: RegExp;
  /** The matches it applies to, counted from 1; all when left out. */
  readonly matches?: readonly number[];
}

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** The fault that it met. */
  readonly fault?: Fault["kind"];
  /** What was sent, as soon as all of it is there. */
  body?: Buffer;
  /** What the server answered, as soon as it has. */
  status?: number;
}

export interface FaultProxy {
  readonly url: string;
  /** Adds a rule; the first that matches applies, each counts its own matches. Answers how to take it away. */
  add(rule: Rule): () => void;
  clear(): void;
  /** Requests in order of arrival. */
  readonly seen: readonly Readonly<Seen>[];
  /** Resolves when the server has nothing to do for anybody; what it is not asked yet does not count. */
  idle(): Promise<void>;
  /** Connections that clients have opened. */
  connections(): number;
  close(): Promise<void>;
}

/** An HTTPS proxy in front of a test cluster's API server, which presents the same certificate. */
export async function startFaultProxy(cluster: Pick<TestCluster, "url" | "ca" | "certificate">): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true, ca: cluster.ca });
  const rules: { rule: Rule; count: number }[] = [];
  const seen: Seen[] = [];
  const firstAnswers = new Map<string, Recorded>();
  const underWay = new Set<Promise<unknown>>();
  let connections = 0;
  const faultFor = (method: string, path: string): Fault | undefined => {
    let chosen: Fault | undefined;
    for (const entry of rules) {
      const { rule } = entry;
      if (rule.method !== undefined && rule.method !== method) continue;
      if (rule.path !== undefined && !rule.path.test(path)) continue;
      entry.count++;
      if (rule.matches === undefined || rule.matches.includes(entry.count)) chosen ??= rule.fault;
    }
    return chosen;
  };
  const server = createServer(cluster.certificate, (incoming, outgoing) => {
    const { method = "GET", url: path = "/" } = incoming;
    const fault = faultFor(method, path);
    const { authorization } = incoming.headers;
    const one: Seen = { method, path, authorization, ...(fault === undefined ? {} : { fault: fault.kind }) };
    seen.push(one);
    const handled = handle({ incoming, outgoing, fault, upstream: cluster.url, agent, firstAnswers, seen: one });
    const done = handled.catch(() => outgoing.destroy()).finally(() => underWay.delete(done));
    underWay.add(done);
  });
  server.on("secureConnection", () => {
    connections++;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add(rule) {
      const entry = { rule, count: 0 };
      rules.push(entry);
      return () => void rules.splice(rules.indexOf(entry), 1);
    },
    clear: () => void rules.splice(0),
    seen,
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    connections: () => connections,
    async close() {
      server.closeAllConnections();
      agent.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly fault: Fault | undefined;
  readonly upstream: string;
  readonly agent: Agent;
  readonly firstAnswers: Map<string, Recorded>;
  readonly seen: Seen;
}

interface Recorded {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

async function handle(exchange: Exchange): Promise<void> {
  const { incoming, outgoing, fault, firstAnswers } = exchange;
  const body = await whole(incoming);
  exchange.seen.body = body;
  const key = `${incoming.method} ${incoming.url}`;
  const send = ({ status, headers, body: text }: Recorded): void => void outgoing.writeHead(status, headers).end(text);
  switch (fault?.kind) {
    case undefined:
      return await passOn(exchange, body);
    case "drop-events":
      return await passOn(exchange, body, fault.types);
    case "delay":
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return await passOn(exchange, body);
    case "meanwhile":
      await fault.act();
      return await passOn(exchange, body);
    case "accept":
      incoming.headers.accept = fault.type;
      return await passOn(exchange, body);
    case "hang":
      if (fault.forward === true) await answerOf(exchange, body);
      return;
    case "reset":
      if (fault.forward) await answerOf(exchange, body);
      incoming.socket.destroy();
      return;
    case "truncate": {
      const answer = await answerOf(exchange, body);
      const part = answer.body.subarray(0, fault.bytes);
      if (fault.clean === true) return send({ ...answer, body: part });
      outgoing.writeHead(answer.status, { ...answer.headers, "content-length": String(answer.body.length) });
      outgoing.write(part, () => incoming.socket.destroy());
      return;
    }
    case "status":
      return send(statusAnswer(fault));
    case "edit": {
      const answer = await answerOf(exchange, body);
      return send({ ...answer, body: Buffer.from(fault.edit(answer.body.toString("utf8"))) });
    }
    case "stale": {
      const first = firstAnswers.get(key) ?? (await answerOf(exchange, body));
      firstAnswers.set(key, first);
      return send(first);
    }
  }
}

function statusAnswer(fault: Extract<Fault, { kind: "status" }>): Recorded {
  const { code, reason = "", message = `made up: ${code}`, retryAfterSeconds } = fault;
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
  const retryAfter = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  const headers = { "content-type": "application/json", ...retryAfter };
  return { status: code, headers, body: Buffer.from(JSON.stringify(status)) };
}

/** The server's whole answer. */
async function answerOf(exchange: Exchange, body: Buffer): Promise<Recorded> {
  const answer = await upstream(exchange, body);
  const { "content-type": type = "application/json" } = answer.headers;
  return { status: answer.statusCode ?? 0, headers: { "content-type": type }, body: await whole(answer) };
}

/** Streams the server's answer through, and remembers the first one of a read. */
async function passOn(exchange: Exchange, body: Buffer, dropped: readonly string[] = []): Promise<void> {
  const { incoming, outgoing, firstAnswers } = exchange;
  const answer = await upstream(exchange, body);
  outgoing.on("close", () => answer.destroy());
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  const isWatch = incoming.url?.includes("watch=true") === true;
  const chunks: Buffer[] = [];
  let rest = "";
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (!isWatch) {
      chunks.push(chunk);
      outgoing.write(chunk);
      continue;
    }
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    const kept = lines.filter((line) => !dropped.some((type) => line.startsWith(`{"type":"${type}"`)));
    if (kept.length > 0) outgoing.write(`${kept.join("\n")}\n`);
  }
  outgoing.end();
  const key = `${incoming.method} ${incoming.url}`;
  const { "content-type": type = "application/json" } = answer.headers;
  if (incoming.method === "GET" && !isWatch && !firstAnswers.has(key)) {
    firstAnswers.set(key, {
      status: answer.statusCode ?? 0,
      headers: { "content-type": type },
      body: Buffer.concat(chunks),
    });
  }
}

async function upstream(
  { incoming, outgoing, agent, upstream: base, seen }: Exchange,
  body: Buffer,
): Promise<IncomingMessage> {
  const { host: _host, connection: _connection, "transfer-encoding": _encoding, ...headers } = incoming.headers;
  const sent = request(`${base}${incoming.url}`, {
    method: incoming.method ?? "GET",
    agent,
    headers: { ...headers, "content-length": String(body.length) },
  });
  outgoing.on("close", () => sent.destroy());
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  seen.status = answer.statusCode ?? 0;
  return answer;
}

async function whole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
