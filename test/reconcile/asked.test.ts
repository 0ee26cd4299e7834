import { describe, expect, test } from "vitest";
import type { Confirmation, PassOutcome } from "../../src/model/index.ts";
import type { PassRequest } from "../../src/reconcile/index.ts";
import { type PassScene, passOver, passScene } from "./pass-scene.ts";

type Files = Readonly<Record<string, string>>;

/** Plain folders, each with config maps of these names. */
function services(of: Readonly<Record<string, readonly string[]>>): Files {
  const files = Object.entries(of).flatMap(([folder, names]) => [
    [`${folder}/kustomization.yaml`, `resources: [${names.map((name) => `${name}.yaml`).join(", ")}]\n`],
    ...names.map((name) => [`${folder}/${name}.yaml`, `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`]),
  ]);
  return Object.fromEntries(files);
}

/** `shop/cart suspended`, and what was done to objects. */
const told = ({ services: all }: PassOutcome): readonly string[] =>
  all.map(({ service, state, steps }) =>
    [
      service,
      state,
      ...steps.filter(({ action }) => action !== "unchanged").map(({ action, ref }) => `${action} ${ref.name}`),
    ].join(" "),
  );

const suspended = (id: string): Partial<PassRequest> => ({
  suspended: (service) => (service === id ? "suspended by Ada: incident" : undefined),
});
const BEFORE = services({ "shop/cart": ["a", "b"], "shop/till": ["c"] });

describe("a service that somebody suspended in the cluster", () => {
  test("is not written and not pruned, and says who and why; others go on", async () => {
    const scene = passScene();
    await passOver(scene, BEFORE);
    const after = services({ "shop/cart": ["a", "new"], "shop/till": ["c", "d"] });
    const outcome = await passOver(scene, after, suspended("shop/cart"));
    expect(told(outcome)).toEqual(["shop/cart suspended", "shop/till synced create d"]);
    expect(outcome.services[0]?.because).toBe("suspended by Ada: incident");
    expect(told(await passOver(scene, after))[0]).toBe("shop/cart synced create new delete b");
  });

  test("keeps what it owns when it leaves git, and nobody else is given it", async () => {
    const scene = passScene();
    await passOver(scene, BEFORE);
    const after = services({ "shop/till": ["c", "a"] });
    const outcome = await passOver(scene, after, suspended("shop/cart"));
    expect(told(outcome)).toEqual(["shop/cart suspended", "shop/till failed"]);
    expect(outcome.services[1]?.failures[0]?.message).toMatch(
      /is owned by shop\/cart and is not taken over: it is suspended/,
    );
    expect(outcome.services[1]?.failures[0]?.remedy).toMatch(/^resume it first/);
    expect(told(await passOver(scene, after))).toEqual(["shop/cart synced delete b", "shop/till synced transfer a"]);
  });

  test("which was suspended in git when it left is confirmed by whoever runs it, not by who runs another", async () => {
    const scene = passScene();
    await passOver(scene, BEFORE);
    const after = services({ "shop/till": ["c", "a"] });
    const left = { leftSuspended: (service: string) => service === "shop/cart" };
    const { revision } = await passOver(scene, after, left);
    const flag = { ...left, confirm: revision?.commit ?? "" };
    expect(told(await passOver(scene, after, { ...flag, services: ["till"] }))).toEqual(["shop/till failed"]);
    const both = await passOver(scene, after, { ...flag, services: ["cart", "till"] });
    expect(told(both)).toEqual(["shop/cart synced delete b", "shop/till synced transfer a"]);
  });

  test("holds nobody else's deletes when it leaves git, however much it owns", async () => {
    const scene = passScene();
    const many = Array.from({ length: 30 }, (_, at) => `m${at}`);
    await passOver(scene, services({ "shop/cart": many, "shop/till": ["c", "d"] }));
    const outcome = await passOver(scene, services({ "shop/till": ["c"] }), suspended("shop/cart"));
    expect(told(outcome)).toEqual(["shop/cart suspended", "shop/till synced delete d"]);
  });
});

describe("held deletes", () => {
  const ada: Confirmation = { by: "Ada", at: "2026-01-01T00:00:00Z", how: "command" };

  test("go for the services that somebody confirmed at this commit, and the outcome says who", async () => {
    const scene = passScene();
    const names = ["a", "b", "c", "d", "e"];
    await passOver(scene, services({ "shop/cart": names, "shop/till": names.map((name) => `t${name}`) }));
    const commits: string[] = [];
    const confirmed: PassRequest["confirmed"] = (service, commit) => {
      commits.push(commit.id);
      return service === "shop/cart" ? ada : undefined;
    };
    const outcome = await passOver(scene, services({ "shop/cart": ["a"], "shop/till": ["ta"] }), { confirmed });
    expect(told(outcome)).toEqual([
      "shop/cart synced delete e delete d delete c delete b",
      "shop/till held held te held td held tc held tb",
    ]);
    expect(outcome.services.map((one) => one.confirmed)).toEqual([ada, undefined]);
    expect(new Set(commits)).toEqual(new Set([outcome.revision?.commit]));
  });
});

describe("D27 a Job that cleans up after itself", () => {
  const job = (image: string): Files => ({
    "shop/cart/kustomization.yaml": "resources: [job.yaml]\n",
    "shop/cart/job.yaml": `apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  ttlSecondsAfterFinished: 60
  template:
    spec: {restartPolicy: Never, containers: [{name: migrate, image: "${image}"}]}
`,
  });

  test("runs once for each hash, however often it was cleaned up since", async () => {
    const scene = passScene({ controllers: "none" });
    const jobsOf = ({ services: all }: PassOutcome): ReadonlyMap<string, string> =>
      new Map(
        all.flatMap(({ steps }) =>
          steps.flatMap((one) => (one.job === undefined ? [] : [["batch/Job/default/migrate", one.job]])),
        ),
      );
    const first = await passOver(scene, job("m:1"));
    expect(told(first)).toEqual(["shop/cart synced create migrate"]);
    const jobsDone = jobsOf(first);
    expect(jobsDone.size).toBe(1);
    await cleanUp(scene);
    for (let day = 0; day < 30; day += 1) {
      await scene.clock.advance(24 * 3_600_000);
      expect(told(await passOver(scene, job("m:1"), { jobsDone }))).toEqual(["shop/cart unchanged"]);
    }
    expect(told(await passOver(scene, job("m:2"), { jobsDone }))).toEqual(["shop/cart synced create migrate"]);
  });
});

/** What the API server's controller does when the time of a finished Job is over. */
async function cleanUp({ cluster }: PassScene): Promise<void> {
  const signal = new AbortController().signal;
  const kinds = await cluster.kinds(signal);
  const kind = kinds.ok ? kinds.value.kinds.find((one) => one.kind === "Job") : undefined;
  if (kind === undefined) throw new Error("Jobs are not served");
  const live = await cluster.get(kind, "default", "migrate", signal);
  if (!live.ok || live.value === undefined) throw new Error("there is no Job");
  const { uid, resourceVersion } = live.value.metadata;
  const removed = await cluster.remove(
    kind,
    "default",
    "migrate",
    { uid, resourceVersion, propagation: "Background" },
    signal,
  );
  expect(removed).toEqual({ ok: true, value: "removed" });
}
