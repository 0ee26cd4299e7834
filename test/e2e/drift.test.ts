import { setTimeout as rest } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, named, startFleet } from "../support/fleet.ts";
import { send } from "../support/https.ts";
import { startMutator } from "../support/mutating-webhook.ts";
import { flagsOf, run, type Synced } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";
import { map, type SmallFleet, startSmallFleet } from "../support/small-fleet.ts";

/** Drift is read from field ownership: what others changed of ours comes back, what is theirs stays theirs. */
describeWithCluster("what others do to our objects", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await startFleet({ services: 6, namespaces: 1 });
    expect((await fleet.sync()).code).toBe(0);
  });
  afterAll(() => fleet?.close());

  const request = async (method: string, path: string, body?: unknown, contentType?: string) => {
    const { url, ca, token } = fleet.cluster;
    const type = contentType === undefined ? {} : { contentType };
    const answer = await send(`${url}${path}`, { method, ca, token, body, ...type });
    expect(answer.status, answer.body).toBeLessThan(300);
    return JSON.parse(answer.body) as { metadata: Record<string, unknown>; [key: string]: unknown };
  };
  const merge = (path: string, body: unknown) => request("PATCH", path, body, "application/merge-patch+json");
  const pathOf = (index: number, resource: "configmaps" | "deployments"): string => {
    const { namespace, name } = fleet.service(index);
    const root = resource === "deployments" ? "/apis/apps/v1" : "/api/v1";
    return `${root}/namespaces/${namespace}/${resource}/${name}`;
  };

  test.each([
    ["an edit", () => merge(pathOf(0, "configmaps"), { data: { VERSION: "edited" } }), "data.VERSION"],
    [
      "the scale subresource",
      () => merge(`${pathOf(1, "deployments")}/scale`, { spec: { replicas: 5 } }),
      "spec.replicas",
    ],
    [
      "a removed owner label",
      () => merge(pathOf(2, "configmaps"), { metadata: { labels: { "gitops.bulkhead.dev/service": null } } }),
      "",
    ],
    [
      "an edited owner label",
      () => merge(pathOf(2, "configmaps"), { metadata: { labels: { "gitops.bulkhead.dev/service": "another" } } }),
      "",
    ],
    [
      "a PUT that wipes managedFields",
      async () => {
        const object = await request("GET", pathOf(3, "configmaps"));
        await request("PUT", pathOf(3, "configmaps"), {
          ...object,
          metadata: { ...object.metadata, managedFields: [{}] },
        });
      },
      "our field ownership is gone",
    ],
    ["a delete", () => request("DELETE", pathOf(4, "configmaps")), ""],
  ] as const)("%s is undone with one write", async (_name, change, why) => {
    await change();
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(0);
    expect(writes).toHaveLength(1);
    expect(pass.builds).toBe(0);
    const steps = pass.services.flatMap((service) => service.steps).filter(({ action }) => action !== "unchanged");
    expect(steps).toHaveLength(1);
    expect(steps[0]?.why).toContain(why);
    expect((await fleet.sync()).writes).toEqual([]);
  });

  test.each([
    ["a label of theirs", () => merge(pathOf(0, "configmaps"), { metadata: { labels: { theirs: "yes" } } })],
    ["a field of theirs", () => merge(pathOf(0, "configmaps"), { data: { THEIRS: "yes" } })],
    ["a status", () => merge(`${pathOf(1, "deployments")}/status`, { status: { replicas: 2 } })],
    [
      "a container of theirs",
      () =>
        request(
          "PATCH",
          pathOf(1, "deployments"),
          { spec: { template: { spec: { containers: [{ name: "sidecar", image: "sidecar" }] } } } },
          "application/strategic-merge-patch+json",
        ),
    ],
  ] as const)("%s is left alone", async (_name, change) => {
    await change();
    expect((await fleet.sync()).writes).toEqual([]);
  });

  test("A10 objects that carry copies of our labels are never deleted", async () => {
    const object = await request("GET", pathOf(5, "configmaps"));
    const { labels, annotations, namespace } = object.metadata as {
      labels: object;
      annotations: object;
      namespace: string;
    };
    const copy = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "copy", labels, annotations } };
    await request("POST", `/api/v1/namespaces/${namespace}/configmaps`, copy);
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(0);
    expect(writes).toEqual([]);
    const kept = pass.services.flatMap(({ steps }) => steps).filter(({ action }) => action === "kept");
    expect(kept.map(({ name, why }) => `${name}: ${why}`)).toEqual([
      "copy: it carries our label, but our apply did not write it",
    ]);
  });
});

const MERGE = "application/merge-patch+json";

describeWithCluster("drift modes", () => {
  let fleet: SmallFleet;
  const edit = (name: string) =>
    fleet.ask("PATCH", `${fleet.path(name)}?fieldManager=somebody`, { data: { VALUE: "theirs" } }, MERGE);
  const value = async (name: string) => (await fleet.ask("GET", fleet.path(name)))?.["data"];

  beforeAll(async () => {
    fleet = await startSmallFleet("modes");
    const settings = `apiVersion: gitops.bulkhead.dev/v1
kind: Settings
services:
  - {match: "*/watched", drift: detect}
  - {match: "*/loose", drift: off}
`;
    const files = ["watched", "loose", "kept"].map((name) => fleet.declares(name, { map: map(name) }));
    await fleet.commit({ "gitops.yaml": settings }, ...files);
    expect((await fleet.sync()).code).toBe(0);
  });
  afterAll(() => fleet?.close());

  test("are to enforce, to detect and off: one write for three edits, one report, exit 3", async () => {
    for (const name of ["watched", "loose", "kept"]) await edit(name);
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(3);
    expect(named(writes)).toEqual(["patch configmaps modes/kept"]);
    expect(pass.services.map(({ service, state }) => `${service} ${state}`)).toEqual([
      "modes/kept synced",
      "modes/loose unchanged",
      "modes/watched drifted",
    ]);
    const [step] = pass.services.flatMap(({ steps }) => steps).filter(({ action }) => action === "drifted");
    expect(step?.drift).toEqual([{ path: "data.VALUE", manager: "somebody", since: expect.any(String) }]);
    expect(await value("watched")).toEqual({ VALUE: "theirs" });
    expect(await value("kept")).toEqual({ VALUE: "1" });
  });

  test("show in a diff with who has the field", async () => {
    const { code, stdout } = await run(["diff", ...flagsOf(fleet.target), ...fleet.scope]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/drifted ConfigMap modes\/watched/);
    expect(stdout).toMatch(/! data\.VALUE: somebody has it since \d{4}-/);
  });

  test("change nothing about what git changes: it is applied in each", async () => {
    await fleet.commit(...["watched", "loose"].map((name) => fleet.declares(name, { map: map(name, "2") })));
    const { code, writes } = await fleet.sync();
    expect(code).toBe(0);
    expect(named(writes)).toEqual(["patch configmaps modes/loose", "patch configmaps modes/watched"]);
    expect(await value("loose")).toEqual({ VALUE: "2" });
  });
});

describeWithCluster("others who keep changing what is ours", () => {
  let fleet: SmallFleet;
  beforeAll(async () => {
    fleet = await startSmallFleet("fights");
  });
  afterAll(() => fleet?.close());

  const warnings = ({ pass }: Synced) => pass.services.flatMap((service) => service.warnings ?? []);

  test("D26 a writer that changes a field back each time is fought three times, then left and told of", async () => {
    await fleet.commit(fleet.declares("fought", { map: map("fought", "git"), beside: map("beside", "1") }));
    await fleet.sync("--service", "*/fought");
    const since = fleet.cluster.mark();
    const rounds = [];
    for (let round = 0; round < 6; round += 1) {
      const edited = await fleet.ask(
        "PATCH",
        `${fleet.path("fought")}?fieldManager=rival`,
        { data: { VALUE: "rival" } },
        MERGE,
      );
      expect(edited).toMatchObject({ data: { VALUE: "rival" } });
      rounds.push(await fleet.sync("--service", "*/fought"));
    }
    const events = fleet.cluster
      .audit({ since, userAgent: "gitops/" })
      .filter(({ objectRef }) => objectRef?.resource === "events");
    expect(events.length).toBeLessThanOrEqual(3);
    // Waits of a fight are minutes long: within the test at most the first of them can end.
    const fought = rounds.filter(({ writes }) => writes.length > 0);
    expect(fought.length).toBeGreaterThanOrEqual(3);
    expect(fought.length).toBeLessThanOrEqual(4);
    expect(fought.slice(0, 3)).toEqual(rounds.slice(0, 3));
    const [step] =
      rounds[0]?.pass.services.flatMap((service) => service.steps.filter(({ name }) => name === "fought")) ?? [];
    expect(step?.why).toMatch(/^drifted: data\.VALUE \(rival, since \d{4}-\d\d-\d\dT[\d:]+Z\)$/);
    expect(step?.drift).toEqual([{ path: "data.VALUE", manager: "rival", since: expect.any(String) }]);
    const quiet = rounds.find(({ writes }) => writes.length === 0);
    expect(quiet?.code).toBe(3);
    expect(quiet?.pass.services.map(({ state }) => state)).toEqual(["drifted"]);
    expect(quiet && warnings(quiet).map(({ code, message }) => `${code} ${message}`)).toEqual([
      expect.stringMatching(
        /^drift\/flapping ConfigMap fights\/fought is changed back each time: data\.VALUE \(rival, since .*; next try at /,
      ),
    ]);
  });

  test("D26 a change in git is applied in the middle of a fight", async () => {
    await fleet.commit(fleet.declares("fought", { map: map("fought", "git again"), beside: map("beside", "1") }));
    const { code, writes } = await fleet.sync("--service", "*/fought");
    expect(code).toBe(0);
    expect(writes).toHaveLength(1);
  });

  test("D26 webhooks that rewrite or strip our fields at each apply cost one write each, and no more", async () => {
    const hook = await startMutator(fleet.cluster, "fights", (object) => {
      const rewritten = [{ op: "replace", path: "/data/VALUE", value: `rewritten ${String(Math.random())}` }];
      return object.metadata.name === "stripped" ? [{ op: "remove", path: "/data/VALUE" }] : rewritten;
    });
    try {
      await fleet.commit(
        fleet.declares("mutated", {
          rewritten: map("rewritten"),
          stripped: `${map("stripped")}binaryData: {X: AAAA}\n`,
        }),
      );
      const passes = [];
      for (let pass = 0; pass < 6; pass += 1) passes.push(await fleet.sync("--service", "*/mutated"));
      expect(passes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
      expect(passes.map(({ writes }) => writes.length)).toEqual([2, 0, 0, 0, 0, 0]);
      expect(await fleet.ask("GET", fleet.path("rewritten"))).toMatchObject({
        data: { VALUE: expect.stringMatching(/^rewritten/) },
      });
      expect(hook.asked()).toBe(2);
    } finally {
      await hook.close();
    }
  });
});

describeWithCluster("an object that something else scales", () => {
  let fleet: SmallFleet;
  const SCALED = "apps/v1/deployments";
  const deployment = (replicas: number | undefined, image: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: scaled}
spec:
${replicas === undefined ? "" : `  replicas: ${replicas}\n`}  selector: {matchLabels: {app: scaled}}
  template: {metadata: {labels: {app: scaled}}, spec: {containers: [{name: web, image: "${image}"}]}}
`;
  const autoscaler = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "scaler" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "scaled" },
      minReplicas: 1,
      maxReplicas: 999,
    },
  };
  const replicas = async () => {
    const live = await fleet.ask("GET", fleet.path("scaled", SCALED));
    return (live?.["spec"] as { readonly replicas?: number } | undefined)?.replicas;
  };
  const scale = (to: number) =>
    fleet.ask(
      "PATCH",
      `${fleet.path("scaled", SCALED)}/scale?fieldManager=kube-controller-manager`,
      { spec: { replicas: to } },
      MERGE,
    );
  const declare = (wanted: number | undefined, image: string) =>
    fleet.commit(fleet.declares("scaled", { deployment: deployment(wanted, image) }));
  const image = async () => JSON.stringify(await fleet.ask("GET", fleet.path("scaled", SCALED)));

  beforeAll(async () => {
    fleet = await startSmallFleet("scaled");
  });
  afterAll(() => fleet?.close());

  test("E1 is created with git's replicas, and keeps them when an autoscaler comes", async () => {
    await declare(2, "web:1");
    expect((await fleet.sync()).code).toBe(0);
    expect(await replicas()).toBe(2);
    await fleet.ask("POST", fleet.path("", "autoscaling/v2/horizontalpodautoscalers").replace(/\/$/, ""), autoscaler);
    await fleet.sync();
    expect(await replicas()).toBe(2);
    expect((await fleet.sync()).writes).toEqual([]);
  });

  test("E1 keeps them when git changes or drops its number while nobody else has set one", async () => {
    for (const [wanted, tag] of [
      [7, "web:2"],
      [undefined, "web:3"],
      [9, "web:4"],
    ] as const) {
      await declare(wanted, tag);
      const { stdout } = await run(["diff", ...flagsOf(fleet.target), ...fleet.scope]);
      expect(stdout).toContain(`+ spec.template.spec.containers[name=web].image: "${tag}"`);
      expect(stdout).not.toMatch(/[-+] spec\.replicas/);
      const { code, writes } = await fleet.sync();
      expect(code).toBe(0);
      expect(writes).toHaveLength(1);
      expect(await image()).toContain(`"${tag}"`);
      expect(await replicas(), tag).toBe(2);
    }
  });

  test("E1 warns of it, with the object, the autoscaler and the remedy; and exits 0", async () => {
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(0);
    expect(writes).toEqual([]);
    expect(pass.services.flatMap((service) => service.warnings ?? [])).toEqual([
      expect.objectContaining({
        code: "drift/autoscaled",
        message:
          "apps/Deployment scaled/scaled says spec.replicas, and autoscaling/HorizontalPodAutoscaler scaled/scaler (in the cluster) scales it: git's number is left out",
        remedy: "remove spec.replicas from dev/releases/scaled/scaled/deployment.yaml:1",
      }),
    ]);
  });

  test("E1 is never moved by us while it is scaled ten times a second beside syncs that change it", async () => {
    let last = 100;
    const moved: string[] = [];
    const done = new AbortController();
    await scale(last);
    const scaling = (async () => {
      while (!done.signal.aborted) {
        const now = await replicas();
        // Nobody else scales: whatever is not the last number was written by a sync.
        if (now !== last) moved.push(`${String(last)} became ${String(now)}`);
        last += 1;
        await scale(last);
        await rest(100);
      }
    })();
    const writes: number[] = [];
    try {
      for (const [at, wanted] of [3, 4, undefined, 5, 6].entries()) {
        await declare(wanted, `web:beside-${at}`);
        writes.push((await fleet.sync()).writes.length);
        expect(await image()).toContain(`web:beside-${at}`);
      }
    } finally {
      done.abort();
      await scaling;
    }
    expect(moved).toEqual([]);
    expect(await replicas()).toBe(last);
    expect(writes.every((count) => count >= 1)).toBe(true);
    expect((await fleet.sync()).writes).toEqual([]);
  });

  test("E1 keeps its replicas when autoscalers cannot be listed, and says that it does", async () => {
    const before = await replicas();
    await declare(8, "web:5");
    const synced = await fleet.proxied(async (proxy, flags) => {
      proxy.add({
        path: /\/horizontalpodautoscalers\?/,
        fault: { kind: "status", code: 403, reason: "Forbidden", message: "not you" },
      });
      return await fleet.sync(...flags);
    });
    expect(await image()).toContain("web:5");
    expect(await replicas()).toBe(before);
    const warnings = synced.pass.services.flatMap((service) => service.warnings ?? []);
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining("is not known, so its replicas are left as they are"),
    ]);
  });

  test("E1 has git's replicas again when the autoscaler is gone", async () => {
    await fleet.ask("DELETE", fleet.path("scaler", "autoscaling/v2/horizontalpodautoscalers"));
    const { code, pass } = await fleet.sync();
    expect(code).toBe(0);
    expect(pass.services.flatMap((service) => service.warnings ?? [])).toEqual([]);
    expect(await replicas()).toBe(8);
  });

  test("E1 an autoscaler that another service of the revision declares counts before it is applied", async () => {
    await scale(4);
    const hpa = JSON.stringify(autoscaler);
    await fleet.commit(
      fleet.declares("autoscalers", { hpa }),
      fleet.declares("scaled", { deployment: deployment(8, "web:6") }),
    );
    const { pass } = await fleet.sync();
    expect(await replicas()).toBe(4);
    expect(pass.services.flatMap((service) => service.warnings ?? []).map(({ message }) => message)).toEqual([
      expect.stringContaining("scaled/scaler (dev/releases/scaled/autoscalers/hpa.yaml:1) scales it"),
    ]);
  });
});
