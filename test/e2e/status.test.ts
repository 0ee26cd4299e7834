import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Suspension } from "../../src/model/index.ts";
import type { HistoryDocument, StatusDocument } from "../../src/report/documents.ts";
import type { AuditEvent } from "../support/cluster.ts";
import { type Fleet, isOfServices, named, startFleet } from "../support/fleet.ts";
import { send } from "../support/https.ts";
import { release, removal } from "../support/monorepo.ts";
import { flagsOf, type Ran, run, sync } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/**
 * What the program keeps in the cluster, on a real API server, as two machines see it: each has a cache folder of its own and
 * nothing else. Each test goes on from where the one before ended; the audit log is the judge of what was written.
 */
describeWithCluster("status in the cluster", () => {
  let fleet: Fleet;
  let other: Fleet["target"];

  beforeAll(async () => {
    fleet = await startFleet({ services: 12, namespaces: 3 });
    other = { ...fleet.target, cacheDir: join(fleet.target.cacheDir, "..", "other-cache") };
    expect((await fleet.sync()).code).toBe(0);
  });
  afterAll(() => fleet?.close());

  const call = (machine: Fleet["target"], ...args: readonly string[]): Promise<Ran> =>
    run([...args.slice(0, 1), ...flagsOf(machine), ...args.slice(1)], { USER: "grace" });
  const json = async <T>(machine: Fleet["target"], ...args: readonly string[]): Promise<T> => {
    const { stdout, stderr } = await call(machine, ...args, "-o", "json");
    expect(stdout, stderr).not.toBe("");
    return JSON.parse(stdout) as T;
  };
  const status = (machine: Fleet["target"]) => json<StatusDocument>(machine, "status");
  const history = (machine: Fleet["target"], service: string) => json<HistoryDocument>(machine, "history", service);
  const audited = (since: number): readonly AuditEvent[] =>
    fleet.cluster.audit({ since, userAgent: "gitops/" }).filter(({ requestURI }) => !requestURI.includes("dryRun=All"));
  const ofStatus = (since: number) => named(audited(since).filter((event) => !isOfServices(event))).map(plain);
  const plain = (line: string): string => line.replace(/-[0-9a-f]{8}(-\d+)?(\.[0-9a-f]{16})?$/, "");
  const ask = async (method: string, path: string, body?: object) => {
    const { url, ca, token } = fleet.cluster;
    const sent = body === undefined ? {} : { body, contentType: "application/merge-patch+json" };
    const answer = await send(`${url}${path}`, { method, ca, token, ...sent });
    expect(answer.status, answer.body).toBe(200);
    return answer;
  };
  const merge = (index: number) => {
    const { namespace, name } = fleet.service(index);
    return ask("PATCH", `/api/v1/namespaces/${namespace}/configmaps/${name}`, { data: { VERSION: "edited" } });
  };

  test("a machine that never synced sees what the other left", async () => {
    const [mine, theirs] = [await status(fleet.target), await status(other)];
    expect(theirs).toEqual(mine);
    expect(theirs.from).toBe("cluster");
    expect(theirs.exit).toBe(0);
    expect(theirs.services).toHaveLength(12 + 1); // and that of the namespaces
    expect(theirs.services[0]).toMatchObject({ state: "synced", owned: expect.any(Number) as number });
    const ready = theirs.services.flatMap(({ conditions = [] }) => conditions.filter(({ type }) => type === "Ready"));
    expect(new Set(ready.map(({ reason }) => reason))).toEqual(new Set(["ReconciliationSucceeded"]));
  });

  test("a sync that finds all as it was writes nothing at all, of whichever machine", async () => {
    const since = fleet.cluster.mark();
    expect((await sync(fleet.target)).code).toBe(0);
    expect((await sync(other)).code).toBe(0);
    expect(audited(since)).toEqual([]);
  });

  test("a commit to one service writes its group and the end of the pass, and the other machine sees it", async () => {
    const service = fleet.service(3);
    const commit = await fleet.monorepo.commit(release(service, "1.1.0"), "a release");
    const since = fleet.cluster.mark();
    expect((await sync(fleet.target)).code).toBe(0);
    expect(ofStatus(since)).toEqual([
      "patch configmaps gitops-system/gitops-pass",
      "patch configmaps gitops-system/gitops-status",
    ]);
    const seen = await history(other, service.id);
    expect(seen.applied).toContain(commit);
    expect(seen.history.map(({ what }) => what)).toEqual(["2 updated", "4 created"]);
  });

  test("drift that was written back is in the history and told as an Event", async () => {
    await merge(2);
    const since = fleet.cluster.mark();
    expect((await fleet.sync()).code).toBe(0);
    expect(ofStatus(since)).toContain("patch events gitops-system/gitops-status");
    const { stdout } = await call(other, "events");
    expect(stdout).toMatch(new RegExp(`DriftRepaired +${fleet.service(2).id} +1 updated, drift repaired`));
  });

  test("what one machine suspends, the other leaves alone, until it is resumed", async () => {
    const { id } = fleet.service(4);
    const suspended = await call(other, "suspend", id, "--reason", "incident 4711");
    expect(suspended.code, suspended.stderr).toBe(0);
    await merge(4);
    await fleet.monorepo.commit(release(fleet.service(4), "2.0.0"), "not now");
    const { pass, writes } = await fleet.sync();
    expect(writes).toEqual([]);
    const outcome = pass.services.find(({ service }) => service === id);
    expect(outcome).toMatchObject({ state: "suspended", because: "suspended by grace: incident 4711" });
    const seen = (await status(other)).services.find(({ service }) => service === id);
    expect(seen).toMatchObject({ state: "suspended", suspended: { author: "grace", reason: "incident 4711" } });
    expect((await call(other, "resume", id)).code).toBe(0);
    const resumed = await fleet.sync();
    expect(named(resumed.writes)).toContain(`patch configmaps ${fleet.service(4).namespace}/${fleet.service(4).name}`);
  });

  test("a suspended service that leaves git keeps its objects, and they stay its own", async () => {
    const service = fleet.service(5);
    expect((await call(other, "suspend", service.id, "--reason", "migration")).code).toBe(0);
    await fleet.monorepo.commit(removal([service]), "remove it");
    const { pass, writes } = await fleet.sync();
    expect(writes).toEqual([]);
    expect(pass.services.find((one) => one.service === service.id)?.state).toBe("suspended");
    expect((await call(other, "resume", "*")).code).toBe(0);
    const { pass: after } = await fleet.sync();
    expect(after.services.find((one) => one.service === service.id)?.counts).toMatchObject({ deleted: 4 });
  });

  test("a suspension ends by itself at its time", async () => {
    const { id } = fleet.service(6);
    expect((await call(other, "suspend", id, "--reason", "short", "--until", "1h")).code).toBe(0);
    await merge(6);
    const state = async () => (await sync(fleet.target)).pass.services.find(({ service }) => service === id)?.state;
    expect(await state()).toBe("suspended");
    // The hour is over: its end, as it stands in the cluster, is past.
    const { items } = JSON.parse((await ask("GET", "/api/v1/namespaces/gitops-system/configmaps")).body) as ConfigMaps;
    const kept = items.find(({ metadata }) => metadata.name.startsWith("gitops-suspensions-"));
    const asked = JSON.parse(kept?.data["suspensions"] ?? "[]") as readonly Suspension[];
    const over = asked.map((one) => ({ ...one, until: one.at }));
    const body = { data: { suspensions: JSON.stringify(over) } };
    await ask("PATCH", `/api/v1/namespaces/gitops-system/configmaps/${kept?.metadata.name}`, body);
    expect(await state()).toBe("synced");
    expect((await status(other)).services.find(({ service }) => service === id)?.suspended).toBeUndefined();
  });

  test("deletes that are held go once somebody confirmed that commit, which is recorded", async () => {
    const gone = fleet.monorepo.services.slice(7, 11);
    const commit = await fleet.monorepo.commit(removal(gone), "remove a third");
    const held = await fleet.sync();
    expect(held.code).toBe(3);
    expect(held.writes).toEqual([]);
    expect((await fleet.sync()).code).toBe(3);
    const first = gone[0]?.id ?? "";
    const confirmed = await call(other, "confirm", commit.slice(0, 12), "--service", first);
    expect(confirmed.code, confirmed.stderr).toBe(0);
    expect(confirmed.stdout).toContain(`1 service with held deletes: ${first}`);
    const some = await fleet.sync();
    expect(some.pass.counts.deleted).toBe(4);
    expect(some.pass.services.find(({ service }) => service === first)?.confirmed).toMatchObject({
      by: "grace",
      how: "command",
    });
    expect((await call(other, "confirm", commit)).code).toBe(0);
    const rest = await fleet.sync();
    expect(rest.pass.counts.deleted).toBe(12);
    expect((await call(other, "events")).stdout).toMatch(/Confirmed|Removed/);
  });

  test("a trailer of the commit confirms it, too", async () => {
    const service = fleet.service(0);
    const files = ["configmap", "deployment", "service", "serviceaccount"].map(
      (name) => `${service.folder}/${name}.yaml`,
    );
    const empty = { [`${service.folder}/kustomization.yaml`]: "resources: []\n" };
    await fleet.monorepo.commit(
      { ...Object.fromEntries(files.map((file) => [file, null])), ...empty },
      `empty ${service.id}\n\nIt is not needed any more.\n\nGitops-Confirm: ${service.id}\n`,
    );
    const { pass } = await fleet.sync();
    expect(pass.counts.deleted).toBe(4);
    const seen = await history(other, service.id);
    expect(seen.history[0]).toMatchObject({ what: "4 deleted", confirmed: { how: "trailer" } });
  });

  test("with --status-namespace off nothing is read and nothing is written there", async () => {
    const since = fleet.cluster.mark();
    await fleet.monorepo.commit(release(fleet.service(1), "3.0.0"), "another release");
    expect((await sync(fleet.target, "--status-namespace", "off")).code).toBe(0);
    const all = fleet.cluster.audit({ since, userAgent: "gitops/", reads: true });
    expect(all.filter(({ objectRef }) => objectRef?.namespace === "gitops-system").map(({ verb }) => verb)).toEqual([]);
    expect((await call(fleet.target, "history", "x", "--status-namespace", "off")).code).toBe(2);
  });

  test("A15 a cluster that is not the one of before is not written to", async () => {
    await fleet.monorepo.commit(release(fleet.service(1), "4.0.0"), "one more release");
    const since = fleet.cluster.mark();
    const refused = await sync(fleet.target, "--cluster-uid", "00000000-0000-0000-0000-000000000000");
    expect(refused.code).toBe(2);
    expect(refused.pass.failures.map(({ code }) => code)).toEqual(["cluster/other-cluster"]);
    expect(audited(since)).toEqual([]);
  });
});

interface ConfigMaps {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly data: Record<string, string> }[];
}
