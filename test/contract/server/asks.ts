import { readJson, writeJson } from "../../../src/cluster/index.ts";
import { createEmbedded, type EmbeddedCluster, embeddedReply } from "../../../src/embedded/index.ts";
import type { Clock, Json } from "../../../src/model/index.ts";
import { send } from "../../support/https.ts";
import type { Ask, Step } from "./transcript.ts";

/** Raw requests to an embedded cluster, without a socket. */
export function askEmbedded(cluster: EmbeddedCluster): Ask {
  return async (step) => {
    if (step.path.endsWith("?wait")) return { status: 200, body: null };
    const { status, body } = embeddedReply(cluster, {
      method: step.method,
      url: step.path,
      headers: headersOf(step),
      body: step.body === undefined ? "" : writeJson(step.body),
    });
    return { status, body };
  };
}

export function bareEmbedded(clock: Clock): EmbeddedCluster {
  return createEmbedded({ clock, controllers: "none" });
}

function headersOf({ type, accept }: Step): Readonly<Record<string, string>> {
  return {
    "content-type": type ?? "application/json",
    "user-agent": "test-client",
    accept: accept ?? "application/json",
  };
}

/** Raw requests to a real API server. */
export function askServer(server: { readonly url: string; readonly ca: string; readonly token: string }): Ask {
  const once: Ask = async ({ method, path, body, type, accept }) => {
    const reply = await send(`${server.url}${path}`, {
      method,
      ca: server.ca,
      token: server.token,
      ...(body === undefined ? {} : { body }),
      ...(type === undefined ? {} : { contentType: type }),
      ...(accept === undefined ? {} : { accept }),
    });
    return { status: reply.status, body: jsonOr(reply.body) };
  };
  return async (step) => {
    if (!step.path.endsWith("?wait")) return once(step);
    const path = step.path.replace("?wait", "");
    for (let tries = 0; tries < WAIT_TRIES; tries++) {
      // Served, and established in the eyes of what writes to it.
      const probe = await once({ method: "POST", path: `${path}?dryRun=All`, body: {} });
      if (probe.status !== 404) return { status: 200, body: null };
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
    throw new Error(`${path} is not served`);
  };
}

const WAIT_TRIES = 200;
const WAIT_MS = 50;

function jsonOr(text: string): Json {
  try {
    return readJson(text);
  } catch {
    return text;
  }
}
