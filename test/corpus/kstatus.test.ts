import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goProgram } from "../../scripts/go-program.ts";
import { healthOf } from "../../src/health/index.ts";
import type { Json, JsonObject, LiveObject } from "../../src/model/index.ts";
import { fixture } from "../health/fixture.ts";
import { reference } from "../support/reference.ts";

/** The rules of health beside kstatus itself, in Flux's version: the objects of `fixtures/health`, and what may become of them. */
const KSTATUS = fileURLToPath(new URL("../health/kstatus/", import.meta.url));
const CHANGED = 20_000;

interface Answer {
  readonly status?: "Current" | "InProgress" | "Failed" | "Terminating";
  readonly message?: string;
  readonly error?: string;
}

async function kstatus(program: string, objects: readonly LiveObject[]): Promise<readonly Answer[]> {
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const answers = text(child.stdout);
  child.stdin.end(objects.map((object) => JSON.stringify(object)).join("\n"));
  const lines = (await answers).trim().split("\n");
  expect(await ended).toEqual([0, null]);
  return lines.map((line) => JSON.parse(line) as Answer);
}

const STATES = { Current: "healthy", InProgress: "progressing", Failed: "failed", Terminating: "terminating" } as const;

/** Pods that another look may find better, and whoever waits gives up on after a while. */
const TOO_EARLY = /^Containers in CrashLoop|^Pod could not be scheduled/;

/** What kstatus says, but for what is meant otherwise, which `docs/health.md` tells. */
function expected(object: LiveObject, { status, message = "" }: Answer): string | undefined {
  if (status === undefined) return undefined;
  const unfinished = message === "Job not started" || message.startsWith("Job in progress");
  if (object.kind === "Job" && unfinished) return isSuspended(object) ? "healthy" : "progressing";
  if (object.kind === "Pod" && TOO_EARLY.test(message)) return "progressing";
  return STATES[status];
}

function isSuspended(object: LiveObject): boolean {
  return (object["spec"] as JsonObject | undefined)?.["suspend"] === true;
}

const files = readdirSync("fixtures/health");
const count = fc.constantFrom(0, 1, 2, 3, 4, 2_147_483_647);
const oneOf = (...names: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...names);
const words = (text: string): fc.Arbitrary<string> => oneOf(...text.trim().split(/\s+/));

/** Numbers that the rules look at, in spec and in status. */
const NUMBERS = {
  spec: words("replicas progressDeadlineSeconds completions parallelism minAvailable"),
  status: words(`
    observedGeneration
    replicas updatedReplicas readyReplicas availableReplicas currentReplicas fullyLabeledReplicas
    desiredNumberScheduled currentNumberScheduled updatedNumberScheduled numberAvailable numberReady
    active succeeded failed currentHealthy desiredHealthy
  `),
};
const CONDITIONS = words(`
  Available Progressing Complete Failed Reconciling Stalled Established NamesAccepted
  PodScheduled ReplicaFailure Suspended SuccessCriteriaMet
`);
const REASONS = oneOf("ProgressDeadlineExceeded", "NewReplicaSetAvailable", "Unschedulable", "Installing", "X", "");

type Change = (object: JsonObject) => JsonObject;

function within(object: JsonObject, part: string, change: Change): JsonObject {
  return { ...object, [part]: change((object[part] ?? {}) as JsonObject) };
}

function without(object: JsonObject, field: string): JsonObject {
  const { [field]: _, ...rest } = object;
  return rest;
}

const set =
  (part: string, field: string, value: Json): Change =>
  (object) =>
    within(object, part, (fields) => ({ ...fields, [field]: value }));

/** Of each type there is one, as a server has it. */
const withCondition =
  (condition: JsonObject): Change =>
  (object) =>
    within(object, "status", (status) => {
      const others = ((status["conditions"] ?? []) as JsonObject[]).filter(({ type }) => type !== condition["type"]);
      return { ...status, conditions: [...others, condition] };
    });

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(NUMBERS.spec, count).map(([field, value]) => set("spec", field, value)) },
  { weight: 8, arbitrary: fc.tuple(NUMBERS.status, count).map(([field, value]) => set("status", field, value)) },
  NUMBERS.status.map(
    (field): Change =>
      (object) =>
        within(object, "status", (status) => without(status, field)),
  ),
  {
    weight: 4,
    arbitrary: fc
      .record({ type: CONDITIONS, status: oneOf("True", "False", "Unknown"), reason: REASONS, message: oneOf("", "m") })
      .map(withCondition),
  },
  count.map((generation) => set("metadata", "generation", generation)),
  fc.constant<Change>((object) => without(object, "status")),
  fc.constant(set("metadata", "deletionTimestamp", "2026-01-02T03:04:05Z")),
  fc.boolean().map((suspend) => set("spec", "suspend", suspend)),
  fc.constant(set("status", "startTime", "2026-01-02T03:04:05Z")),
  oneOf("Pending", "Running", "Succeeded", "Failed").map((phase) => set("status", "phase", phase)),
  oneOf("LoadBalancer", "ClusterIP", "NodePort").map((type) => set("spec", "type", type)),
  oneOf("", "None", "10.0.0.1").map((address) => set("spec", "clusterIP", address)),
  fc.constantFrom("a", "b").map((revision) => set("status", "currentRevision", revision)),
  fc
    .constantFrom<Json>({ type: "OnDelete" }, { type: "RollingUpdate" }, { rollingUpdate: { partition: 1 } }, {})
    .map((strategy) => set("spec", "updateStrategy", strategy)),
);

/** An object as a server might tell it after a few changes to one of the fixtures. */
const changed = fc
  .tuple(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 5 }))
  .map(([file, changes]) => changes.reduce((object: JsonObject, one) => one(object), fixture(file)) as LiveObject);

async function disagreements(objects: readonly LiveObject[]): Promise<readonly string[]> {
  const program = await reference(() => goProgram(KSTATUS, "install Go"));
  if (program === undefined) return [];
  const answers = await kstatus(program, objects);
  expect(answers).toHaveLength(objects.length);
  return objects.flatMap((object, index) => {
    const answer = answers[index] ?? {};
    const [ours, theirs] = [healthOf(object).state, expected(object, answer)];
    return ours === theirs
      ? []
      : [`${ours}, kstatus: ${theirs ?? answer.error} (${answer.message}): ${JSON.stringify(object)}`];
  });
}

describe("the health of an object is what kstatus says, but for what is told", () => {
  test("of every fixture", async () => {
    expect(await disagreements(files.map(fixture))).toEqual([]);
  });

  test(`of ${CHANGED} objects made from them`, async () => {
    const objects = fc.sample(changed, CHANGED);
    expect(new Set(objects.map((object) => healthOf(object).state)).size).toBe(4);
    expect((await disagreements(objects)).slice(0, 5)).toEqual([]);
  });
});
