import { describe, expect, test } from "vitest";
import type { Ancestry, Confirmation } from "../../src/model/index.ts";
import { type Applied, heldIfRewritten, makePlans, type ServicePlan } from "../../src/plan/index.ts";
import { declaredBy, liveAfter } from "./objects.ts";
import { ADA, input, say } from "./planned.ts";

const NOW = "2".repeat(40);
const OLD = "1".repeat(40);

/** A service that declares one object and had another one. */
function plan(confirmed?: Confirmation): ServicePlan {
  const declared = declaredBy("shop", "stays");
  const all = input({ shop: [declared] }, [liveAfter(declared), liveAfter(declaredBy("shop", "goes"))]);
  const [made] = makePlans({ ...all, ...(confirmed === undefined ? {} : { confirmed: () => confirmed }) });
  if (made === undefined) throw new Error("it has a plan");
  return made;
}

const applied = (kind: "ancestor" | "stranger", since?: string): Applied => ({
  before: [{ revision: `main@sha1:${OLD}`, commit: OLD, ancestry: { kind } }],
  ...(since === undefined ? {} : { since }),
});

const said = (at: Applied | "unknown", confirmation?: Confirmation): readonly string[] =>
  say(heldIfRewritten(plan(confirmation), NOW, at, confirmation).steps);

const REWRITTEN =
  "held goes: rewritten history: 111111111111, which was applied before, is not in the history of 222222222222";

describe("deletes of a revision that does not follow from what was applied", () => {
  test("A18 an ordinary commit deletes what it dropped", () => {
    expect(said(applied("ancestor"))).toEqual(["unchanged stays", "delete goes: no longer in git"]);
  });

  test("A18 nothing that was kept is nothing to compare with", () => {
    expect(said({ before: [] })).toEqual(["unchanged stays", "delete goes: no longer in git"]);
  });

  test("A18 a rewritten history holds deletes, and nothing else", () => {
    expect(said(applied("stranger"))).toEqual(["unchanged stays", REWRITTEN]);
    expect(heldIfRewritten(plan(), NOW, applied("stranger"), undefined)).toMatchObject({
      departed: [`main@sha1:${OLD}`],
    });
  });

  test("A18 one of several that it does not follow is enough", () => {
    const [before] = applied("stranger").before;
    const [other] = applied("ancestor").before;
    if (before === undefined || other === undefined) throw new Error("there is one of each");
    expect(said({ before: [other, before] })).toEqual(["unchanged stays", REWRITTEN]);
  });

  test("A18 unknown is not an ancestor, and says what kept it from being known", () => {
    const ancestry: Ancestry = { kind: "unknown", why: "the server is not well" };
    expect(said({ before: [{ revision: "", commit: OLD, ancestry }] })[1]).toBe(
      "held goes: it cannot be known whether 222222222222 follows from 111111111111, which was applied before: the server is not well",
    );
    expect(said("unknown")[1]).toBe(
      "held goes: what was applied before is not known: what is kept of it cannot be understood",
    );
  });

  const applying = "2026-01-02T00:00:00Z";
  test.each([
    ["command", "2026-01-03T00:00:00Z", "delete"],
    ["command", "2026-01-01T00:00:00Z", "held"],
    ["trailer", "2026-01-03T00:00:00Z", "delete"],
    ["trailer", "2026-01-01T00:00:00Z", "held"],
    ["flag", "2026-01-03T00:00:00Z", "delete"],
  ] as const)("A18 what is confirmed by %s at %s, of what was applied on 2 January: %s", (how, at, action) => {
    const confirmed = { ...ADA, how, at };
    expect(said(applied("stranger", applying), confirmed)[1]).toMatch(new RegExp(`^${action} goes`));
    const done = heldIfRewritten(plan(confirmed), NOW, applied("stranger", applying), confirmed);
    expect(done.confirmed).toEqual(action === "delete" ? confirmed : undefined);
  });

  test("A18 what never was as git said goes by command, and not by what a commit says", () => {
    expect(said(applied("stranger"), { ...ADA, how: "command" })[1]).toMatch(/^delete/);
    expect(said(applied("stranger"), { ...ADA, how: "trailer" })[1]).toMatch(/^held/);
    expect(said("unknown", { ...ADA, how: "trailer" })[1]).toMatch(/^held/);
  });
});
