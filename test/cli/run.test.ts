import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleTo } from "../../scripts/bundle.mjs";
import { systemClock } from "../../src/clock.ts";
import { createEmbedded, serveEmbedded } from "../../src/embedded/index.ts";
import { createRepository } from "../support/git-server-repository.ts";
import { scratch } from "./scripted.ts";

const folder = scratch();
const program = join(folder.path, "gitops.cjs");
const children: ChildProcess[] = [];

beforeAll(() => bundleTo(program, {}), 60_000);
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  folder.free();
});

interface Line {
  readonly level: string;
  readonly message: string;
  readonly port?: number;
  readonly code?: string;
  readonly revision?: string;
  readonly result?: string;
}

/** The real `gitops run`, and the lines it has logged. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [program, "run", "--listen", "127.0.0.1:0", "--poll", "200ms", ...args], {
    env: { PATH: process.env["PATH"] ?? "", HOME: folder.path },
    stdio: ["ignore", "inherit", "pipe"],
  });
  children.push(child);
  const log: Line[] = [];
  const rest = { text: "" };
  child.stderr?.on("data", (data: Buffer) => {
    const lines = (rest.text + data.toString()).split("\n");
    rest.text = lines.pop() ?? "";
    log.push(...lines.map((line) => JSON.parse(line) as Line));
  });
  /** The next line after `from` that is meant. */
  const logged = async (from: number, meant: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const found = log.slice(from).find(meant);
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${JSON.stringify(log)}`);
      await once(child.stderr ?? child, "data");
    }
  };
  return { child, log, logged };
}

const configMap = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: default}\ndata: {value: ${value}}\n`;

test("follows the ref, outlives the source, and ends when asked", { timeout: 60_000 }, async () => {
  const repository = await createRepository(join(folder.path, "releases.git"));
  const kustomization = "resources: [web.yaml]\n";
  const first = await repository.commit(
    { "apps/web/kustomization.yaml": kustomization, "apps/web/web.yaml": configMap("one") },
    "one",
  );
  const cluster = createEmbedded({ clock: systemClock() });
  const served = await serveEmbedded(cluster);
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, served.kubeconfig);
  const { child, log, logged } = start([
    "--repo",
    repository.path,
    "--kubeconfig",
    kubeconfig,
    "--cache-dir",
    join(folder.path, "cache"),
  ]);
  const ended = (line: Line): boolean => line.message === "pass ended";

  const { port } = await logged(0, ({ message }) => message === "serving");
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  expect(await logged(0, ended)).toMatchObject({ result: "ok", revision: `main@sha1:${first}` });
  expect((await get("/healthz")).status).toBe(200);
  expect((await get("/readyz")).status).toBe(200);

  const second = await repository.commit({ "apps/web/web.yaml": configMap("two") }, "two");
  expect(await logged(log.findIndex(ended) + 1, ended)).toMatchObject({ revision: `main@sha1:${second}` });
  const metrics = await (await get("/metrics")).text();
  expect(metrics).toContain(`gitops_revision_info{revision="main@sha1:${second}"} 1`);
  expect(metrics).toContain('gitops_objects_total{action="updated"} 1');

  renameSync(repository.path, `${repository.path}.gone`);
  const failing = await logged(0, ({ message }) => message.startsWith("the source does not answer"));
  expect(failing.code).toMatch(/^(?:source|usage)\//);
  expect(failing.message, "what does not answer, and why").toContain(repository.path);
  expect((await get("/healthz")).status).toBe(200);
  expect(await (await get("/metrics")).text()).toContain("gitops_source_up 0");
  renameSync(`${repository.path}.gone`, repository.path);
  await logged(0, ({ message }) => message === "the source answers again");

  child.kill("SIGTERM");
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code).toBe(0);
  expect(log.at(-1)?.message).toBe("stopped");
  await served.close();
  await cluster.close();
});
