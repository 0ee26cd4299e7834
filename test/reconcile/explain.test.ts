import { expect, test } from "vitest";
import type { Explanation } from "../../src/model/index.ts";
import { explain } from "../../src/reconcile/index.ts";
import { passScene } from "./pass-scene.ts";

const FILES = {
  "shop/cart/kustomization.yaml": "resources: [a.yaml]\n",
  "shop/cart/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: ours}\n",
};

/** What is said of a service with this mode of drift, after somebody changed its object. */
async function explained(drift: string): Promise<Explanation> {
  const scene = passScene();
  scene.commit({ ...FILES, "gitops.yaml": `defaults: {drift: ${drift}}\n` });
  scene.begin();
  await scene.clock.advance(0);
  const kinds = await scene.cluster.kinds(new AbortController().signal);
  const kind = kinds.ok ? kinds.value.kinds.find((one) => one.kind === "ConfigMap") : undefined;
  if (kind === undefined) throw new Error("no ConfigMaps are served");
  const theirs = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "default" } };
  const applied = await scene.cluster.apply(
    kind,
    { ...theirs, data: { key: "theirs" } },
    { fieldManager: "kubectl", force: true },
    new AbortController().signal,
  );
  expect(applied.ok).toBe(true);
  const found = await scene.ask((io, request, signal) => explain(io, request, "shop/cart", signal));
  if (!found.ok) throw new Error(found.failures[0]?.message);
  return found.value;
}

test.each([
  ["enforce", { because: "1 of its objects drifted", runs: true, unchanged: 0 }],
  ["detect", { because: "1 of its objects drifted, which is left so for now", runs: false, unchanged: 0 }],
  ["off", { because: "nothing changed", runs: false, unchanged: 1, driftUnseen: true }],
])("with drift: %s, what somebody changed is told as it is", async (drift, told) => {
  const { because, runs, unchanged, driftUnseen } = await explained(drift);
  expect({ because, runs, unchanged, ...(driftUnseen && { driftUnseen }) }).toEqual(told);
});
