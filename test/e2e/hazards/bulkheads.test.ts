import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { PassDocument } from "../../../src/report/index.ts";
import { isOfServices } from "../../support/fleet.ts";
import { fluxDocument } from "../../support/monorepo.ts";
import { poisons } from "../../support/monorepo-poison.ts";
import { flagsOf, peakMiB, run, start } from "../../support/program.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { codes, map, type SmallFleet, startSmallFleet, steps } from "../../support/small-fleet.ts";
import { treeBomb } from "../../support/tree-bomb.ts";
import { standstillMs } from "../../support/turns.ts";

const preload = (name: string): string =>
  `--require=${fileURLToPath(new URL(`../../support/${name}.cjs`, import.meta.url))}`;

/** Whatever one service or the machine does to the process, the other services get what they declare. */
describeWithCluster("a process to which bad things are done", () => {
  let fleet: SmallFleet;
  let value = 1;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    fleet = await startSmallFleet("hazard-bulkheads");
    await fleet.commit(...["a", "b", "c"].map((name) => fleet.declares(name, { one: map(`${name}-one`) })));
    expect((await fleet.sync()).code).toBe(0);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
  afterAll(() => fleet?.close());

  const until = async (is: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await is())) await sleep(50);
  };
  const valueOf = async (name: string): Promise<unknown> =>
    ((await fleet.ask("GET", fleet.path(name)))?.["data"] as Record<string, unknown> | undefined)?.["VALUE"];
  const deletesSince = (mark: number) =>
    fleet.cluster
      .audit({ since: mark, userAgent: "gitops/" })
      .filter((one) => one.verb === "delete" && isOfServices(one));
  /** Another value for an object of each of these services, which they have to get. */
  const release = async (...names: readonly string[]): Promise<() => Promise<void>> => {
    value += 1;
    const wanted = String(value);
    await fleet.commit(...names.map((name) => fleet.declares(name, { one: map(`${name}-one`, wanted) })));
    return () =>
      until(async () => (await Promise.all(names.map((name) => valueOf(`${name}-one`)))).every((is) => is === wanted));
  };
  /** The loop, and all that it logs. */
  const loop = (environment: Readonly<Record<string, string>> = {}): { readonly child: ChildProcess; text: string } => {
    const pace = ["--poll", "1s", "--interval", "2s", "--listen", "127.0.0.1:0"];
    const child = start(["run", ...flagsOf(fleet.target), ...fleet.scope, ...pace], environment);
    children.push(child);
    const said = { child, text: "" };
    child.stderr?.on("data", (data: Buffer) => {
      said.text += data.toString();
    });
    return said;
  };
  const passes = ({ text }: { readonly text: string }): number => text.split('"pass ended"').length - 1;
  const ended = async ({ child }: { readonly child: ChildProcess }): Promise<number | null> => {
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    return code;
  };

  test("D7 a service whose builds take all memory is quarantined from the third run on, until a file of it changes", async () => {
    // Nine megabytes of legal YAML are three million maps.
    const bomb = map("a-one").replace("data:", `maps: [${"{},".repeat(3_000_000)}{}]\ndata:`);
    await fleet.commit(fleet.declares("a", { one: bomb }));
    const said: string[][] = [];
    for (const name of ["b", "c", "b"]) {
      const released = await release(name);
      const synced = await fleet.sync();
      expect(synced.code).toBe(1);
      expect(steps(synced)).toEqual([`update ${name}-one`]);
      await released();
      said.push([...codes(synced)]);
    }
    expect(said).toEqual([["build/out-of-memory"], ["build/out-of-memory"], ["reconcile/quarantined"]]);
    const child = loop();
    await until(() => passes(child) > 1);
    expect(peakMiB(child.child.pid ?? 0), "MiB").toBeLessThan(400);
    await (await release("a"))();
    expect(await ended(child)).toBe(0);
    expect(codes(await fleet.sync())).toEqual([]);
  });

  test("D7 a build that the process was killed in goes last, and after the second time it is left alone until a file of it changes", async () => {
    const endless = poisons.find(({ name }) => name === "never-ending-build");
    const poison = endless?.files(fleet.service("a"), fleet.service("b")) ?? {};
    await fleet.commit(fleet.declares("a", { one: null }), poison);
    /** What is noted to be under way, when that is the same for a while. */
    const underWay = async (): Promise<boolean> => {
      const look = (): string => {
        const folder = join(fleet.target.cacheDir, "builds");
        const notes = readdirSync(folder).filter((name) => name.includes(".building."));
        return notes.map((name) => readFileSync(join(folder, name), "utf8").trim()).join("");
      };
      const before = look();
      await sleep(100);
      return before !== "" && look() === before;
    };
    for (const run of [1, 2]) {
      const released = await release("b");
      const { child } = loop();
      await until(underWay);
      if (run > 1) await released();
      await until(underWay);
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    const released = await release("b", "c");
    const synced = await fleet.sync();
    await released();
    expect([...codes(synced)]).toEqual(["reconcile/quarantined"]);
    expect(synced.pass.services.find(({ service }) => service === fleet.service("a").id)?.failures[0]?.message).toBe(
      "gitops was killed while it built this and nothing else, so it is not tried again",
    );
    const without = Object.fromEntries(Object.keys(poison).map((path) => [path, null]));
    await fleet.commit(without, fleet.declares("a", { one: map("a-one", "7") }));
    expect(codes(await fleet.sync())).toEqual([]);
  });

  const paths = "paths, more than can be looked through";
  test.each<[string, (folders: { readonly service: string; readonly path: string }) => string, string, number]>([
    ["elsewhere in the repository", () => "vendor/bomb", paths, 12],
    ["in the folder of a service", ({ service }) => `${service}/bomb`, paths, 12],
    ["where services are looked for", ({ path }) => `${path}/bomb`, paths, 12],
    ["of few paths, but many documents", ({ path }) => `${path}/bomb`, "documents beside definitions below ", 5],
  ])(
    "D6 a bomb of nested trees %s is refused, and what was there stays until it is taken out",
    async (_where, place, what, levels) => {
      const { folder } = fleet.service("a");
      const at = place({ service: folder, path: fleet.target.path });
      const mark = fleet.cluster.mark();
      // It comes with a commit that would change and delete something.
      const bomb = { [at]: { tree: await treeBomb(fleet.repository, folder, levels) } };
      await fleet.commit(bomb, fleet.declares("a", { one: null, two: map("a-two") }));
      const synced = await fleet.sync();
      expect([synced.code, synced.writes]).toEqual([2, []]);
      expect(synced.pass.failures[0]?.message).toContain(what);
      expect(synced.pass.failures[0]?.message).toMatch(new RegExp(`, most of (?:it|them) in ${at}$`));
      const child = loop();
      await until(() => child.text.includes('"level":"error"'));
      expect(peakMiB(child.child.pid ?? 0), "MiB").toBeLessThan(300);
      expect(fleet.cluster.audit({ since: mark, userAgent: "gitops/" }).filter(isOfServices)).toEqual([]);
      // A process that stays goes on with the next commit.
      await fleet.commit({ [at]: null }, fleet.declares("a", { one: map("a-one"), two: null }));
      await (await release("a", "b"))();
      expect(await ended(child)).toBe(0);
      expect(deletesSince(mark)).toEqual([]);
      expect(codes(await fleet.sync())).toEqual([]);
    },
  );

  test("D6 a file of 300 kB with more documents than one service may have breaks that service alone, and deletes nothing that is in it", async () => {
    const stray = `${fleet.target.path}/stray.yaml`;
    await fleet.commit({ [stray]: map("stray-one") });
    await fleet.commit(fleet.declares("a", { one: map("a-one"), two: map("a-two"), three: map("a-three") }));
    expect(codes(await fleet.sync())).toEqual([]);
    const mark = fleet.cluster.mark();
    const deletedSince = (from: number): readonly string[] =>
      deletesSince(from)
        .map(({ objectRef }) => objectRef?.name ?? "")
        .toSorted();
    // Two moves from its service into that file, and three leaves; the stray one leaves its file in the same commit.
    const big = `${map("a-two")}---\n${"a\n---\n".repeat(50_001)}`;
    await fleet.commit(
      { [stray]: null, [`${fleet.target.path}/big.yaml`]: big },
      fleet.declares("a", { one: map("a-one", "moved"), two: null, three: null }),
    );
    const synced = await fleet.sync();
    expect([...codes(synced)]).toEqual(["build/too-large"]);
    expect(synced.pass.services.find(({ failures }) => failures.length > 0)?.service).toBe(fleet.target.path);
    expect(await valueOf("a-one")).toBe("moved");
    expect(deletedSince(mark)).toEqual(["a-three"]);
    // When it is taken out, what is wanted no more goes.
    await fleet.commit({ [`${fleet.target.path}/big.yaml`]: null });
    await fleet.sync();
    expect(deletedSince(mark)).toEqual(["a-three", "a-two", "stray-one"]);
  });

  test("D15 a wall clock that jumps by hours, and runs too fast or too slow, changes nothing", async () => {
    const mark = fleet.cluster.mark();
    const child = loop({ NODE_OPTIONS: preload("jumping-clock") });
    for (let count = 0; count < 3; count += 1) await (await release("a", "b"))();
    await fleet.ask("PATCH", fleet.path("c-one"), { data: { VALUE: "drifted" } }, "application/merge-patch+json");
    await until(async () => (await valueOf("c-one")) !== "drifted");
    const before = passes(child);
    const beganMs = performance.now();
    await until(() => passes(child) >= before + 3);
    // Passes come at their interval of two seconds, neither at once nor in an hour.
    expect(performance.now() - beganMs).toBeGreaterThan(3_000);
    expect(child.text).not.toContain('"level":"error"');
    expect(await ended(child)).toBe(0);
    expect(deletesSince(mark)).toEqual([]);
    expect((await fleet.sync()).writes).toEqual([]);
  });

  const stillMs = standstillMs(20_000);
  test("D15 a process that stood still for a while goes on where it was", { timeout: stillMs + 300_000 }, async () => {
    const mark = fleet.cluster.mark();
    const child = loop();
    await until(() => passes(child) > 1);
    child.child.kill("SIGSTOP");
    const released = await release("a", "b");
    await fleet.ask("DELETE", fleet.path("c-one"));
    await sleep(stillMs);
    child.child.kill("SIGCONT");
    await released();
    await until(async () => (await fleet.uid("c-one")) !== undefined);
    expect(await ended(child)).toBe(0);
    expect(deletesSince(mark)).toEqual([]);
    expect(codes(await fleet.sync())).toEqual([]);
  });

  test.each<[string, string]>([
    ["is no duration", "interval: 9e99"],
    ["is longer than a timer can wait", "interval: 999999999999h"],
    ["is shorter than a pass", "interval: 1ms\n  retryInterval: 1ms\n  timeout: 1ms"],
    ["is negative", "interval: 5m\n  timeout: -1h"],
    ["has a hundred parts", `interval: ${"1h".repeat(100)}`],
  ])("D17 an interval that %s concerns its service alone", async (_what, spec) => {
    const { document } = fleet.service("a");
    await fleet.commit({ [document]: fluxDocument(fleet.service("a")).replace(/interval: \S+/, spec) });
    const mark = fleet.cluster.mark();
    const child = loop();
    await (await release("b", "c"))();
    const [before, beganMs] = [passes(child), performance.now()];
    await until(() => passes(child) >= before + 2);
    expect(performance.now() - beganMs, "no pass follows another one at once").toBeGreaterThan(900);
    expect(await ended(child)).toBe(0);
    expect(deletesSince(mark)).toEqual([]);
    await fleet.commit({ [document]: fluxDocument(fleet.service("a")) });
  });

  test.each<[string, string, string]>([
    ["stringify", "a-one", "failed"],
    ["parse", '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a-one"', "failed"],
    ["write", "/configmaps/a-one", "synced"],
    ["emitter", "/configmaps/a-one", "synced"],
    ["rejection", "/configmaps/a-one", "synced"],
  ])("D18 what nobody foresaw (%s) while a service is worked on stays in that service", async (at, on, state) => {
    const released = await release("a", "b", "c");
    const args = ["sync", ...flagsOf(fleet.target), ...fleet.scope, "-o", "json"];
    const failpoint = { FAILPOINT_AT: at, FAILPOINT_ON: on, FAILPOINT_TIMES: "1" };
    const { code, stderr, stdout } = await run(args, { ...failpoint, NODE_OPTIONS: preload("failpoint") });
    expect(stderr).toContain(`failpoint ${at}`);
    expect(code).toBe(at === "rejection" ? 2 : state === "failed" ? 1 : 0);
    const { services } = JSON.parse(stdout) as PassDocument;
    const states = Object.fromEntries(services.map((one) => [one.service.split("/")[1], one.state]));
    expect(states).toEqual({ a: state, b: "synced", c: "synced" });
    expect((await fleet.sync()).code).toBe(0);
    await released();
  });

  test("D18 a promise that nobody waited for is told in the log, and the loop goes on", async () => {
    const failpoint = { FAILPOINT_AT: "rejection", FAILPOINT_ON: "/configmaps/a-one", FAILPOINT_TIMES: "3" };
    const child = loop({ ...failpoint, NODE_OPTIONS: preload("failpoint") });
    for (let count = 0; count < 4; count += 1) await (await release("a", "b"))();
    expect(child.text.split('"code":"reconcile/bug"').length - 1).toBe(3);
    expect(await ended(child)).toBe(2);
  });
});
