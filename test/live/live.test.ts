import { describe, expect, test } from "vitest";
import type { Answer } from "../../src/cluster/index.ts";
import { readInventory } from "../../src/live/index.ts";
import { applied, begin, configMap, deleted, inventory, kindOf, MINUTE, status, WIDGETS } from "./scripted.ts";

describe("what the cluster holds of ours", () => {
  test("is what one reading would find", async () => {
    const s = await begin();
    const read = await readInventory(s.cluster, s.clock, s.signal);
    const one = read.ok ? read.value : undefined;
    expect(await inventory(s)).toEqual(one);
    expect(one?.live.size).toBe(2);
  });

  test("costs no request while the watches stand, and is up to date", async () => {
    const s = await begin();
    await applied(s.real(), "shop/cart", configMap("cart-2"));
    await deleted(s.real(), "web");
    await s.clock.advance(0);
    expect(await s.names()).toEqual(["cart", "cart-2"]);
    expect(s.asked()).toEqual([]);
  });

  test("kinds of which we own objects are watched, and those that the revision declares; others are listed at times", async () => {
    const s = await begin();
    expect(s.live.stats()).toMatchObject({ watched: 1, objects: 2 });
    s.live.use(new Set(["/Secret", "/ConfigMap"]));
    await s.clock.advance(0);
    expect(s.asked()).toEqual(["list Secret", "watch Secret"]);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "key", namespace: "default" } };
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "reader", namespace: "default" },
    };
    await applied(s.real(), "shop/cart", secret);
    await applied(s.real(), "shop/cart", role);
    await s.clock.advance(0);
    expect(await s.names()).toEqual(["cart", "key", "web"]);
    await s.clock.advance(11 * MINUTE);
    expect(await s.names()).toEqual(["cart", "key", "reader", "web"]);
    expect(s.live.stats().watched).toBe(3);
  });

  test("a declared kind that is not served yet is looked for each time", async () => {
    const s = await begin();
    s.live.use(new Set(["example.dev/Widget"]));
    await inventory(s);
    expect(s.asked()).toEqual(["kinds"]);
  });

  test("a kind that is used and cannot be watched is listed each time", async () => {
    const s = await begin();
    s.script.unwatchable = "ConfigMap";
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    await s.clock.advance(0);
    s.asked();
    await deleted(s.real(), "web");
    expect(await s.names()).toEqual(["cart"]);
    await deleted(s.real(), "cart");
    expect(await s.names()).toEqual([]);
    expect(s.asked().filter((one) => one !== "kinds")).toEqual(["list ConfigMap", "list ConfigMap"]);
  });

  test("a kind that is not served any more is dropped with what was known of it", async () => {
    const s = await begin();
    const crds = await kindOf(s.real(), "apiextensions.k8s.io/CustomResourceDefinition");
    await s.real().apply(crds, WIDGETS, { fieldManager: "them", force: true }, s.signal);
    await s.clock.advance(11 * MINUTE);
    const widget = { apiVersion: "example.dev/v1", kind: "Widget", metadata: { name: "w", namespace: "default" } };
    await applied(s.live.cluster, "shop/cart", widget);
    expect(await s.names()).toEqual(["cart", "w", "web"]);
    const { metadata } = valueOf(await s.real().get(crds, "", WIDGETS.metadata.name, s.signal));
    valueOf(await s.real().remove(crds, "", metadata.name, { ...metadata, propagation: "Background" }, s.signal));
    s.real().runControllers();
    await s.clock.advance(12 * MINUTE);
    const { kinds, unlisted } = await inventory(s);
    expect([kinds.has("example.dev/Widget"), unlisted.size]).toEqual([false, 0]);
    expect(await s.names()).toEqual(["cart", "web"]);
  });

  test("a kind that cannot be listed is told, with the reason, and the others go on", async () => {
    const s = await begin();
    s.script.list = async (kind, truth) => (kind.kind === "Secret" ? { ok: false, problem: status(403) } : truth);
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    const { unlisted, live } = await inventory(s);
    expect([...unlisted]).toEqual([["/Secret", status(403)]]);
    expect(live.size).toBe(2);
  });

  test("a kind whose list hangs is waited for once, and not again until it answers", async () => {
    const s = await begin();
    const hanging: (() => void)[] = [];
    s.script.list = async (kind, truth) => {
      if (kind.kind === "Secret") await new Promise<void>((resolve) => hanging.push(resolve));
      return truth;
    };
    const relisted = s.live.relist(s.signal);
    await s.clock.advance(10_000);
    expect((await relisted).ok).toBe(true);
    const first = inventory(s);
    await s.clock.advance(10_000);
    expect([...(await first).unlisted.keys()]).toEqual(["/Secret"]);
    expect([...(await inventory(s)).unlisted.keys()]).toEqual(["/Secret"]); // at once: no time passes here
    delete s.script.list;
    for (const resolve of hanging) resolve();
    await s.clock.advance(0);
    expect((await inventory(s)).unlisted.size).toBe(0);
  });
});

function valueOf<T>(answer: Answer<T | undefined>): T {
  if (!answer.ok || answer.value === undefined) throw new Error("there is no such thing");
  return answer.value;
}
