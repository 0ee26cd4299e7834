import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fleet, named, startFleet } from "../support/fleet.ts";
import { send } from "../support/https.ts";
import { flagsOf, start, sync } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

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

  test("D25 SIGTERM ends a sync at a safe point; the next one finishes it", async () => {
    const changes = fleet.monorepo.services.map(({ folder, name }) => [
      `${folder}/configmap.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {VERSION: after}\n`,
    ]);
    await fleet.monorepo.commit(Object.fromEntries(changes), "change all");
    const since = fleet.cluster.mark();
    const written = () => fleet.cluster.audit({ since, userAgent: "gitops/" });
    const child = start(["sync", ...flagsOf(fleet.target), "--concurrency", "1", "-o", "json"]);
    const exited = once(child, "exit");
    while (written().length === 0 && child.exitCode === null) await new Promise((resolve) => setImmediate(resolve));
    child.kill("SIGTERM");
    const [code] = (await exited) as [number | null];
    expect(code).toBe(143);
    expect(written().every(({ responseStatus }) => (responseStatus?.code ?? 500) < 300)).toBe(true);
    const rest = await sync(fleet.target);
    expect(rest.code).toBe(0);
    expect(named(written())).toHaveLength(fleet.monorepo.services.length);
  });
});
