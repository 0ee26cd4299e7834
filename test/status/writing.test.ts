import { beforeEach, describe, expect, test } from "vitest";
import type { Cluster } from "../../src/cluster/index.ts";
import { child, stringMap, text } from "../../src/model/index.ts";
import { readEvents, type Standing, writeStatus } from "../../src/status/index.ts";
import { MISSING, pass, service, step } from "../report/examples.ts";
import {
  answered,
  at,
  broken,
  CONFIG_MAP,
  EVENT,
  good,
  made,
  PLACE,
  QUARTER,
  revisionAt,
  signal,
  statusScene,
  value,
} from "./scene.ts";

let { clock, cluster, read, passed, one } = {} as ReturnType<typeof statusScene>;
beforeEach(() => {
  ({ clock, cluster, read, passed, one } = statusScene());
});

describe("two processes at once", () => {
  test("what each of them did stands, once, whoever writes first", async () => {
    await passed(pass([made("dev/api"), made("dev/web")], at(0)));
    const [mine, theirs] = [await read(), await read()];
    const about = { some: true, heartbeatMs: QUARTER };
    const write = (standing: Standing, id: string) =>
      writeStatus(cluster, clock, standing, pass([made(id)], at(1)), about, signal);
    value(await write(mine, "dev/api"));
    value(await write(theirs, "dev/web"));
    for (const id of ["dev/api", "dev/web"]) {
      expect((await one(id))?.applied).toBe(revisionAt(1));
      expect((await one(id))?.history).toHaveLength(2);
    }
  });

  test("of one that was overtaken between two groups, nothing is noted twice", async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `dev/service-${index}`);
    const failures = Array.from({ length: 5 }, () => ({ ...MISSING, message: "x".repeat(450) }));
    await passed(
      pass(
        ids.map((id) => service(id, "failed", { failures })),
        at(0),
      ),
    );
    const standing = await read();
    const state = { overtaken: false };
    const busy: Cluster = {
      ...cluster,
      async apply(...asked) {
        const answer = await cluster.apply(...asked);
        if (!state.overtaken) {
          state.overtaken = true;
          await passed(pass([broken("dev/service-0"), broken("dev/service-1")], at(0)), { some: true });
        }
        return answer;
      },
    };
    const outcome = pass(ids.map(made), at(1));
    value(await writeStatus(busy, clock, standing, outcome, { some: false, heartbeatMs: QUARTER }, signal));
    expect(state.overtaken).toBe(true);
    for (const id of ids.slice(2))
      expect((await one(id))?.history.map(({ result }) => result)).toEqual(["synced", "failed"]);
  });

  test("D27 a Job that another process ran meanwhile stays known", async () => {
    const ref = { group: "batch", kind: "Job", namespace: "dev", name: "migrate" };
    const migrate = { ...step("create", "migrate"), ref, job: "h1" };
    await passed(pass([made("dev/api")], at(0)));
    const standing = await read();
    await passed(pass([service("dev/api", "synced", { steps: [migrate] })], at(1)));
    const options = { some: false, heartbeatMs: QUARTER };
    value(await writeStatus(cluster, clock, standing, pass([made("dev/api")], at(0)), options, signal));
    expect([...(await read()).jobs]).toEqual([["batch/Job/dev/migrate", "h1"]]);
    await passed(pass([good("dev/api")], at(2)));
    expect((await read()).jobs.size).toBe(0);
  });

  test("one that is overtaken again and again says so, and leaves it to the next pass", async () => {
    await passed(pass([made("dev/api")], at(0)));
    const standing = await read();
    const problem = { kind: "status", status: 409, message: "changed", causes: [], ambiguous: false } as const;
    const busy: Cluster = { ...cluster, apply: () => Promise.resolve({ ok: false, problem }) };
    const options = { some: false, heartbeatMs: QUARTER };
    expect(await writeStatus(busy, clock, standing, pass([made("dev/api")], at(1)), options, signal)).toMatchObject({
      ok: false,
      failures: [{ code: "apply/conflict" }],
    });
  });
});

describe("Events", () => {
  const told = async () =>
    value(await readEvents(cluster, PLACE, signal)).map(
      (event) => `${event.type} ${event.reason} ${event.service}: ${event.message}`,
    );

  test("are told when a service goes from one state to another, and only then", async () => {
    await passed(pass([made("dev/api"), broken("dev/web")], at(0)));
    expect(await told()).toEqual([`Warning BuildFailed dev/web: ${MISSING.message}`]);
    await clock.advance(1000);
    expect(await passed(pass([good("dev/api"), broken("dev/web")], at(0)))).toEqual([]);
    await passed(pass([good("dev/api"), made("dev/web")], at(1)));
    expect(await told()).toHaveLength(2);
    expect(await told()).toContain(`Normal ReconciliationSucceeded dev/web: Applied revision: ${revisionAt(1)}`);
  });

  test("drift that comes back all the time is told every ten minutes at most", async () => {
    const repaired = () => service("dev/api", "synced", { steps: [step("update", "api", { why: "drifted: data" })] });
    await passed(pass([made("dev/api")], at(0)));
    for (let minute = 0; minute < 5; minute += 1) {
      await clock.advance(60_000);
      await passed(pass([repaired()], at(0)));
    }
    expect(await told()).toEqual(["Warning DriftRepaired dev/api: 1 updated, drift repaired"]);
  });

  test("hundreds at once are told in some twenty", async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `dev/service-${index}`);
    await passed(
      pass(
        ids.map((id) => broken(id)),
        at(0),
      ),
    );
    const events = await told();
    expect(events).toHaveLength(21);
    expect(events.filter((event) => event.includes("280 more"))).toHaveLength(1);
  });

  test("are about the object that holds the service's status", async () => {
    await passed(pass([broken("dev/web")], at(0)));
    const { items } = answered(await cluster.listObjects(EVENT, { namespace: PLACE.namespace }, signal));
    const about = child(items[0], "involvedObject");
    const group = answered(await cluster.get(CONFIG_MAP, PLACE.namespace, text(about, "name") ?? "", signal));
    expect(text(about, "uid")).toBe(group?.metadata.uid);
    expect(stringMap(child(group, "data"))["services"]).toContain("dev/web");
  });
});
