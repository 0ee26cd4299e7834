import { beforeEach, describe, expect, test } from "vitest";
import type { Cluster } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import type { Failure } from "../../src/model/index.ts";
import { confirm, readEvents, readStanding, resume, suspend, writeStatus } from "../../src/status/index.ts";
import { MISSING, pass, service, step, UNREACHABLE } from "../report/examples.ts";
import {
  at,
  broken,
  CONFIG_MAP,
  commitAt,
  good,
  made,
  PLACE,
  QUARTER,
  revisionAt,
  signal,
  statusScene,
  value,
} from "./scene.ts";

let { clock, cluster, read, passed, one, objects } = {} as ReturnType<typeof statusScene>;
beforeEach(() => {
  ({ clock, cluster, read, passed, one, objects } = statusScene());
});

describe("what a pass leaves", () => {
  test("the first makes the namespace, the groups and the end of the pass, without an owner label", async () => {
    expect(await passed(pass([made("dev/api")], at(0)))).toEqual(["gitops-status-0", "gitops-pass"]);
    const { items } = await objects();
    expect(items.map(({ labels }) => labels)).toEqual(
      items.map(() => ({ "gitops.bulkhead.dev/standing": "clusters_dev" })),
    );
    expect(await one("dev/api")).toMatchObject({
      state: "synced",
      applied: revisionAt(0),
      attempted: revisionAt(0),
      objects: 1,
    });
  });

  test("a pass that finds all as it was writes nothing, whether it says synced or unchanged", async () => {
    await passed(pass([made("dev/api")], at(0)));
    await clock.advance(60_000);
    expect(await passed(pass([good("dev/api")], at(0)))).toEqual([]);
  });

  test("after a quarter of the staleness limit the end of a pass is noted, in one small object", async () => {
    await passed(pass([made("dev/api")], at(0)));
    await clock.advance(QUARTER);
    expect(await passed(pass([good("dev/api")], at(0)))).toEqual(["gitops-pass"]);
    expect((await one("dev/api"))?.lastSuccess).toBe(new Date(clock.nowMs()).toISOString());
  });

  test("a commit that concerns one of many services writes its group and the end of the pass", async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `team-${index % 10}/service-${index}`);
    const failures = Array.from({ length: 5 }, () => ({ ...MISSING, message: "x".repeat(400) }));
    await passed(
      pass(
        ids.map((id) => service(id, "failed", { failures })),
        at(0),
      ),
    );
    const groups = (await objects()).items.length - 1;
    expect(groups).toBeGreaterThan(3);
    const [first = "", ...rest] = ids;
    const after = [made(first), ...rest.map((id) => service(id, "failed", { failures }))];
    const written = await passed(pass(after, at(1)));
    expect(written.filter((name) => name.startsWith("gitops-status"))).toHaveLength(1);
    expect(await one(first)).toMatchObject({ applied: revisionAt(1) });
    expect((await one(rest[0] ?? ""))?.attempted).toBe(revisionAt(1));
  });

  test("when the groups become more, nothing of what was kept is lost", async () => {
    const few = Array.from({ length: 20 }, (_, index) => `dev/fine-${index}`);
    await passed(pass(few.map(made), at(0)));
    expect((await objects()).items).toHaveLength(2);
    const failures = Array.from({ length: 5 }, () => ({ ...MISSING, message: "x".repeat(400) }));
    const many = Array.from({ length: 150 }, (_, index) => service(`dev/broken-${index}`, "failed", { failures }));
    await passed(pass([...few.map(good), ...many], at(1)));
    expect((await objects()).items.length).toBeGreaterThan(4);
    expect((await read()).services()).toHaveLength(170);
    for (const id of few) expect((await one(id))?.history).toMatchObject([{ what: "1 created" }]);
    expect(await passed(pass([...few.map(good), ...many], at(1)))).toEqual([]);
  });

  test("a service that left git and left nothing is gone; one whose deletes are held stays", async () => {
    await passed(pass([made("dev/api"), made("dev/old"), made("dev/web")], at(0)));
    const { at: _at, ...gone } = service("dev/old", "synced", { steps: [step("delete", "old")] });
    const { at: _place, ...left } = service("dev/web", "held", {
      steps: [step("held", "web", { why: "breaker: too many" })],
    });
    await passed(pass([good("dev/api"), gone, left], at(1)));
    expect((await read()).services().map((standing) => `${standing.service} ${standing.state}`)).toEqual([
      "dev/api synced",
      "dev/web held",
    ]);
    expect((await one("dev/web"))?.conditions[0]).toMatchObject({
      status: "False",
      message: "1 held: breaker: too many",
    });
  });

  test("of a service that is in git no more it stays known where it was defined, while anything of it is left", async () => {
    await passed(pass([made("dev/api"), made("dev/web")], at(0)));
    const place = (await read()).kept.services.get("dev/web")?.defined;
    expect(place?.path).toMatch(/\S/);
    const { at: _at, ...left } = service("dev/web", "held", { steps: [step("held", "web", { why: "so" })] });
    for (const time of [1, 2]) await passed(pass([good("dev/api"), left], at(time)));
    expect((await read()).kept.services.get("dev/web")?.defined).toEqual(place);
  });

  test("held deletes say whether a confirmation lets any of them go", async () => {
    const held = (confirmable: boolean) => step("held", `web-${confirmable}`, { why: "so", confirmable });
    const { at: _, ...none } = service("dev/none", "held", { steps: [held(false)] });
    const { at: _at, ...some } = service("dev/some", "held", { steps: [held(false), held(true)] });
    await passed(pass([none, some], at(0)));
    expect((await one("dev/none"))?.unconfirmable).toBe(true);
    expect(await one("dev/some")).not.toHaveProperty("unconfirmable");
  });

  test("a service that left git and left objects behind on purpose stays, and is as it should be", async () => {
    await passed(pass([made("dev/api"), made("dev/old")], at(0)));
    const { at: _, ...gone } = service("dev/old", "unchanged", { steps: [step("kept", "old")] });
    await passed(pass([good("dev/api"), gone], at(1)));
    expect(await passed(pass([good("dev/api"), gone], at(1)))).toEqual([]);
    expect((await one("dev/old"))?.state).toBe("synced");
    expect(value(await readEvents(cluster, PLACE, signal)).filter(({ reason }) => reason === "Removed")).toEqual([]);
  });

  test("a pass about some services leaves the others, and claims the new revision for its own only", async () => {
    await passed(pass([made("dev/api"), made("dev/web")], at(0)));
    await passed(pass([made("dev/web")], at(1)), { some: true });
    expect((await one("dev/web"))?.applied).toBe(revisionAt(1));
    expect((await one("dev/api"))?.applied).toBe(revisionAt(0));
    await passed(pass([good("dev/api"), good("dev/web")], at(1)));
    expect((await one("dev/api"))?.applied).toBe(revisionAt(1));
  });

  test("a run that could do nothing is told once, and says nothing of services", async () => {
    await passed(pass([made("dev/api")], at(0)));
    const { revision: _, ...nothing } = pass([], { failures: [UNREACHABLE] });
    expect(await passed(nothing)).toEqual(["gitops-pass"]);
    expect(await passed(nothing)).toEqual([]);
    expect((await read()).head?.failures).toMatchObject([{ code: "source/unreachable" }]);
    expect(await one("dev/api")).toMatchObject({ state: "synced", applied: revisionAt(0) });
    expect(await passed(pass([good("dev/api")], at(0)))).toEqual(["gitops-pass"]);
    expect((await read()).head?.failures).toEqual([]);
  });

  test("who confirmed it is told of a service of which nothing is left, too", async () => {
    const confirmed = { by: "Ada", at: "2026-01-01T00:00:00.000Z", how: "command" } as const;
    await passed(pass([made("dev/old")], at(0)));
    const { at: _, ...gone } = service("dev/old", "synced", { steps: [step("delete", "x"), step("delete", "y")] });
    await passed(pass([{ ...gone, confirmed }], at(1)));
    const events = value(await readEvents(cluster, PLACE, signal)).filter((event) => event.service === "dev/old");
    expect(events.map(({ reason, message }) => `${reason}: ${message}`).sort()).toEqual([
      "Confirmed: 2 objects deleted, confirmed by Ada (command)",
      "Removed: left git, and nothing of it is left",
    ]);
  });

  test("history keeps the last five things that happened, with what was done, who confirmed it, and why not", async () => {
    const confirmed = { by: "Ada", at: "2026-01-01T00:00:00.000Z", how: "command" } as const;
    await passed(pass([made("dev/api")], at(0)));
    await passed(pass([good("dev/api")], at(0)));
    await passed(pass([broken("dev/api")], at(1)));
    await passed(
      pass([service("dev/api", "synced", { steps: [step("delete", "x")], confirmed, digest: "d1" })], at(1)),
    );
    const drifted = step("update", "api", { why: "drifted: spec.replicas" });
    await passed(pass([service("dev/api", "synced", { steps: [drifted] })], at(1)));
    await passed(pass([good("dev/api")], at(2)));
    expect((await one("dev/api"))?.history.map(({ result, what }) => `${result}: ${what}`)).toEqual([
      "synced: 1 updated, drift repaired",
      "synced: 1 deleted",
      "failed: build/missing-resource",
      "synced: 1 created",
    ]);
    expect((await one("dev/api"))?.history[1]).toMatchObject({
      confirmed,
      digest: "d1",
      revision: revisionAt(1),
      durationMs: 120,
    });
    for (let time = 0; time < 4; time += 1) await passed(pass([made("dev/api")], at(2)));
    expect((await one("dev/api"))?.history).toHaveLength(5);
  });

  test("conditions change their time only when they change their status; failures keep since when they are", async () => {
    await passed(pass([broken("dev/api")], at(0)));
    const began = new Date(clock.nowMs()).toISOString();
    await clock.advance(60_000);
    const other: Failure = { ...MISSING, message: "another one" };
    await passed(pass([service("dev/api", "failed", { failures: [MISSING, other] })], at(1)));
    const standing = await one("dev/api");
    expect(standing?.conditions[0]).toMatchObject({ type: "Ready", status: "False", lastTransitionTime: began });
    expect(standing?.failures.map(({ since }) => since)).toEqual([began, new Date(clock.nowMs()).toISOString()]);
  });
});

describe("E9 status never claims a commit not fully applied", () => {
  const claimed = async (id: string) => (await one(id))?.applied;

  test.each([
    "failed",
    "held",
    "blocked",
    "pending",
    "progressing",
    "drifted",
    "interrupted",
    "suspended",
    "backoff",
  ] as const)("a service that ends as %s keeps the commit that it had", async (state) => {
    await passed(pass([made("dev/api"), made("dev/web")], at(0)));
    await passed(pass([service("dev/api", state), good("dev/web")], at(1)));
    expect(await claimed("dev/api")).toBe(revisionAt(0));
    expect(await claimed("dev/web")).toBe(revisionAt(1));
    // nor does a later pass over all of them claim it
    await passed(pass([service("dev/api", state), good("dev/web")], at(2)));
    expect(await claimed("dev/api")).toBe(revisionAt(0));
    await passed(pass([good("dev/api"), good("dev/web")], at(2)));
    expect(await claimed("dev/api")).toBe(revisionAt(2));
  });

  test("a process that dies between any two writes claims nothing that was not done", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `dev/service-${index}`);
    const failures = Array.from({ length: 5 }, () => ({ ...MISSING, message: "x".repeat(450) }));
    await passed(
      pass(
        ids.map((id) => service(id, "failed", { failures })),
        at(0),
      ),
    );
    await passed(pass(ids.map(good), at(0)));
    // every second service fails at the next commit
    const outcome = pass(
      ids.map((id, index) => (index % 2 === 0 ? broken(id) : good(id))),
      at(1),
    );
    for (let writes = 0; ; writes += 1) {
      const saved = createEmbedded({ clock, controllers: "none", saved: cluster.save() });
      const dying = dyingAfter(saved, writes);
      const standing = await read(saved);
      await writeStatus(dying.cluster, clock, standing, outcome, { some: false, heartbeatMs: QUARTER }, signal).catch(
        () => undefined,
      );
      const left = await read(saved);
      for (const [index, id] of ids.entries()) {
        const applied = left.services().find((standing) => standing.service === id)?.applied;
        if (index % 2 === 0) expect(applied).toBe(revisionAt(0));
      }
      if (!dying.died()) break;
    }
  });
});

describe("what people asked for", () => {
  const asked = (glob: string, more: object = {}) => ({ glob, reason: "incident", author: "Ada", at: now(), ...more });
  const now = () => new Date(clock.nowMs()).toISOString();

  test("suspensions are read by whoever reads, and end at their time", async () => {
    const until = new Date(clock.nowMs() + 60_000).toISOString();
    value(await suspend(cluster, clock, PLACE, [asked("dev/api", { until })], signal));
    expect((await read()).suspensionOf("dev/api")).toMatchObject({ reason: "incident", author: "Ada", until });
    expect((await read()).suspensionOf("dev/web")).toBeUndefined();
    await clock.advance(60_000);
    expect((await read()).suspensionOf("dev/api")).toBeUndefined();
  });

  test("two who ask at the same time are both heard", async () => {
    await Promise.all(["a", "b", "c"].map((glob) => suspend(cluster, clock, PLACE, [asked(glob)], signal)));
    expect((await read()).suspensions.map(({ glob }) => glob).sort()).toEqual(["a", "b", "c"]);
    const resumed = value(await resume(cluster, clock, PLACE, ["b", "b/api"], signal));
    expect(resumed.notSuspended).toEqual(["b/api"]);
    expect(resumed.left).toEqual((await read()).suspensions);
    expect((await read()).suspensions.map(({ glob }) => glob).sort()).toEqual(["a", "c"]);
  });

  test("a confirmation is about its commit", async () => {
    const commit = { id: commitAt(0), author: "", email: "", message: "", timeMs: 0 };
    value(
      await confirm(
        cluster,
        clock,
        PLACE,
        { commit: commit.id.slice(0, 12), globs: ["dev/*"], by: "Ada", at: now() },
        signal,
      ),
    );
    expect((await read()).confirmed("dev/api", commit)).toEqual({ by: "Ada", at: now(), how: "command" });
    expect((await read()).confirmed("dev/api", { ...commit, id: commitAt(1) })).toBeUndefined();
  });

  test.each([
    ["[{", "no JSON"],
    ['[{"glob":"","reason":"incident","author":"Ada","at":"2026-01-01T00:00:00Z"}]', "a suspension of nobody"],
  ])("what cannot be understood is a failure, never nothing: %s (%s)", async (suspensions) => {
    value(await suspend(cluster, clock, PLACE, [asked("dev/api")], signal));
    const { items } = await objects();
    const name = items[0]?.ref.name ?? "";
    const manifest = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: PLACE.namespace },
      data: { suspensions },
    };
    await cluster.apply(CONFIG_MAP, manifest, { fieldManager: "somebody", force: true }, signal);
    expect(await readStanding(cluster, PLACE, clock.nowMs(), signal)).toMatchObject({
      ok: false,
      failures: [{ message: expect.stringContaining("cannot be understood") as string }],
    });
  });

  test("what cannot be read is a failure; what a list does not give may be read by name", async () => {
    value(await suspend(cluster, clock, PLACE, [asked("dev/api")], signal));
    const problem = { kind: "status", status: 500, message: "etcd is away", causes: [], ambiguous: false } as const;
    const unlisted = { ...cluster, listObjects: () => Promise.resolve({ ok: false, problem } as const) };
    const standing = await read(unlisted);
    expect(standing.whole).toBe(false);
    expect(standing.suspensionOf("dev/api")).toBeDefined();
    const dumb = { ...unlisted, get: () => Promise.resolve({ ok: false, problem } as const) };
    expect(await readStanding(dumb, PLACE, clock.nowMs(), signal)).toMatchObject({
      ok: false,
      failures: [{ code: "cluster/list-failed", message: "read what is kept in gitops-system: etcd is away" }],
    });
  });

  test("D27 jobs that clean up after themselves are remembered while they are declared", async () => {
    const ref = { group: "batch", kind: "Job", namespace: "dev", name: "migrate" };
    const job = { ...step("create", "migrate"), ref, job: "h1" };
    await passed(pass([service("dev/api", "synced", { steps: [job] })], at(0)));
    expect([...(await read()).jobs]).toEqual([["batch/Job/dev/migrate", "h1"]]);
    await passed(pass([broken("dev/api")], at(1)));
    expect((await read()).jobs.size).toBe(1);
    await passed(pass([good("dev/api")], at(2)));
    expect((await read()).jobs.size).toBe(0);
  });
});

/** The cluster of a process that dies after so many writes. */
function dyingAfter(real: Cluster, writes: number): { readonly cluster: Cluster; died(): boolean } {
  const state = { left: writes, died: false };
  const cluster: Cluster = {
    ...real,
    apply(...asked) {
      if (state.left === 0) state.died = true;
      if (state.died) return Promise.reject(new Error("the process died"));
      state.left -= 1;
      return real.apply(...asked);
    },
  };
  return { cluster, died: () => state.died };
}
