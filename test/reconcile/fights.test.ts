import { expect, test } from "vitest";
import { openFights } from "../../src/reconcile/fights.ts";
import { memoryCache } from "../simulator/builds.ts";
import { manualClock } from "../support/manual-clock.ts";

const ref = { group: "", kind: "ConfigMap", namespace: "shop", name: "a" };
const drift = [{ path: "data.one", manager: "rival" }];

test("repairs are remembered from pass to pass, until the fight is over", async () => {
  const [cache, clock] = [memoryCache(), manualClock()];
  const first = await openFights(cache, "scope", clock);
  first.repaired(ref, "hash", drift);
  first.repaired(ref, "hash", []);
  await first.save();
  const next = await openFights(cache, "scope", clock);
  expect([...next.known]).toEqual([
    ["/ConfigMap/shop/a", { hash: "hash", fields: { "data.one": { count: 1, lastMs: clock.nowMs() } } }],
  ]);
  expect((await openFights(cache, "another", clock)).known.size).toBe(0);
  await clock.advance(24 * 60 * 60_000);
  expect((await openFights(cache, "scope", clock)).known.size).toBe(0);
});

test.each([
  "",
  "{",
  "[1]",
  '[["a"]]',
  '[["a",{"hash":1,"fields":{}}]]',
  '[["a",{"hash":"h","fields":{"x":{"count":"1"}}}]]',
])("a damaged memory is an empty one: %s", async (text) => {
  const cache = memoryCache();
  await cache.write("fights-scope", text);
  expect((await openFights(cache, "scope", manualClock())).known.size).toBe(0);
});
