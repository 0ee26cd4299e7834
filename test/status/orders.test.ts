import { describe, expect, test } from "vitest";
import type { Suspension } from "../../src/model/index.ts";
import {
  type ConfirmingCommit,
  type ConfirmOrder,
  confirmationsOf,
  confirmedByTrailer,
  suspensionsOf,
  trailerProblem,
  withConfirmation,
  withoutSuspensions,
  withSuspensions,
} from "../../src/status/orders.ts";

const NOW = Date.UTC(2026, 0, 1);
const at = new Date(NOW).toISOString();
const until = (ms: number): string => new Date(NOW + ms).toISOString();
const asked = (glob: string, more: Partial<Suspension> = {}): Suspension => ({
  glob,
  reason: "incident 4711",
  author: "Ada",
  at,
  ...more,
});
const commit = (message: string): ConfirmingCommit => ({
  id: "3f2a91c5d0e1b7a6f4c3d2e1f0a9b8c7d6e5f4a3",
  author: "Ada",
  email: "ada@example.org",
  message,
  timeMs: NOW,
});

describe("suspensions", () => {
  test.each([
    ["payments/*", "payments/api", true],
    ["payments/*", "shop/api", false],
    ["api", "payments/api", true],
    ["pay-*", "payments/pay-api", true],
    ["**", "clusters/dev/apps/web", true],
    ["**", "apps/.hidden/web", true],
    ["*", "payments/api", true],
    ["payments/api", "payments/api-worker", false],
    ["**", ".", true], // the root folder as a service
    ["*", ".", true],
    ["", "payments/api", false],
    ["!payments/api", "payments/api", false],
    ["*a*a*a*a*a*b", `payments/${"a".repeat(200)}`, false],
  ])("%s holds %s: %s", (glob, service, held) => {
    expect(suspensionsOf([asked(glob)], NOW)(service) !== undefined).toBe(held);
  });

  test("one ends by itself at its time, and not before", () => {
    const list = [asked("api", { until: until(1000) })];
    expect(suspensionsOf(list, NOW + 999)("api")).toEqual(list[0]);
    expect(suspensionsOf(list, NOW + 1000)("api")).toBeUndefined();
  });

  test("of several the one that ends last holds", () => {
    const [short, long] = [asked("api", { until: until(10) }), asked("*", { reason: "freeze" })];
    expect(suspensionsOf([short, long], NOW)("api")).toBe(long);
  });

  test("asking again for the same glob replaces it; what has expired goes", () => {
    const before = [asked("api"), asked("web", { until: until(-1) }), asked("db")];
    const again = asked("api", { reason: "still" });
    expect(withSuspensions(before, [again], NOW)).toEqual([asked("db"), again]);
  });

  test("resuming takes the globs as they were asked for; * takes all", () => {
    const before = [asked("payments/*"), asked("db")];
    expect(withoutSuspensions(before, ["db"], NOW)).toEqual({ left: [asked("payments/*")], notSuspended: [] });
    const other = withoutSuspensions(before, ["payments/api"], NOW);
    expect(other).toEqual({ left: before, notSuspended: ["payments/api"] });
    expect(withoutSuspensions(before, ["*"], NOW)).toEqual({ left: [], notSuspended: [] });
    expect(withoutSuspensions([], ["**", "db"], NOW)).toEqual({ left: [], notSuspended: ["db"] });
  });
});

describe("confirmations", () => {
  const order = { commit: "3f2a91c", globs: ["payments/*"], by: "Grace", at };

  test("one is about its commit and its services only", () => {
    expect(confirmationsOf([order], commit("remove"))("payments/api")).toEqual({ by: "Grace", at, how: "command" });
    expect(confirmationsOf([order], commit("remove"))("shop/api")).toBeUndefined();
    expect(confirmationsOf([{ ...order, commit: "3f2a91d" }], commit("remove"))("payments/api")).toBeUndefined();
  });

  test("of one commit none is forgotten, however many services are confirmed one by one; of others the newest stay", () => {
    const one = (index: number, id: string) => ({ ...order, commit: id, globs: [`dev/service-${index}`] });
    const ids = Array.from({ length: 60 }, (_, index) => index);
    const before = ids.map((index) => one(index, index.toString(16).padStart(7, "0")));
    const after = ids.reduce<readonly ConfirmOrder[]>(
      (sum, index) => withConfirmation(sum, one(index, "3f2a91c")),
      before,
    );
    const confirmed = confirmationsOf(after, commit("remove"));
    expect(ids.filter((index) => confirmed(`dev/service-${index}`) === undefined)).toEqual([]);
    expect(after.filter((each) => each.commit !== "3f2a91c")).toEqual(before.slice(-20));
  });

  test("a trailer of the commit does the same, in its author's name", () => {
    const told = commit(
      "Remove the old payments\n\nThey moved.\n\nGitops-Confirm: payments/*\nSigned-off-by: A <a@b.c>\n",
    );
    expect(confirmationsOf([], told)("payments/api")).toEqual({ by: "Ada <ada@example.org>", at, how: "trailer" });
    expect(confirmationsOf([], told)("shop/api")).toBeUndefined();
  });

  test.each([
    ["a subject\n\nGitops-Confirm: payments/*, shop/web\n", undefined],
    ["a subject", undefined],
    [`a subject\n\nGitops-Confirm: ${"a ".repeat(101)}`, "of 101 globs none counts, 100 may be given"],
    ["a subject\n\nGitops-Confirm: pay, !shop\n", '"!shop" says only what is left out'],
  ])("what is wrong with %j: %s", (message, problem) => {
    expect(trailerProblem(message)).toBe(problem);
  });

  test("L1: a trailer that is an expression confirms nothing, and is done with at once", () => {
    const told = commit("Remove\n\nGitops-Confirm: (([a-z-])+)+! ((a+)+)+b @(a|b)+ {a,aa}{a,aa}{a,aa}{a,aa}{a,aa}b\n");
    expect(confirmationsOf([], told)("a".repeat(253))).toBeUndefined();
  });

  test.each([
    ["a subject\n\nGitops-Confirm: all\n", ["**"]],
    ["a subject\n\nGitops-Confirm: payments/*, shop/web\n", ["payments/*", "shop/web"]],
    ["a subject\n\nGitops-Confirm: a\nGitops-Confirm: b", ["a", "b"]],
    ["a subject\n\ngitops-confirm: ALL", ["**"]],
    ["Gitops-Confirm: all\n", []],
    ["a subject\n\nwe could say\nGitops-Confirm: all\nbut do not\n", []],
    ["a subject\n\nGitops-Confirm: all\n\nand a last paragraph\n", []],
    ["a subject\n\nGitops-Confirm:\n", []],
    ["", []],
    [`a subject\n\nGitops-Confirm: ${"a ".repeat(101)}`, []],
  ])("%j confirms %j", (message, globs) => {
    expect(confirmedByTrailer(message)).toEqual(globs);
  });
});
