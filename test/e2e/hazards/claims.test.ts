import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import type { Cluster, LiveObject } from "../../../src/cluster/index.ts";
import { createEmbedded } from "../../../src/embedded/index.ts";
import type { ServiceStanding } from "../../../src/model/index.ts";
import type { StatusDocument } from "../../../src/report/documents.ts";
import { readStanding } from "../../../src/status/index.ts";
import { startTape, type Tape, type Taped } from "../../support/configmap-tape.ts";
import { flagsOf, run, start } from "../../support/program.ts";
import { describeWithCluster } from "../../support/shared-cluster.ts";
import { map, type SmallFleet, startSmallFleet } from "../../support/small-fleet.ts";

/**
 * Status is held against the truth at every instant: the API server numbers what it stores, records of status and objects of
 * services alike, so that for each record it can be told what was in place when it was written.
 */
describeWithCluster("what status claims", () => {
  const SCOPE = "hazard-claims";
  const SERVICES = ["a", "b", "c", "d", "e", "f"];
  const OBJECTS = [1, 2, 3, 4];
  let fleet: SmallFleet;
  let tape: Tape;
  const children: ChildProcess[] = [];
  const empty = createEmbedded({ clock: systemClock(), controllers: "none" });
  beforeAll(async () => {
    fleet = await startSmallFleet(SCOPE);
    tape = await startTape(fleet.cluster);
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    tape?.close();
    await empty.close();
    await fleet?.close();
  });

  /** What each commit wants: the value of each object, null for one that it does not have; by the commit's id, in order. */
  const wanted = new Map<string, Readonly<Record<string, string | null>>>();
  const commit = async (number: number): Promise<string> => {
    const before = [...wanted.values()].at(-1) ?? {};
    const touched = SERVICES.filter((_, index) => number === 0 || (number + index) % 3 === 0);
    const changes = touched.flatMap((service) =>
      OBJECTS.map((n) => {
        const dropped = n === 4 && number % 4 === 2;
        return [service, `${service}-${n}`, dropped ? null : `commit ${number}`] as const;
      }),
    );
    const broken = SERVICES[number % SERVICES.length] ?? "";
    const files = touched.map((service) =>
      fleet.declares(service, {
        ...Object.fromEntries(
          changes
            .filter(([of]) => of === service)
            .map(([, name, value]) => [name, value === null ? null : map(name, value)]),
        ),
        // Every third commit has an object that the server refuses, beside those that it takes.
        refused: service === broken && number % 3 === 1 ? map("Not_A_Name") : null,
      }),
    );
    const settings = { "clusters/dev/gitops.yaml": "defaults: {retryInterval: 1s}\n" };
    const id = await fleet.commit(...files, settings);
    wanted.set(id, { ...before, ...Object.fromEntries(changes.map(([, name, value]) => [name, value])) });
    return id;
  };

  /** What is claimed of a moment that cannot be true: there were other values than this commit's or a later one's. */
  const lies = (standing: ServiceStanding, live: ReadonlyMap<string, string>): readonly string[] => {
    const { service, applied, conditions } = standing;
    const id = applied?.split(":").at(-1) ?? "";
    const revisions = [...wanted.keys()];
    const since = revisions.indexOf(id);
    const ready = conditions.find(({ type }) => type === "Ready");
    const said = ready?.status === "True" && !ready.message.includes(id);
    const unknown = applied !== undefined && since < 0;
    if (said || unknown || (ready?.status === "True" && applied === undefined))
      return [`${service}: ${ready?.message}`];
    if (applied === undefined) return [];
    const name = service.split("/").at(-1) ?? "";
    return OBJECTS.map((n) => `${name}-${n}`)
      .filter(
        (object) =>
          !revisions.slice(since).some((one) => (wanted.get(one)?.[object] ?? null) === (live.get(object) ?? null)),
      )
      .map((object) => `${service} at ${id}: ${object} is ${live.get(object) ?? "not there"}`);
  };
  const isStatus = ({ object }: Taped): boolean =>
    object.metadata.namespace === "gitops-system" && object.metadata.labels?.["gitops.bulkhead.dev/standing"] === SCOPE;
  /** The standing that records of one moment are, as the program reads it. */
  const read = async (records: ReadonlyMap<string, Taped["object"]>): Promise<readonly ServiceStanding[]> => {
    const items = [...records.values()].map((object) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      ...object,
    })) as unknown;
    const cluster: Cluster = {
      ...empty,
      listObjects: () => Promise.resolve({ ok: true, value: { items: items as LiveObject[], resourceVersion: "1" } }),
    };
    const standing = await readStanding(
      cluster,
      { namespace: "gitops-system", scope: SCOPE },
      systemClock().nowMs(),
      never,
    );
    if (!standing.ok) throw new Error(standing.failures[0]?.message);
    return standing.value.services();
  };
  /** Plays a tape: what is there, and what is claimed, after each record of status. */
  const play = async (
    taped: readonly Taped[],
    at: (claims: readonly ServiceStanding[], live: ReadonlyMap<string, string>, version: number) => void,
  ): Promise<void> => {
    const live = new Map<string, string>();
    const records = new Map<string, Taped["object"]>();
    for (const one of taped) {
      const { name, namespace } = one.object.metadata;
      if (isStatus(one)) {
        records.set(name, one.object);
        at(await read(records), live, one.version);
      } else if (namespace === SCOPE) {
        if (one.gone) live.delete(name);
        else live.set(name, one.object.data?.["VALUE"] ?? "");
      }
    }
  };

  test("E9 no commit is called applied, by any record of status, that was not applied whole", async () => {
    const shown: { readonly services: StatusDocument["services"]; readonly version: number }[] = [];
    await fleet.proxied(async (proxy, flags) => {
      // Some writes are refused, some are done and nobody hears of it.
      const objects = new RegExp(`^/api/v1/namespaces/${SCOPE}/configmaps/`);
      const every = (n: number, first: number): readonly number[] =>
        Array.from({ length: 200 }, (_, i) => first + i * n);
      proxy.add({
        method: "PATCH",
        path: objects,
        matches: every(9, 5),
        fault: { kind: "status", code: 403, reason: "Forbidden" },
      });
      proxy.add({ method: "PATCH", path: objects, matches: every(11, 7), fault: { kind: "reset", forward: true } });
      proxy.add({ method: "PATCH", path: objects, fault: { kind: "delay", ms: 15 } });
      const began = (): { readonly child: ChildProcess; readonly said: { text: string } } => {
        const pace = ["--poll", "1s", "--interval", "2s", "--listen", "127.0.0.1:0", "--concurrency", "2"];
        const child = start(["run", ...flagsOf(fleet.target), ...fleet.scope, ...flags, ...pace]);
        children.push(child);
        const said = { text: "" };
        child.stderr?.on("data", (data: Buffer) => {
          said.text += data.toString();
        });
        return { child, said };
      };
      const status = async (): Promise<StatusDocument> => {
        const { stdout, stderr } = await run(["status", ...flagsOf(fleet.target), ...fleet.scope, "-o", "json"]);
        expect(stdout, stderr).not.toBe("");
        return JSON.parse(stdout) as StatusDocument;
      };
      await commit(0);
      let running = began();
      for (let number = 1; number <= 12; number += 1) {
        const mark = fleet.cluster.mark();
        await commit(number);
        const writes = () => fleet.cluster.audit({ since: mark, userAgent: "gitops/" }).length;
        if (number % 4 === 0) {
          // In the middle of its writes the process is gone; another one takes over.
          await until(() => writes() >= 2 + number / 2);
          running.child.kill("SIGKILL");
          await once(running.child, "exit");
          running = began();
        } else {
          const passes = running.said.text.split('"pass ended"').length;
          await until(() => running.said.text.split('"pass ended"').length > passes);
        }
        const { services } = await status();
        shown.push({ services, version: await tape.now() });
      }
      proxy.clear();
      const last = await commit(13);
      const whole = async () =>
        (await status()).services.every(({ applied, state }) => state === "synced" && applied?.includes(last));
      await until(whole);
      running.child.kill("SIGTERM");
      await once(running.child, "exit");
    });

    const taped = await tape.taped();
    const seen = { records: 0, claims: 0, behind: 0, not: 0 };
    const head = [...wanted.keys()].at(-1) ?? "";
    await play(taped, (claims, live, version) => {
      seen.records += 1;
      for (const claim of claims) {
        expect(lies(claim, live), `version ${version}`).toEqual([]);
        seen.claims += Number(claim.applied !== undefined);
        seen.behind += Number(claim.applied !== undefined && !claim.applied.includes(head));
        seen.not += Number(claim.conditions.some(({ type, status }) => type === "Ready" && status !== "True"));
      }
    });
    // There was something to be wrong about.
    expect(seen.records).toBeGreaterThan(12);
    expect(seen.claims).toBeGreaterThan(100);
    expect(seen.behind).toBeGreaterThan(50);
    expect(seen.not).toBeGreaterThan(5);
    // And what people were shown meanwhile was so by then.
    for (const { services, version } of shown) {
      const live = liveAt(taped, version);
      for (const one of services) {
        const { conditions = [], ...standing } = one;
        expect(lies({ ...standing, conditions } as unknown as ServiceStanding, live), `shown at ${version}`).toEqual(
          [],
        );
      }
    }
    expect(shown.flatMap(({ services }) => services).length).toBeGreaterThan(50);

    // A record that claims one commit more is caught.
    const revisions = [...wanted.keys()];
    let caught = 0;
    await play(taped, (claims, live) => {
      for (const claim of claims) {
        const next = revisions[revisions.indexOf(claim.applied?.split(":").at(-1) ?? "") + 1];
        const hasty = { ...claim, applied: `main@sha1:${next}`, conditions: [] };
        if (claim.applied !== undefined && next !== undefined) caught += lies(hasty, live).length;
      }
    });
    expect(caught).toBeGreaterThan(10);
  });

  const liveAt = (taped: readonly Taped[], version: number): ReadonlyMap<string, string> => {
    const live = new Map<string, string>();
    for (const { object, gone, version: at } of taped) {
      if (at > version || object.metadata.namespace !== SCOPE) continue;
      if (gone) live.delete(object.metadata.name);
      else live.set(object.metadata.name, object.data?.["VALUE"] ?? "");
    }
    return live;
  };
});

const never = new AbortController().signal;

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(50);
}
