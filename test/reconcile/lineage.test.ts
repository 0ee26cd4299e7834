import { expect, test } from "vitest";
import type { Ancestry } from "../../src/model/index.ts";
import { makePlans, type ServicePlan } from "../../src/plan/index.ts";
import { NO_POLICY, type Policy } from "../../src/policy/index.ts";
import type { PassRequest } from "../../src/reconcile/index.ts";
import { judged } from "../../src/reconcile/lineage.ts";
import { declaredBy, liveAfter } from "../plan/objects.ts";
import { input } from "../plan/planned.ts";

const [NOW, OLD, OLDER] = ["2", "1", "0"].map((digit) => digit.repeat(40)) as [string, string, string];
const never = new AbortController().signal;

/** Each service declares one object; these had one more. */
function plans(...deleting: readonly string[]): readonly ServicePlan[] {
  const services = ["x/a", "x/b", "x/c"];
  const declared = Object.fromEntries(services.map((id) => [id, [declaredBy(id, id.replace("/", "-"))]]));
  const there = Object.values(declared)
    .flat()
    .map((one) => liveAfter(one));
  const gone = deleting.map((id) => liveAfter(declaredBy(id, `${id.replace("/", "-")}-goes`)));
  return makePlans(input(declared, [...there, ...gone]));
}

function scene(
  answer: (id: string) => Ancestry["kind"],
  change: { readonly request?: Partial<PassRequest>; readonly policy?: Partial<Policy> } = {},
) {
  const asked: string[][] = [];
  const state = {
    io: {
      clock: { nowMs: () => 0 },
      source: {
        ancestry: (_commit: string, earlier: readonly string[]) => {
          asked.push([...earlier]);
          return Promise.resolve(new Map(earlier.map((id) => [id, { kind: answer(id), why: "" } as Ancestry])));
        },
      },
    },
    request: { appliedAt: () => ({ revisions: [`main@sha1:${OLD}`] }), ...change.request },
    revision: { snapshot: { revision: { ref: "main", commit: NOW } }, policy: { ...NO_POLICY, ...change.policy } },
    selected: () => true,
  } as unknown as Parameters<typeof judged>[0];
  const outcome = async (...deleting: readonly string[]): Promise<readonly string[]> =>
    (await judged(state, plans(...deleting), never)).map(({ service, steps }) => {
      const actions = steps.map(({ action }) => action).filter((action) => action !== "unchanged");
      return `${service} ${actions.join(" ")}`.trim();
    });
  return { asked, outcome, state };
}

test("A18 a pass that deletes nothing asks for no history", async () => {
  const { asked, outcome } = scene(() => "stranger");
  expect(await outcome()).toEqual(["x/a", "x/b", "x/c"]);
  expect(asked).toEqual([]);
});

test("A18 all services that delete something ask at once, and only these", async () => {
  const appliedAt = (service: string) => ({
    revisions: service === "x/b" ? [`main@sha1:${OLDER}`, `main@sha1:${OLD}`] : [`main@sha1:${OLD}`],
  });
  const { asked, outcome } = scene((id) => (id === OLD ? "ancestor" : "stranger"), { request: { appliedAt } });
  expect(await outcome("x/a", "x/b")).toEqual(["x/a delete", "x/b held", "x/c"]);
  expect(asked).toEqual([[OLD, OLDER]]);
});

test("A18 where nothing is kept, and where settings allow rewrites, nobody asks", async () => {
  const nothingKept = scene(() => "stranger");
  const { appliedAt: _none, ...request } = nothingKept.state.request;
  const unkept = (await judged({ ...nothingKept.state, request }, plans("x/a"), never))[0];
  expect(unkept?.steps.map(({ action }) => action)).toContain("delete");
  expect(nothingKept.asked).toEqual([]);
  const allowed = scene(() => "stranger", { policy: { rewrites: "allow" } });
  expect(await allowed.outcome("x/a")).toEqual(["x/a delete", "x/b", "x/c"]);
  expect(allowed.asked).toEqual([]);
});

test("A18 a source that throws, forgets to answer, or is asked for no commit holds", async () => {
  const { state } = scene(() => "ancestor");
  const said = async (change: object): Promise<readonly string[]> => {
    const all = await judged({ ...state, ...change } as typeof state, plans("x/a"), never);
    return all[0]?.steps.flatMap((step) => (step.action === "held" ? [step.why] : [])) ?? [];
  };
  const source = (ancestry: () => Promise<unknown>) => ({ io: { ...state.io, source: { ancestry } } });
  expect(await said(source(() => Promise.reject(new Error("broken pipe"))))).toEqual([
    expect.stringContaining("broken pipe"),
  ]);
  expect(await said(source(() => Promise.resolve(new Map())))).toEqual([expect.stringContaining("git was not asked")]);
  expect(await said({ request: { appliedAt: () => ({ revisions: ["main"] }) } })).toEqual([
    expect.stringContaining("git was not asked"),
  ]);
  expect(await said({ request: { appliedAt: () => "unknown" } })).toEqual([expect.stringContaining("is not known")]);
});
