import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { connect } from "../../src/cluster/index.ts";
import { value } from "../contract/cluster/subject.ts";

const folder = mkdtempSync(join(tmpdir(), "gitops-connect-"));
const servers: Server[] = [];
const signal = new AbortController().signal;

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A server that knows one namespace, below a path as some gateways put it, and what it was asked. */
async function gateway() {
  const asked: Pick<IncomingMessage, "method" | "url" | "headers">[] = [];
  const namespace = {
    kind: "PartialObjectMetadata",
    metadata: { name: "kube-system", uid: "u-1", resourceVersion: "1" },
  };
  const server = createServer(({ method, url, headers }, response) => {
    asked.push({ method, url, headers });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(namespace));
  });
  return { asked, port: await listen(server) };
}

async function opened(cluster: object, user: object = { token: "t" }) {
  const path = join(folder, "kubeconfig");
  const context = { cluster: "x", user: "x", namespace: "shop" };
  const config = {
    "current-context": "x",
    clusters: [{ name: "x", cluster }],
    users: [{ name: "x", user }],
    contexts: [{ name: "x", context }],
  };
  writeFileSync(path, JSON.stringify(config));
  const access = { kind: "kubeconfig", paths: [path] } as const;
  return await connect({ access, userAgent: "gitops/1.2.3", attempts: 1 }, systemClock());
}

test("a server below a path, over plain http, is asked there, with our name and token", async () => {
  const { asked, port } = await gateway();
  const server = `http://127.0.0.1:${port}/k8s/clusters/c-1/`;
  const connection = await opened({ server });
  expect(connection).toMatchObject({ ok: true, value: { context: "x", namespace: "shop", server } });
  if (!connection.ok) return;
  expect(value(await connection.value.identity(signal))).toBe("u-1");
  await connection.value.close();
  expect(asked).toMatchObject([
    {
      method: "GET",
      url: "/k8s/clusters/c-1/api/v1/namespaces/kube-system",
      headers: { "user-agent": "gitops/1.2.3", authorization: "Bearer t" },
    },
  ]);
});

test("a proxy-url is gone through; the token stays inside the tunnel", async () => {
  const { asked, port } = await gateway();
  const tunnels: string[] = [];
  const proxy = createServer();
  proxy.on("connect", (request, socket) => {
    tunnels.push(`${request.url} ${request.headers.authorization}`);
    const target = dial(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    target.on("error", () => socket.destroy());
    socket.on("error", () => target.destroy());
  });
  const proxyPort = await listen(proxy);
  const cluster = { server: `http://127.0.0.1:${port}`, "proxy-url": `http://127.0.0.1:${proxyPort}` };
  const connection = await opened(cluster);
  if (!connection.ok) throw new Error(JSON.stringify(connection));
  expect(value(await connection.value.identity(signal))).toBe("u-1");
  await connection.value.close();
  expect(tunnels).toEqual([`127.0.0.1:${port} undefined`]);
  expect(asked).toHaveLength(1);
});

test("a proxy of another kind is refused at once", async () => {
  expect(await opened({ server: "https://x.example.test", "proxy-url": "socks5://127.0.0.1:1" })).toMatchObject({
    ok: false,
    failures: [{ code: "cluster/invalid-kubeconfig", message: 'context "x": proxy-url is neither http nor https' }],
  });
});

test("a redirect is not followed: the token is for this server alone", async () => {
  const { asked, port } = await gateway();
  const elsewhere = await listen(
    createServer((_request, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end();
    }),
  );
  const connection = await opened({ server: `http://127.0.0.1:${elsewhere}` });
  if (!connection.ok) throw new Error(JSON.stringify(connection));
  expect(await connection.value.identity(signal)).toMatchObject({ ok: false, problem: { status: 307 } });
  await connection.value.close();
  expect(asked).toEqual([]);
});
