import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { AuditEvent } from "../../support/cluster.ts";
import { flagsOf, run } from "../../support/program.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { codes, map, type SmallFleet, startSmallFleet, steps } from "../../support/small-fleet.ts";

/** History that does not go on from what was applied: the audit log says what was deleted. */
describeWithCluster("history that was rewritten", () => {
  let fleet: SmallFleet;
  /** Each test has objects of its own, few enough for every breaker. */
  let n = 0;
  beforeAll(async () => {
    fleet = await startSmallFleet("hazard-rewritten");
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`stays-${i}`, map(`stays-${i}`)]));
    await fleet.commit(fleet.declares("stays", many));
    expect((await fleet.sync()).code).toBe(0);
  });
  afterAll(() => fleet?.close());
  beforeEach(() => void (n += 1));

  type Run = Awaited<ReturnType<SmallFleet["sync"]>>;
  const deleted = ({ writes }: { readonly writes: readonly AuditEvent[] }): readonly string[] =>
    writes.filter(({ verb }) => verb.startsWith("delete")).map(({ objectRef }) => objectRef?.name ?? "");
  const whys = ({ pass }: Run): readonly string[] =>
    pass.services.flatMap((one) => one.steps.filter(({ action }) => action === "held").map(({ why }) => why));
  const git = (...args: string[]): Promise<string> => fleet.repository.git(...args);
  const head = (): Promise<string> => git("rev-parse", "main");
  const pushed = (to: string, ref = "refs/heads/main"): Promise<string> => git("update-ref", ref, to);
  /** Adds an object in a commit of its own and applies it; answers the commit before. */
  const applied = async (name: string, ...flags: string[]): Promise<string> => {
    const before = await head();
    await fleet.commit(fleet.declares("stays", { [name]: map(name) }));
    expect((await fleet.sync(...flags)).code).toBe(0);
    expect(await fleet.uid(name)).toBeDefined();
    return before;
  };
  const change = (value: string) => fleet.commit(fleet.declares("stays", { "stays-0": map("stays-0", value) }));

  test("A18 a force-push that drops objects deletes none of them, by whatever process, until somebody confirms", async () => {
    const before = await applied(`dropped-${n}`);
    const old = await head();
    await pushed(before);
    const rewritten = await change(`rewritten-${n}`);

    const first = await fleet.sync();
    expect(first.code).toBe(3);
    expect(first.writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["patch stays-0"]);
    expect(whys(first)).toEqual([
      `rewritten history: ${old.slice(0, 12)}, which was applied before, is not in the history of ${rewritten.slice(0, 12)}`,
    ]);
    // Another machine, which knows nothing but what the cluster says; people read how to go on.
    const elsewhere = { ...fleet.target, cacheDir: join(fleet.target.cacheDir, "..", `elsewhere-${n}`) };
    const since = fleet.cluster.mark();
    const text = await run(["sync", ...flagsOf(elsewhere), ...fleet.scope]);
    expect(text.code).toBe(3);
    expect(text.stdout).toContain("rewritten history");
    expect(text.stdout).toContain(`gitops sync --confirm ${rewritten.slice(0, 12)}`);
    expect(deleted({ writes: fleet.cluster.audit({ since, userAgent: "gitops/" }) })).toEqual([]);
    expect((await fleet.sync()).writes).toEqual([]);
    // A commit on top does not make it the history that it was.
    const later = await change(`later-${n}`);
    const again = await fleet.sync();
    expect(again.code).toBe(3);
    expect(deleted(again)).toEqual([]);
    expect(await fleet.uid(`dropped-${n}`)).toBeDefined();
    const orphans = await run(["orphans", ...flagsOf(fleet.target), ...fleet.scope]);
    expect(orphans.stdout).toContain("rewritten history");

    const confirmed = await run(["confirm", later.slice(0, 12), ...flagsOf(fleet.target), ...fleet.scope]);
    expect(confirmed.code, confirmed.stderr).toBe(0);
    const released = await fleet.sync();
    expect(released.code).toBe(0);
    expect(deleted(released)).toEqual([`dropped-${n}`]);
    // From here on this is the history: an ordinary commit deletes as ever.
    await applied(`ordinary-${n}`);
    await fleet.commit(fleet.declares("stays", { [`ordinary-${n}`]: null }));
    const ordinary = await fleet.sync();
    expect(ordinary.code).toBe(0);
    expect(deleted(ordinary)).toEqual([`ordinary-${n}`]);
  });

  test("A18 a force-push that is taken back deletes nothing of either side in between", async () => {
    const before = await applied(`kept-${n}`);
    const meant = await head();
    await pushed(before);
    await fleet.commit(fleet.declares("stays", { [`mistake-${n}`]: map(`mistake-${n}`) }));
    expect((await fleet.sync()).code).toBe(3);
    await pushed(meant);
    for (const _ of ["first", "and after it was recorded"]) {
      const back = await fleet.sync();
      expect([back.code, ...deleted(back)]).toEqual([3]);
      expect(steps(back)).toEqual([`held mistake-${n}`]);
    }
    const confirmed = await fleet.sync("--confirm", meant.slice(0, 12));
    expect([confirmed.code, ...deleted(confirmed)]).toEqual([0, `mistake-${n}`]);
  });

  test("A18 a service that left with the rewritten history keeps what it has", async () => {
    const before = await head();
    await fleet.commit(fleet.declares(`leaves-${n}`, { [`left-${n}`]: map(`left-${n}`) }));
    expect((await fleet.sync()).code).toBe(0);
    await pushed(before);
    await change(`left-${n}`);
    const left = await fleet.sync();
    expect([left.code, ...deleted(left)]).toEqual([3]);
    expect(whys(left)).toEqual([expect.stringContaining("rewritten history")]);
    const confirmed = await fleet.sync("--confirm", await head());
    expect([confirmed.code, ...deleted(confirmed)]).toEqual([0, `left-${n}`]);
  });

  test("A18 a commit that says of itself that it is meant says so when it is new, and not when the branch comes back to it", async () => {
    const before = await applied(`meant-${n}`);
    // git counts in seconds: one that has begun is over when the next sync is through.
    const seconds = Math.ceil(Date.now() / 1000);
    const words = `commit-tree '${before}^{tree}' -p ${before} -m meant -m 'Gitops-Confirm: all'`;
    const now = `GIT_COMMITTER_DATE='@${seconds} +0000' git -c user.name=Ada -c user.email=ada@example.org`;
    const meant = await git("-c", `alias.meant=!${now} ${words}`, "meant");
    await pushed(meant);
    const synced = await fleet.sync();
    expect([synced.code, ...deleted(synced)]).toEqual([0, `meant-${n}`]);
    await applied(`since-${n}`);
    await pushed(meant);
    const back = await fleet.sync();
    expect([back.code, ...deleted(back)]).toEqual([3]);
    // Whoever confirmed that commit long ago meant something else, too; who does it now means this.
    const confirmed = await run(["confirm", meant.slice(0, 12), ...flagsOf(fleet.target), ...fleet.scope]);
    expect(confirmed.code, confirmed.stderr).toBe(0);
    const released = await fleet.sync();
    expect([released.code, ...deleted(released)]).toEqual([0, `since-${n}`]);
    await applied(`again-${n}`);
    await pushed(meant);
    const again = await fleet.sync();
    expect([again.code, ...deleted(again)]).toEqual([3]);
    expect((await fleet.sync("--confirm", meant.slice(0, 12))).code).toBe(0);
  });

  test("A18 another branch, and a tag that is moved back, are held alike", async () => {
    const before = await applied(`branch-${n}`);
    await git("branch", `other-${n}`, before);
    await git("tag", `live-${n}`, await head());
    const other = await fleet.sync("--ref", `other-${n}`);
    expect([other.code, ...deleted(other)]).toEqual([3]);
    expect((await fleet.sync("--ref", `live-${n}`)).code).toBe(0);
    await git("tag", "--force", `live-${n}`, before);
    const moved = await fleet.sync("--ref", `live-${n}`);
    expect([moved.code, ...deleted(moved)]).toEqual([3]);
    expect(whys(moved)).toEqual([expect.stringContaining("rewritten history")]);
    expect((await fleet.sync()).code).toBe(0); // back on the branch nothing is missing
  });

  test("A18 where history cannot be had, deletes wait and everything else goes on; when it is back they go", async () => {
    await applied(`unknown-${n}`);
    await fleet.commit(fleet.declares("stays", { [`unknown-${n}`]: null, "stays-0": map("stays-0", `unknown-${n}`) }));
    // Another command brings the files here, so that the sync asks for no more than where the ref is, and for history.
    expect((await run(["services", ...flagsOf(fleet.target), ...fleet.scope])).code).toBe(0);
    let requests = 0;
    fleet.server.misbehave(() => (++requests > 2 ? { status: 503 } : undefined));
    const held = await fleet.sync();
    fleet.server.misbehave(undefined);
    expect(codes(held)).toEqual([]);
    expect(held.code).toBe(3);
    expect(held.writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["patch stays-0"]);
    expect(whys(held)).toEqual([expect.stringContaining("it cannot be known whether")]);
    const back = await fleet.sync();
    expect([back.code, ...deleted(back)]).toEqual([0, `unknown-${n}`]);
  });

  test("A18 records that cannot be understood hold deletes, and are no reason for any", async () => {
    await applied(`records-${n}`);
    const since = fleet.cluster.mark();
    const listed = await fleet.ask("GET", "/api/v1/configmaps?limit=500");
    const items = listed?.["items"] as readonly { metadata: { name: string; namespace: string }; data?: object }[];
    const own = items.filter(({ data }) => data !== undefined && ("pass" in data || "services" in data));
    const ours = own.filter(({ metadata, data }) => JSON.stringify([metadata, data]).includes(fleet.scope[1] ?? "-"));
    expect(ours.length).toBeGreaterThanOrEqual(2);
    for (const { metadata, data } of ours) {
      const key = "pass" in (data ?? {}) ? "pass" : "services";
      const at = `/api/v1/namespaces/${metadata.namespace}/configmaps/${metadata.name}`;
      await fleet.ask("PATCH", at, { data: { [key]: "torn" } }, "application/merge-patch+json");
    }
    await fleet.commit(fleet.declares("stays", { [`records-${n}`]: null }));
    const held = await fleet.sync();
    expect(deleted({ writes: fleet.cluster.audit({ since, userAgent: "gitops/" }) })).toEqual([]);
    expect(held.code).toBe(3);
    expect(whys(held)).toEqual([expect.stringContaining("what was applied before is not known")]);
    const confirmed = await fleet.sync("--confirm", await head());
    expect([confirmed.code, ...deleted(confirmed)]).toEqual([0, `records-${n}`]);
  });

  test("A18 settings may say that rewritten history is as good as any other", async () => {
    const before = await applied(`allowed-${n}`);
    await pushed(before);
    await fleet.commit({ "gitops.yaml": "rewrites: allow\n" });
    const allowed = await fleet.sync();
    expect([allowed.code, ...deleted(allowed)]).toEqual([0, `allowed-${n}`]);
  });
});
