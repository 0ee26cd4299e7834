import { expect, test } from "vitest";
import { DEFAULT_SETTINGS, type LiveMetadata } from "../../src/model/index.ts";
import { DEFAULT_BREAKER, NO_STRANGERS } from "../../src/plan/index.ts";
import { NO_POLICY } from "../../src/policy/index.ts";
import type { Assembled } from "../../src/reconcile/assemble.ts";
import { planLate } from "../../src/reconcile/planning.ts";
import type { PassState } from "../../src/reconcile/state.ts";
import { declaredBy, index, liveAfter } from "../plan/objects.ts";

/** A service that declares these ConfigMaps. */
function assembled(id: string, ...names: readonly string[]): Assembled {
  const at = { path: `${id}.yaml` };
  const settings = { ...DEFAULT_SETTINGS, dependsOn: [], intervalMs: 1, timeoutMs: 1 };
  return {
    service: { id, origin: "folder", folder: id, at, why: "", settings },
    desired: { kind: "known", declared: names.map((name) => declaredBy(id, name)) },
    failures: [],
    built: true,
  };
}

function stateOf(ready: readonly Assembled[], late: readonly Assembled[], live: readonly LiveMetadata[]): PassState {
  const waiting = late.map((one) => ({ service: one.service, names: undefined, assembled: Promise.resolve(one) }));
  const state: Pick<PassState, "joined" | "broken"> & Record<string, unknown> = {
    request: { scope: "test", breaker: DEFAULT_BREAKER },
    revision: { discovery: { complete: true }, policy: NO_POLICY },
    inventory: { live: index(...live), unlisted: new Map() },
    assembly: { ready, late: waiting, namesOfBroken: new Map() },
    settled: { known: new Map() },
    strangers: { known: NO_STRANGERS },
    inhabitants: new Map(),
    fights: { known: new Map() },
    autoscalers: { found: [] },
    io: { clock: { nowMs: () => 0 } },
    joined: [],
    broken: [],
    suspendedGone: [],
  };
  return state as unknown as PassState;
}

const actions = (state: PassState, late: Assembled): readonly string[] => {
  const plan = planLate(state, late);
  return [...(plan?.steps ?? []).map(({ action }) => action), ...(plan?.failures ?? []).map(({ code }) => code)];
};

test("of two services that come late with one object, the first has it", () => {
  const [first, second] = [assembled("x/a", "both"), assembled("x/b", "both", "own")];
  const state = stateOf([], [first, second], []);
  expect(actions(state, first)).toEqual(["create"]);
  expect(actions(state, second)).toEqual(["create", "plan/duplicate-definition"]);
});

test("a service that comes late keeps what it owns, though a newcomer declares it, too", () => {
  const late = assembled("x/a", "both");
  const state = stateOf([assembled("x/b", "both")], [late], [liveAfter(declaredBy("x/a", "both"))]);
  expect(actions(state, late)).toEqual(["unchanged"]);
});

test("a service that comes late is refused what a ready one was given", () => {
  const late = assembled("x/a", "both");
  expect(actions(stateOf([assembled("x/b", "both")], [late], []), late)).toEqual(["plan/duplicate-definition"]);
});
