import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { isOfServices } from "../../support/fleet.ts";
import type { Fault } from "../../support/git-server.ts";
import { flagsOf, start, startAfter } from "../../support/program.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { map, type SmallFleet, startSmallFleet, steps } from "../../support/small-fleet.ts";
import { timeLimit, turnsOf } from "../../support/turns.ts";

/** Whether a file system of so many bytes can be had here, in a namespace of the process's own. */
const hasOwnMounts = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

/** Ways in which git does not answer. */
const STALLS: readonly Fault[] = ["hang", "no-refs", "trickle", "reset", { cutAfter: 40 }, { status: 503 }];

/** Restarts, caches and disks: what the program has of its own may be lost at any time, and what it says may be unheard. */
describeWithCluster("a program whose own things are taken away", () => {
  let fleet: SmallFleet;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    fleet = await startSmallFleet("hazard-stopping");
    await fleet.commit(
      ...["a", "b", "c"].map((name) => fleet.declares(name, { one: map(`${name}-one`), two: map(`${name}-two`) })),
    );
    expect((await fleet.sync()).code).toBe(0);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    fleet.server.misbehave(undefined);
  });
  afterAll(() => fleet?.close());

  const flags = () => [...flagsOf(fleet.target), ...fleet.scope];
  const PACE = ["--poll", "1s", "--interval", "1s", "--listen", "127.0.0.1:0"];
  const kept = (child: ChildProcess): ChildProcess => {
    children.push(child);
    return child;
  };
  const until = async (is: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await is())) await sleep(50);
  };
  /** The lines that a running program logs, as they come. */
  const linesOf = (child: ChildProcess): { text: string } => {
    const said = { text: "" };
    child.stderr?.on("data", (data: Buffer) => {
      said.text += data.toString();
    });
    return said;
  };
  const valueOf = async (name: string): Promise<unknown> =>
    ((await fleet.ask("GET", fleet.path(name)))?.["data"] as Record<string, unknown> | undefined)?.["VALUE"];
  const writesSince = (mark: number) => fleet.cluster.audit({ since: mark, userAgent: "gitops/" }).filter(isOfServices);

  test.each<[string, (whole: Buffer) => Buffer]>([
    ["cut", (whole) => whole.subarray(0, Math.floor(whole.length / 2))],
    ["zeroed", (whole) => Buffer.alloc(whole.length)],
    ["of other objects", (whole) => Buffer.from(whole.toString("latin1").replaceAll("-one", "-ten"), "latin1")],
  ])("A6 a cache whose files are all %s is made anew, and deletes nothing", async (_how, harm) => {
    const files = readdirSync(fleet.target.cacheDir, { recursive: true, encoding: "utf8" })
      .map((file) => join(fleet.target.cacheDir, file))
      .filter((file) => statSync(file).isFile() && !file.includes("/repository/"));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) writeFileSync(file, harm(readFileSync(file)));
    const { code, writes } = await fleet.sync();
    expect(code).toBe(0);
    expect(writes).toEqual([]);
    expect((await fleet.sync()).pass.builds).toBe(0);
  });

  test("A6 a file whose content cannot be read makes its service unknown, and the others go on", async () => {
    const { folder, id } = fleet.service("b");
    const noise = Buffer.from(Array.from({ length: 60_000 }, (_, n) => (n * n * 31 + (n >> 3)) % 251)).toString(
      "base64",
    );
    await fleet.commit(
      fleet.declares("b", { one: null, two: map("b-two", noise) }),
      fleet.declares("c", { one: map("c-one", "2"), two: null }),
    );
    const blob = await fleet.repository.git("rev-parse", `main:${folder}/two.yaml`);
    // A repository that is read in place has nobody to heal it from.
    const damaged = `${fleet.repository.path}-damaged`;
    cpSync(fleet.repository.path, damaged, { recursive: true });
    const object = join(damaged, "objects", blob.slice(0, 2), blob.slice(2));
    chmodSync(object, 0o644);
    const bytes = readFileSync(object);
    writeFileSync(object, bytes.fill(0, bytes.length - 64));
    const { code, pass, writes } = await fleet.sync("--repo", damaged);
    expect(pass.failures).toEqual([]);
    expect(code).toBe(1);
    expect(pass.services.filter(({ failures }) => failures.length > 0).map(({ service }) => service)).toEqual([id]);
    // What another service dropped may be what this one declares now, for all that can be known.
    expect(writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["patch c-one"]);
    // One of which not even the size is known: what the revision holds is unknown.
    writeFileSync(object, "");
    const lost = await fleet.sync("--repo", damaged);
    expect(lost.pass.failures.map((failure) => failure.code)).toEqual(["source/damaged"]);
    expect(lost.writes).toEqual([]);
    expect(steps(await fleet.sync())).toEqual(["delete b-one", "delete c-two", "update b-two"]);
  });

  const restarts = turnsOf(24);
  test("A25 a program that starts while git does not answer deletes and writes nothing until it has seen all", {
    timeout: timeLimit(restarts),
  }, async () => {
    await fleet.commit(fleet.declares("a", { two: null }));
    const mark = fleet.cluster.mark();
    for (const turn of restarts) {
      const fault = STALLS[turn % STALLS.length];
      const nth = 1 + (Math.floor(turn / STALLS.length) % 4);
      let count = 0;
      let stalled = false;
      // Another request of a first fetch each time.
      fleet.server.misbehave(() => {
        count += 1;
        stalled ||= count >= nth;
        return count >= nth ? fault : undefined;
      });
      const cacheDir = join(fleet.target.cacheDir, `first-${turn}`);
      const child = kept(start(["run", ...flags(), ...PACE, "--cache-dir", cacheDir]));
      const said = linesOf(child);
      await until(() => stalled);
      // Whoever would act on it has done so by the end of the pass; one that hangs does not come to that.
      const hangs = fault === "hang" || fault === "trickle";
      await until(() => hangs || said.text.includes('"level":"error"'));
      child.kill("SIGTERM");
      await once(child, "exit");
      rmSync(cacheDir, { recursive: true, force: true, maxRetries: 3 });
      expect(writesSince(mark), `turn ${turn}: ${JSON.stringify(fault)} from request ${nth} on`).toEqual([]);
    }
    fleet.server.misbehave(undefined);
    const child = kept(start(["run", ...flags(), ...PACE]));
    await until(() => writesSince(mark).length > 0);
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(writesSince(mark).map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["delete a-two"]);
  });

  test("D28 the cache may be deleted between any two runs", async () => {
    for (const what of ["status", "builds", "."]) {
      rmSync(join(fleet.target.cacheDir, what), { recursive: true, force: true });
      const { code, writes } = await fleet.sync();
      expect(code, what).toBe(0);
      expect(writes, what).toEqual([]);
    }
  });

  test("E8 of a burst of commits the last one is what is applied in the end", async () => {
    const child = kept(start(["run", ...flags(), ...PACE]));
    const said = linesOf(child);
    await until(() => said.text.includes('"pass ended"'));
    const mark = fleet.cluster.mark();
    for (let n = 1; n <= 40; n += 1) {
      await fleet.commit(fleet.declares("a", { one: map("a-one", `burst-${n}`) }));
      // Now and then git does not answer.
      fleet.server.misbehave(n % 7 === 3 ? () => "reset" : undefined);
    }
    fleet.server.misbehave(undefined);
    await until(async () => (await valueOf("a-one")) === "burst-40");
    const passes = said.text.split('"pass ended"').length;
    await until(() => said.text.split('"pass ended"').length > passes + 1);
    expect(await valueOf("a-one")).toBe("burst-40");
    expect(writesSince(mark).length).toBeLessThan(40);
    expect(writesSince(mark).every(({ verb, objectRef }) => verb === "patch" && objectRef?.name === "a-one")).toBe(
      true,
    );
  });

  test.skipIf(!hasOwnMounts)(
    "D10 on a full disk it keeps what it has, says so, and goes on when there is room",
    async () => {
      const disk = join(fleet.target.cacheDir, "..", "disk");
      mkdirSync(disk);
      const mount = `mount -t tmpfs -o size=2m none "${disk}"`;
      const child = kept(startAfter(mount, ["run", ...flags(), ...PACE, "--cache-dir", disk], ["-rm"]));
      const said = linesOf(child);
      await until(() => said.text.includes('"pass ended"'));
      const inside = join("/proc", String(child.pid), "root", disk);
      expect(readdirSync(inside).length).toBeGreaterThan(0);
      const fill = (): void => {
        try {
          for (let n = 0; ; n += 1) writeFileSync(join(inside, `filler-${n}`), Buffer.alloc(4096));
        } catch {
          // Not a byte is left.
        }
      };
      fill();
      // What is known goes on being enforced.
      const wanted = await valueOf("a-one");
      await fleet.ask("PATCH", fleet.path("a-one"), { data: { VALUE: "drifted" } }, "application/merge-patch+json");
      await until(async () => (await valueOf("a-one")) === wanted);
      const mark = fleet.cluster.mark();
      await fleet.commit(fleet.declares("a", { one: map("a-one", "after the flood") }));
      await until(() => said.text.includes("source/damaged"));
      expect(writesSince(mark)).toEqual([]);
      for (const file of readdirSync(inside).filter((name) => name.startsWith("filler-"))) rmSync(join(inside, file));
      await until(async () => (await valueOf("a-one")) === "after the flood");
      child.kill("SIGTERM");
      const [code] = (await once(child, "exit")) as [number | null];
      expect(code).toBe(0);
    },
  );

  test("D24 nobody reads its log, and the work goes on", async () => {
    const child = kept(startAfter("exec 2>/dev/full", ["run", ...flags(), ...PACE, "--verbose"]));
    const mark = fleet.cluster.mark();
    await fleet.commit(fleet.declares("a", { one: map("a-one", "unheard") }));
    await until(async () => (await valueOf("a-one")) === "unheard");
    expect(writesSince(mark).length).toBeGreaterThan(0);
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(0);
  });

  test("A24 a suspended service is left alone, also when its objects or it leave git", async () => {
    const suspended = { more: "  suspend: true\n" };
    await fleet.commit(fleet.declares("c", {}, suspended));
    expect((await fleet.sync()).writes).toEqual([]);
    await fleet.commit(fleet.declares("c", { one: null, other: map("c-other") }, suspended));
    expect((await fleet.sync()).writes).toEqual([]);
    expect(await fleet.uid("c-one")).toBeDefined();
  });

  test("A23 marks that are edited, garbled or of a later version make no object look gone", async () => {
    const merge = "application/merge-patch+json";
    const marks: readonly (readonly [string, object])[] = [
      ["another hash", { annotations: { "gitops.bulkhead.dev/applied": "v9:0000" } }],
      ["another id", { annotations: { "gitops.bulkhead.dev/service-id": "\u0000/../x" } }],
      ["no annotations", { annotations: null }],
      ["another scope", { labels: { "gitops.bulkhead.dev/scope": "elsewhere" } }],
      ["no scope", { labels: { "gitops.bulkhead.dev/scope": null } }],
      ["another service", { labels: { "gitops.bulkhead.dev/service": "nobody" } }],
      ["no labels", { labels: null }],
    ];
    const uid = await fleet.uid("a-one");
    for (const [what, metadata] of marks) {
      await fleet.ask("PATCH", fleet.path("a-one"), { metadata }, merge);
      const { code, writes } = await fleet.sync();
      expect(code, what).toBe(0);
      expect(
        writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`),
        what,
      ).toEqual(["patch a-one"]);
      expect(await fleet.uid("a-one")).toBe(uid);
    }
    expect((await fleet.sync()).writes).toEqual([]);
  });
});
