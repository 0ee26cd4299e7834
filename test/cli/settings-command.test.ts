import { describe, expect, test } from "vitest";
import type { Discovered } from "../../src/cli/engine.ts";
import { failed, ok } from "../../src/model/index.ts";
import { discover, findPolicy } from "../../src/services/index.ts";
import { COMMIT } from "../report/examples.ts";
import { memoryTree } from "../support/disk-tree.ts";
import { run, type Script, transcript } from "./scripted.ts";

const FILES = {
  "gitops.yaml": `defaults: {retryInterval: 90s}
services:
  - match: shop/*
    drift: detect
    deleteLimit: {max: 1}
    healthChecks: [{apiVersion: apps/v1, kind: Deployment, namespace: shop, name: cart}]
  - match: ledger
    suspend: true
  - match: post/mail
    suspend: perhaps
breaker: {run: {share: 10%}}
protect: [Secret, apps/StatefulSet]
`,
  "shop/cart/kustomization.yaml": "",
  "shop/cart/gitops.yaml": "dependsOn: [till]\nadopt: [helm]\ntimeout: 1h30m\n",
  "post/mail/kustomization.yaml": "",
  "till/kustomization.yaml": "resources: [drawer]\n",
  "till/drawer/kustomization.yaml": "",
  "till/drawer/gitops.yaml": "suspend: true\n",
};

/** What the real discovery says of these files. */
function discovering(files: Parameters<typeof memoryTree>[0]): Script {
  const tree = memoryTree(files);
  const found = findPolicy(tree, "", () => true);
  if (found.kind !== "found") throw new Error("everything is loaded");
  const { policy } = found;
  if (!policy.ok) return { engine: { discover: () => Promise.resolve(failed(...policy.failures)) } };
  const step = discover(tree, "", () => true, undefined, policy.value);
  if (step.kind !== "done") throw new Error("everything is loaded");
  const { discovery } = step;
  const result: Discovered = { revision: { ref: "main", commit: COMMIT }, policy: policy.value, discovery };
  return { engine: { discover: () => Promise.resolve(ok(result)) } };
}

async function shows(name: string, args: readonly string[], files: Parameters<typeof memoryTree>[0]): Promise<void> {
  const shown = transcript(args, await run(args, discovering(files)));
  await expect(shown).toMatchFileSnapshot(`../../fixtures/cli/${name}.txt`);
}

describe("gitops settings", () => {
  test("shows what holds, and which line says so", () => shows("settings", ["settings"], FILES));
  test("shows everything of some services", () =>
    shows("settings-verbose", ["settings", "--service", "till", "--verbose"], FILES));
  test("says it as JSON", () => shows("settings-json", ["settings", "--service", "shop/*", "-o", "json"], FILES));
  test("has nothing to say where nothing is said", () =>
    shows("settings-none", ["settings"], { "kustomization.yaml": "" }));
  test("cannot run with settings that cannot be read", () =>
    shows("settings-wrong", ["settings"], { ...FILES, "gitops.yaml": "defaults: {purne: false}\n" }));
});
