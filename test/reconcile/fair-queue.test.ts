import { expect, test } from "vitest";
import { fairQueue } from "../../src/reconcile/fair-queue.ts";

/** Runs what each tenant asks for, in this order, through two places; answers the order in which they came to it. */
async function served(asked: readonly string[]): Promise<readonly string[]> {
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const queue = fairQueue(2);
  for (const name of asked) {
    const [tenant = ""] = name.split(" ");
    queue.run(tenant, () => {
      order.push(name);
      return new Promise((resolve) => ends.push(resolve));
    });
  }
  for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
    end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return order;
}

test("E10 a tenant with many services keeps no other waiting for more than a round", async () => {
  const noisy = Array.from({ length: 6 }, (_, index) => `noisy ${index}`);
  expect(await served([...noisy, "quiet 0", "calm 0", "calm 1"])).toEqual([
    "noisy 0",
    "noisy 1",
    "noisy 2",
    "quiet 0",
    "calm 0",
    "noisy 3",
    "calm 1",
    "noisy 4",
    "noisy 5",
  ]);
});

test("a single tenant is served in order, by all places", async () => {
  expect(await served(["a 0", "a 1", "a 2"])).toEqual(["a 0", "a 1", "a 2"]);
});

test("E10 with one noisy tenant of 5,000 services and 50 quiet ones, each quiet one is through after about one round", async () => {
  const quiet = Array.from({ length: 50 }, (_, index) => `quiet-${index} 0`);
  const order = await served([...Array.from({ length: 5000 }, (_, index) => `noisy ${index}`), ...quiet]);
  expect(Math.max(...quiet.map((name) => order.indexOf(name)))).toBeLessThan(60);
  expect(order).toHaveLength(5050);
});
