import { expect, test } from "vitest";
import { passScene } from "./pass-scene.ts";

const config = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const folder = (...names: readonly string[]): string => `resources: [${names.join(", ")}]\n`;
const BEFORE = {
  "cart/kustomization.yaml": folder("own.yaml", "moving.yaml"),
  "cart/own.yaml": config("own"),
  "cart/moving.yaml": config("moving"),
  "till/kustomization.yaml": folder("till.yaml"),
  "till/till.yaml": config("till"),
};
/** It is out of the one service, and the other, which wants it now, cannot be built. */
const { "cart/moving.yaml": _moved, ...AFTER } = { ...BEFORE, "cart/kustomization.yaml": folder("own.yaml") };

const SHARED = { "shared/kustomization.yaml": folder("moving.yaml"), "shared/moving.yaml": config("moving") };

test.each([
  [
    "a file",
    "moving.yaml",
    { "till/moving.yaml": { symlink: "../shared/moving.yaml" }, "shared/moving.yaml": config("moving") },
  ],
  ["a folder", "base", { "till/base": { symlink: "../shared" }, ...SHARED }],
  ["a folder around it", "base/shared", { "till/base": { symlink: "../." }, ...SHARED }],
])("L3 what a service that cannot be built takes in through a symlink to %s stays", async (_what, named, links) => {
  const scene = passScene();
  const passed = async (files: Parameters<typeof scene.commit>[0]) => {
    scene.commit(files);
    const begun = scene.begin();
    await scene.clock.advance(0);
    return begun
      .outcome()
      ?.services.flatMap(({ service, state, steps }) => [
        `${service} ${state}`,
        ...steps.flatMap(({ action, ref, why }) => (action === "unchanged" ? [] : [`${action} ${ref.name}: ${why}`])),
      ]);
  };
  await passed(BEFORE);
  const broken = { "till/kustomization.yaml": `resources: [till.yaml, ${named}, [\n` };
  const told = await passed({ ...AFTER, ...links, ...broken });
  expect(told).toEqual(expect.arrayContaining(["till failed", "held moving: till may want it: its build failed"]));
});
