import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { named } from "../support/fleet.ts";
import { describeWithCluster } from "../support/shared-cluster.ts";
import { map, type SmallFleet, startSmallFleet, steps } from "../support/small-fleet.ts";

/** An object before and after a change that the API server refuses to make in place. */
interface Case {
  readonly name: string;
  /** `group/version/plural`, as `SmallFleet.path` takes it. */
  readonly resource: string;
  readonly before: string;
  readonly after: string;
  /** A field that the message names. */
  readonly field: string;
}

const head = (apiVersion: string, kind: string, name: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\n`;
const pods = (app: string, image = "web:1"): string =>
  `{metadata: {labels: {app: ${app}}}, spec: {containers: [{name: web, image: ${image}}]}}`;
const claim = (size: string, more = ""): string =>
  `{accessModes: [ReadWriteOnce], resources: {requests: {storage: ${size}}}${more}}`;
const setWith = (size: string): string =>
  `${head("apps/v1", "StatefulSet", "set")}spec:\n  serviceName: set\n  selector: {matchLabels: {app: set}}\n  template: ${pods("set")}\n  volumeClaimTemplates: [{metadata: {name: data}, spec: ${claim(size)}}]\n`;
const jobWith = (image: string): string =>
  `${head("batch/v1", "Job", "job")}spec: {template: {spec: {restartPolicy: Never, containers: [{name: web, image: ${image}}]}}}\n`;

const RECREATABLE: readonly Case[] = [
  {
    name: "a Deployment's selector",
    resource: "apps/v1/deployments",
    before: `${head("apps/v1", "Deployment", "web")}spec: {selector: {matchLabels: {app: one}}, template: ${pods("one")}}\n`,
    after: `${head("apps/v1", "Deployment", "web")}spec: {selector: {matchLabels: {app: two}}, template: ${pods("two")}}\n`,
    field: "spec.selector",
  },
  {
    name: "a StatefulSet's volumeClaimTemplates",
    resource: "apps/v1/statefulsets",
    before: setWith("1Gi"),
    after: setWith("2Gi"),
    // The server names what may change, not what did.
    field: "spec: Forbidden: updates to statefulset spec",
  },
  {
    name: "a Service's clusterIP",
    resource: "services",
    before: `${head("v1", "Service", "headless")}spec: {clusterIP: None, selector: {app: one}, ports: [{port: 80}]}\n`,
    after: `${head("v1", "Service", "headless")}spec: {clusterIP: 10.96.200.77, selector: {app: one}, ports: [{port: 80}]}\n`,
    field: "spec.clusterIP",
  },
  {
    name: "an immutable ConfigMap's data",
    resource: "configmaps",
    before: `${map("frozen", "1")}immutable: true\n`,
    after: `${map("frozen", "2")}immutable: true\n`,
    field: "data",
  },
  {
    name: "a Job's template",
    resource: "batch/v1/jobs",
    before: jobWith("web:1"),
    after: jobWith("web:2"),
    field: "spec.template",
  },
];

const CLAIM: Case = {
  name: "a PersistentVolumeClaim's size",
  resource: "persistentvolumeclaims",
  before: `${head("v1", "PersistentVolumeClaim", "disk")}spec: ${claim("2Gi")}\n`,
  after: `${head("v1", "PersistentVolumeClaim", "disk")}spec: ${claim("1Gi")}\n`,
  field: "spec",
};

const nameOf = (text: string): string => /metadata: \{name: ([\w-]+)/.exec(text)?.[1] ?? "";
/** The object's text with switches among its annotations. */
const asking = (text: string, key: string): string =>
  text.replace(/metadata: \{name: ([\w-]+)\}/, `metadata: {name: $1, annotations: {${key}: enabled}}`);

describeWithCluster("a change that cannot be made in place", () => {
  let fleet: SmallFleet;
  const ALL = [...RECREATABLE, CLAIM];
  const files = (which: "before" | "after", edit = (text: string) => text) =>
    Object.fromEntries(ALL.map((one, index) => [`object-${index}`, edit(one[which])]));
  const uidOf = async ({ resource, before }: Case): Promise<string | undefined> =>
    (await fleet.ask("GET", fleet.path(nameOf(before), resource)))?.metadata.uid;
  const uids = () => Promise.all(ALL.map(uidOf));

  beforeAll(async () => {
    fleet = await startSmallFleet("immutable");
    await fleet.commit(fleet.declares("stores", { ...files("before"), other: map("other", "1") }));
    const { code, pass } = await fleet.sync();
    expect(code, JSON.stringify(pass.services.flatMap(({ failures }) => failures))).toBe(0);
  });
  afterAll(() => fleet?.close());

  test("A14 is reported with its field; nothing is touched, and the rest of the service goes on", async () => {
    const before = await uids();
    await fleet.commit(fleet.declares("stores", { ...files("after"), other: map("other", "2") }));
    const { code, pass, writes } = await fleet.sync();
    expect(code).toBe(1);
    const failures = pass.services.flatMap((service) => service.failures);
    expect(failures.map((failure) => failure.code)).toEqual(ALL.map(() => "apply/immutable"));
    for (const one of ALL) {
      const failure = failures.find(({ object }) => object?.endsWith(`/${nameOf(one.before)}`));
      expect(failure?.message, one.name).toContain(one.field);
      expect(failure?.at?.path, one.name).toContain("object-");
      expect(failure?.remedy, one.name).toContain("recreate");
    }
    expect(await uids()).toEqual(before);
    expect(writes.filter(({ verb }) => verb.startsWith("delete"))).toEqual([]);
    expect(await fleet.ask("GET", fleet.path("other"))).toMatchObject({ data: { VALUE: "2" } });
  });

  describe.each([
    ["gitops.bulkhead.dev/recreate", "after"],
    ["kustomize.toolkit.fluxcd.io/force", "before"],
  ] as const)("where %s asks for it", (key, which) => {
    test("A14 a dry run and a diff delete nothing", async () => {
      const before = await uids();
      await fleet.commit(
        fleet.declares(
          "stores",
          files(which, (text) => asking(text, key)),
        ),
      );
      const dry = await fleet.sync("--dry-run");
      expect(dry.writes).toEqual([]);
      expect(steps(dry).filter((step) => step.startsWith("recreate"))).toHaveLength(RECREATABLE.length);
      expect(await uids()).toEqual(before);
    });

    test("A14 each object is recreated exactly once in ten passes, and a PersistentVolumeClaim never", async () => {
      const before = await uids();
      const passes = [];
      for (let pass = 0; pass < 10; pass += 1) passes.push(await fleet.sync());
      const recreated = passes.map((one) => steps(one).filter((step) => step.startsWith("recreate")));
      expect(recreated.flat().toSorted()).toEqual(
        RECREATABLE.map((one) => `recreate ${nameOf(one.before)}`).toSorted(),
      );
      const deletes = passes.flatMap(({ writes }) => writes.filter(({ verb }) => verb === "delete"));
      expect(named(deletes)).toEqual(
        RECREATABLE.map(
          ({ resource, before }) => `delete ${resource.split("/").at(-1)} immutable/${nameOf(before)}`,
        ).sort(),
      );
      const after = await uids();
      expect(after.every((uid) => uid !== undefined)).toBe(true);
      expect(after.map((uid, index) => uid === before[index])).toEqual(ALL.map((one) => one === CLAIM));
      const last = passes.at(-1)?.pass.services.flatMap(({ failures }) => failures) ?? [];
      // The claim keeps its first size, which the second round declares again.
      expect(last.map(({ message }) => message)).toEqual(
        which === "after" ? [expect.stringContaining("a PersistentVolumeClaim is never deleted for that")] : [],
      );
    });
  });

  test("A14 an object whose successor the server would refuse is not deleted", async () => {
    const refused = RECREATABLE[0]?.after.replace("image: web:1", "image: web:1, imagePullPolicy: Sometimes") ?? "";
    const before = await uids();
    await fleet.commit(fleet.declares("stores", { "object-0": asking(refused, "gitops.bulkhead.dev/recreate") }));
    const { code, writes } = await fleet.sync();
    expect(code).toBe(1);
    expect(writes.filter(({ verb }) => verb.startsWith("delete"))).toEqual([]);
    expect(await uids()).toEqual(before);
  });

  test("D22 an object that finalizers hold is waited for alone, and created anew when it is gone", async () => {
    const held = (value: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, annotations: {gitops.bulkhead.dev/recreate: enabled}}\nimmutable: true\ndata: {VALUE: "${value}"}\n`;
    const merge = "application/merge-patch+json";
    await fleet.commit(fleet.declares("waits", { held: held("1"), beside: map("beside", "1") }));
    await fleet.sync("--service", "*/waits");
    await fleet.ask("PATCH", fleet.path("held"), { metadata: { finalizers: ["example.org/hold"] } }, merge);
    const first = await fleet.uid("held");
    await fleet.commit(fleet.declares("waits", { held: held("2"), beside: map("beside", "2") }));
    for (const round of [1, 2]) {
      const { code, pass } = await fleet.sync("--service", "*/waits");
      expect(code, `round ${round}`).toBe(1);
      const [service] = pass.services;
      expect(service?.state).toBe("pending");
      expect(service?.failures.map((failure) => failure.code)).toEqual(["apply/terminating"]);
      expect(service?.failures[0]?.message).toMatch(/terminating since .*, held by example.org\/hold/);
      expect(await fleet.uid("held")).toBe(first);
    }
    expect(await fleet.ask("GET", fleet.path("beside"))).toMatchObject({ data: { VALUE: "2" } });
    await fleet.ask("PATCH", fleet.path("held"), { metadata: { finalizers: [] } }, merge);
    const { code } = await fleet.sync("--service", "*/waits");
    expect(code).toBe(0);
    expect(await fleet.ask("GET", fleet.path("held"))).toMatchObject({ data: { VALUE: "2" } });
    expect(await fleet.uid("held")).not.toBe(first);
  });
});
