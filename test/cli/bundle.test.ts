import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleTo } from "../../scripts/bundle.mjs";
import { scratch } from "./scripted.ts";

const folder = scratch();
const program = join(folder.path, "gitops.cjs");
const repository = join(folder.path, "repository");

beforeAll(async () => {
  await bundleTo(program, {});
  chmodSync(program, 0o755);
  mkdirSync(join(repository, "apps/web"), { recursive: true });
  const git = (...args: string[]): void => {
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], {
      cwd: repository,
      stdio: "ignore",
    });
  };
  writeFileSync(join(repository, "apps/web/kustomization.yaml"), "resources: [web.yaml]\nnamePrefix: my-\n");
  writeFileSync(
    join(repository, "apps/web/web.yaml"),
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {k: v}\n",
  );
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-q", "-m", "one");
}, 60_000);
afterAll(() => folder.free());

function gitops(...args: readonly string[]) {
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder.path };
  return spawnSync(process.execPath, [program, ...args], { cwd: repository, env, encoding: "utf8" });
}

describe("the program as one file", () => {
  test("finds services and builds them in its threads", () => {
    expect(gitops("services").stdout).toContain("apps/web");
    const built = gitops("build", "apps/web");
    expect(built.stderr).toBe("");
    expect(built.stdout).toBe("apiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\nmetadata:\n  name: my-web\n");
  });

  test("D24 ends when its reader goes away", () => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder.path };
    const command = `set -o pipefail; "${process.execPath}" "${program}" services -o json | head -c 1; echo " $?"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", command], { cwd: repository, env, encoding: "utf8" });
    expect(stdout).toBe("{ 0\n");
    expect(stderr).toBe("");
  });

  test("D24 a full disk under its progress and logs is no reason to end", () => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder.path };
    const command = `"${process.execPath}" "${program}" diff --cluster empty --verbose 2>/dev/full`;
    const { status, stdout } = spawnSync("bash", ["-c", command], { cwd: repository, env, encoding: "utf8" });
    expect(stdout).toContain('+ data.k: "v"');
    expect(status).toBe(1);
  });

  test("D24 a full disk under its result is told, and is no success", () => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder.path };
    const command = `"${process.execPath}" "${program}" services -o json >/dev/full`;
    const { status, stderr } = spawnSync("bash", ["-c", command], { cwd: repository, env, encoding: "utf8" });
    expect(stderr).toContain("gitops: the result cannot be written: ENOSPC");
    expect(stderr).not.toContain("    at ");
    expect(status).toBe(2);
  });

  test("B17 opens no debugger for whoever signals it", async () => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder.path };
    const args = ["run", "--cluster", "empty", "--listen", "127.0.0.1:0"];
    const child = spawn(process.execPath, [program, ...args], { cwd: repository, env });
    let said = "";
    for await (const chunk of child.stderr.setEncoding("utf8") as AsyncIterable<string>) {
      said += chunk;
      if (!said.includes("pass ended") || child.killed) continue;
      child.kill("SIGUSR1");
      child.kill("SIGTERM");
    }
    expect(said).toContain("pass ended");
    expect(said).not.toContain("ebugger");
  });

  test("needs no cluster to show everything as new", () => {
    const { status, stdout } = gitops("diff", "--cluster", "empty");
    expect(stdout).toContain('+ data.k: "v"');
    expect(status).toBe(1);
  });

  test("keeps a cluster in a file", () => {
    const cluster = ["--cluster", `embedded:${join(folder.path, "state.json")}`];
    expect(gitops("sync", ...cluster).stdout).toContain("1 created");
    expect(gitops("sync", ...cluster).stdout).toContain("1 unchanged");
    expect(gitops("diff", ...cluster).status).toBe(0);
    expect(gitops("status", ...cluster).stdout).toMatch(/apps\/web +synced +1 +1 /);
    writeFileSync(join(folder.path, "state.json"), "[]");
    expect(gitops("diff", ...cluster).stderr).toContain("holds no embedded cluster");
  });

  test("says what is missing where there is no cluster and no repository", () => {
    const { status, stderr } = gitops("sync");
    expect(status).toBe(2);
    expect(stderr).toContain("--kubeconfig");
    expect(gitops("services", "--repo", "/nowhere").status).toBe(2);
  });
});
