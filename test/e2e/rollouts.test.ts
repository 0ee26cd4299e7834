import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { flagsOf, start } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";
import { codes, map, type SmallFleet, startSmallFleet } from "../support/small-fleet.ts";

const WAIT = { more: "  wait: true\n  timeout: 20m\n" };

interface Shape {
  readonly image?: string;
  /** Of the Deployment. */
  readonly spec?: string;
  /** Of its pods. */
  readonly pods?: string;
}

const deployment = (name: string, { image = "1", spec = "", pods = "" }: Shape = {}): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: 2
${spec}  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
${pods}      containers: [{name: api, image: "example.test/${name}:${image}"}]
`;

/** A rollout that does not end for an hour, although all of its pods are fine. */
const ENDLESS = { spec: "  minReadySeconds: 3600\n  progressDeadlineSeconds: 7200\n" };

/** Waits until something is so, however slow the machine; the test's own limit ends it. */
async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(100);
}

/** Deployments that a controller manager rolls out and a scheduler places, on a simulated node. */
describeWithCluster("rollouts in a real cluster", () => {
  let cluster: TestCluster;
  let fleet: SmallFleet;

  beforeAll(async () => {
    cluster = await startCluster({ rollouts: true });
    fleet = await startSmallFleet("rollouts", cluster);
  });
  afterAll(async () => {
    await fleet?.close();
    await cluster?.stop();
  });

  const statusOf = async (name: string): Promise<Readonly<Record<string, number>>> =>
    ((await fleet.ask("GET", fleet.path(name, "apps/v1/deployments")))?.["status"] ?? {}) as Record<string, number>;

  /** What the kubelet would say of a container that ends and is started anew. */
  const crash = async (app: string): Promise<void> => {
    const pods = `/api/v1/namespaces/${fleet.namespace}/pods`;
    const running = async () => {
      const list = await fleet.ask("GET", `${pods}?labelSelector=app%3D${app}`);
      const all = (list?.["items"] ?? []) as readonly { metadata: { name: string }; status: { phase?: string } }[];
      return all.filter(({ status }) => status.phase === "Running");
    };
    await until(async () => (await running()).length > 0);
    for (const { metadata } of await running())
      await fleet.ask(
        "PATCH",
        `${pods}/${metadata.name}/status`,
        {
          status: {
            conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady" }],
            containerStatuses: [
              {
                name: "api",
                image: "",
                imageID: "",
                ready: false,
                restartCount: 3,
                state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s" } },
                lastState: { terminated: { exitCode: 1, reason: "Error", message: "password: hunter2" } },
              },
            ],
          },
        },
        "application/merge-patch+json",
      );
  };

  test("a good one: sync ends when all replicas are available, and has watched for that", async () => {
    await fleet.commit(fleet.declares("good", { deployment: deployment("good"), map: map("good") }, WAIT));
    const mark = cluster.mark();
    const { code, pass } = await fleet.sync();
    expect(await statusOf("good")).toMatchObject({ updatedReplicas: 2, availableReplicas: 2 });
    expect(pass.services).toMatchObject([{ service: "rollouts/good", state: "synced", failures: [] }]);
    expect(code).toBe(0);
    const reads = cluster.audit({ since: mark, userAgent: "gitops/", reads: true });
    // The log has a watch when it begins and when it ends.
    const watched = reads.filter(({ verb }) => verb === "watch").map(({ requestURI }) => requestURI);
    expect(new Set(watched.filter((uri) => uri.includes("/deployments?"))).size).toBe(1);
    const since = cluster.mark();
    const again = await fleet.sync();
    expect(again.pass.services).toMatchObject([{ state: "unchanged" }]);
    const later = cluster.audit({ since, userAgent: "gitops/", reads: true });
    expect(later.filter(({ verb }) => verb === "watch")).toEqual([]);
  });

  test("of every kind: each is seen to be through, a Job when it is complete", async () => {
    const workload = (kind: string, spec: string): string => `apiVersion: apps/v1
kind: ${kind}
metadata: {name: some}
spec:
${spec}  selector: {matchLabels: {app: ${kind}}}
  template:
    metadata: {labels: {app: ${kind}}}
    spec: {containers: [{name: api, image: example.test/some:1}]}
`;
    const job = `apiVersion: batch/v1
kind: Job
metadata: {name: some}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: api, image: example.test/some:1}]}}}
`;
    const objects = {
      daemonset: workload("DaemonSet", ""),
      statefulset: workload("StatefulSet", "  replicas: 2\n  serviceName: some\n"),
      service: "apiVersion: v1\nkind: Service\nmetadata: {name: some}\nspec: {ports: [{port: 80}]}\n",
      budget: "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: some}\nspec: {minAvailable: 1}\n",
      job,
    };
    await fleet.commit(fleet.declares("kinds", objects, WAIT));
    const synced = await fleet.sync();
    expect(codes(synced)).toEqual([]);
    expect(synced.pass.services.find(({ service }) => service === "rollouts/kinds")).toMatchObject({
      state: "synced",
      health: { state: "healthy" },
    });
    const told = async (resource: string) => (await fleet.ask("GET", fleet.path("some", resource)))?.["status"];
    expect(await told("apps/v1/daemonsets")).toMatchObject({ numberReady: 1 });
    expect(await told("apps/v1/statefulsets")).toMatchObject({ readyReplicas: 2 });
    expect(await told("batch/v1/jobs")).toMatchObject({ succeeded: 1 });
  });

  test("stuck ones fail with the reason that their pods give; nobody else waits for them", async () => {
    const crowded = "rollouts-crowded";
    await fleet.ask("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: crowded } });
    await fleet.ask("POST", `/api/v1/namespaces/${crowded}/resourcequotas`, {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "small" },
      spec: { hard: { pods: "0" } },
    });
    const nowhere = deployment("nowhere", { pods: "      nodeSelector: {disk: none-such}\n" });
    await fleet.commit(
      fleet.declares("nowhere", { deployment: nowhere }, WAIT),
      fleet.declares("crowded", { deployment: deployment("crowded") }, { ...WAIT, targetNamespace: crowded }),
      fleet.declares("crashing", { deployment: deployment("crashing", ENDLESS) }, WAIT),
      fleet.declares("after", { map: map("after") }, { more: "  dependsOn: [{name: nowhere}]\n" }),
      fleet.declares("bystander", { deployment: deployment("bystander") }, WAIT),
    );
    const [{ code, pass, stderr }] = await Promise.all([fleet.sync(), crash("crashing")]);
    const ended = new Map(pass.services.map((one) => [one.service.replace("rollouts/", ""), one]));
    const failure = (name: string) => ended.get(name)?.failures[0];
    expect(code).toBe(1);
    expect([...ended].map(([name, { state }]) => `${name} ${state}`).sort()).toEqual([
      "after blocked",
      "bystander synced",
      "crashing failed",
      "crowded failed",
      "good unchanged",
      "kinds unchanged",
      "nowhere failed",
    ]);
    expect(failure("nowhere")).toMatchObject({
      code: "health/failed",
      message: expect.stringMatching(
        /^apps\/Deployment rollouts\/nowhere is not healthy: .*fits on no node: 0\/1 nodes/,
      ),
      remedy: expect.stringMatching(/^see kubectl -n rollouts describe pod nowhere-/),
    });
    expect(failure("crowded")).toMatchObject({
      code: "health/failed",
      message: expect.stringContaining("exceeded quota: small"),
      remedy: `see kubectl -n ${crowded} describe resourcequota small`,
    });
    expect(failure("crashing")).toMatchObject({
      code: "health/failed",
      message: expect.stringMatching(
        /container api of pod crashing-\S+ ends again and again .*exit code 1, 3 restarts/,
      ),
      remedy: expect.stringMatching(/^see kubectl -n rollouts logs crashing-\S+ -c api --previous$/),
    });
    expect(JSON.stringify(pass) + stderr).not.toContain("hunter2");
    const ms = (name: string): number => ended.get(name)?.durationMs ?? Number.NaN;
    expect(ms("bystander")).toBeLessThan(ms("nowhere"));
    expect(ms("crashing")).toBeLessThan(ms("nowhere")); // at once, not after a grace
  });

  test("what failed is found healthy once it is mended, although nothing of it changed in git", async () => {
    const nodes = (await fleet.ask("GET", "/api/v1/nodes"))?.["items"] as readonly { metadata: { name: string } }[];
    const label = { metadata: { labels: { disk: "none-such" } } };
    for (const { metadata } of nodes)
      await fleet.ask("PATCH", `/api/v1/nodes/${metadata.name}`, label, "application/merge-patch+json");
    // What refuses pods is asked again by its controller ever more rarely, for minutes: those go.
    await fleet.commit({ [fleet.service("crowded").document]: null, [fleet.service("crashing").document]: null });
    const mended = await fleet.sync();
    expect(codes(mended)).toEqual([]);
    const states = mended.pass.services.map(({ service, state }) => [service.replace("rollouts/", ""), state]);
    expect(Object.fromEntries(states)).toMatchObject({ nowhere: "unchanged", after: "synced", bystander: "unchanged" });
  });

  describe("a fix that arrives while a stuck one is waited for", () => {
    let child: ChildProcess;
    const lines: Readonly<Record<string, unknown>>[] = [];
    const said = (message: string, fields: object): boolean =>
      lines.some((line) => Object.entries({ ...fields, message }).every(([key, value]) => line[key] === value));
    afterAll(() => void child?.kill("SIGKILL"));

    test("is applied at once, and so is what others commit meanwhile", async () => {
      await fleet.commit(
        fleet.declares("late", { deployment: deployment("late", ENDLESS) }, WAIT),
        fleet.declares("other", { map: map("other", "1") }),
      );
      const flags = ["--poll", "1s", "--interval", "10m", "--listen", "127.0.0.1:0", "--verbose", ...fleet.scope];
      child = start(["run", ...flagsOf(fleet.target), ...flags]);
      let rest = "";
      child.stderr?.on("data", (data: Buffer) => {
        const [last = "", ...complete] = (rest + data.toString()).split("\n").toReversed();
        rest = last;
        lines.push(...complete.toReversed().map((line) => JSON.parse(line) as Record<string, unknown>));
      });
      await until(() => said("waits for health", { service: "rollouts/late" }));
      await fleet.commit(fleet.declares("other", { map: map("other", "2") }));
      await until(() => said("service ended", { service: "rollouts/late", state: "progressing" }));
      const other = async () =>
        (await fleet.ask("GET", fleet.path("other")))?.["data"] as { VALUE?: string } | undefined;
      await until(async () => (await other())?.VALUE === "2");
      expect((await statusOf("late"))["availableReplicas"]).toBeUndefined();
      await fleet.commit(fleet.declares("late", { deployment: deployment("late", { image: "2" }) }, WAIT));
      await until(() => said("service ended", { service: "rollouts/late", state: "synced" }));
      expect(await statusOf("late")).toMatchObject({ updatedReplicas: 2, availableReplicas: 2 });
      expect(lines.filter(({ code }) => code === "health/failed" || code === "health/timeout")).toEqual([]);
    });

    test("and the loop ends cleanly, in the middle of a wait too", async () => {
      lines.length = 0;
      await fleet.commit(fleet.declares("late", { deployment: deployment("late", { ...ENDLESS, image: "3" }) }, WAIT));
      await until(() => said("waits for health", { service: "rollouts/late" }));
      child.kill("SIGTERM");
      const [code] = (await once(child, "exit")) as [number | null];
      expect(code).toBe(0);
    });
  });
});
