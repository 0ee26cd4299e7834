import { afterEach, describe, expect, test } from "vitest";
import type { Answer, MetadataList, WatchEvent } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import { type Hint, type Inventory, type LiveOptions, readInventory } from "../../src/live/index.ts";
import { applied, configMap, deleted, MINUTE, patched, REFUSED, type Stage, stage, status } from "./scripted.ts";

const open: Stage[] = [];
afterEach(async () => {
  for (const { live, clock } of open.splice(0)) {
    await live.close();
    expect(clock.sleepers()).toBe(0);
  }
});

/** A cluster with some objects of two services, listed once and watched. */
async function begin(
  options: Partial<LiveOptions> = {},
): Promise<Stage & { hints: Hint[][]; names(): Promise<string[]> }> {
  const s = stage(options);
  open.push(s);
  await applied(s.cluster, "shop/cart", configMap("cart"));
  await applied(s.cluster, "shop/web", configMap("web"));
  const hints: Hint[][] = [];
  s.live.onHint((some) => hints.push([...some]));
  await inventory(s);
  await s.clock.advance(0);
  s.asked();
  return { ...s, hints, names: async () => [...(await inventory(s)).live.values()].map(({ ref }) => ref.name).sort() };
}

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

async function inventory({ live, signal }: Stage): Promise<Inventory> {
  const answer = await live.inventory(signal);
  if (!answer.ok) throw new Error(JSON.stringify(answer.failures));
  return answer.value;
}

const told = (hints: readonly Hint[][]) =>
  hints.flat().map(({ service, what, ref }) => `${service} ${what} ${ref.name}`);

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
    expect(s.asked()).toEqual(["kinds", "list ConfigMap", "watch ConfigMap"]);
    await deleted(s.real(), "cart");
    delete s.script.watch;
    await s.clock.advance(MINUTE);
    expect(s.asked().filter((one) => one.startsWith("list"))).toEqual([]); // it went on where it was
    expect(await s.names()).toEqual([]);
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
