import { describe, expect, test } from "vitest";
import { apply, awaited, deployment, scene } from "./waiting-scene.ts";

describe("waiting for health", () => {
  test("what is healthy is read once, and nothing is watched for it; what has no status is not even read", async () => {
    const { cluster, gets, watches, wait, clock } = await scene({ controllers: "running" });
    await apply(cluster, deployment("cart"));
    const waited = wait([awaited("Deployment", "cart"), awaited("ConfigMap", "not-there")]);
    await clock.advance(0);
    expect(waited.ended()).toEqual({ health: { state: "healthy", objects: [] }, failures: [] });
    expect(gets).toEqual(["Deployment shop/cart"]);
    expect(watches()).toBe(0);
    expect(waited.told).toEqual([]);
  });

  test("a rollout is seen when it is through, not when it is time to look again", async () => {
    const { cluster, watches, wait, clock } = await scene({ controllers: "running", rolloutMs: 3_000 });
    await apply(cluster, deployment("cart"));
    const waited = wait([awaited("Deployment", "cart")]);
    await clock.advance(2_900);
    expect(waited.ended()).toBeUndefined();
    expect(waited.told).toMatchObject([[{ ref: { name: "cart" }, why: "0 of 1 replicas are there" }]]);
    await clock.advance(600);
    expect(waited.ended()?.health.state).toBe("healthy");
    expect(waited.told.at(-1)).toEqual([]);
    expect(watches()).toBe(0); // nobody waits any more
  });

  test("all who wait for objects of one kind share one watch, and those of one namespace one of its pods", async () => {
    const { cluster, watches, wait, clock, gets } = await scene({ controllers: "running", rolloutMs: 60_000 });
    const all = Array.from({ length: 30 }, (_, n) => [`d-${n}`, `team-${n % 3}`] as const);
    await apply(cluster, ...all.map(([name, namespace]) => deployment(name, undefined, namespace)));
    const waits = all.map(([name, namespace]) => wait([awaited("Deployment", name, {}, namespace)]));
    await clock.advance(10_000);
    expect(watches()).toBe(1 + 3);
    expect(gets.length).toBeLessThanOrEqual(30 * 4);
    await clock.advance(55_000);
    expect(waits.map((one) => one.ended()?.health.state)).toEqual(all.map(() => "healthy"));
    expect(watches()).toBe(0);
  });

  test("an event about one object makes nobody look at another", async () => {
    const { cluster, wait, clock, gets } = await scene({ controllers: "running" });
    await apply(cluster, deployment("one", "stuck"), deployment("two", "stuck"));
    wait([awaited("Deployment", "one")]);
    wait([awaited("Deployment", "two")]);
    await clock.advance(6_000);
    const before = gets.length;
    await apply(cluster, deployment("one"));
    await clock.advance(5_000);
    expect(gets.slice(before)).toEqual(["Deployment shop/one"]);
  });

  test.each([
    ["tells nothing", () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) })],
    [
      "cannot be listed or watched",
      () => {
        throw new Error("a watch that breaks");
      },
    ],
  ])("a watch that %s costs a quarter of a minute, no more", async (_, watch) => {
    const { cluster, wait, clock } = await scene({ controllers: "running", rolloutMs: 7_000 }, () => ({ watch }));
    await apply(cluster, deployment("cart"));
    const waited = wait([awaited("Deployment", "cart")]);
    await clock.advance(19_000);
    expect(waited.ended()).toBeUndefined();
    await clock.advance(2_000);
    expect(waited.ended()?.health.state).toBe("healthy");
  });

  test("a watch that ends goes on where it was", async () => {
    let begun = 0;
    const { cluster, wait, clock } = await scene({ controllers: "running" }, (real) => ({
      watch: async function* watch(kind, options, signal) {
        if (kind.kind === "Deployment" && begun++ === 0) return yield { type: "ended", gone: false } as const;
        return yield* real.watch(kind, options, signal);
      },
    }));
    await apply(cluster, deployment("one", "stuck"), deployment("two", "stuck"));
    const [one, two] = [wait([awaited("Deployment", "one")]), wait([awaited("Deployment", "two")])];
    await clock.advance(100); // the first watch has ended
    await apply(cluster, deployment("one"));
    await clock.advance(1_500);
    expect(one.ended()?.health.state).toBe("healthy");
    expect(begun).toBe(2);
    expect(two.ended()).toBeUndefined();
  });

  test("watches that are refused are asked for every five seconds, no more often", async () => {
    const asked = { lists: 0, watches: 0 };
    const problem = { kind: "status", status: 403, message: "may not", causes: [], ambiguous: false } as const;
    const { cluster, wait, clock } = await scene({ controllers: "running" }, (real) => ({
      list: async (kind, options, signal) => {
        if (kind.kind !== "Pod") return await real.list(kind, options, signal);
        asked.lists += 1;
        return { ok: false, problem };
      },
      watch: async function* watch() {
        asked.watches += 1;
        yield { type: "ended", gone: false, problem };
      },
    }));
    await apply(cluster, deployment("cart", "stuck"));
    const waited = wait([awaited("Deployment", "cart")]);
    await clock.advance(21_000);
    expect(asked).toEqual({ lists: 4, watches: 5 });
    await apply(cluster, deployment("cart"));
    await clock.advance(15_000);
    expect(waited.ended()?.health.state).toBe("healthy");
  });

  test("a watch whose version is too old begins anew with a list", async () => {
    let begun = 0;
    const { cluster, wait, clock } = await scene({ controllers: "running" }, (real) => ({
      watch: async function* watch(kind, options, signal) {
        if (kind.kind === "Deployment" && begun++ === 0) return yield { type: "ended", gone: false } as const;
        return yield* real.watch(kind, options, signal);
      },
    }));
    await apply(cluster, deployment("cart", "stuck"));
    const waited = wait([awaited("Deployment", "cart")]);
    await clock.advance(100); // the first watch has ended
    await apply(cluster, deployment("other"));
    cluster.forgetHistory();
    await clock.advance(2_500); // too old; a list, and a watch from there
    await apply(cluster, deployment("cart"));
    await clock.advance(1_000);
    expect(waited.ended()?.health.state).toBe("healthy");
  });

  test("who joins a watch that stands misses nothing that happened while it looked", async () => {
    const late = { join: () => Promise.resolve() };
    const { cluster, wait, clock } = await scene({ controllers: "running" }, (real) => ({
      get: async (...asked) => {
        const answer = await real.get(...asked);
        await late.join();
        return answer;
      },
    }));
    await apply(cluster, deployment("one", "stuck"), deployment("two", "stuck"));
    wait([awaited("Deployment", "one")]);
    await clock.advance(1_000);
    late.join = async () => {
      late.join = () => Promise.resolve();
      await apply(cluster, deployment("two"));
      // All who listen by now have heard of it.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    const waited = wait([awaited("Deployment", "two")]);
    await clock.advance(1_000);
    expect(waited.ended()?.health.state).toBe("healthy");
  });

  test("a failed rollout fails at once, names the object and where to look, and nothing else is waited for", async () => {
    const { cluster, wait, clock } = await scene({ controllers: "running" });
    await apply(cluster, deployment("cart", "fail"), deployment("slow", "stuck"));
    const at = { path: "shop/cart.yaml", line: 1 };
    const waited = wait([awaited("Deployment", "cart", { at }), awaited("Deployment", "slow")]);
    await clock.advance(1_000);
    expect(waited.ended()?.health).toMatchObject({
      state: "failed",
      objects: [{ ref: { name: "cart" } }, { ref: { name: "slow" } }],
    });
    expect(waited.ended()?.failures).toEqual([
      {
        code: "health/failed",
        message: 'apps/Deployment shop/cart is not healthy: ReplicaSet "cart-rollout" has timed out progressing',
        remedy: "see kubectl -n shop describe deployment.apps cart",
        object: "apps/Deployment shop/cart",
        at,
      },
    ]);
  });

  test("what is not healthy in time is told, each with its state", async () => {
    const { cluster, wait, clock } = await scene({ controllers: "running" });
    await apply(cluster, deployment("cart", "stuck"), deployment("good"));
    const objects = [awaited("Deployment", "cart"), awaited("Deployment", "good"), awaited("Job", "lost")];
    const waited = wait(objects, { timeoutMs: 30_000 });
    await clock.advance(29_000);
    expect(waited.ended()).toBeUndefined();
    await clock.advance(2_000);
    expect(waited.ended()?.health.state).toBe("failed");
    expect(waited.ended()?.failures.map(({ code, message }) => [code, message])).toEqual([
      ["health/timeout", "apps/Deployment shop/cart is not healthy after 30 s: 0 of 1 updated replicas are available"],
      ["health/timeout", "batch/Job shop/lost is not healthy after 30 s: it is not there"],
    ]);
  });

  test("a wait that is cancelled ends at once, without a failure, and tells how far it had come", async () => {
    const { cluster, wait, clock, watches } = await scene({ controllers: "running" });
    await apply(cluster, deployment("cart", "stuck"));
    const cancel = new AbortController();
    const waited = wait([awaited("Deployment", "cart")], { cancelled: cancel.signal });
    await clock.advance(5_000);
    expect(waited.ended()).toBeUndefined();
    cancel.abort("a newer revision");
    await clock.advance(0);
    expect(waited.ended()).toEqual({
      health: { state: "progressing", objects: [{ ref: awaited("Deployment", "cart").ref, why: expect.any(String) }] },
      failures: [],
    });
    expect(watches()).toBe(0);
    expect(clock.sleepers()).toBe(0);
  });

  test("an object that is not there yet is waited for; a Job that vanishes when it is done has done its work", async () => {
    const { cluster, wait, clock } = await scene({ controllers: "running" });
    await apply(cluster, deployment("other"));
    const late = wait([awaited("Deployment", "cart")]);
    const gone = wait([awaited("Job", "migrate", { vanishes: true })]);
    await clock.advance(1_000);
    expect(gone.ended()?.health.state).toBe("healthy");
    const failed = wait([awaited("Job", "migrate", { vanishes: true, failedBefore: true })]);
    await clock.advance(0);
    expect(failed.ended()?.failures).toMatchObject([
      {
        code: "health/failed",
        message: expect.stringMatching(/^batch\/Job shop\/migrate is not healthy: it failed, and /),
      },
    ]);
    expect(late.ended()).toBeUndefined();
    await apply(cluster, deployment("cart"));
    await clock.advance(1_000);
    expect(late.ended()?.health.state).toBe("healthy");
  });

  test("a kind that is not served cannot become healthy", async () => {
    const { wait, clock } = await scene();
    const waited = wait([awaited("Nonsense", "x")]);
    await clock.advance(0);
    expect(waited.ended()?.failures).toMatchObject([
      {
        code: "health/failed",
        message: "example.org/Nonsense shop/x is not healthy: the API server serves no such kind",
      },
    ]);
  });

  test("what may not be read fails at once; what cannot be read for now is read again", async () => {
    const answers = [
      { status: 500, message: "etcd is away" },
      { status: 403, message: "may not get deployments" },
    ];
    const refused = async () => {
      const { status, message } = answers.shift() ?? { status: 404, message: "asked too often" };
      return { ok: false, problem: { kind: "status", status, message, causes: [], ambiguous: false } } as const;
    };
    const { wait, clock } = await scene({}, () => ({ get: refused }));
    const waited = wait([awaited("Deployment", "cart")]);
    await clock.advance(400);
    expect(waited.ended()).toBeUndefined();
    expect(waited.told.at(-1)).toMatchObject([{ why: expect.stringContaining("etcd is away") }]);
    await clock.advance(1_000);
    expect(waited.ended()?.failures).toMatchObject([{ code: "cluster/forbidden" }]);
  });
});
