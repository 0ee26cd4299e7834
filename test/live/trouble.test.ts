import { describe, expect, test } from "vitest";
import type { Answer, MetadataList, WatchEvent } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import { applied, begin, configMap, deleted, inventory, MINUTE, patched, REFUSED, status, told } from "./scripted.ts";

describe("trouble", () => {
  test("D11 the API server is away and comes back: the inventory fails meanwhile, then everything in doubt is listed", async () => {
    const s = await begin();
    const links: AbortController[] = [];
    s.script.watch = (_kind, truth) => {
      const link = new AbortController();
      links.push(link);
      return cutBy(link.signal, truth);
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    await s.clock.advance(MINUTE);
    s.script.down = true;
    for (const link of links) link.abort();
    await deleted(s.real(), "web");
    await s.clock.advance(MINUTE);
    expect(await s.live.inventory(s.signal)).toMatchObject({ ok: false, failures: [{ code: "cluster/unreachable" }] });
    delete s.script.down;
    s.asked();
    expect(await s.names()).toEqual(["cart"]);
    expect(s.asked()).toEqual(["kinds", "list ConfigMap", "watch ConfigMap"]);
    await deleted(s.real(), "cart");
    await s.clock.advance(1_000);
    expect(told(s.hints)).toEqual(["shop_web deleted web", "shop_cart deleted cart"]);
  });

  test("D11 a server that throttles is asked again after the time that it names", async () => {
    const s = await begin();
    s.script.list = async () => ({ ok: false, problem: status(429, 20_000) });
    s.live.use(new Set(["/Secret"]));
    await s.clock.advance(19_000);
    expect(s.asked()).toEqual(["list Secret"]);
    delete s.script.list;
    await s.clock.advance(2_000);
    expect(s.asked()).toEqual(["list Secret", "watch Secret"]);
  });

  test("D11 a watch that is throttled is not asked for sooner because somebody wants to know; lists answer him", async () => {
    const s = await begin();
    s.script.watch = async function* () {
      yield { type: "ended", gone: false, problem: status(429, 20_000) };
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    await s.clock.advance(0);
    delete s.script.watch;
    await deleted(s.real(), "web");
    s.asked();
    await s.clock.advance(10_000);
    expect(await s.names()).toEqual(["cart"]);
    await s.clock.advance(9_000);
    expect(s.asked()).toEqual(["kinds", "list ConfigMap"]);
    await s.clock.advance(2_000);
    expect(s.asked()).toEqual(["watch ConfigMap"]);
    expect(await s.names()).toEqual(["cart"]);
  });

  test("D11 a list that is throttled is not asked for sooner, either: the kind is told as unknown meanwhile", async () => {
    const s = await begin();
    s.script.list = async (kind, truth) =>
      kind.kind === "Secret" ? { ok: false, problem: status(429, 60_000) } : truth;
    s.live.use(new Set(["/Secret"]));
    await s.clock.advance(0);
    delete s.script.list;
    s.asked();
    await s.clock.advance(50_000);
    expect([...(await inventory(s)).unlisted.keys()]).toEqual(["/Secret"]);
    expect(s.asked()).toEqual(["kinds"]);
    await s.clock.advance(11_000);
    expect(s.asked()).toEqual(["list Secret", "watch Secret"]);
    expect((await inventory(s)).unlisted.size).toBe(0);
  });

  test("D11 a server that asks to be left alone for days is asked again within the interval", async () => {
    const s = await begin();
    s.script.list = async () => ({ ok: false, problem: status(503, 3 * 86_400_000) });
    s.live.use(new Set(["/Secret"]));
    await s.clock.advance(MINUTE);
    delete s.script.list;
    s.asked();
    await s.clock.advance(10 * MINUTE);
    expect(s.asked()).toContain("watch Secret");
    expect((await inventory(s)).unlisted.size).toBe(0);
  });

  test("D12 a watch that is silent is given up, and what it did not tell is found", async () => {
    const s = await begin();
    s.script.watch = (_kind, _truth, signal) => silent(signal);
    s.live.use(new Set(["/ConfigMap"]));
    expect((await s.live.relist(s.signal)).ok).toBe(true); // from here on nothing is told
    await deleted(s.real(), "web");
    await s.clock.advance(MINUTE);
    expect(await s.names()).toEqual(["cart", "web"]);
    delete s.script.watch;
    await s.clock.advance(3 * MINUTE);
    expect(await s.names()).toEqual(["cart"]);
    expect(told(s.hints)).toEqual(["shop_web deleted web"]);
    expect(s.live.stats().relists).toMatchObject({ silent: 1 });
  });

  test("D12 a watch that is refused as unauthorized is tried again, and what happened meanwhile is told", async () => {
    const s = await begin();
    s.script.watch = async function* () {
      yield { type: "ended", gone: false, problem: status(401) };
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    await deleted(s.real(), "web");
    await s.clock.advance(5_000);
    s.asked();
    expect(await s.names()).toEqual(["cart"]); // no watch, so it is listed
    expect(s.asked()).toEqual(["kinds", "list ConfigMap"]);
    await applied(s.real(), "shop/cart", configMap("cart-2"));
    expect(await s.names()).toEqual(["cart", "cart-2"]); // and again
    expect(s.asked().filter((one) => one.startsWith("list"))).toEqual(["list ConfigMap"]);
    await deleted(s.real(), "cart");
    delete s.script.watch;
    await s.clock.advance(MINUTE);
    expect(s.asked().filter((one) => one.startsWith("list"))).toEqual([]); // it went on where it was
    expect(await s.names()).toEqual(["cart-2"]);
  });

  test.each([
    ["in order", { type: "ended", gone: false }],
    ["as too old", { type: "ended", gone: true }],
    ["by a broken connection", { type: "ended", gone: false, problem: REFUSED }],
  ] as const)("a watch that ends at once, %s, over and over: ever longer waits", async (_how, ended) => {
    const s = await begin();
    s.script.watch = async function* () {
      yield ended;
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    s.asked();
    await s.clock.advance(10 * MINUTE - 30_000);
    const asked = s.asked();
    expect(asked.filter((one) => one === "watch ConfigMap").length).toBeLessThan(30);
    expect(asked.filter((one) => one === "list ConfigMap").length).toBeLessThan(30);
  });

  test("a version that is too old, and an event that cannot be read, end in a list", async () => {
    const s = await begin();
    s.script.watch = async function* () {
      yield { type: "ended", gone: true };
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    s.script.watch = async function* () {
      yield { type: "ended", gone: false, problem: { kind: "decode", message: "cut", causes: [], ambiguous: false } };
    };
    await s.clock.advance(1_000);
    delete s.script.watch;
    await s.clock.advance(2_000);
    expect(s.live.stats().relists).toMatchObject({ expired: 1, disorder: 1 });
    expect(s.live.stats().doubtful).toBe(0);
  });

  test("events that come twice change nothing; a lost one is found at the next interval", async () => {
    const s = await begin();
    s.script.watch = async function* (_kind, truth) {
      for await (const event of truth) {
        if (event.type === "deleted") continue;
        yield event;
        yield event;
      }
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    await patched(s.real(), "cart", { data: { a: "2" } });
    await deleted(s.real(), "web");
    await s.clock.advance(1_000);
    expect(told(s.hints)).toEqual(["shop_cart fields cart"]);
    expect(await s.names()).toEqual(["cart", "web"]);
    await s.clock.advance(11 * MINUTE);
    expect(await s.names()).toEqual(["cart"]);
    expect(told(s.hints)).toEqual(["shop_cart fields cart", "shop_web deleted web"]);
    expect(s.live.stats().regressions).toBe(0);
  });

  test("events of two objects out of their order make the kind doubtful, and it is listed", async () => {
    const s = await begin();
    const held: WatchEvent[] = [];
    s.script.watch = async function* (_kind, truth) {
      for await (const event of truth) {
        if (event.type === "modified" && event.object.ref.name === "cart") held.push(event);
        else yield* [event, ...held.splice(0)];
      }
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    await patched(s.real(), "cart", { data: { a: "2" } });
    await patched(s.real(), "web", { data: { a: "2" } });
    await s.clock.advance(1_000);
    expect(s.live.stats()).toMatchObject({ relists: { disorder: 1 }, regressions: 0, doubtful: 0 });
    expect(told(s.hints).sort()).toEqual(["shop_cart fields cart", "shop_web fields web"]);
  });

  test("D18 what throws where nothing should is the trouble of that kind alone, and passes with its cause", async () => {
    const s = await begin();
    s.script.list = async (kind, truth) => {
      if (kind.kind === "Secret") throw new Error("a bug");
      return truth;
    };
    s.script.watch = () => {
      throw new Error("another bug");
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    const { unlisted } = await inventory(s);
    expect([...unlisted].map(([kind, { message }]) => `${kind} ${message}`)).toEqual(["/Secret unexpected: a bug"]);
    delete s.script.list;
    delete s.script.watch;
    await deleted(s.real(), "web");
    await s.clock.advance(MINUTE);
    expect((await inventory(s)).unlisted.size).toBe(0);
    expect(await s.names()).toEqual(["cart"]);
    expect(s.live.stats().doubtful).toBe(0);
  });

  test("A16 an object whose version goes back: everything is listed anew and nothing is deleted for one interval", async () => {
    const s = await begin();
    const seen: WatchEvent[] = [];
    s.script.watch = async function* (_kind, truth) {
      for await (const event of truth) {
        yield event;
        seen.push(event);
        if (seen.length === 2 && seen[0] !== undefined) yield seen[0]; // an old event again, after a newer one
      }
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    await patched(s.real(), "cart", { data: { a: "2" } });
    await patched(s.real(), "cart", { data: { b: "3" } });
    s.asked();
    await s.clock.advance(1_000);
    expect(s.asked()).toContain("list *");
    expect((await inventory(s)).paused).toMatch(
      /something older than before \(ConfigMap: cart at version \d+ after \d+\)/,
    );
    expect((await inventory(s)).live.size).toBe(2);
    await s.clock.advance(9 * MINUTE);
    expect((await inventory(s)).paused).toBeDefined();
    await s.clock.advance(2 * MINUTE);
    expect((await inventory(s)).paused).toBeUndefined();
  });

  test("A16 a stale replica that answers one list is noticed, and deletes are paused", async () => {
    const s = await begin();
    const old = new Map<string, Answer<MetadataList>>();
    s.script.list = async (kind, truth) => {
      old.set(kind.kind, truth);
      return truth;
    };
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    await applied(s.real(), "shop/cart", configMap("cart-2"));
    await s.clock.advance(0);
    s.script.list = async (kind, truth) => old.get(kind.kind) ?? truth;
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    delete s.script.list;
    await s.clock.advance(1_000);
    expect((await inventory(s)).paused).toMatch(/a list of version \d+ after \d+/);
    expect(await s.names()).toEqual(["cart", "cart-2", "web"]);
  });

  test("A16 a cluster restored from a backup: its records are dropped, what it has is listed, and deletes are paused", async () => {
    const s = await begin();
    const saved = s.real().save();
    await applied(s.real(), "shop/cart", configMap("lost"));
    await s.clock.advance(0);
    const before = s.real();
    s.replace(createEmbedded({ clock: s.clock, saved, controllers: "none" }));
    await before.close(); // its watches end
    await s.clock.advance(MINUTE);
    expect((await s.live.relist(s.signal)).ok).toBe(true);
    const { paused, live } = await inventory(s);
    expect(paused).toBeDefined();
    expect([...live.values()].map(({ ref }) => ref.name).sort()).toEqual(["cart", "web"]);
    await s.clock.advance(11 * MINUTE);
    expect((await inventory(s)).paused).toBeUndefined();
  });
});

/** A watch that stands and tells nothing. */
async function* silent(signal: AbortSignal): AsyncGenerator<WatchEvent> {
  yield await new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** A watch whose connection breaks with the signal. */
async function* cutBy(signal: AbortSignal, truth: AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent> {
  const events = truth[Symbol.asyncIterator]();
  const cut = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
  for (;;) {
    const next = await new Promise<IteratorResult<WatchEvent> | undefined>((resolve, reject) => {
      events.next().then(resolve, reject);
      void cut.then(resolve);
    });
    if (next === undefined || next.done === true) break;
    yield next.value;
  }
  yield { type: "ended", gone: false, problem: REFUSED };
}
