import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../cluster-lab/process-record.ts";
import { startCluster } from "../../support/cluster.ts";
import { describeWithCluster, sharedCluster } from "../../support/shared-cluster.ts";
import { codes, map, type SmallFleet, startSmallFleet, steps } from "../../support/small-fleet.ts";

const merge = "application/merge-patch+json";

/** A kind with two versions: what stands in `spec` may be anything. */
function definition(plural: string, kind: string, stored: "v1" | "v2"): unknown {
  const version = (name: string) => ({
    name,
    served: true,
    storage: name === stored,
    schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
  });
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.blocked.example.org` },
    spec: {
      group: "blocked.example.org",
      scope: "Namespaced",
      names: { kind, plural },
      versions: [version("v1"), version("v2")],
    },
  };
}

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const custom = (kind: string, name: string, version = "v1"): string =>
  `apiVersion: blocked.example.org/${version}\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {size: 3}\n`;

/** What is broken in the cluster concerns those who have to do with it, and nobody else (law L1). */
describeWithCluster("a cluster in which something is broken", () => {
  let fleet: SmallFleet;
  let broken: Server;
  const sockets = new Set<Socket>();
  let behave: (socket: Socket) => void = () => undefined;

  beforeAll(async () => {
    // A cluster of its own: what is broken here concerns everybody who lists all kinds.
    fleet = await startSmallFleet("hazard-blocked", await startCluster());
    broken = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      behave(socket);
    }).listen(0, "127.0.0.1");
    await once(broken, "listening");
    await fleet.commit(fleet.declares("other", { map: map("other") }));
    await fleet.ask("POST", DEFINITIONS, definition("widgets", "Widget", "v1"));
    await fleet.ask("POST", DEFINITIONS, definition("gadgets", "Gadget", "v1"));
    const gadgets = fleet.path("", "blocked.example.org/v2/gadgets");
    const served = () =>
      fleet.ask("GET", gadgets).then(
        (list) => list !== undefined,
        () => false,
      );
    expect(await until(served, 20_000)).toBe(true);
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    broken?.close();
    await fleet?.close();
    await fleet?.cluster.stop();
  });

  /** A sync of some services: no test depends on what another one left. */
  const syncOf = (names: readonly string[], ...more: readonly string[]) =>
    fleet.sync(...names.flatMap((name) => ["--service", fleet.service(name).id]), ...more);
  const ofService = (pass: Awaited<ReturnType<SmallFleet["sync"]>>["pass"], name: string) => {
    const found = pass.services.find(({ service }) => service === fleet.service(name).id);
    if (found === undefined) throw new Error(`${name} has no outcome`);
    return found;
  };

  test("E5 a version that is no longer served fails its user by name, and never makes an object look gone", async () => {
    await fleet.commit(
      fleet.declares("old", { gadget: custom("Gadget", "gadget"), map: map("beside-gadget") }),
      fleet.declares("other", { map: map("other") }),
    );
    expect((await syncOf(["old", "other"])).code).toBe(0);
    const at = fleet.path("gadget", "blocked.example.org/v2/gadgets");
    const uid = (await fleet.ask("GET", at))?.metadata.uid;
    const crd = `${DEFINITIONS}/gadgets.blocked.example.org`;
    const { spec } = definition("gadgets", "Gadget", "v2") as { spec: { versions: { name: string }[] } };
    const versions = spec.versions.map((version) => ({ ...version, served: version.name === "v2" }));
    await fleet.ask("PATCH", crd, { spec: { versions } }, merge);
    const oldOne = fleet.path("gadget", "blocked.example.org/v1/gadgets");
    await expect.poll(() => fleet.ask("GET", oldOne), { timeout: 20_000 }).toBeUndefined();
    await fleet.commit(fleet.declares("other", { map: map("other", "2") }));
    const refused = await syncOf(["old", "other"]);
    expect(refused.code).toBe(1);
    expect(codes(refused)).toEqual(["plan/unknown-kind"]);
    expect(ofService(refused.pass, "old").failures[0]?.remedy).toContain("blocked.example.org/v2");
    expect(refused.writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["patch other"]);
    await fleet.commit(fleet.declares("old", { gadget: custom("Gadget", "gadget", "v2") }));
    expect((await syncOf(["old", "other"])).code).toBe(0);
    expect((await fleet.ask("GET", at))?.metadata.uid).toBe(uid);
    await fleet.commit(fleet.declares("old", { gadget: null }));
    expect(steps(await syncOf(["old", "other"]))).toEqual(["delete gadget"]);
    expect(await fleet.ask("GET", at)).toBeUndefined();
  });

  test("D22 an object that will not go holds up nobody, and comes back when it is wanted again", async () => {
    const finalized = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stuck, finalizers: [blocked.example.org/never]}\n`;
    await fleet.commit(
      fleet.declares("sticky", { stuck: finalized, free: map("free"), stays: map("stays") }),
      fleet.declares("other", { map: map("other", "3") }),
    );
    expect((await syncOf(["sticky", "other"])).code).toBe(0);
    const uid = await fleet.uid("stuck");
    await fleet.commit(
      fleet.declares("sticky", { stuck: null, free: null, added: map("added") }),
      fleet.declares("other", { map: map("other", "4") }),
    );
    const dropped = await syncOf(["sticky", "other"]);
    expect(dropped.code).toBe(0);
    expect(steps(dropped)).toEqual(["create added", "delete free", "delete stuck", "update other"]);
    const after = await syncOf(["sticky", "other"]);
    expect(after.writes).toEqual([]); // it was told once
    const [kept] = ofService(after.pass, "sticky").steps.filter(({ action }) => action === "kept");
    expect(`${kept?.name}: ${kept?.why}`).toMatch(/^stuck: already being deleted since /);
    // Wanted again, it is waited for alone until it is gone, and then made anew.
    await fleet.commit(fleet.declares("sticky", { stuck: map("stuck", "again") }));
    const waits = await syncOf(["sticky", "other"]);
    expect(waits.code).toBe(1);
    expect(ofService(waits.pass, "sticky").failures.map(({ object }) => object)).toEqual([
      `ConfigMap ${fleet.namespace}/stuck`,
    ]);
    expect(waits.writes).toEqual([]);
    await fleet.ask("PATCH", fleet.path("stuck"), { metadata: { finalizers: null } }, merge);
    expect(await fleet.uid("stuck")).toBeUndefined();
    expect(steps(await syncOf(["sticky", "other"]))).toEqual(["create stuck"]);
    expect(await fleet.uid("stuck")).not.toBe(uid);
  });

  test("D22 a namespace that will not go fails what is new in it, and nobody else", async () => {
    await fleet.ask("POST", "/api/v1/namespaces", { metadata: { name: "hazard-leaving" } });
    await fleet.commit(fleet.declares("leaving", { a: map("leaving-a") }, { targetNamespace: "hazard-leaving" }));
    expect((await syncOf(["leaving", "other"])).code).toBe(0);
    await fleet.ask("DELETE", "/api/v1/namespaces/hazard-leaving"); // nothing here finishes that
    await fleet.commit(
      fleet.declares("leaving", { b: map("leaving-b") }, { targetNamespace: "hazard-leaving" }),
      fleet.declares("other", { map: map("other", "5") }),
    );
    const { code, pass } = await syncOf(["leaving", "other"]);
    expect(code).toBe(1);
    expect(ofService(pass, "leaving").failures.map(({ object }) => object)).toEqual([
      "ConfigMap hazard-leaving/leaving-b",
    ]);
    expect(ofService(pass, "other").state).toBe("synced");
    await fleet.commit({ [fleet.service("leaving").document]: null, [fleet.service("leaving").folder]: null });
  });

  test("D2 a group that discovery cannot ask is unknown, not gone: nothing of it is applied or deleted", async () => {
    const lease = (name: string): string =>
      `apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: ${name}}\n`;
    await fleet.commit(
      fleet.declares("leases", { dropped: lease("dropped"), kept: lease("kept"), map: map("beside-leases") }),
    );
    expect((await syncOf(["leases", "other"])).code).toBe(0);
    await fleet.commit(
      fleet.declares("leases", { dropped: null, kept: `${lease("kept")}spec: {leaseDurationSeconds: 7}\n` }),
      fleet.declares("other", { map: map("other", "6") }),
    );
    for (const fault of [503, 404] as const) {
      await fleet.commit(fleet.declares("other", { map: map("other", String(fault)) }));
      const blind = await fleet.proxied(async (proxy, flags) => {
        // As of a server that lists its groups one by one.
        proxy.add({ path: /^\/apis?$/, fault: { kind: "accept", type: "application/json" } });
        proxy.add({ path: /^\/apis\/coordination\.k8s\.io\/v1$/, fault: { kind: "status", code: fault } });
        return await syncOf(["leases", "other"], ...flags);
      });
      expect(blind.code).toBe(1);
      expect(codes(blind)).toEqual(["cluster/discovery-failed"]);
      expect(blind.writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["patch other"]);
    }
    const lost = await fleet.proxied(async (proxy, flags) => {
      proxy.add({ path: /^\/apis$/, fault: { kind: "status", code: 503 } });
      return await syncOf(["leases", "other"], ...flags);
    });
    expect(lost.code).toBe(2);
    expect(lost.pass.failures.map((failure) => failure.code)).toEqual(["cluster/unreachable"]);
    expect(lost.writes).toEqual([]);
    expect(steps(await syncOf(["leases", "other"]))).toEqual(["delete dropped", "update kept"]);
  });

  test("D1 an aggregated API without a server behind it concerns those who use it", async () => {
    await fleet.ask("POST", "/apis/apiregistration.k8s.io/v1/apiservices", {
      metadata: { name: "v1.dead.example.org" },
      spec: {
        group: "dead.example.org",
        version: "v1",
        groupPriorityMinimum: 100,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
        service: { name: "nobody", namespace: fleet.namespace },
      },
    });
    const listed = async () => JSON.stringify(await fleet.ask("GET", "/apis")).includes("dead.example.org");
    await expect.poll(listed, { timeout: 20_000 }).toBe(true);
    await fleet.commit(
      fleet.declares("dead", { thing: "apiVersion: dead.example.org/v1\nkind: Thing\nmetadata: {name: thing}\n" }),
      fleet.declares("other", { map: map("other", "7"), more: map("more") }),
    );
    const { code, pass } = await syncOf(["dead", "other"]);
    expect(code).toBe(1);
    expect(ofService(pass, "dead").failures.map((failure) => failure.code)).toEqual(["cluster/discovery-failed"]);
    expect(ofService(pass, "other").state).toBe("synced");
    await fleet.commit({ [fleet.service("dead").document]: null, [fleet.service("dead").folder]: null });
    await fleet.commit(fleet.declares("other", { more: null }));
    const pruned = await syncOf(["other"]);
    expect(pruned.code).toBe(0);
    expect(steps(pruned)).toEqual(["delete more"]);
    await fleet.ask("DELETE", "/apis/apiregistration.k8s.io/v1/apiservices/v1.dead.example.org");
  });

  test.each([
    ["is not there", undefined],
    ["answers nonsense", (socket: Socket) => void socket.end("HTTP/1.1 200 OK\r\n\r\nno")],
    ["hangs", () => undefined],
  ])("D1 a conversion webhook that %s concerns those who have objects of its kind", async (how, behaviour) => {
    const crd = `${DEFINITIONS}/widgets.blocked.example.org`;
    await fleet.ask("PATCH", crd, { spec: { conversion: { strategy: "None", webhook: null } } }, merge);
    await fleet.commit(
      fleet.declares("widgets", { widget: custom("Widget", "widget"), dropped: map("dropped"), stays: map("stays-1") }),
      fleet.declares("other", { map: map("other", how), gone: map("gone"), stays: map("stays-2") }),
    );
    expect((await syncOf(["widgets", "other"])).code).toBe(0);
    // The server lists in v2 from now on, and has to ask for what it stored in v1.
    const { port } = broken.address() as AddressInfo;
    behave = behaviour ?? (() => undefined);
    const url = `https://127.0.0.1:${behaviour === undefined ? 9 : port}/`;
    const { ca } = fleet.cluster;
    const { spec } = definition("widgets", "Widget", "v2") as { spec: object };
    const webhook = {
      clientConfig: { url, caBundle: Buffer.from(ca).toString("base64") },
      conversionReviewVersions: ["v1"],
    };
    await fleet.ask("PATCH", crd, { spec: { ...spec, conversion: { strategy: "Webhook", webhook } } }, merge);
    const lists = fleet.path("", "blocked.example.org/v2/widgets").slice(0, -1);
    const fails = (): Promise<boolean> =>
      fleet.ask("GET", `${lists}?timeout=1s`).then(
        () => false,
        () => true,
      );
    await expect.poll(fails, { timeout: 20_000 }).toBe(true);
    await fleet.commit(
      fleet.declares("widgets", { dropped: null }),
      fleet.declares("other", { map: map("other", `${how}, still`), gone: null }),
    );
    const { code, pass, writes } = await syncOf(["widgets", "other"]);
    expect(code).toBe(1);
    expect(ofService(pass, "widgets").failures.map((failure) => failure.code)).toEqual(["cluster/list-failed"]);
    expect(ofService(pass, "other").failures).toEqual([]);
    expect(writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.name}`)).toEqual(["patch other", "delete gone"]);
    await fleet.ask(
      "PATCH",
      crd,
      {
        spec: {
          ...(definition("widgets", "Widget", "v1") as { spec: object }).spec,
          conversion: { strategy: "None", webhook: null },
        },
      },
      merge,
    );
    const listed = () => fails().then((failed) => !failed);
    await expect.poll(listed, { timeout: 20_000 }).toBe(true);
    expect(steps(await syncOf(["widgets", "other"]))).toEqual(["delete dropped"]);
  });

  test("A15 another cluster behind the same name is not written to", async () => {
    const kubeconfig = join(fleet.target.cacheDir, "..", "kubeconfig");
    const [meant, other] = [fleet.cluster, sharedCluster()];
    copyFileSync(meant.kubeconfigPath, kubeconfig);
    await fleet.commit(fleet.declares("other", { map: map("other", "8") }));
    const flags = ["--kubeconfig", kubeconfig, "--service", fleet.service("other").id];
    expect((await fleet.sync(...flags)).code).toBe(0);
    await fleet.commit(fleet.declares("other", { map: map("other", "9") }));
    copyFileSync(other.kubeconfigPath, kubeconfig);
    const since = other.mark();
    const swapped = await fleet.sync(...flags);
    expect(swapped.code).toBe(2);
    expect(swapped.pass.failures.map((failure) => failure.code)).toEqual(["cluster/other-cluster"]);
    expect(other.audit({ since, userAgent: "gitops/" })).toEqual([]);
    copyFileSync(meant.kubeconfigPath, kubeconfig);
    const back = await fleet.sync(...flags);
    expect(back.code).toBe(0);
    expect(steps(back)).toEqual(["update other"]);
  });
});
