import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleTo } from "../../scripts/bundle.mjs";
import { createRepository, type Repository } from "../support/git-server-repository.ts";
import { saidBy, scratch } from "./scripted.ts";

const folder = scratch();
const program = join(folder.path, "gitops.cjs");
/** What the process may keep: a small part of what it would need, were all of that taken up. */
const HEAP_MIB = 200;

beforeAll(() => bundleTo(program, {}), 60_000);
afterAll(() => folder.free());

async function services(repository: Repository) {
  const args = [program, "services", "--repo", repository.path, "--path", "fleet", "-o", "json"];
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, ...args], {
    env: { PATH: process.env["PATH"] ?? "", HOME: folder.path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return await saidBy(child);
}

const flux = (name: string, more = ""): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: flux-system}
spec: {interval: 10m, path: ./apps/a, prune: true, sourceRef: {kind: GitRepository, name: fleet}${more}}
`;
const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const many = (text: (name: string) => string): string =>
  Array.from({ length: 200 }, (_, index) => text(`n${index}`)).join("---\n");

/** A repository of one service, and one file at 81,000 paths. */
async function copies(name: string, file: string, content: string): Promise<Repository> {
  const repository = await createRepository(join(folder.path, `${name}.git`));
  const app = { "apps/a/kustomization.yaml": "resources: []\n", "fleet/cart.yaml": flux("cart") };
  await repository.commit({ ...app, [`grown/${file}`]: content }, "one");
  for (const width of [300, 270]) {
    const tree = await repository.git("rev-parse", "main:grown");
    const uses = Object.fromEntries(Array.from({ length: width }, (_, index) => [`grown/d${index}`, { tree }]));
    await repository.commit({ grown: null, ...uses }, "more");
  }
  await repository.commit(
    { grown: null, "fleet/copies": { tree: await repository.git("rev-parse", "main:grown") } },
    "all",
  );
  return repository;
}

describe("one file at 81,000 paths", { timeout: 120_000 }, () => {
  test.each([
    ["definitions of services", "all.yaml", many(flux)],
    ["documents beside definitions", "all.yaml", many(configMap)],
    [
      "entries of kustomization files",
      "kustomization.yaml",
      `resources:\n${Array.from({ length: 5000 }, (_, index) => `- ../d${index}\n`).join("")}`,
    ],
  ])("D6 of %s is refused, in little memory", async (what, file, content) => {
    const { exit, stdout } = await services(await copies(what, file, content));
    expect(stdout).toContain('"source/too-large"');
    expect(stdout).toContain(`${what} below fleet, most of them in fleet/copies`);
    expect(exit).toBe(2);
  });

  test("D6 of which each has a megabyte, but little is made of it, is looked through in little memory", async () => {
    const large = flux("large", `, patches: [{patch: "${"x".repeat(1_000_000)}"}]`);
    const { exit, stdout, stderr } = await services(await copies("large", "all.yaml", large));
    expect([exit, stderr]).toEqual([1, ""]);
    expect(stdout).toContain("service/duplicate-id");
    expect(stdout).toContain("flux-system/cart");
  });
});
