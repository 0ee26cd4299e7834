import { EventEmitter, once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Acquaintance, askedSince, keptPass } from "../../src/cli/keeping.ts";
import { readSettings, type Settings } from "../../src/cli/settings.ts";
import { seenIn, seenNow } from "../../src/cli/went-back.ts";
import type { World } from "../../src/cli/world.ts";
import type { Cluster, Problem } from "../../src/cluster/index.ts";
import { createEmbedded, type EmbeddedCluster } from "../../src/embedded/index.ts";
import type { PassOutcome } from "../../src/model/index.ts";
import type { PassRequest } from "../../src/reconcile/index.ts";
import { readStanding, suspend } from "../../src/status/index.ts";
import { pass, service } from "../report/examples.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";
import { scratch } from "./scripted.ts";

const PLACE = { namespace: "gitops-system", scope: "default" };
const signal = new AbortController().signal;

let clock: ManualClock;
let cache: ReturnType<typeof scratch>;
let writes: string[];
beforeEach(() => {
  clock = manualClock();
  cache = scratch();
  writes = [];
});
afterEach(() => cache.free());

/** A cluster of its own uid, whose writes are noted. */
function twin(name: string, seed: number): EmbeddedCluster {
  const verbs = new Set(["create", "update", "patch", "delete"]);
  const onAudit = ({ verb }: { readonly verb: string }): void => void (verbs.has(verb) && writes.push(name));
  return createEmbedded({ clock, seed, controllers: "none", onAudit });
}

interface Passed {
  readonly outcome: PassOutcome;
  readonly notices: readonly string[];
  /** What the pass was asked; undefined when it did not come to run. */
  readonly asked: PassRequest | undefined;
}

async function passed(
  cluster: Cluster,
  about: {
    readonly flags?: object;
    readonly process?: Acquaintance;
    readonly mode?: PassRequest["mode"];
    /** What happens while the pass runs. */
    readonly meanwhile?: () => Promise<unknown>;
  } = {},
): Promise<Passed> {
  const read = readSettings({ cacheDir: cache.path, ...about.flags }, { env: {}, cwd: "/", home: "/" });
  if (!read.ok) throw new Error(JSON.stringify(read.failures));
  const settings: Settings = read.value;
  const notices: string[] = [];
  const ran: { asked?: PassRequest } = {};
  const run = async (request: PassRequest): Promise<PassOutcome> => {
    ran.asked = request;
    await about.meanwhile?.();
    return pass([service("dev/api", "synced")]);
  };
  const { path, scope, services, defaultNamespace, concurrency, breaker } = settings;
  const request: PassRequest = {
    mode: about.mode ?? "sync",
    path,
    scope,
    services,
    defaultNamespace,
    concurrency,
    breaker,
  };
  const keeper = { cluster, settings, world: { clock } as unknown as World, acquaintance: about.process ?? {} };
  const onEvent = (event: { readonly type: string; readonly message?: string }): void =>
    void (event.type === "notice" && notices.push(event.message ?? ""));
  const outcome = await keptPass(keeper, request, run, onEvent, signal);
  return { outcome, notices, asked: ran.asked };
}

const refusing = (cluster: Cluster, status: number, verbs: readonly (keyof Cluster)[]): Cluster => {
  const problem: Problem = { kind: "status", status, message: "no", causes: [], ambiguous: false };
  const refuse = () => Promise.resolve({ ok: false, problem } as const);
  return { ...cluster, ...Object.fromEntries(verbs.map((verb) => [verb, refuse])) };
};
const codes = ({ outcome }: Passed): readonly string[] => outcome.failures.map(({ code }) => code);

const ADA = { author: "Ada", email: "", timeMs: 0 };

test("a trailer that confirms nothing is told once, when somebody asks what it confirms", async () => {
  const process: Acquaintance = {};
  const cluster = twin("a", 1);
  const message = "Remove\n\nGitops-Confirm: (([a-z-])+)+!\n";
  const commit = { id: "3f2a91c5d0e1".padEnd(40, "0"), tree: "", parents: [], subject: "Remove", ...ADA, message };
  const { asked, notices } = await passed(cluster, { process });
  expect(notices).toEqual([]);
  for (const service of ["dev/api", "dev/web"]) expect(asked?.confirmed?.(service, commit)).toBeUndefined();
  expect(notices).toEqual([
    expect.stringContaining("the trailer Gitops-Confirm of 3f2a91c5d0e1 does not confirm what it names: "),
  ]);
  const next = await passed(cluster, { process });
  expect(next.asked?.confirmed?.("dev/api", commit)).toBeUndefined();
  expect(next.notices).toEqual([]);
});

describe("A15 another cluster behind the same name: no write", () => {
  test("from one process to the next, by what this machine remembers", async () => {
    expect(codes(await passed(twin("a", 1)))).toEqual([]);
    writes.length = 0;
    const refused = await passed(twin("b", 2));
    expect(codes(refused)).toEqual(["cluster/other-cluster"]);
    expect(refused.asked).toBeUndefined();
    expect(writes).toEqual([]);
    expect(refused.outcome.failures[0]?.remedy).toMatch(
      /--cluster-uid [0-9a-f-]{36} once, or delete .*\.cluster\.json/,
    );
    // the one of before still is the one that is meant
    expect(codes(await passed(twin("a", 1)))).toEqual([]);
  });

  test("within a running process, without a cache folder to remember in", async () => {
    const process: Acquaintance = {};
    const flags = { cacheDir: "/dev/null/none" };
    expect((await passed(twin("a", 1), { process, flags })).notices).toHaveLength(1);
    expect(codes(await passed(twin("b", 2), { process, flags }))).toEqual(["cluster/other-cluster"]);
  });

  test("--cluster-uid says which one is meant, and is remembered", async () => {
    const [a, b] = [twin("a", 1), twin("b", 2)];
    await passed(a);
    const uid = await b.identity(signal);
    const flags = { clusterUid: uid.ok ? uid.value : "" };
    expect(codes(await passed(b, { flags }))).toEqual([]);
    expect(codes(await passed(a, { flags }))).toEqual(["cluster/other-cluster"]);
    expect(codes(await passed(b))).toEqual([]);
  });

  test("one that does not say who it is passes only where nothing is expected", async () => {
    const silent = refusing(twin("a", 1), 403, ["identity"]);
    expect(codes(await passed(silent))).toEqual([]);
    await passed(twin("a", 1));
    expect(codes(await passed(silent))).toEqual(["cluster/forbidden"]);
  });
});

describe("A16 a cluster that went back while no process looked", () => {
  const MINUTE = 60_000;
  /** A pass that leaves status, and one more after something else was written. */
  async function someTime(cluster: EmbeddedCluster): Promise<void> {
    await passed(cluster);
    await clock.advance(1_000);
    const asked = { glob: "dev/other", reason: "x", author: "Ada", at: new Date(clock.nowMs()).toISOString() };
    await suspend(cluster, clock, PLACE, [asked], signal);
  }

  test("is noticed by the next one, which deletes nothing for as long as one that watches", async () => {
    const cluster = twin("a", 1);
    await someTime(cluster);
    const saved = cluster.save();
    await someTime(cluster);
    expect((await passed(cluster)).asked?.pausedDeletes).toBeUndefined();
    const restored = createEmbedded({ clock, saved, controllers: "none" });
    const why = /something older than before \(version \d+ after \d+\), .*; nothing is deleted until 20/;
    expect((await passed(restored, { mode: "diff" })).asked?.pausedDeletes).toMatch(why);
    expect((await passed(restored)).asked?.pausedDeletes).toMatch(why);
    await clock.advance(9 * MINUTE);
    // Whichever process looks, and although the versions go on from there.
    await someTime(restored);
    expect((await passed(restored)).asked?.pausedDeletes).toMatch(why);
    await clock.advance(2 * MINUTE);
    expect((await passed(restored)).asked?.pausedDeletes).toBeUndefined();
  });

  test("within a process that remembers nothing on disk, too", async () => {
    const process: Acquaintance = {};
    const flags = { cacheDir: "/dev/null/none" };
    const cluster = twin("a", 1);
    await passed(cluster, { process, flags });
    const saved = cluster.save();
    await someTime(cluster);
    await passed(cluster, { process, flags });
    const restored = createEmbedded({ clock, saved, controllers: "none" });
    expect((await passed(restored, { process, flags })).asked?.pausedDeletes).toBeDefined();
  });

  test("is none when versions only go forward, when nothing is kept there, or when another cluster is meant", async () => {
    const cluster = twin("a", 1);
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await passed(cluster)).asked?.pausedDeletes).toBeUndefined();
      await someTime(cluster);
    }
    const off = { flags: { statusNamespace: "off" } };
    expect((await passed(cluster, off)).asked?.pausedDeletes).toBeUndefined();
    const young = twin("b", 2);
    const uid = await young.identity(signal);
    const meant = { flags: { clusterUid: uid.ok ? uid.value : "" } };
    expect((await passed(young, meant)).asked?.pausedDeletes).toBeUndefined();
  });

  test("a clock that was set back makes no pause without end", async () => {
    const until = new Date(clock.nowMs() + 60 * MINUTE).toISOString();
    expect(seenNow({ version: "7", paused: { why: "x", until } }, "8", clock.nowMs())).toEqual({ version: "8" });
    expect(seenIn({ version: 7, paused: "yes" })).toEqual({});
  });
});

describe("what people ask for between two passes", () => {
  test("is noticed once the first pass has read what there was, until the next one has", async () => {
    const cluster = twin("a", 1);
    const process: Acquaintance = {};
    const read = readSettings({ cacheDir: cache.path }, { env: {}, cwd: "/", home: "/" });
    if (!read.ok) throw new Error(JSON.stringify(read.failures));
    const world = { clock };
    const since = () => askedSince({ cluster, settings: read.value, world, acquaintance: process }, signal);
    const asked = { glob: "dev/*", reason: "incident", author: "Ada", at: new Date(clock.nowMs()).toISOString() };
    await suspend(cluster, clock, PLACE, [asked], signal);
    expect(await since()).toBeUndefined();
    await passed(cluster, { process });
    expect(await since()).toBeUndefined();
    await suspend(cluster, clock, PLACE, [{ ...asked, glob: "prod/*" }], signal);
    expect(await since()).toContain("prod/*");
    await passed(cluster, { process });
    expect(await since()).toBeUndefined();
    const until = new Date(clock.nowMs() + 60_000).toISOString();
    await suspend(cluster, clock, PLACE, [{ ...asked, glob: "soon/*", until }], signal);
    await passed(cluster, { process });
    await clock.advance(59_000);
    expect(await since()).toBeUndefined();
    await clock.advance(2_000);
    expect(await since()).not.toContain("soon/*");
    await passed(cluster, { process });
    expect(await since()).toBeUndefined();
    const away = refusing(cluster, 403, ["list", "listObjects", "get"]);
    expect(await askedSince({ cluster: away, settings: read.value, world, acquaintance: process }, signal)).toBe(
      undefined,
    );
  });
});

test("what people ask for while a pass runs is noticed, though the pass reads it anew when it writes its status", async () => {
  const cluster = twin("a", 1);
  const process: Acquaintance = {};
  await passed(cluster, { process });
  const read = readSettings({ cacheDir: cache.path }, { env: {}, cwd: "/", home: "/" });
  if (!read.ok) throw new Error(JSON.stringify(read.failures));
  const asked = { glob: "dev/*", reason: "incident", author: "Ada", at: new Date(clock.nowMs()).toISOString() };
  await clock.advance(86_400_000); // so that the end of each pass is written
  const meanwhile = async (): Promise<void> => {
    await suspend(cluster, clock, PLACE, [asked], signal);
    await passed(cluster); // another process, which writes status first
  };
  const { asked: request } = await passed(cluster, { process, meanwhile });
  expect(request?.suspended?.("dev/api")).toBeUndefined();
  const since = () => askedSince({ cluster, settings: read.value, world: { clock }, acquaintance: process }, signal);
  expect(await since()).toContain("dev/*");
  await passed(cluster, { process });
  expect(await since()).toBeUndefined();
});

describe("what is suspended must be known before anything is written", () => {
  test("what somebody suspended reaches the pass, with who and why", async () => {
    const cluster = twin("a", 1);
    const asked = { glob: "dev/*", reason: "incident", author: "Ada", at: new Date(clock.nowMs()).toISOString() };
    await suspend(cluster, clock, PLACE, [asked], signal);
    const { asked: request } = await passed(cluster);
    expect(request?.suspended?.("dev/api")).toBe("suspended by Ada: incident");
    expect(request?.suspended?.("prod/api")).toBeUndefined();
    expect(request?.ownNamespaces).toEqual(["gitops-system"]);
  });

  test.each([500, 503, 401])("when the cluster answers %i to that, nothing is done", async (status) => {
    const unreadable = refusing(twin("a", 1), status, ["listObjects", "get"]);
    const refused = await passed(unreadable);
    expect(refused.asked).toBeUndefined();
    expect(refused.outcome.failures[0]?.message).toContain("it cannot be known what is suspended");
    // what writes nothing is told, and goes on
    const shown = await passed(unreadable, { mode: "diff" });
    expect(shown.asked).toBeDefined();
    expect(shown.notices).toHaveLength(1);
  });

  test("when the cluster does not answer at all, nothing is done, and soon", async () => {
    const hanging = new EventEmitter();
    const waits = once(hanging, "asked");
    const never: Cluster["listObjects"] = (_kind, _options, ended) => {
      hanging.emit("asked");
      return new Promise((_resolve, reject) => ended.addEventListener("abort", () => reject(ended.reason as Error)));
    };
    const running = passed({ ...twin("a", 1), listObjects: never });
    await waits;
    await clock.advance(20_000); // later than that it would wait for ever
    expect(codes(await running)).toEqual(["cluster/timeout"]);
    expect((await running).asked).toBeUndefined();
  });

  test("a process reads it whole again only when somebody wrote it", async () => {
    const real = twin("a", 1);
    const seen = { whole: 0 };
    const cluster: Cluster = {
      ...real,
      listObjects(...asked) {
        seen.whole += 1;
        return real.listObjects(...asked);
      },
    };
    const process: Acquaintance = {};
    for (let time = 0; time < 3; time += 1) await passed(cluster, { process });
    expect(seen.whole).toBe(1);
    const asked = { glob: "dev/*", reason: "incident", author: "Ada", at: new Date(clock.nowMs()).toISOString() };
    await suspend(real, clock, PLACE, [asked], signal);
    const { asked: request } = await passed(cluster, { process });
    expect(request?.suspended?.("dev/api")).toBe("suspended by Ada: incident");
    expect(seen.whole).toBe(2);
    await passed(cluster, { process });
    expect(seen.whole).toBe(2);
  });

  test("whoever never was allowed to read it goes on without; whoever once was does not", async () => {
    const cluster = twin("a", 1);
    const forbidden = refusing(cluster, 403, ["listObjects", "get"]);
    const without = await passed(forbidden);
    expect(without.asked).toBeDefined();
    expect(without.notices[0]).toContain("status is not kept");
    await passed(cluster);
    expect(codes(await passed(forbidden))).toEqual(["cluster/forbidden"]);
  });
});

describe("status never fails a sync", () => {
  test("what cannot be written is told in one line", async () => {
    const { outcome, notices } = await passed(refusing(twin("a", 1), 403, ["apply"]));
    expect(outcome.services.map(({ state }) => state)).toEqual(["synced"]);
    expect(notices).toEqual([expect.stringContaining("status could not be written to namespace gitops-system")]);
  });

  test("a cluster that hangs over it is left after ten seconds", async () => {
    const hanging: Cluster = {
      ...twin("a", 1),
      apply: (_kind, _manifest, _options, ended) =>
        new Promise((_resolve, reject) => ended.addEventListener("abort", () => reject(ended.reason as Error))),
    };
    const running = passed(hanging);
    const done = { is: false };
    void running.then(() => (done.is = true));
    while (!done.is) await clock.advance(5_000);
    expect((await running).notices).toEqual([expect.stringContaining("it took longer than 10 s")]);
  });

  test("it is read back as it was written, and not at all where it is switched off", async () => {
    const cluster = twin("a", 1);
    expect((await passed(cluster, { flags: { statusNamespace: "" } })).notices).toEqual([]);
    expect(writes).toEqual([]);
    await passed(cluster);
    const standing = await readStanding(cluster, PLACE, clock.nowMs(), signal);
    expect(standing.ok && standing.value.services().map((one) => one.service)).toEqual(["dev/api"]);
  });
});
