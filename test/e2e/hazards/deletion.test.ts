import { afterAll, beforeAll, expect, test } from "vitest";
import { isOfServices } from "../../support/fleet.ts";
import type { Changes } from "../../support/git-server-repository.ts";
import { fluxDocument } from "../../support/monorepo.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { codes, map, type SmallFleet, startSmallFleet, steps } from "../../support/small-fleet.ts";
import { timeLimit, turnsOf } from "../../support/turns.ts";

/** Commits that would delete what nobody means to: the audit log says what was deleted. */
describeWithCluster("what a commit can make the program delete", () => {
  let fleet: SmallFleet;
  beforeAll(async () => {
    fleet = await startSmallFleet("hazard-commits");
    // Others, so that what happens to one service is not all that there is.
    const others = ["one", "two", "three", "four"].map((name) =>
      fleet.declares(name, Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`${name}-${n}`, map(`${name}-${n}`)]))),
    );
    await fleet.commit(...others);
    expect((await fleet.sync()).code).toBe(0);
  });
  afterAll(() => fleet?.close());

  const deletes = (writes: readonly { verb: string }[]) => writes.filter(({ verb }) => verb !== "patch");

  test("A2 a service may lose half of its objects in one commit; more is held until it is confirmed", async () => {
    const names = Array.from({ length: 10 }, (_, n) => `ten-${n}`);
    const keep = (count: number): Changes =>
      fleet.declares("ten", Object.fromEntries(names.map((name, n) => [name, n < count ? map(name) : null])));
    await fleet.commit(keep(10));
    expect((await fleet.sync()).code).toBe(0);
    for (const [gone, action, code] of [
      [0, "", 0],
      [1, "delete", 0],
      [5, "delete", 0],
      [6, "held", 3],
      [9, "held", 3],
    ] as const) {
      await fleet.commit(keep(10 - gone));
      const dry = await fleet.sync("--dry-run");
      expect(steps(dry).map((step) => step.split(" ")[0])).toEqual(Array(gone).fill(action));
      expect(dry.code, `${gone} gone`).toBe(code);
    }
    // What stays is applied all the same.
    const commit = await fleet.commit(fleet.declares("ten", { "ten-0": map("ten-0", "changed") }));
    const held = await fleet.sync();
    expect(held.code).toBe(3);
    expect(held.writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["patch ten-0"]);
    const confirmed = await fleet.sync("--confirm", commit.slice(0, 12));
    expect(confirmed.code).toBe(0);
    expect(deletes(confirmed.writes)).toHaveLength(9);
  });

  test("A3 the folder of all services, replaced by anything else, deletes nothing", async () => {
    const strange = {
      [fleet.service("stranger").folder]: null,
      "clusters/dev/stranger.yaml": fluxDocument(fleet.service("stranger")),
      [`${fleet.service("stranger").folder}/x.yaml`]: map("x"),
    };
    const cases: readonly (readonly [string, readonly Changes[], number])[] = [
      ["renamed", [{ "clusters/prod": { movedFrom: "clusters/dev" } }], 2],
      ["gone", [{ "clusters/dev": null }], 2],
      ["a folder without services", [{ "clusters/dev": null }, { "clusters/dev/README.md": "none" }], 3],
      ["a file", [{ "clusters/dev": null }, { "clusters/dev": "none" }], 2],
      ["a symlink", [{ "clusters/dev": null }, { "clusters/dev": { symlink: "../dev" } }], 2],
      ["a submodule", [{ "clusters/dev": null }, { "clusters/dev": { gitlink: "1".repeat(40) } }], 2],
      ["other services", [{ "clusters/dev": null, dev: null }, strange], 3],
    ];
    for (const [how, commits, code] of cases) {
      const branch = how.replaceAll(" ", "-");
      await fleet.repository.git("update-ref", `refs/heads/${branch}`, "main");
      for (const changes of commits) await fleet.repository.commit(changes, how, branch);
      const synced = await fleet.sync("--ref", branch, ...(how === "other services" ? ["--dry-run"] : []));
      expect(synced.code, how).toBe(code);
      expect(synced.writes, how).toEqual([]);
    }
  });

  test("A4 services that are renamed, split and merged keep every object in place", async () => {
    const objects = ["a", "b", "c"].map((name) => `moved-${name}`);
    const has = (service: string, ...names: readonly string[]): Changes =>
      fleet.declares(service, Object.fromEntries(names.map((name) => [name, map(name)])));
    const gone = (service: string): Changes => ({
      [fleet.service(service).document]: null,
      [fleet.service(service).folder]: null,
    });
    await fleet.commit(has("shop", ...objects));
    expect((await fleet.sync()).code).toBe(0);
    const uids = async () => Promise.all(objects.map((name) => fleet.uid(name)));
    const before = await uids();
    expect(before).not.toContain(undefined);
    const [a = "", b = "", c = ""] = objects;
    for (const [what, commit, moved] of [
      ["renamed", [gone("shop"), has("store", ...objects)], 3],
      ["split", [gone("store"), has("till", a), has("cellar", b, c)], 3],
      ["merged", [gone("till"), gone("cellar"), has("mall", a, b, c)], 3],
    ] as const) {
      await fleet.commit(...commit);
      const synced = await fleet.sync();
      expect(synced.code, what).toBe(0);
      expect(steps(synced), what).toEqual(objects.map((name) => `transfer ${name}`));
      expect(deletes(synced.writes)).toEqual([]);
      expect(synced.writes).toHaveLength(moved);
      expect(await uids()).toEqual(before);
    }
    expect((await fleet.sync()).writes).toEqual([]);
  });

  const travels = turnsOf(6);
  test("A5 whoever of two services is synced first, an object that moves between them stays", {
    timeout: timeLimit(travels),
  }, async () => {
    const has = (service: string, own: string, shared: boolean): Changes =>
      fleet.declares(service, { [own]: map(own), travels: shared ? map("travels") : null });
    await fleet.commit(has("alpha", "of-alpha", true), has("omega", "of-omega", false));
    await fleet.sync();
    const uid = await fleet.uid("travels");
    expect(uid).toBeDefined();
    const one = async (name: string): Promise<void> => {
      expect((await fleet.sync("--service", fleet.service(name).id)).code, name).toBe(0);
    };
    const inTurn = (first: string, second: string) => async (): Promise<void> => {
      await one(first);
      await one(second);
    };
    const orders = [
      inTurn("alpha", "omega"),
      inTurn("omega", "alpha"),
      () => Promise.all([one("alpha"), one("omega")]),
    ];
    for (const turn of travels) {
      const owner = turn % 2 === 0 ? "omega" : "alpha";
      const order = Math.floor(turn / 2) % orders.length;
      const told = `turn ${turn}: to ${owner}, order ${order}`;
      const since = fleet.cluster.mark();
      await fleet.commit(has("alpha", "of-alpha", owner === "alpha"), has("omega", "of-omega", owner === "omega"));
      await orders[order]?.();
      expect(deletes(fleet.cluster.audit({ since, userAgent: "gitops/" }).filter(isOfServices)), told).toEqual([]);
      expect(await fleet.uid("travels"), told).toBe(uid);
      expect((await fleet.sync()).writes, told).toEqual([]);
    }
  });

  test("A7 what a commit that failed half-way made is deleted by the commit that mends it", async () => {
    const bad = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n";
    await fleet.commit(fleet.declares("abc", { stays: map("stays"), goes: map("goes") }));
    expect((await fleet.sync()).code).toBe(0);
    await fleet.commit(fleet.declares("abc", { late: map("late"), goes: null, bad }));
    const broken = await fleet.sync();
    expect(broken.code).toBe(1);
    expect(deletes(broken.writes)).toEqual([]); // not as long as anything of the service fails
    expect(await fleet.uid("late")).toBeDefined();
    await fleet.commit(fleet.declares("abc", { late: null, bad: null }));
    const mended = await fleet.sync();
    expect(mended.code).toBe(0);
    expect(steps(mended)).toEqual(["delete goes", "delete late"]);
    expect(await fleet.uid("stays")).toBeDefined();
  });

  test("A11 of two services that declare an object its owner keeps it, whichever of them lets go", async () => {
    await fleet.commit(fleet.declares("owner", { disputed: map("disputed", "owner") }));
    await fleet.sync();
    const uid = await fleet.uid("disputed");
    await fleet.commit(fleet.declares("rival", { disputed: map("disputed", "rival"), "of-rival": map("of-rival") }));
    const refused = await fleet.sync();
    expect(codes(refused)).toEqual(["plan/duplicate-definition"]);
    expect(refused.writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["patch of-rival"]);
    await fleet.commit(fleet.declares("rival", { disputed: null }));
    expect((await fleet.sync()).writes).toEqual([]);
    await fleet.commit(
      fleet.declares("rival", { disputed: map("disputed", "rival") }),
      fleet.declares("owner", { disputed: null, other: map("other") }),
    );
    const passed = await fleet.sync();
    expect(passed.code).toBe(0);
    expect(steps(passed)).toEqual(["create other", "transfer disputed"]);
    expect(await fleet.uid("disputed")).toBe(uid);
    expect((await fleet.sync()).writes).toEqual([]);
  });

  test("A18 a ref that is moved back, to an unrelated history, or away loses nothing in great number", async () => {
    const { repository } = fleet;
    const since = Array.from({ length: 12 }, (_, n) => [`since-${n}`, map(`since-${n}`)] as const);
    await fleet.commit(fleet.declares("since", Object.fromEntries(since)));
    expect((await fleet.sync()).code).toBe(0);
    const ref = (name: string): string => `refs/heads/${name}`;
    const first = await repository.git("rev-list", "--max-parents=0", "main");
    const head = await repository.git("rev-parse", "main");
    // Another repository's history: its first commit has none of the services.
    await repository.commit({ "clusters/dev/notes.md": "nothing here" }, "another beginning", "unrelated");
    await repository.commit({ "README.md": "nothing at all" }, "an empty beginning", "empty");
    for (const [how, to, code] of [
      ["an unrelated history", "unrelated", 3],
      ["a history without the folder", "empty", 2],
    ] as const) {
      await repository.git("update-ref", ref("main"), await repository.git("rev-parse", to));
      const synced = await fleet.sync();
      expect(synced.code, how).toBe(code);
      expect(synced.writes, how).toEqual([]);
    }
    // Back to the first commit, which has none of the services that came since.
    await repository.git("update-ref", ref("main"), first);
    const back = await fleet.sync("--dry-run");
    expect(back.code).toBe(3);
    expect(new Set(steps(back).map((step) => step.split(" ")[0]))).not.toContain("delete");
    // Away, and back again.
    await repository.git("update-ref", "-d", ref("main"));
    const away = await fleet.sync("--ref", "main");
    expect(away.pass.failures.map((failure) => failure.code)).toEqual(["source/ref-not-found"]);
    expect(away.writes).toEqual([]);
    await repository.git("update-ref", ref("trunk"), head);
    await repository.git("symbolic-ref", "HEAD", ref("trunk"));
    const renamed = await fleet.sync();
    expect(renamed.code).toBe(0);
    expect(renamed.writes).toEqual([]);
    await repository.git("tag", "v1", head);
    expect((await fleet.sync("--ref", "v1")).writes).toEqual([]);
    await repository.git("tag", "--force", "v1", "unrelated");
    const moved = await fleet.sync("--ref", "v1");
    expect(moved.code).toBe(3);
    expect(moved.writes).toEqual([]);
  });
});
