import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { connect } from "../../src/cluster/index.ts";
import { createEmbedded, type ServedCluster, serveEmbedded } from "../../src/embedded/index.ts";
import type { Json } from "../../src/model/index.ts";
import { clusterContract } from "../contract/cluster/contract.ts";

const folder = mkdtempSync(join(tmpdir(), "embedded-http-"));
const served: ServedCluster[] = [];

afterAll(async () => {
  for (const one of served) await one.close();
  rmSync(folder, { recursive: true });
});

async function serve(): Promise<ServedCluster> {
  const cluster = createEmbedded({ clock: systemClock(), controllers: "none" });
  const server = await serveEmbedded(cluster, { tokens: { "a-token": "alice" } });
  served.push(server);
  return server;
}

// The client that talks to real servers finds no difference.
clusterContract("the embedded cluster over HTTP", async () => {
  const server = await serve();
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig);
  const access = { kind: "kubeconfig", paths: [kubeconfig] } as const;
  const connection = await connect({ access, userAgent: "gitops/0.0.0", pageSize: 10 }, systemClock());
  if (!connection.ok) throw new Error(JSON.stringify(connection.failures));
  return connection.value;
});

describe("the HTTP face", () => {
  const get = async (url: string, headers: Readonly<Record<string, string>> = {}) => {
    const reply = await fetch(url, { headers: { authorization: "Bearer a-token", ...headers } });
    return { status: reply.status, type: reply.headers.get("content-type"), text: await reply.text() };
  };

  test("asks who is there", async () => {
    const { url } = await serve();
    expect((await get(`${url}/api/v1/namespaces`, { authorization: "Bearer other" })).status).toBe(401);
    expect((await get(`${url}/api/v1/namespaces`)).status).toBe(200);
  });

  test("is ready, and says its version", async () => {
    const { url } = await serve();
    expect(await get(`${url}/readyz`)).toMatchObject({ status: 200, text: "ok" });
    expect(JSON.parse((await get(`${url}/version`)).text)).toMatchObject({ major: "1", platform: "embedded" });
  });

  test("answers 501 where a real server does something that it does not", async () => {
    const { url } = await serve();
    const elsewhere = [
      "/api/v1/nodes",
      "/api/v1/namespaces/default/endpoints",
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      "/api/v1/namespaces/default/pods/a/log",
    ];
    for (const path of elsewhere) {
      const { status, text } = await get(`${url}${path}`);
      expect({ path, status, reason: (JSON.parse(text) as { reason: string }).reason }).toEqual({
        path,
        status: 501,
        reason: "NotImplemented",
      });
    }
  });

  test("watches end when their time is over, with a bookmark", async () => {
    const { url } = await serve();
    const query = "watch=true&resourceVersion=0&timeoutSeconds=1&allowWatchBookmarks=true";
    const { text } = await get(`${url}/api/v1/namespaces?${query}`);
    const events = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; object: Json });
    expect(events.map(({ type }) => type)).toEqual(["ADDED", "ADDED", "ADDED", "ADDED", "BOOKMARK"]);
  });

  test("a stream of what is there ends with a bookmark that says so", async () => {
    const { url } = await serve();
    const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1";
    const { text } = await get(`${url}/api/v1/namespaces?${query}`);
    expect(text.trim().split("\n").at(-1)).toContain('"k8s.io/initial-events-end":"true"');
  });

  test("tables are for people", async () => {
    const { url } = await serve();
    const { text } = await get(`${url}/api/v1/namespaces`, { accept: "application/json;as=Table;g=meta.k8s.io;v=v1" });
    expect(JSON.parse(text)).toMatchObject({
      kind: "Table",
      rows: [{ cells: ["default", "Active", expect.any(String)] }, {}, {}, {}],
    });
  });
});
