import { expect, test } from "vitest";
import { type PassScene, passOver, passScene } from "./pass-scene.ts";

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

async function passed(scene: PassScene, files: Parameters<PassScene["commit"]>[0]): Promise<readonly string[]> {
  const { services } = await passOver(scene, files);
  return services.flatMap(({ service, state, steps }) => [
    `${service} ${state}`,
    ...steps.flatMap(({ action, ref, why }) => (action === "unchanged" ? [] : [`${action} ${ref.name}: ${why}`])),
  ]);
}

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
  await passed(scene, BEFORE);
  const broken = { "till/kustomization.yaml": `resources: [till.yaml, ${named}, [\n` };
  const told = await passed(scene, { ...AFTER, ...links, ...broken });
  expect(told).toEqual(expect.arrayContaining(["till failed", "held moving: till may want it: its build failed"]));
});

test("L3 a service does not leave git when a symlink takes the place of its kustomization", async () => {
  const scene = passScene();
  await passed(scene, BEFORE);
  const link = { "till/kustomization.yaml": { symlink: "../shared/till.yaml" } };
  const shared = { "shared/till.yaml": folder("till.yaml") };
  expect(await passed(scene, { ...BEFORE, ...link, ...shared })).toEqual(["cart unchanged", "till unchanged"]);
  expect(await passed(scene, { ...BEFORE, ...link })).toEqual(["cart unchanged", "till failed"]);
});

test("L3 nor when a symlink takes the place of its folder: what is behind that is not looked for", async () => {
  const scene = passScene();
  await passed(scene, BEFORE);
  const { "till/kustomization.yaml": file, "till/till.yaml": object, ...cart } = BEFORE;
  const after = { ...cart, "shared/kustomization.txt": file, "shared/till.yaml": object, till: { symlink: "shared" } };
  expect(await passed(scene, after)).toEqual([
    "cart unchanged",
    "till held",
    "held till: till, where it was defined, is a symlink now, and services are not looked for behind those",
  ]);
});
