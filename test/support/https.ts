import { request } from "node:https";

export interface Sent {
  readonly method: string;
  readonly ca: string;
  readonly token: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly userAgent?: string;
  readonly accept?: string;
}

export interface Received {
  readonly status: number;
  readonly body: string;
}

/** One HTTPS request on a connection of its own: an observer that shares nothing with the client under test. */
export function send(
  url: string,
  { method, ca, token, body, contentType, userAgent, accept }: Sent,
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      // Node sends the body of a DELETE without a length, and so for nobody to read.
      ...(text === undefined ? {} : { "content-length": Buffer.byteLength(text) }),
      authorization: `Bearer ${token}`,
      "content-type": contentType ?? "application/json",
      "user-agent": userAgent ?? "test-client",
      ...(accept === undefined ? {} : { accept }),
    };
    const sent = request(url, { method, agent: false, ca, timeout: 30_000, headers });
    sent.on("timeout", () => sent.destroy(new Error(`${method} ${url}: no answer`)));
    sent.on("error", reject);
    sent.on("response", (reply) => {
      let text = "";
      reply.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      reply.on("error", reject);
      reply.on("end", () => resolve({ status: reply.statusCode ?? 0, body: text }));
    });
    sent.end(text);
  });
}
