import { describe, expect, test } from "vitest";
import { applied, begin, configMap, deleted, inventory, kindOf, patched, told, WIDGETS } from "./scripted.ts";

describe("hints", () => {
  test.each([
    ["an edit of what we set", { data: { a: "2" } }, ["shop_cart fields cart"]],
    ["a field that we set is removed", { data: { a: null } }, ["shop_cart fields cart"]],
    [
      "the owner label is removed",
      { metadata: { labels: { "gitops.bulkhead.dev/service": null } } },
      ["shop_cart deleted cart"],
    ],
    [
      "the owner label names another",
      { metadata: { labels: { "gitops.bulkhead.dev/service": "shop_web" } } },
      ["shop_cart owner cart", "shop_web owner cart"],
    ],
    [
      "the hash is changed",
      { metadata: { annotations: { "gitops.bulkhead.dev/applied": "x" } } },
      ["shop_cart applied cart"],
    ],
    [
      "a switch is set",
      { metadata: { annotations: { "kustomize.toolkit.fluxcd.io/reconcile": "disabled" } } },
      ["shop_cart switch cart"],
    ],
    ["a label of somebody else", { metadata: { labels: { theirs: "x" } } }, []],
    ["a field of somebody else", { data: { theirs: "x" } }, []],
  ])("%s", async (_what, body, expected) => {
    const s = await begin();
    await patched(s.real(), "cart", body);
    await s.clock.advance(1_000);
    expect(told(s.hints)).toEqual(expected);
  });

  test("a deletion by somebody else is one, our own is none", async () => {
    const s = await begin();
    await deleted(s.live.cluster, "cart");
    await deleted(s.real(), "web");
    await s.clock.advance(1_000);
    expect(told(s.hints)).toEqual(["shop_web deleted web"]);
  });

  test("what is written through the same door is known at once, and its event is none", async () => {
    const s = await begin();
    await applied(s.live.cluster, "shop/cart", configMap("cart", { a: "2" }));
    await applied(s.live.cluster, "shop/cart", configMap("new"));
    expect(await s.names()).toEqual(["cart", "new", "web"]);
    await s.clock.advance(1_000);
    expect(s.hints).toEqual([]);
    expect(s.asked().filter((one) => one !== "kinds")).toEqual([]);
  });

  test("an edit right before our own write is overtaken by it: neither a hint nor a doubt", async () => {
    const s = await begin();
    s.script.watch = async function* (_kind, truth) {
      for await (const event of truth) {
        await s.clock.sleep(500, s.signal); // news take their time
        yield event;
      }
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    await patched(s.real(), "cart", { data: { a: "theirs" } });
    await applied(s.live.cluster, "shop/cart", configMap("cart", { a: "ours" }));
    await s.clock.advance(2_000);
    expect(s.hints).toEqual([]);
    expect(s.live.stats().regressions).toBe(0);
    await patched(s.real(), "cart", { data: { a: "theirs" } });
    await s.clock.advance(2_000);
    expect(told(s.hints)).toEqual(["shop_cart fields cart"]);
  });

  test("news of our own write that come before its answer are none; what somebody else does meanwhile is", async () => {
    const s = await begin();
    s.script.answering = () => s.clock.advance(1_000);
    await applied(s.live.cluster, "shop/cart", configMap("new"));
    await deleted(s.live.cluster, "web");
    expect(s.hints).toEqual([]);
    s.script.answering = async () => {
      await patched(s.real(), "cart", { data: { a: "theirs" } });
      await s.clock.advance(1_000);
    };
    await applied(s.live.cluster, "shop/cart", configMap("cart", { a: "ours" }));
    await s.clock.advance(1_000);
    expect(told(s.hints)).toEqual(["shop_cart applied cart"]);
    expect(await s.names()).toEqual(["cart", "new"]);
  });

  test("an object that somebody deletes while our write of it is answered is gone, whatever the answer says", async () => {
    const s = await begin();
    s.script.answering = async () => {
      await deleted(s.real(), "cart");
      await s.clock.advance(1_000);
    };
    await applied(s.live.cluster, "shop/cart", configMap("cart", { a: "ours" }));
    expect(await s.names()).toEqual(["web"]);
    await s.clock.advance(1_000);
    expect(s.hints).toHaveLength(1);
  });

  test("an object that we deleted and that finalizers hold is none when it goes", async () => {
    const s = await begin();
    const held = {
      ...configMap("held"),
      metadata: { ...configMap("held").metadata, finalizers: ["example.dev/wait"] },
    };
    await applied(s.live.cluster, "shop/cart", held);
    await deleted(s.live.cluster, "held");
    await s.clock.advance(1_000);
    expect(await s.names()).toEqual(["cart", "held", "web"]);
    await patched(s.real(), "held", { metadata: { finalizers: null } });
    await s.clock.advance(1_000);
    expect(await s.names()).toEqual(["cart", "web"]);
    expect(told(s.hints).filter((one) => one.includes("deleted"))).toEqual([]);
  });

  test("a declared kind that comes to be served is one, within seconds", async () => {
    const s = await begin();
    s.live.use(new Set(["/ConfigMap", "example.dev/Widget"]));
    await s.clock.advance(60_000);
    expect(s.hints).toEqual([]);
    const crds = await kindOf(s.real(), "apiextensions.k8s.io/CustomResourceDefinition");
    await s.real().apply(crds, WIDGETS, { fieldManager: "them", force: true }, s.signal);
    await s.clock.advance(16_000);
    expect(told(s.hints)).toEqual([" served "]);
    expect(s.hints[0]?.[0]?.ref).toMatchObject({ group: "example.dev", kind: "Widget" });
    expect((await inventory(s)).kinds.has("example.dev/Widget")).toBe(true);
  });

  test("a burst of a thousand events is one hint a service", async () => {
    const s = await begin();
    for (let index = 0; index < 500; index += 1) {
      await applied(s.real(), "shop/cart", configMap(`cart-${index}`));
      await patched(s.real(), "web", { data: { a: String(index + 2) } });
    }
    await s.clock.advance(1_000);
    expect(s.hints).toHaveLength(1);
    expect(Object.fromEntries(s.hints[0]?.map(({ service, count }) => [service, count]) ?? [])).toEqual({
      shop_cart: 500,
      shop_web: 1, // the first edit took the field, the others took nothing more of ours
    });
  });
});
