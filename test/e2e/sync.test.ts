import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestCluster } from "../support/cluster.ts";
import { type Fleet, named, startFleet } from "../support/fleet.ts";
import { send } from "../support/https.ts";
import { configMap, OBJECTS_PER_SERVICE, release, removal } from "../support/monorepo.ts";
import { flagsOf, run } from "../support/program.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";

/**
 * A repository of 250 services, served by git over HTTP, and a real API server, from its first sync on. Each test goes on
 * from where the one before ended; the API server's audit log is the judge of what was written.
 */
describeWithCluster("a monorepo of 250 services", () => {
  const SERVICES = 250;
  const NAMESPACES = 10;
  const OBJECTS = SERVICES * OBJECTS_PER_SERVICE + NAMESPACES;
  let fleet: Fleet;
  const service = (index: number) => fleet.service(index);

  beforeAll(async () => {
    fleet = await startFleet({ services: SERVICES, namespaces: NAMESPACES });
  });
  afterAll(() => fleet?.close());

  test("the first sync applies everything, each object once", async () => {
    const { code, pass, writes } = await fleet.sync();
    expect(pass.services.filter(({ state }) => state !== "synced")).toEqual([]);
    expect(code).toBe(0);
    expect(pass.counts).toMatchObject({ created: OBJECTS, updated: 0, deleted: 0 });
    expect(writes).toHaveLength(OBJECTS);
    expect(new Set(named(writes)).size).toBe(OBJECTS);
    expect(writes.every(({ verb, responseStatus }) => verb === "patch" && responseStatus?.code === 201)).toBe(true);
  });

  test("the second sync writes nothing and builds nothing", async () => {
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(0);
    expect(writes).toEqual([]);
    expect(pass.builds).toBe(0);
    expect(pass.counts).toMatchObject({ unchanged: OBJECTS, created: 0, updated: 0 });
  });

  test("D20 a commit to one service builds that service and writes its changed objects", async () => {
    const { name, namespace, id } = service(17);
    await fleet.monorepo.commit(release(service(17), "1.0.1"), "a release");
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(0);
    expect(pass.services.filter(({ built }) => built).map((one) => one.service)).toEqual([id]);
    expect(pass.builds).toBe(1);
    expect(named(writes)).toEqual([`patch configmaps ${namespace}/${name}`, `patch deployments ${namespace}/${name}`]);
  });

  test("an object that was removed from git is deleted, with preconditions", async () => {
    const { name, namespace, folder } = service(18);
    const kustomization = `${folder}/kustomization.yaml`;
    const resources = ["configmap", "deployment", "service"].map((file) => `  - ${file}.yaml\n`).join("");
    await fleet.monorepo.commit(
      { [kustomization]: `resources:\n${resources}`, [`${folder}/serviceaccount.yaml`]: null },
      "no account",
    );
    const { code, pass, writes } = await fleet.sync();
    expect(pass.failures).toEqual([]);
    expect(code).toBe(0);
    const deletes = writes.filter(({ verb }) => verb === "delete");
    expect(named(deletes)).toEqual([`delete serviceaccounts ${namespace}/${name}`]);
    expect(pass.counts.deleted).toBe(1);
  });

  test("A4 an object that moved to another service is relabelled in place, never deleted", async () => {
    const [from, to] = [service(20), service(20 + NAMESPACES)];
    const uidOf = async (): Promise<string> => {
      const answer = await fetchObject(fleet.cluster, `/api/v1/namespaces/${from.namespace}/configmaps/${from.name}`);
      return answer.metadata.uid;
    };
    const uid = await uidOf();
    const files = ["configmap", "deployment", "service", "serviceaccount"].map((file) => `${file}.yaml`);
    await fleet.monorepo.commit(
      {
        [`${from.folder}/kustomization.yaml`]: `resources: [${files.slice(1).join(", ")}]\n`,
        [`${from.folder}/configmap.yaml`]: null,
        [`${to.folder}/kustomization.yaml`]: `resources: [${files.join(", ")}, moved.yaml]\n`,
        [`${to.folder}/moved.yaml`]: configMap(from.name, "1.0.0"),
      },
      "move a config map",
    );
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(0);
    const steps = pass.services.find((one) => one.service === to.id)?.steps ?? [];
    expect(steps.find(({ action }) => action === "transfer")).toMatchObject({
      name: from.name,
      why: `moved from ${from.id}`,
    });
    expect(writes.filter(({ verb }) => verb === "delete")).toEqual([]);
    expect(await uidOf()).toBe(uid);
  });

  test("A2 services that left git in great numbers are held, and the text says how to confirm", async () => {
    const gone = fleet.monorepo.services.slice(100, 250);
    const commit = await fleet.monorepo.commit(removal(gone), "remove most of it");
    const { code, pass, writes } = await fleet.sync();
    expect(writes).toEqual([]);
    expect(code).toBe(3);
    expect(pass.counts.held).toBe(gone.length * OBJECTS_PER_SERVICE);
    const { stdout } = await run(["sync", ...flagsOf(fleet.target)]);
    expect(stdout).toContain(`--confirm ${commit.slice(0, 12)}`);
    const confirmed = await fleet.sync("--confirm", commit.slice(0, 12));
    expect(confirmed.code).toBe(0);
    expect(confirmed.pass.counts.deleted).toBe(gone.length * OBJECTS_PER_SERVICE);
    expect(confirmed.writes.every(({ verb }) => verb === "delete")).toBe(true);
  });
});

/** An object, read by other means than the program's. */
async function fetchObject(
  cluster: TestCluster,
  path: string,
): Promise<{ readonly metadata: { readonly uid: string } }> {
  const { status, body } = await send(`${cluster.url}${path}`, { method: "GET", ca: cluster.ca, token: cluster.token });
  expect(status).toBe(200);
  return JSON.parse(body) as { metadata: { uid: string } };
}
