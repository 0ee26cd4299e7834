import { request } from "node:https";
import type { TestCluster } from "./cluster.ts";
import { send } from "./https.ts";

/** A ConfigMap as it was from one moment on. */
export interface Taped {
  /** Of the whole store: moments of all objects are in one order. */
  readonly version: number;
  readonly gone: boolean;
  readonly object: {
    readonly metadata: {
      readonly name: string;
      readonly namespace: string;
      readonly labels?: Readonly<Record<string, string>>;
    };
    readonly data?: Readonly<Record<string, string>>;
  };
}

/** Everything that becomes of ConfigMaps, in the order in which the API server stored it. */
export interface Tape {
  /** All up to now: what was stored before the call is there. */
  taped(): Promise<readonly Taped[]>;
  /** The store's version now. */
  now(): Promise<number>;
  close(): void;
}

const PATH = "/api/v1/configmaps";

/** Watches every ConfigMap of a cluster from now on, by an observer that shares nothing with the client under test. */
export async function startTape(cluster: TestCluster): Promise<Tape> {
  const { url, ca, token } = cluster;
  const now = async (): Promise<number> => {
    const { body } = await send(`${url}${PATH}?limit=1`, { method: "GET", ca, token });
    return Number((JSON.parse(body) as { metadata: { resourceVersion: string } }).metadata.resourceVersion);
  };
  const from = await now();
  const taped: Taped[] = [];
  const state = { heard: from };
  const path = `${PATH}?watch=true&allowWatchBookmarks=true&resourceVersion=${from}`;
  const watching = request(`${url}${path}`, { agent: false, ca, headers: { authorization: `Bearer ${token}` } });
  watching.on("error", () => undefined);
  watching.on("response", (reply) => {
    let rest = "";
    reply.on("error", () => undefined);
    reply.setEncoding("utf8").on("data", (chunk: string) => {
      const [last = "", ...whole] = (rest + chunk).split("\n").toReversed();
      rest = last;
      for (const line of whole.toReversed()) {
        const { type, object } = JSON.parse(line) as { type: string; object: Taped["object"] };
        const version = Number((object.metadata as { resourceVersion?: string }).resourceVersion);
        state.heard = Math.max(state.heard, version);
        if (type !== "BOOKMARK") taped.push({ version, gone: type === "DELETED", object });
      }
    });
  });
  watching.end();
  return {
    now,
    async taped() {
      // A mark of our own, so that what is waited for surely comes.
      const name = "tape-mark";
      const mark = { metadata: { name }, data: { at: String(await now()) } };
      const made = await send(`${url}/api/v1/namespaces/default/configmaps/${name}?fieldManager=tape`, {
        method: "PATCH",
        ca,
        token,
        body: { apiVersion: "v1", kind: "ConfigMap", ...mark },
        contentType: "application/apply-patch+yaml",
      });
      const { metadata } = JSON.parse(made.body) as { metadata: { resourceVersion: string } };
      while (state.heard < Number(metadata.resourceVersion)) await new Promise((resolve) => setTimeout(resolve, 20));
      return taped.filter(({ object }) => object.metadata.name !== name);
    },
    close: () => void watching.destroy(),
  };
}
