import { expect, test } from "vitest";
import type { Cluster, Kind } from "../../src/cluster/index.ts";
import type { Inventory } from "../../src/live/index.ts";
import type { Manifest } from "../../src/model/index.ts";
import type { Late } from "../../src/reconcile/assemble.ts";
import { readAutoscalers } from "../../src/reconcile/autoscalers.ts";
import { declareAs, declaredBy } from "../plan/objects.ts";
import { manualClock } from "../support/manual-clock.ts";

const kind: Kind = {
  group: "autoscaling",
  version: "v2",
  versions: ["v2"],
  kind: "HorizontalPodAutoscaler",
  resource: "horizontalpodautoscalers",
  namespaced: true,
  verbs: ["list"],
};
const inventory: Inventory = {
  live: new Map(),
  kinds: new Map([["autoscaling/HorizontalPodAutoscaler", kind]]),
  failedGroups: new Set(),
  unlisted: new Map(),
};
const web: Manifest = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop" },
  spec: { replicas: 3 },
};
const scalable = { ready: [{ desired: { kind: "known", declared: [declareAs("shop/web", web)] } as const }], late: [] };
const plain = { ready: [{ desired: { kind: "known", declared: [declaredBy("shop/web", "a")] } as const }], late: [] };

type ListObjects = Cluster["listObjects"];
const never: ListObjects = (_kind, _options, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
const signal = new AbortController().signal;

test("nobody is asked while nothing that is declared could be scaled", async () => {
  const cluster = {
    listObjects: () => {
      throw new Error("asked");
    },
  };
  expect(await readAutoscalers({ cluster, clock: manualClock() }, inventory, plain, signal)).toEqual({ found: [] });
});

test("a group that discovery could not ask may hold autoscalers; a server that has none does not", async () => {
  const io = { cluster: { listObjects: never }, clock: manualClock() };
  const none = { ...inventory, kinds: new Map() };
  expect(await readAutoscalers(io, none, scalable, signal)).toEqual({ found: [] });
  const silent = { ...none, failedGroups: new Set(["autoscaling"]) };
  expect(await readAutoscalers(io, silent, scalable, signal)).toEqual({
    found: [],
    unknown: "group autoscaling did not answer",
  });
});

test("whoever comes late may declare what is scaled", async () => {
  const listObjects: ListObjects = async () => ({
    ok: false,
    problem: { kind: "status", status: 403, message: "not you", causes: [], ambiguous: false },
  });
  const late = [{} as Late];
  expect(
    await readAutoscalers({ cluster: { listObjects }, clock: manualClock() }, inventory, { ...plain, late }, signal),
  ).toEqual({ found: [], unknown: "not you" });
});

test("a list that does not come is not waited for: what is scaled is unknown then", async () => {
  const clock = manualClock();
  const reading = readAutoscalers({ cluster: { listObjects: never }, clock }, inventory, scalable, signal);
  await clock.advance(5_000);
  expect(await reading).toEqual({ found: [], unknown: "no list within 5 s" });
});

test("a list that fails says why", async () => {
  const listObjects: ListObjects = async () => ({
    ok: false,
    problem: { kind: "status", status: 403, message: "not you", causes: [], ambiguous: false },
  });
  expect(
    await readAutoscalers({ cluster: { listObjects }, clock: manualClock() }, inventory, scalable, signal),
  ).toEqual({ found: [], unknown: "not you" });
});
