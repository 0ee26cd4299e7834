import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, isOfServices, startFleet } from "../support/fleet.ts";
import { send } from "../support/https.ts";
import { flagsOf, start } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/** `gitops run` with an interval of an hour: what it does sooner, it does because a watch told it. */
describeWithCluster("a long run that is told by watches", () => {
  let fleet: Fleet;
  let child: ChildProcess;
  let origin: string;
  beforeAll(async () => {
    fleet = await startFleet({ services: 6, namespaces: 2 });
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const pace = ["--poll", "1s", "--interval", "1h", "--listen", `127.0.0.1:${port}`];
    child = start(["run", ...flagsOf(fleet.target), ...pace]);
    for (const stream of [child.stdout, child.stderr]) stream?.resume();
  });
  afterAll(async () => {
    child?.kill("SIGKILL");
    await fleet?.close();
  });

  const soon = { timeout: 60_000 };
  const path = (index: number): string => {
    const { namespace, name } = fleet.service(index);
    return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  };
  const request = async (method: string, at: string, body?: unknown) => {
    const { url, ca, token } = fleet.cluster;
    const type = body === undefined ? {} : { body, contentType: "application/merge-patch+json" };
    const answer = await send(`${url}${at}`, { method, ca, token, ...type });
    return { status: answer.status, object: JSON.parse(answer.body) as Record<string, Record<string, unknown>> };
  };
  const version = async (index: number) => (await request("GET", path(index))).object["data"]?.["VERSION"];
  const writes = (since: number) => fleet.cluster.audit({ since, userAgent: "gitops/" }).filter(isOfServices);

  test("begins with a pass", async () => {
    const ready = () =>
      fetch(`${origin}/readyz`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(ready, soon).toBe(200);
  });

  test("what somebody deletes is made again, and what somebody edits is put right", async () => {
    const before = await version(1);
    expect((await request("DELETE", path(0))).status).toBe(200);
    await expect.poll(async () => (await request("GET", path(0))).status, soon).toBe(200);
    expect((await request("PATCH", path(1), { data: { VERSION: "edited" } })).status).toBe(200);
    await expect.poll(() => version(1), soon).toBe(before);
  });

  test("what is nobody's business of ours makes it write nothing, and what is of ours is all it writes", async () => {
    const before = await version(3);
    const mark = fleet.cluster.mark();
    expect((await request("PATCH", path(2), { metadata: { annotations: { theirs: "x" } } })).status).toBe(200);
    expect((await request("PATCH", path(3), { data: { VERSION: "edited" } })).status).toBe(200);
    await expect.poll(() => version(3), soon).toBe(before);
    expect(writes(mark).map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual([
      `patch ${fleet.service(3).name}`,
    ]);
  });

  test("D11 an API server that was away: what happened meanwhile is put right", async () => {
    const before = await version(4);
    await fleet.cluster.killApiServer();
    await fleet.cluster.startApiServer();
    expect((await request("PATCH", path(4), { data: { VERSION: "edited" } })).status).toBe(200);
    await expect.poll(() => version(4), soon).toBe(before);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
