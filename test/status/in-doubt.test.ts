import { beforeEach, describe, expect, test } from "vitest";
import type { Cluster } from "../../src/cluster/index.ts";
import { appliedAt, readStanding, suspend } from "../../src/status/index.ts";
import { pass, service, step } from "../report/examples.ts";
import { at, broken, CONFIG_MAP, good, made, PLACE, QUARTER, revisionAt, signal, statusScene, value } from "./scene.ts";

let { clock, cluster, read, passed, one, objects } = {} as ReturnType<typeof statusScene>;
beforeEach(() => {
  ({ clock, cluster, read, passed, one, objects } = statusScene());
});

/** Objects that are kept, by the beginning of their names. */
const kept = async (start: string) => (await objects()).items.filter(({ ref }) => ref.name.startsWith(start));

async function rewrite(start: string, data: Readonly<Record<string, string>>): Promise<void> {
  for (const { ref } of await kept(start)) {
    const metadata = { name: ref.name, namespace: PLACE.namespace };
    const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
    await cluster.apply(CONFIG_MAP, manifest, { fieldManager: "somebody", force: true }, signal);
  }
}

async function removed(start: string): Promise<void> {
  for (const { ref, uid, resourceVersion } of await kept(start))
    await cluster.remove(
      CONFIG_MAP,
      PLACE.namespace,
      ref.name,
      { uid, resourceVersion, propagation: "Background" },
      signal,
    );
}

describe("L3 what is not there and should be is not nothing", () => {
  test("records of services are unknown to whoever can only read objects by their names", async () => {
    const problem = {
      kind: "status",
      status: 500,
      message: "unable to decrypt",
      causes: [],
      ambiguous: false,
    } as const;
    const unlisted: Cluster = { ...cluster, listObjects: () => Promise.resolve({ ok: false, problem }) };
    expect((await read(unlisted)).damaged).toBe(false);
    await passed(pass([made("dev/api")], at(0)));
    const standing = await read(unlisted);
    expect(standing).toMatchObject({ whole: false, damaged: true });
    expect(appliedAt(standing, "dev/api")).toBe("unknown");
  });

  test("a group that somebody deleted is unknown until a pass saw everything, and is written anew by that", async () => {
    await passed(pass([made("dev/api"), broken("dev/web")], at(0)));
    await removed("gitops-status");
    expect(appliedAt(await read(), "dev/web")).toBe("unknown");
    await passed(pass([made("dev/api")], at(1)), { some: true });
    expect((await read()).damaged).toBe(true);
    await passed(pass([good("dev/api"), broken("dev/web")], at(1)));
    expect((await read()).damaged).toBe(false);
    expect((await one("dev/api"))?.applied).toBe(revisionAt(1));
  });

  test("a group that cannot be understood and holds nobody is written anew, too", async () => {
    await passed(pass([made("dev/api")], at(0)));
    await passed(pass([], at(0)));
    await rewrite("gitops-status", { services: "torn" });
    expect((await read()).damaged).toBe(true);
    await passed(pass([], at(0)));
    expect((await read()).damaged).toBe(false);
  });

  test("where the end of the last pass was deleted, nobody is told to be where it is not, and nobody stays behind", async () => {
    for (let time = 0; time < 5; time += 1)
      await passed(pass([time % 2 === 0 ? broken("dev/web") : made("dev/web"), good("dev/api")], at(0)));
    await passed(pass([made("dev/web"), good("dev/api")], at(0)));
    await removed("gitops-pass");
    expect(appliedAt(await read(), "dev/unheard-of")).toBe("unknown");
    await clock.advance(60_000);
    await passed(pass([good("dev/web"), good("dev/api")], at(1)));
    for (const id of ["dev/web", "dev/api"])
      expect(await one(id)).toMatchObject({
        applied: revisionAt(1),
        attempted: revisionAt(1),
        lastSuccess: new Date(clock.nowMs()).toISOString(),
      });
  });
});

describe("A23 what somebody wrote by hand, or a newer version, is not understood, and ends nothing", () => {
  const head = { number: 1, revision: revisionAt(0), at: "2026-01-01T00:00:00.000Z", groups: 1, failures: [] };

  test.each([
    ["more groups than there can be", { groups: 1e9 }],
    ["groups that are no power of two", { groups: 3 }],
    ["a count below nothing", { number: -1 }],
    ["failures that are none", { failures: [null] }],
  ])("the end of a pass with %s", async (_which, wrong) => {
    await passed(pass([made("dev/api")], at(0)));
    await rewrite("gitops-pass", { pass: JSON.stringify({ ...head, ...wrong }) });
    expect((await read()).headless).toBe(true);
    await passed(pass([good("dev/api")], at(1)));
    expect((await read()).headless).toBe(false);
    expect((await one("dev/api"))?.applied).toBe(revisionAt(1));
  });

  test.each([
    ["a state that nobody here knows", { state: "levitating" }],
    ["failures that are none", { failures: [null] }],
    ["a history that is none", { history: [{}] }],
    ["health of nothing", { health: { state: "failed", objects: [null] } }],
    ["conditions since never", { since: null }],
    ["revisions that are no texts", { departed: 7 }],
    ["a try without a time", { retry: 1 }],
  ])("a service with %s", async (_which, wrong) => {
    await passed(pass([made("dev/api"), broken("dev/web")], at(0)));
    const standing = await read();
    const services = Object.fromEntries(standing.kept.services);
    const record = { ...services, "dev/web": { ...services["dev/web"], ...wrong } };
    await rewrite("gitops-status", { services: JSON.stringify({ version: 1, groups: 1, services: record }) });
    expect(await read()).toMatchObject({ damaged: true });
    expect((await read()).services().map(({ service }) => service)).toEqual(["dev/api"]);
    await passed(pass([good("dev/api"), broken("dev/web")], at(1)));
    expect((await one("dev/web"))?.state).toBe("failed");
    expect((await read()).damaged).toBe(false);
  });
});

test("L7 an end that was noted by a machine whose clock is ahead does not count as the newest for as long as that", async () => {
  await passed(pass([made("dev/api")], at(0)));
  const head = (await read()).head;
  const ahead = new Date(clock.nowMs() + 365 * 86_400_000).toISOString();
  await rewrite("gitops-pass", { pass: JSON.stringify({ ...head, at: ahead }) });
  expect(await passed(pass([good("dev/api")], at(0)))).toEqual(["gitops-pass"]);
  expect((await one("dev/api"))?.lastSuccess).toBe(new Date(clock.nowMs()).toISOString());
  // Two machines that differ by seconds do not write over each other all the time.
  const soon = new Date(clock.nowMs() + QUARTER / 2).toISOString();
  await rewrite("gitops-pass", { pass: JSON.stringify({ ...(await read()).head, at: soon }) });
  expect(await passed(pass([good("dev/api")], at(0)))).toEqual([]);
});

test("D27 Jobs that left git while some service fails do not fill the object of Jobs: those of now are known first", async () => {
  const job = (name: string) => {
    const ref = { group: "batch", kind: "Job", namespace: "dev", name: name.padEnd(63, "x") };
    return { ...step("create", name), ref, job: "h".repeat(64) };
  };
  const release = (number: number) => Array.from({ length: 3000 }, (_, index) => job(`migrate-${number}-${index}-`));
  for (const number of [1, 2, 3]) {
    const api = service("dev/api", "synced", { steps: release(number) });
    await passed(pass([api, broken("dev/web")], at(number - 1)));
  }
  const { jobs } = await read();
  expect(JSON.stringify([...jobs]).length).toBeLessThan(1024 * 1024);
  expect(release(3).every(({ ref }) => jobs.has(`batch/Job/dev/${ref.name}`))).toBe(true);
});

describe("a suspension with a glob that is refused now", () => {
  const entry = (glob: string, more: object = {}) => ({
    glob,
    reason: "incident",
    author: "Ada",
    at: "2026-01-01T00:00:00.000Z",
    ...more,
  });
  const standing = async (...entries: readonly object[]) => {
    value(await suspend(cluster, clock, PLACE, [entry("dev/api")], signal));
    await rewrite("gitops-suspensions", { suspensions: JSON.stringify(entries) });
    return await readStanding(cluster, PLACE, clock.nowMs(), signal);
  };

  test("is told with its place, who asked for it, what is wrong with it, and what to do; nothing is known to be suspended", async () => {
    const answer = await standing(entry("dev/api"), entry("prod/{db"));
    const name = (await kept("gitops-suspensions"))[0]?.ref.name ?? "";
    expect(answer).toMatchObject({ ok: false, failures: [{ code: "usage/invalid-settings" }] });
    const [failure] = answer.ok ? [] : answer.failures;
    expect(failure?.message).toBe(
      `ConfigMap gitops-system/${name} cannot be understood, so it cannot be known what was asked for: entry 2, of Ada: "prod/{db" has a brace that is not closed`,
    );
    expect(failure?.remedy).toBe(
      `correct entry 2, or take it out when it need not hold any more: kubectl edit configmap ${name} --namespace gitops-system`,
    );
  });

  test("does not matter once its time is over", async () => {
    const until = new Date(clock.nowMs() - 1).toISOString();
    const answer = await standing(entry("dev/api"), entry("prod/{db", { until }));
    expect(value(answer).suspensions.map(({ glob }) => glob)).toEqual(["dev/api"]);
  });

  test.each([
    ["no time to end at", entry("dev/web", { until: "tomorrow" }), 'of Ada: "tomorrow" is no time to end at'],
    ["no reason", { ...entry("dev/web"), reason: 7 }, "of Ada: it has no reason"],
    ["nothing at all", [], "it is no suspension"],
  ])("one with %s is told so", async (_which, wrong, words) => {
    expect(await standing(wrong)).toMatchObject({
      ok: false,
      failures: [{ message: expect.stringContaining(words) as string }],
    });
  });
});
