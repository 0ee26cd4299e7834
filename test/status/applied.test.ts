import { expect, test } from "vitest";
import type { PassOutcome, ServiceOutcome } from "../../src/model/index.ts";
import { appliedAt } from "../../src/status/index.ts";
import { CONFIG_MAP as KIND } from "../../src/status/place.ts";
import { service, step } from "../report/examples.ts";
import { at, broken, good, made, PLACE, revisionAt, statusScene } from "./scene.ts";

const pass = (index: number, ...services: readonly ServiceOutcome[]): PassOutcome => ({
  ...at(index),
  services,
  failures: [],
  builds: 0,
  durationMs: 1,
});

/** Held, as its revision does not follow from these. */
const held = (id: string, ...departed: readonly string[]) =>
  service(id, "held", { steps: [step("unchanged", id), step("held", `${id}-old`)], departed });

test("A18 nothing was applied where nothing is kept", async () => {
  const { read } = statusScene();
  expect(appliedAt(await read(), "shop/cart")).toEqual({ revisions: [] });
});

test("A18 a good service holds what the last pass applied, and so does one that nothing is kept of", async () => {
  const { passed, read } = statusScene();
  await passed(pass(0, made("shop/cart")));
  await passed(pass(1, good("shop/cart")));
  expect(appliedAt(await read(), "shop/cart")).toMatchObject({ revisions: [revisionAt(1)] });
  expect(appliedAt(await read(), "shop/unheard-of")).toMatchObject({ revisions: [revisionAt(1)] });
});

test("A18 a service that failed holds some of what it was tried at, too", async () => {
  const { passed, read } = statusScene();
  await passed(pass(0, made("shop/cart")));
  await passed(pass(1, broken("shop/cart")));
  await passed(pass(2, broken("shop/cart")));
  expect(appliedAt(await read(), "shop/cart")).toMatchObject({ revisions: [revisionAt(0), revisionAt(2)] });
});

test("A18 what a revision does not follow stays known until all is as git says", async () => {
  const { passed, read } = statusScene();
  await passed(pass(0, made("shop/cart")));
  await passed(pass(1, held("shop/cart", revisionAt(0))));
  await passed(pass(0, held("shop/cart", revisionAt(1))));
  const known = await read();
  expect(appliedAt(known, "shop/cart")).toMatchObject({ revisions: [revisionAt(0), revisionAt(1)] });
  // Nothing new is nothing to write.
  expect(await passed(pass(0, held("shop/cart", revisionAt(1))))).toEqual([]);
  await passed(pass(2, broken("shop/cart"))); // nobody asked: nothing would have been deleted
  expect(appliedAt(await read(), "shop/cart")).toMatchObject({
    revisions: [revisionAt(0), revisionAt(2), revisionAt(1)],
  });
  await passed(pass(2, made("shop/cart")));
  expect(appliedAt(await read(), "shop/cart")).toMatchObject({ revisions: [revisionAt(2)] });
});

test("A18 when it was last as git said does not move while it is held", async () => {
  const { clock, passed, read } = statusScene();
  await passed(pass(0, made("shop/cart")));
  const first = appliedAt(await read(), "shop/cart");
  await clock.advance(60_000);
  await passed(pass(1, held("shop/cart", revisionAt(0))));
  await clock.advance(60_000);
  await passed(pass(1, held("shop/cart", revisionAt(0)), made("shop/other")));
  const later = appliedAt(await read(), "shop/cart");
  expect([first, later].map((one) => one !== "unknown" && one.since)).toEqual([
    new Date(clock.nowMs() - 120_000).toISOString(),
    new Date(clock.nowMs() - 120_000).toISOString(),
  ]);
});

test("A18 records that cannot be understood are unknown, and not nothing", async () => {
  const { cluster, objects, passed, read } = statusScene();
  await passed(pass(0, made("shop/cart")));
  const never = new AbortController().signal;
  for (const { ref } of (await objects()).items) {
    const torn = { data: { pass: "torn", services: "torn" } };
    const manifest = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: ref.name, namespace: PLACE.namespace },
      ...torn,
    };
    await cluster.apply(KIND, manifest, { fieldManager: "somebody", force: true }, never);
  }
  expect(appliedAt(await read(), "shop/cart")).toBe("unknown");
});

test("A18 what a damaged record said is unknown, and not nothing", async () => {
  const { passed, read } = statusScene();
  await passed(pass(0, made("shop/cart")));
  const standing = { ...(await read()), damaged: true };
  expect(appliedAt(standing, "shop/unheard-of")).toBe("unknown");
  expect(appliedAt(standing, "shop/cart")).toMatchObject({ revisions: [revisionAt(0)] });
});
