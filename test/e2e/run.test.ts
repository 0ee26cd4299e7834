import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, isOfServices, named, startFleet } from "../support/fleet.ts";
import { send } from "../support/https.ts";
import { release } from "../support/monorepo.ts";
import { flagsOf, start } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/** `gitops run` as a pod runs it: the same pass, whenever the ref moves and at an interval. */
describeWithCluster("the loop", () => {
  let fleet: Fleet;
  let child: ChildProcess;
  let origin: string;
  const lines: string[] = [];

  beforeAll(async () => {
    fleet = await startFleet({ services: 8, namespaces: 2 });
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const pace = ["--poll", "1s", "--interval", "3s", "--listen", `127.0.0.1:${port}`];
    child = start(["run", ...flagsOf(fleet.target), ...pace]);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream?.on("data", (data: Buffer) => {
        const [last = "", ...complete] = (rest + data.toString()).split("\n").toReversed();
        rest = last;
        lines.push(...complete.toReversed());
      });
    }
  });
  afterAll(async () => {
    child?.kill("SIGKILL");
    await fleet?.close();
  });

  const get = async (path: string): Promise<{ readonly status: number; readonly body: string }> => {
    const answer = await fetch(`${origin}${path}`).catch(() => undefined);
    return { status: answer?.status ?? 0, body: (await answer?.text()) ?? "" };
  };
  /** Waits until something is so, however slow the machine; the test's own limit ends it. */
  const until = async (is: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await is())) await sleep(50);
  };
  const writesSince = (mark: number) =>
    fleet.cluster
      .audit({ since: mark, userAgent: "gitops/" })
      .filter((event) => event.verb === "patch" && isOfServices(event));

  test("becomes ready with its first pass, and is alive", async () => {
    await until(async () => (await get("/readyz")).status === 200);
    expect((await get("/healthz")).status).toBe(200);
    expect(fleet.cluster.audit({ userAgent: "gitops/" }).filter(isOfServices).length).toBe(8 * 4 + 2);
  });

  test("follows the ref: a commit is applied without being told", async () => {
    const mark = fleet.cluster.mark();
    const service = fleet.service(3);
    await fleet.monorepo.commit(release(service, "1.1.0"), "a release");
    await until(() => writesSince(mark).length >= 2);
    const { namespace, name } = service;
    expect(named(writesSince(mark))).toEqual([
      `patch configmaps ${namespace}/${name}`,
      `patch deployments ${namespace}/${name}`,
    ]);
  });

  test("undoes drift at its interval", async () => {
    const { namespace, name } = fleet.service(0);
    const { url, ca, token } = fleet.cluster;
    const mark = fleet.cluster.mark();
    await send(`${url}/api/v1/namespaces/${namespace}/configmaps/${name}`, { method: "DELETE", ca, token });
    await until(() => writesSince(mark).length >= 1);
    expect(named(writesSince(mark))).toEqual([`patch configmaps ${namespace}/${name}`]);
  });

  test("keeps what it has while git is away, says so, and goes on by itself", async () => {
    const mark = fleet.cluster.mark();
    fleet.server.misbehave(() => "reset");
    await until(() => lines.some((line) => line.includes("source/unreachable")));
    expect((await get("/healthz")).status).toBe(200);
    fleet.server.misbehave(undefined);
    await fleet.monorepo.commit(release(fleet.service(5), "1.2.0"), "another release");
    await until(() => writesSince(mark).length >= 2);
    expect(fleet.cluster.audit({ since: mark, userAgent: "gitops/" }).filter(({ verb }) => verb === "delete")).toEqual(
      [],
    );
  });

  test("tells Prometheus", async () => {
    const { status, body } = await get("/metrics");
    expect(status).toBe(200);
    expect(body).toMatch(/^gitops_service_state\{[^}]*state="unchanged"[^}]*\} 1$/m);
  });

  test("logs JSON lines only, and ends cleanly when told to", async () => {
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(0);
    for (const line of lines) expect(() => JSON.parse(line) as unknown, line).not.toThrow();
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
