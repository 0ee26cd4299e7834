import { expect, test, vi } from "vitest";
import type { PassOutcome } from "../../src/model/index.ts";
import { passScene } from "./pass-scene.ts";

const FOLDERS = ["", ".tools/lint/", "shop/cart/", "shop/pay-api/"];

async function passOf(services: readonly string[]): Promise<PassOutcome | undefined> {
  const scene = passScene();
  const name = (folder: string): string => `of-${folder.replaceAll(/[./]/g, "-")}x`;
  scene.commit(
    Object.fromEntries(
      FOLDERS.flatMap((folder) => [
        [`${folder}kustomization.yaml`, "resources: [map.yaml]\n"],
        [`${folder}map.yaml`, `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name(folder)}\n`],
      ]),
    ),
  );
  const begun = scene.begin({ services });
  await vi.waitFor(() => expect(begun.outcome()).toBeDefined());
  return begun.outcome();
}

test.each([
  [[], [".", ".tools/lint", "shop/cart", "shop/pay-api"]],
  [["*"], [".", ".tools/lint", "shop/cart", "shop/pay-api"]],
  [["**"], [".", ".tools/lint", "shop/cart", "shop/pay-api"]],
  [["."], ["."]],
  [["pay-*"], ["shop/pay-api"]],
  [["shop/*"], ["shop/cart", "shop/pay-api"]],
  [
    ["lint", "cart"],
    [".tools/lint", "shop/cart"],
  ],
])("globs %j take the same services as everywhere else", async (globs, taken) => {
  const outcome = await passOf(globs);
  expect(outcome?.services.map(({ service }) => service)).toEqual(taken);
});

test("a glob that takes nobody is told, with the service that was probably meant", async () => {
  expect((await passOf(["cart", "shop/kart"]))?.failures).toMatchObject([
    { code: "usage/no-such-service", message: 'no service matches "shop/kart" (did you mean shop/cart?)' },
  ]);
});
