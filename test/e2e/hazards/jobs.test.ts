import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../../support/cluster.ts";
import { isOfServices } from "../../support/fleet.ts";
import { flagsOf, start } from "../../support/program.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { map, type SmallFleet, startSmallFleet, steps } from "../../support/small-fleet.ts";

/** Jobs that a controller manager really runs, on a simulated node, and takes away when their time is over. */
describeWithCluster("a Job that removes itself after it ran", () => {
  let cluster: TestCluster;
  let fleet: SmallFleet;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ rollouts: true });
    fleet = await startSmallFleet("hazard-jobs", cluster);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
  afterAll(async () => {
    await fleet?.close();
    await cluster?.stop();
  });

  const job = (version: number): string => `apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  ttlSecondsAfterFinished: 0
  template: {spec: {restartPolicy: Never, containers: [{name: migrate, image: "example.test/migrate:${version}"}]}}
`;
  const until = async (is: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await is())) await sleep(100);
  };
  const there = async (name = "migrate") => (await fleet.ask("GET", fleet.path(name, "batch/v1/jobs"))) !== undefined;
  const ofJobs = (mark: number) =>
    cluster.audit({ since: mark }).filter(({ objectRef }) => objectRef?.resource === "jobs");
  /** How often the Job was made, by whoever asks the API server for it. */
  const runs = (mark = 0): number =>
    ofJobs(mark).filter(({ verb, responseStatus, objectRef }) => {
      const made = ["patch", "create"].includes(verb) && responseStatus?.code === 201;
      return made && objectRef?.subresource === undefined;
    }).length;

  test("D27 it runs once for its hash, whatever passes, restarts and commits to others come after", async () => {
    await fleet.commit(fleet.declares("shop", { job: job(1), map: map("beside") }));
    expect((await fleet.sync()).code).toBe(0);
    await until(async () => !(await there()));
    // It was the cluster that took it away.
    const removed = ofJobs(0).filter(({ verb }) => verb === "delete");
    expect(removed.map(({ userAgent }) => userAgent?.startsWith("gitops/"))).toEqual([false]);
    expect(runs()).toBe(1);

    // The next pass, another one without a cache, and one after a commit that is none of its.
    expect((await fleet.sync()).writes).toEqual([]);
    expect((await fleet.sync("--cache-dir", `${fleet.target.cacheDir}-other`)).writes).toEqual([]);
    await fleet.commit(fleet.declares("shop", { map: map("beside", "2") }));
    expect(steps(await fleet.sync())).toEqual(["update beside"]);

    // A process that stays, pass after pass, and is killed and started again.
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const pace = ["--poll", "1s", "--interval", "1s", "--listen", "127.0.0.1:0"];
      const child = start(["run", ...flagsOf(fleet.target), ...fleet.scope, ...pace]);
      children.push(child);
      const said = { text: "" };
      child.stderr?.on("data", (data: Buffer) => {
        said.text += data.toString();
      });
      await until(() => said.text.split('"pass ended"').length > 3);
      child.kill(signal);
      await once(child, "exit");
    }
    expect(runs()).toBe(1);
    expect(await there()).toBe(false);

    const mark = cluster.mark();
    await fleet.commit(fleet.declares("shop", { job: job(2) }));
    expect(steps(await fleet.sync())).toEqual(["create migrate"]);
    await until(async () => !(await there()));
    expect((await fleet.sync()).writes).toEqual([]);
    expect(runs(mark)).toBe(1);
    expect(cluster.audit({ since: mark, userAgent: "gitops/" }).filter(isOfServices)).toHaveLength(1);
  });

  test("D27 one that failed has failed, too, when it is gone: what depends on it waits until it is changed and through", async () => {
    const late = (spec: string): string => `apiVersion: batch/v1
kind: Job
metadata: {name: prepare}
spec:
  ttlSecondsAfterFinished: 3
  activeDeadlineSeconds: 2
  template: {spec: {${spec}restartPolicy: Never, containers: [{name: prepare, image: "example.test/prepare:1"}]}}
`;
    const first = fleet.declares(
      "first",
      { job: late("nodeSelector: {disk: none-such}, ") },
      { more: "  wait: true\n" },
    );
    const after = fleet.declares("after", { map: map("after") }, { more: "  dependsOn: [{name: first}]\n" });
    await fleet.commit(first, after);
    const mark = cluster.mark();
    const ends = async () => {
      const { code, pass } = await fleet.sync();
      const told = pass.services.filter(({ service }) => !service.endsWith("/shop"));
      return [
        code,
        ...told.map(({ state }) => state),
        ...told.flatMap(({ failures }) => failures.map((one) => one.code)),
      ];
    };
    const failed = [1, "blocked", "failed", "service/dependency-not-ready", "health/failed"];
    expect(await ends()).toEqual(failed);
    await until(async () => !(await there("prepare")));
    expect(await ends()).toEqual(failed);
    expect(await ends()).toEqual(failed);
    expect(runs(mark)).toBe(1);
    await fleet.commit(fleet.declares("first", { job: late("") }, { more: "  wait: true\n" }));
    expect(await ends()).toEqual([0, "synced", "synced"]);
    await until(async () => !(await there("prepare")));
    expect(await ends()).toEqual([0, "unchanged", "unchanged"]);
    expect(runs(mark)).toBe(2);
  });

  test("D27 a Job with generateName is refused before anything runs", async () => {
    const mark = cluster.mark();
    await fleet.commit(fleet.declares("many", { job: job(1).replace("{name: migrate}", "{generateName: migrate-}") }));
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(1);
    expect(pass.services.find(({ service }) => service === fleet.service("many").id)?.failures).toMatchObject([
      { at: { path: `${fleet.service("many").folder}/job.yaml` } },
    ]);
    expect(writes).toEqual([]);
    expect(runs(mark)).toBe(0);
  });
});
